"""Words: how a text becomes terms, how terms score texts (BM25 by bm25s), and how a misspelt word is read."""

from __future__ import annotations

import logging
import math
import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

import bm25s
import numpy as np
import numpy.typing as npt
import Stemmer
from bm25s import stopwords
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from knowledge.errors import KnowledgeError

Scores = npt.NDArray[np.float32]

logging.getLogger("bm25s").setLevel(logging.WARNING)  # bm25s turns its own debug messages on when it is imported

# English words that say nothing of their own, as "the" and "about".
ENGLISH_FUNCTION_WORDS = frozenset(stopwords.STOPWORDS_EN_PLUS)
_COMPOUND = re.compile(r"\b[a-z]{3,}-[a-z]{3,}\b")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
# What people say around a question in a chat, and what carries none of its meaning.
_CHAT_WORDS = frozenset(
    """
    hey hi hello yo please pls plz thanks thx guys folks anyone anybody someone somebody everyone tbh imo lol btw ok
    okay um well actually really even basically literally gonna wanna lets let us im ive id dont doesnt isnt cant whats
    hows thats theres know wondering wonder curious tell explain say ask asking question noob sorry quick stuff thing
    things something anything kind sort bit lot lots would could also like want wants need needs get gets got go going
    make makes making made use uses using used one ones good still much many may might shall must do does did done have
    has had can am i my me we our you your its
    """.split()  # noqa: SIM905  (a word list reads better as text)
)


def words(text: str) -> list[str]:
    """The words of `text` in lower case, without accents and without what follows an apostrophe."""
    if not text.isascii():  # most are, and this takes longer than all the rest
        folded = unicodedata.normalize("NFKD", text).replace("’", "'")
        text = "".join(character for character in folded if not unicodedata.combining(character))
    return [word.partition("'")[0] for word in _WORD.findall(text.lower())]


class Analyzer:
    """Texts to terms for one language. Raises KnowledgeError where the language is not supported."""

    def __init__(self, language: str) -> None:
        if language not in Stemmer.algorithms():
            raise KnowledgeError(
                f"LANGUAGE={language} is not supported. Choose one of: {', '.join(sorted(Stemmer.algorithms()))}."
            )
        self._stem = lru_cache(maxsize=100_000)(self._stem_alone)
        self._stemmer, self._one_at_a_time = Stemmer.Stemmer(language), threading.Lock()
        if language == "english":
            self._stop_words = frozenset(stopwords.STOPWORDS_EN) | _CHAT_WORDS
            self._function_words = ENGLISH_FUNCTION_WORDS | self._stop_words
        else:
            self._stop_words = frozenset(getattr(stopwords, f"STOPWORDS_{language.upper()}", ()))
            self._function_words = self._stop_words

    def content(self, text: str) -> list[str]:
        """The stems of what the text is about: words like "who" or "about" help to rank, but need not be covered."""
        return [self._stem(word) for word in words(text) if word not in self._function_words]

    def stem(self, word: str) -> str:
        """The stem of one word in lower case."""
        return self._stem(word)

    def is_function_word(self, word: str) -> bool:
        """Whether the word (lower case) says nothing of its own, as "the" and "about"."""
        return word in self._function_words

    def _stem_alone(self, word: str) -> str:
        with self._one_at_a_time:  # a Stemmer must not be used by two threads at once
            stem: str = self._stemmer.stemWord(word)
            return stem

    def stems(self, text: str) -> list[str]:
        """The stems of the words of `text`, in order, without stop words."""
        return [self._stem(word) for word in words(text) if word not in self._stop_words]


def with_bigrams(stems: Sequence[str]) -> list[str]:
    """The stems and each pair of neighbours, so that "fine tuning" counts for more than "fine" and "tuning" apart."""
    return [*stems, *(f"{first} {second}" for first, second in pairwise(stems))]


class TermIndex:
    """BM25 (Robertson and Zaragoza, 2009) over a fixed list of texts, as a share of the best score there can be.

    A text that holds every term of the question would score 1. With k1 = 0 and b = 0 a term counts once, by its inverse
    document frequency: the score is then the share of the question's meaning that the text holds, its coverage.
    """

    def __init__(self, texts: Iterable[Sequence[str]], *, k1: float, b: float) -> None:
        corpus = [list(text) or [""] for text in texts]
        self._size = len(corpus)
        self._index = bm25s.BM25(method="lucene", k1=k1, b=b)
        self._index.index(corpus, show_progress=False)
        starts = self._index.scores["indptr"]
        self._frequency = np.diff(starts)

    def weight(self, term: str) -> float:
        """The inverse document frequency of `term`; highest for a term that no text holds."""
        number = self._index.vocab_dict.get(term)
        frequency = 0 if number is None else int(self._frequency[number])
        return math.log(1 + (self._size - frequency + 0.5) / (frequency + 0.5))

    def __contains__(self, term: str) -> bool:
        return term in self._index.vocab_dict

    def scores(self, terms: Sequence[str]) -> Scores:
        """The score of every text for `terms`, 0 to 1, shape (number of texts,)."""
        distinct = list(dict.fromkeys(terms))
        known = [term for term in distinct if term in self]
        if not known:
            return np.zeros(self._size, dtype=np.float32)
        best = sum(self.weight(term) for term in distinct)
        found: Scores = self._index.get_scores(known)
        return found / np.float32(best)


class Spelling:
    """Reads a misspelt word as the word of the documents that it most likely stands for."""

    def __init__(self, texts: Iterable[str], is_word: Callable[[str], bool]) -> None:
        vocabulary: set[str] = set()
        compounds: dict[str, str] = {}
        for text in texts:
            vocabulary.update(words(text))
            compounds.update((match.replace("-", ""), match) for match in _COMPOUND.findall(text.lower()))
        # "finetuning" is how people write what the documents call "fine-tuning".
        self._readings = {word: word for word in sorted(vocabulary) if len(word) > 3 and word.isalpha()} | compounds
        self._is_word = is_word

    def correct(self, word: str) -> str:
        """The word of the documents within one edit of `word` (two from eight letters on), or `word` as it is.

        A word that the language has (one that the embedding model's vocabulary holds) is never changed: "bank" is not
        "rank".
        """
        written = word.lower()
        if written in self._readings:
            reading = self._readings[written]
            return word if reading == written else reading
        if len(written) < 4 or not written.isalpha() or self._is_word(written):
            return word
        allowed = 1 if len(written) < 8 else 2
        near = process.extract(
            written, self._readings.keys(), scorer=DamerauLevenshtein.distance, score_cutoff=allowed, limit=None
        )
        # Of the nearest, one with the same first letter: hardly anyone mistypes that.
        found = min(near, key=lambda match: (match[1], match[0][0] != written[0]), default=None)
        return word if found is None else self._readings[str(found[0])]
