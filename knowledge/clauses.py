"""Sentences taken apart for checking numbers and names: clauses and their content words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.lexical import words
from knowledge.quantities import Quantity, quantities
from knowledge.thesaurus import Lexicon
from knowledge.types import Chunk

# A clause ends where another begins to say something of its own, or where two things are set side by side.
_CLAUSE_BORDER = re.compile(
    r"\s*[;:()—]\s*|\s+–\s+|,\s+|\s+(?=(?:while|whereas|but|because|since|although|though|(?<!rather )than|instead of"
    r"|rather than|to (?:that|those) of|and|or|if|when|so that|unless|which|who)\b)",
    re.IGNORECASE,
)
REFERENCE = re.compile(r"\s*\([^()]*\b(?:19|20)\d\d[^()]*\)")  # (Hu et al., 2021)
NEARLY = 0.75
_TOKEN = re.compile(r"[^\W_]+(?:['’.&/+#-][^\W_]+)*[+#]?")


@dataclass(frozen=True, slots=True)
class Word:
    """A content word: its stem, and whether it is written as a name.

    `initial`: it opens the sentence, so that its capital says nothing.
    """

    text: str
    stem: str
    name: bool
    initial: bool


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence, where it begins, and its content words."""

    text: str
    start: int
    words: tuple[Word, ...]

    @property
    def stems(self) -> frozenset[str]:
        """The stems of its content words."""
        return frozenset(word.stem for word in self.words)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage."""

    text: str
    clauses: tuple[Clause, ...]
    stems: frozenset[str]
    quantities: tuple[Quantity, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What passages say; `context` are the stems of the headings that it stands under."""

    text: str
    sentences: tuple[Sentence, ...]
    context: frozenset[str]
    words: frozenset[str]

    @property
    def stems(self) -> frozenset[str]:
        """The stems of all words, those of the headings too."""
        return self.context.union(*(sentence.stems for sentence in self.sentences))


@dataclass(frozen=True, slots=True)
class Case:
    """A claim, its clauses, and the evidence that it is to be checked against."""

    claim: str
    parts: tuple[Clause, ...]
    evidence: Evidence
    lexicon: Lexicon

    def aligned(self, part: Clause) -> list[Sentence]:
        """The sentences that a clause most likely rests on: those with nearly as many of its words as the best one."""
        whole = {stem for each in self.parts for stem in each.stems}
        scores = [
            sum(self.lexicon.means(stem, sentence.stems) for stem in part.stems)
            + sum(self.lexicon.means(stem, sentence.stems) for stem in whole) / 2
            for sentence in self.evidence.sentences
        ]
        best = max(scores, default=0)
        return [
            sentence
            for sentence, score in zip(self.evidence.sentences, scores, strict=True)
            if best and score >= NEARLY * best
        ]


def clauses(sentence: str, lexicon: Lexicon) -> list[Clause]:
    """The clauses of `sentence` that say something."""
    found = (
        Clause(text, start, tuple(content_words(text, lexicon, initial=start == 0))) for start, text in _parts(sentence)
    )
    return [clause for clause in found if clause.words]


def _parts(sentence: str) -> Iterator[tuple[int, str]]:
    start = 0
    for border in _CLAUSE_BORDER.finditer(sentence):
        if sentence[start : border.start()].strip():
            yield start, sentence[start : border.start()]
        start = border.end()
    if sentence[start:].strip():
        yield start, sentence[start:]


def content_words(text: str, lexicon: Lexicon, *, initial: bool = False) -> Iterator[Word]:
    """The words of `text` that say something of their own; `initial`: it opens a sentence."""
    for number, match in enumerate(_TOKEN.finditer(text)):
        token = match.group()
        opens = initial and number == 0
        name = is_name(token) and not (opens and not _odd_capitals(token))
        for piece in words(token):
            if piece != "per" and not lexicon.is_function_word(piece):
                yield Word(piece, lexicon.stem(piece), name, opens and token[:1].isupper())


def is_name(token: str) -> bool:
    """Whether `token` is written as names are: a capital, or letters beside figures."""
    return token[:1].isupper() or _odd_capitals(token)


def _odd_capitals(token: str) -> bool:
    letters = [character for character in token if character.isalpha()]
    return any(map(str.isupper, token[1:])) or (bool(letters) and any(map(str.isdigit, token)))


def read(passages: Sequence[Chunk], lexicon: Lexicon) -> Evidence:
    """The evidence that `passages` are: their sentences, and the headings that these stand under."""
    context = "".join(" ".join(("", *chunk.heading_path, chunk.section, chunk.title)) for chunk in passages)
    sentences = tuple(
        Sentence(text, tuple(clauses(text, lexicon)), frozenset(lexicon.stems(text)), tuple(quantities(text)))
        for chunk in passages
        for text in chunk.sentences
    )
    text = f"{context} " + " ".join(sentence.text for sentence in sentences)
    return Evidence(text, sentences, frozenset(lexicon.stems(context)), frozenset(words(text)))
