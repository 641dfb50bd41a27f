"""Whether the passages that a sentence cites say what it says: decided by rules and arithmetic, not by another model.

Addresses, numbers and names must stand in the passages, in the company of the same words. For the rest, the sentence
must be put together from their words without a change of what they say (wording.py). Why: docs/decisions/6-verifier.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from knowledge.clauses import Case, clauses, read
from knowledge.lexical import Analyzer, words
from knowledge.quantities import Quantity, quantities, units
from knowledge.thesaurus import Lexicon
from knowledge.types import Chunk
from knowledge.wording import wording

Vectors = npt.NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

_MARKERS = re.compile(r"\s*\[\d+(?:\s*[,;]\s*\d+)*\]")
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|www\.|\bdiscord\.gg/|\bmailto:)\S+|\S+@\S+\.\S+|\b[a-z0-9-]+\.(?:com|org|net|io|gg|ai|dev|app|xyz|co)\b\S*",
    re.IGNORECASE,
)
_FIRST_PERSON = frozenset({"i", "me", "my", "mine", "we", "us", "our"})
_AUTHORS = re.compile(r"\S+ (?:et al\b|and [A-Z])")
_CALL = re.compile(r"@(?:everyone|here)\b|<[@#:/a][^>\n]*>", re.IGNORECASE)


REMEMBERED = 2_000
MAX_ACRONYM = 5


class Verifier:
    """Checks sentences in one language. `embed` turns texts into normalised vectors, with which quotes are chosen."""

    def __init__(self, analyzer: Analyzer, embed: Embed | None = None) -> None:
        self._lexicon = Lexicon(analyzer)
        self._embed = None if embed is None else _remembering(embed)

    def closest(self, sentence: str, chunk: Chunk) -> str:
        """The sentence of `chunk` that carries `sentence` best, word for word as it stands there."""
        if self._embed is None:
            said = set(self._lexicon.stems(sentence))
            return max(chunk.sentences, key=lambda each: len(said.intersection(self._lexicon.stems(each))))
        similar = self._embed(chunk.sentences) @ self._embed([sentence])[0]
        return chunk.sentences[int(similar.argmax())]

    def objection(self, sentence: str, passages: Sequence[Chunk]) -> str | None:
        """Why `passages` do not carry `sentence`, in a few words for the log; None where they do."""
        claim = _MARKERS.sub("", sentence).strip()
        case = Case(claim, tuple(clauses(claim, self._lexicon)), read(passages, self._lexicon), self._lexicon)
        if taken := _foreign_address(claim, case.evidence.text):
            return f"address: {taken}"
        if not any(part.words for part in case.parts):
            return "words: none"
        for check in (_voice, _number, _name, wording):
            if problem := check(case):
                return f"{check.__name__.strip('_')}: {problem}"
        return None


def _voice(case: Case) -> str | None:
    """Who speaks is the documents: a model that says "I" speaks of itself, or does as it was told."""
    said = {word for part in case.parts for near in case.aligned(part) for word in words(near.text)}
    own = sorted(_FIRST_PERSON.intersection(words(case.claim)) - said)
    return own[0] if own else None


def _number(case: Case) -> str | None:
    """Each number stands in a sentence that the claim rests on, and among words that it has there."""
    for part in case.parts:
        there = frozenset[str]().union(*(units(sentence.text) for sentence in case.aligned(part)))
        if new_units := units(part.text) - there:
            return " ".join(sorted(new_units))
    for quantity in quantities(case.claim):
        part = max(
            (part for part in case.parts if part.start <= quantity.start),
            key=lambda part: part.start,
            default=case.parts[0],
        )
        holders = [s for s in case.aligned(part) if _holds(s.quantities, quantity)]
        if not holders:
            return quantity.text
        own = {stem for stem in part.stems if not stem[:1].isdigit()}
        around = [clause.stems for s in holders for clause in s.clauses if _holds(quantities(clause.text), quantity)]
        elsewhere = [
            clause.stems
            for s in holders
            for clause in s.clauses
            if quantities(clause.text) and clause.stems not in around
        ]
        if (
            own
            and any(map(_says_more, around))
            and not any(_share(case.lexicon, own, stems) for stems in around)
            and any(_share(case.lexicon, own, stems) for stems in elsewhere)
        ):
            return f"{quantity.text}, of something else"
    return None


def _name(case: Case) -> str | None:
    """Each name stands in the passages, in a sentence that the claim rests on or in a heading."""
    for part in case.parts:
        near = case.aligned(part)
        for word in part.words:
            if not word.name and not (word.initial and f" {word.text}" not in case.evidence.text):
                continue
            if not (
                word.text in case.evidence.words
                or word.stem in case.evidence.stems
                or _initials(word.text, case.evidence.text)
            ):
                if word.name or (word.initial and _AUTHORS.match(case.claim)):
                    return word.text
            elif word.stem not in case.evidence.context and not any(word.stem in sentence.stems for sentence in near):
                return f"{word.text}, of something else"
    return None


def _remembering(embed: Embed) -> Embed:
    """`embed` with a memory: the sentences of an answer are checked against the same passages."""
    vector = lru_cache(maxsize=REMEMBERED)(lambda text: embed([text])[0])
    return lambda texts: np.stack([vector(text) for text in texts])


def _share(lexicon: Lexicon, some: Collection[str], others: Collection[str]) -> bool:
    return any(lexicon.means(stem, others) for stem in some)


def _says_more(stems: frozenset[str]) -> bool:
    """Whether the stems of a clause are more than a number and its unit."""
    return sum(not stem[:1].isdigit() for stem in stems) > 1


def _holds(there: Sequence[Quantity], quantity: Quantity) -> bool:
    return any(quantity.agrees_with(other) for other in there)


def _foreign_address(claim: str, text: str) -> str:
    """A link, an address or a call for attention in `claim` that `text` does not hold; "" where there is none."""
    found = [*_ADDRESS.findall(claim), *_CALL.findall(claim)]
    return next((address for address in found if address.rstrip(".,;:!?)") not in text), "")


def _initials(letters: str, text: str) -> bool:
    """Whether an acronym stands for words of `text` that follow each other."""
    if not 2 <= len(letters) <= MAX_ACRONYM or not letters.isalpha():
        return False
    return re.search(r"[\W_]+".join(rf"\b{letter}[a-z]*" for letter in letters), text, re.IGNORECASE) is not None
