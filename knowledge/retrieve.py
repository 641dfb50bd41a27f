"""From a question to passages: embeddings and BM25, on sentences, chunks and asked questions, fused by score.

Every sentence gets one score, a weighted sum of what its own words, its chunk and its section have in common with the
question; a chunk is as good as its best sentence. docs/experiments.md has the figures of each part.
"""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from knowledge.answer_type import expected_type, holds
from knowledge.embed import Embedder
from knowledge.lexical import Analyzer, Scores, Spelling, TermIndex, with_bigrams, words
from knowledge.store import VersionData
from knowledge.types import Chunk, Passage, ScoredSentence

PASSAGES = 10
CANDIDATES = 100  # sentences whose text is looked at for the kind of answer that the question expects


@dataclass(frozen=True, slots=True)
class Weights:
    """What each signal counts for. Fitted on squad and on the golden questions, half of each held out."""

    sentence_similarity: float = 9.0
    chunk_similarity: float = 9.0
    question_similarity: float = 6.0
    chunk_bm25: float = 5.0
    sentence_coverage: float = 6.5
    chunk_coverage: float = 4.0
    answer_type: float = 2.1


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the documents covering the question, 0 to 1 each; `confidence.py` weighs it.

    `sentence_similarity`, `chunk_similarity` and `question_similarity` are the best cosines; `sentence_coverage` and
    `chunk_coverage` the shares of the question's meaning that the best sentence and chunk hold; `known` the share that the
    documents have words for at all.
    """

    sentence_similarity: float
    chunk_similarity: float
    question_similarity: float
    sentence_coverage: float
    chunk_coverage: float
    known: float


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found for a question: the passages, best first, and the evidence that they cover it.

    `read_as` is the question with misspelt words mended.
    """

    question: str
    read_as: str
    passages: tuple[Passage, ...]
    evidence: Evidence


class Retriever:
    """Searches one version. Immutable after construction, so threads can share it."""

    def __init__(
        self, data: VersionData, embedder: Embedder, analyzer: Analyzer, weights: Weights | None = None
    ) -> None:
        self.chunks = data.chunks
        self.version = data.manifest.version
        self._data = data
        self._embedder = embedder
        self._analyzer = analyzer
        self.weights = weights or Weights()
        self._owner = np.repeat(np.arange(len(self.chunks)), [len(chunk.sentences) for chunk in self.chunks])
        self._first_sentence = np.searchsorted(self._owner, np.arange(len(self.chunks)))
        self._sentences = [sentence for chunk in self.chunks for sentence in chunk.sentences]
        self._section, self._first_question = _sections(self.chunks)
        chunk_terms = [analyzer.stems(f"{chunk.title} {chunk.section} {chunk.text}") for chunk in self.chunks]
        self._chunk_bm25 = TermIndex(map(with_bigrams, chunk_terms), k1=1.2, b=0.75)
        self._chunk_coverage = TermIndex(chunk_terms, k1=0, b=0)
        self._sentence_coverage = TermIndex(map(analyzer.stems, self._sentences), k1=0, b=0)
        asked = (question for chunk in self.chunks for question in chunk.asked)
        vocabulary = {word for text in (*self._sentences, *asked) for word in words(text)}
        self._spelling = Spelling(sorted(vocabulary), embedder.is_word)

    def search(self, question: str, limit: int = PASSAGES) -> Retrieval:
        """The `limit` best passages for `question` and the evidence that they cover it."""
        read_as = self._mended(question)
        signals = self.signals(read_as)
        scores = signals @ np.asarray(astuple(self.weights), dtype=np.float32)
        scores /= sum(astuple(self.weights))
        chunk_scores = np.maximum.reduceat(scores, self._first_sentence) if len(scores) else scores
        best = np.argsort(-chunk_scores, kind="stable")[:limit]
        return Retrieval(
            question=question,
            read_as=read_as,
            passages=tuple(self._passage(int(chunk), float(chunk_scores[chunk]), scores) for chunk in best),
            evidence=self._evidence(read_as, signals),
        )

    def signals(self, question: str) -> npt.NDArray[np.float32]:
        """Every signal for every sentence, in the order of `Weights`, shape (number of sentences, 7)."""
        vector = self._embedder.encode([question])[0]
        stems = self._analyzer.stems(question)
        by_section = np.maximum.reduceat(self._data.question_vectors @ vector, self._first_question)
        signals = np.zeros((len(self._sentences), 7), dtype=np.float32)
        signals[:, 0] = self._data.sentence_vectors @ vector
        signals[:, 1] = (self._data.chunk_vectors @ vector)[self._owner]
        signals[:, 2] = by_section[self._section][self._owner]
        signals[:, 3] = self._chunk_bm25.scores(with_bigrams(stems))[self._owner]
        signals[:, 4] = self._sentence_coverage.scores(stems)
        signals[:, 5] = self._chunk_coverage.scores(stems)[self._owner]
        self._mark_answer_type(question, signals)
        return signals

    def _mended(self, question: str) -> str:
        """`question` with each misspelt word replaced by the word of the documents that it stands for."""
        return _LETTERS.sub(lambda match: self._spelling.correct(match.group()), question)

    def _mark_answer_type(self, question: str, signals: npt.NDArray[np.float32]) -> None:
        kind = expected_type(question)
        if kind is None:
            return
        rough = signals @ np.asarray(astuple(self.weights), dtype=np.float32)
        for index in np.argsort(-rough)[:CANDIDATES]:
            signals[index, 6] = holds(self._sentences[index], kind, question)

    def _passage(self, number: int, score: float, scores: Scores) -> Passage:
        chunk = self.chunks[number]
        start = self._first_sentence[number]
        own = scores[start : start + len(chunk.sentences)]
        sentences = tuple(ScoredSentence(text, float(value)) for text, value in zip(chunk.sentences, own, strict=True))
        return Passage(chunk, score, sentences)

    def _evidence(self, question: str, signals: npt.NDArray[np.float32]) -> Evidence:
        best = signals.max(axis=0) if len(signals) else np.zeros(7, dtype=np.float32)
        stems = dict.fromkeys(self._analyzer.stems(question))
        known = sum(self._chunk_coverage.weight(stem) for stem in stems if stem in self._chunk_coverage)
        total = sum(self._chunk_coverage.weight(stem) for stem in stems)
        return Evidence(
            sentence_similarity=float(best[0]),
            chunk_similarity=float(best[1]),
            question_similarity=float(best[2]),
            sentence_coverage=float(best[4]),
            chunk_coverage=float(best[5]),
            known=known / total if total else 0.0,
        )


_LETTERS = re.compile(r"[^\W\d_]{4,}")


def _sections(chunks: tuple[Chunk, ...]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The number of each chunk's section, and the first question of each section."""
    section_of_chunk, first_question, questions = [], [], 0
    for chunk in chunks:
        if chunk.asked:
            first_question.append(questions)
        section_of_chunk.append(len(first_question) - 1)
        questions += len(chunk.asked)
    return np.asarray(section_of_chunk, dtype=np.int64), np.asarray(first_question, dtype=np.int64)
