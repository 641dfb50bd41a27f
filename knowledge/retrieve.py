"""From a question to passages: embeddings and BM25, on sentences, chunks and asked questions, fused by score.

Every sentence gets one score, a weighted sum of what its own words, its chunk and its section have in common with the
question; a chunk is as good as its best sentence. docs/experiments.md has the figures of each part.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from knowledge.answer_type import expected_type, holds
from knowledge.cite import by_section
from knowledge.embed import Embedder, Vectors
from knowledge.follow_up import Topics, core, meanings, stand_alone
from knowledge.lexical import Analyzer, Reading, with_bigrams
from knowledge.spelling import Spelling
from knowledge.term_index import Scores, TermIndex
from knowledge.types import Chunk, Passage, ScoredSentence
from knowledge.version import VersionData

Signals = npt.NDArray[np.float32]

PASSAGES = 10
CLOSEST_QUESTIONS = 3
CANDIDATES = 100  # sentences whose text is looked at for the kind of answer that the question expects


@dataclass(frozen=True, slots=True)
class Weights:
    """What each signal counts for: rounded from fits on squad and on the golden questions, see docs/experiments.md."""

    sentence_similarity: float = 7.5
    chunk_similarity: float = 5.7
    question_similarity: float = 9.5
    chunk_bm25: float = 3.9
    sentence_coverage: float = 4.7
    chunk_coverage: float = 5.1
    answer_type: float = 1.8


# As shares, so that a sentence's score is 0 to 1.
WEIGHTS = np.asarray(astuple(Weights()), dtype=np.float32) / np.float32(sum(astuple(Weights())))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the documents covering the question, 0 to 1 each; `confidence.py` weighs it.

    The similarities are the highest cosines: to a sentence, a chunk, the questions asked of a section (the mean of the
    closest ones), a single one of these, and an off-topic question (which speaks against it). The coverages are the
    shares of the question's meaning that the best sentence and chunk hold, `known` the share that the documents have
    words for at all.
    """

    sentence_similarity: float
    chunk_similarity: float
    section_similarity: float
    question_similarity: float
    off_topic_similarity: float
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
        self, data: VersionData, embedder: Embedder, analyzer: Analyzer, before: Retriever | None = None
    ) -> None:
        """Make `data` searchable; what the retriever `before` it has read with the same analyzer is not read again."""
        self.chunks = data.chunks
        self.version = data.manifest.version
        self.sections = by_section(data.chunks)
        # Products of this size are done before a second thread wakes up; on a busy machine, waiting for it took 7 ms.
        threadpool_limits(limits=1, user_api="blas")
        self._data = data
        self._topics = Topics(name for chunk in self.chunks for name in (chunk.title, chunk.section))
        self._embedder = embedder
        self._analyzer = analyzer
        self._owner = np.repeat(np.arange(len(self.chunks)), [len(chunk.sentences) for chunk in self.chunks])
        self._first_sentence = np.searchsorted(self._owner, np.arange(len(self.chunks)))
        self._sentences = [sentence for chunk in self.chunks for sentence in chunk.sentences]
        self._sections = _Sections(self.chunks, self._owner)
        asked = self._sections.asked_by_chunk(self.chunks)
        questions = [question for chunk in self.chunks for question in chunk.asked]
        names = (name for chunk in self.chunks for name in (chunk.title, chunk.section, chunk.text))
        known = before._readings if before is not None else {}
        self._readings: dict[str, Reading] = {
            text: known.get(text) or analyzer.read(text) for text in (*names, *self._sentences, *questions)
        }
        chunk_terms = [self._terms(*pair) for pair in zip(self.chunks, asked, strict=True)]
        self._chunk_bm25 = TermIndex(map(with_bigrams, chunk_terms), k1=1.2, b=0.75)
        self._chunk_coverage = TermIndex(chunk_terms, k1=0, b=0)
        self._sentence_coverage = TermIndex((self._readings[text].stems for text in self._sentences), k1=0, b=0)
        self._spelling = Spelling((self._readings[text] for text in (*self._sentences, *questions)), embedder.is_word)

    @property
    def data(self) -> VersionData:
        """The version that it searches."""
        return self._data

    def _terms(self, chunk: Chunk, asked: Sequence[str]) -> list[str]:
        """The stems that a chunk is found by: of its headings, its text and the questions asked of its section."""
        texts = (chunk.title, chunk.section, chunk.text, *asked)
        return [stem for text in texts for stem in self._readings[text].stems]

    def understood(self, question: str, previous: Sequence[str]) -> str:
        """`question` as it reads alone, with what it leaves to the `previous` ones, oldest first.

        It stays as it is where it needs nothing of them, or where the documents know less than half of what it says.
        """
        read_as = self._mended(question)
        content = self._analyzer.content(core(read_as))
        if not previous or (content and self._known(content) < 0.5):
            return question
        understood = stand_alone(read_as, [self._mended(turn) for turn in previous], self._topics)
        return question if understood == read_as else understood

    def names_topic(self, question: str) -> bool:
        """Whether `question` names something that a document or a section is about."""
        return bool(self._topics.mentions(self._mended(question)))

    def meanings(self, question: str) -> tuple[str, ...]:
        """The complete questions that an unclear one may stand for, none where it is clear."""
        return meanings(self._mended(question), self._topics)

    def search(self, question: str, limit: int = PASSAGES) -> Retrieval:
        """The best passage of each of the `limit` best sections for `question`, and the evidence that they cover it."""
        read_as = self._mended(question.encode(errors="replace").decode())
        vector = self._embedder.encode([read_as])[0]
        asked = self._data.question_vectors @ vector
        signals = self._signals(read_as, vector, asked)
        scores = np.clip(signals @ WEIGHTS, 0, 1)
        chunk_scores = np.maximum.reduceat(scores, self._first_sentence) if len(scores) else scores
        best: dict[int, int] = {}
        for chunk in np.argsort(-chunk_scores, kind="stable"):
            best.setdefault(int(self._sections.of_chunk[chunk]), int(chunk))
            if len(best) == limit:
                break
        return Retrieval(
            question=question,
            read_as=read_as,
            passages=tuple(self._passage(chunk, float(chunk_scores[chunk]), scores) for chunk in best.values()),
            evidence=self._evidence(read_as, vector, asked, signals),
        )

    def _signals(self, question: str, vector: Vectors, asked: Scores) -> Signals:
        """Every signal for every sentence, in the order of `Weights`, shape (number of sentences, 7)."""
        stems = self._analyzer.stems(question)
        signals = np.zeros((len(self._sentences), 7), dtype=np.float32)
        signals[:, 0] = self._data.sentence_vectors @ vector
        signals[:, 1] = (self._data.chunk_vectors @ vector)[self._owner]
        signals[:, 2] = self._sections.question_similarity(asked, signals[:, :2])
        signals[:, 3] = self._chunk_bm25.scores(with_bigrams(stems))[self._owner]
        signals[:, 4] = self._sentence_coverage.scores(stems)
        signals[:, 5] = self._chunk_coverage.scores(stems)[self._owner]
        self._mark_answer_type(question, signals)
        return signals

    def _mended(self, question: str) -> str:
        """`question` with each misspelt word replaced by the word of the documents that it stands for."""
        return _LETTERS.sub(lambda match: self._spelling.correct(match.group()), question)

    def _mark_answer_type(self, question: str, signals: Signals) -> None:
        kind = expected_type(question)
        if kind is None:
            return
        for index in np.argsort(-(signals @ WEIGHTS))[:CANDIDATES]:
            signals[index, 6] = holds(self._sentences[index], kind, question)

    def _passage(self, number: int, score: float, scores: Scores) -> Passage:
        chunk = self.chunks[number]
        start = self._first_sentence[number]
        own = scores[start : start + len(chunk.sentences)]
        sentences = tuple(ScoredSentence(text, float(value)) for text, value in zip(chunk.sentences, own, strict=True))
        return Passage(chunk, score, sentences)

    def _evidence(self, question: str, vector: Vectors, asked: Scores, signals: Signals) -> Evidence:
        best = signals.max(axis=0, initial=0) if len(signals) else np.zeros(7, dtype=np.float32)
        stems = list(dict.fromkeys(self._analyzer.content(question)))
        return Evidence(
            sentence_similarity=float(best[0]),
            chunk_similarity=float(best[1]),
            section_similarity=float(best[2]),
            question_similarity=float(np.max(asked, initial=0)),
            off_topic_similarity=float(np.max(self._data.off_topic_vectors @ vector, initial=0)),
            sentence_coverage=float(np.max(self._sentence_coverage.scores(stems), initial=0)),
            chunk_coverage=float(np.max(self._chunk_coverage.scores(stems), initial=0)),
            known=self._known(stems),
        )

    def _known(self, stems: Sequence[str]) -> float:
        """The share of the stems' meaning that the documents have words for; 0 where there is none."""
        known = sum(self._chunk_coverage.weight(stem) for stem in stems if stem in self._chunk_coverage)
        total = sum(self._chunk_coverage.weight(stem) for stem in stems)
        return known / total if total else 0.0


