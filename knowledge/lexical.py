"""Words: how a text becomes terms."""

from __future__ import annotations

import re
import sys
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import Stemmer
from stop_words import AVAILABLE_LANGUAGES, get_stop_words

from knowledge.errors import KnowledgeError

_COMPOUND = re.compile(r"\b[a-z]{3,}-[a-z]{3,}\b")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
# The English words that do not even help to rank: Lucene's.
_STOP_WORDS = frozenset(
    """
    a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to
    was will with
    """.split()  # noqa: SIM905  (a word list reads better as text)
)
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
# English words that say nothing of their own: pronouns, question words, prepositions, conjunctions, adverbs of place,
# time and degree, auxiliaries, and what is left of them before or after an apostrophe.
ENGLISH_FUNCTION_WORDS = _STOP_WORDS | frozenset(
    """
    he him his she her hers i me my you your yours we our ours them theirs its those same other such own each both all
    any few some more most himself herself itself myself yourself yourselves ourselves themselves
    what which who whom when where why how
    about above after against before below between down during from further off out over through under until up
    because nor or so than while if
    again here just now once only too very
    am being been were do does did doing have has had having can should
    ain aren couldn didn doesn don hadn hasn haven isn mightn mustn needn shan shouldn wasn weren won wouldn
    d ll m ma o re s t ve y
    """.split()  # noqa: SIM905  (a word list reads better as text)
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the index needs of one text: its words, its stems without stop words, and its words with a hyphen."""

    words: tuple[str, ...]
    stems: tuple[str, ...]
    compounds: tuple[str, ...]


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
            self._stop_words = _STOP_WORDS | _CHAT_WORDS
            self._function_words = ENGLISH_FUNCTION_WORDS | self._stop_words
        else:
            listed = get_stop_words(language) if language in AVAILABLE_LANGUAGES else []
            self._stop_words = frozenset(word for each in listed for word in words(each))
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

    def read(self, text: str) -> Reading:
        """The reading of `text`. Texts share their words, so that many readings take little memory."""
        found = tuple(map(sys.intern, words(text)))
        stems = tuple(self._stem(word) for word in found if word not in self._stop_words)
        return Reading(found, stems, tuple(_COMPOUND.findall(text.lower())))


def with_bigrams(stems: Sequence[str]) -> list[str]:
    """The stems and each pair of neighbours, so that "fine tuning" counts for more than "fine" and "tuning" apart."""
    return [*stems, *(f"{first} {second}" for first, second in pairwise(stems))]