class _Sections:
    """Which chunks and sentences belong together under one heading, and which questions are asked of them."""

    def __init__(self, chunks: tuple[Chunk, ...], owner: npt.NDArray[np.int64]) -> None:
        opens = np.asarray([bool(chunk.asked) for chunk in chunks], dtype=np.int64)
        self.of_chunk = np.cumsum(opens) - 1
        self._of_sentence = self.of_chunk[owner]
        self._first_sentence = np.searchsorted(self._of_sentence, np.arange(int(opens.sum())))
        counts = [len(chunk.asked) for chunk in chunks if chunk.asked]
        self._only_heading = np.asarray(counts) == 1
        # The rows of each section's questions, filled up with a row that is none.
        self._questions = np.full((len(counts), max([CLOSEST_QUESTIONS, *counts])), sum(counts))
        for section, (start, count) in enumerate(zip(np.cumsum([0, *counts]), counts, strict=False)):
            self._questions[section, :count] = np.arange(start, start + count)
        self._closest = np.minimum(counts, CLOSEST_QUESTIONS).astype(np.float32)

    def asked_by_chunk(self, chunks: tuple[Chunk, ...]) -> list[tuple[str, ...]]:
        """The questions, without the heading, that are asked of each chunk's section."""
        asked = [chunk.asked[1:] for chunk in chunks if chunk.asked]
        return [asked[section] for section in self.of_chunk]

    def question_similarity(self, similarities: Scores, by_sentence: Scores) -> Scores:
        """For each sentence, how similar the question is to the ones asked of its section: the closest ones' mean.

        Where an author listed none, the section's own text stands in, so that such sections are not at a disadvantage.
        """
        if not len(self._questions):
            return np.zeros(0, dtype=np.float32)
        by_section = np.append(similarities, np.float32(-1))[self._questions]
        closest = np.partition(by_section, -CLOSEST_QUESTIONS, axis=1)[:, -CLOSEST_QUESTIONS:]
        best = np.where(closest > -1, closest, 0).sum(axis=1) / self._closest
        own_text = np.maximum.reduceat(by_sentence.max(axis=1), self._first_sentence)
        best = np.where(self._only_heading, np.maximum(best, own_text), best)
        found: Scores = best[self._of_sentence]
        return found


_LETTERS = re.compile(r"[^\W\d_]{4,}")
