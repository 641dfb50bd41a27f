"""The comparison that the documents' tables hold: what each aspect is for either approach, and where that stands."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from knowledge.embed import Vectors
from knowledge.types import Chunk, Citation, Passage

Approach = Literal["prompting", "tuning", "other"]

MAX_SENTENCES = (3, 2)  # of the best section, and of the second
# For the aspects that our documents explain the best passage scores 0.59 or more; for a dozen that they do not, such as
# "Best season" or "Zubehör", 0.44 or less.
LEAST_SCORE = 0.47
NEARLY_AS_GOOD = 0.9
# The cosine of "price" to "Cost" is 0.74, of "skills" to "Expertise" 0.58; "latency" comes to 0.46, "guitar" to 0.29.
LEAST_COSINE = 0.5
# A section is preferred whose heading names the aspect, and one that stands in a document with the table.
NAMED_IN_HEADING = 0.1
BESIDE_THE_TABLE = 0.1

_PROMPTING = re.compile(r"\bprompt", re.IGNORECASE)
_TUNING = re.compile(r"\bfine\W?tun|\btun(?:ing|ed)\b", re.IGNORECASE)
_ORDER: tuple[Approach, ...] = ("prompting", "tuning", "other")

_Section = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a table says, and the markers of the rows that say it."""

    text: str
    markers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """What the tables say of one approach; `name` heads its column. `other` is neither of the two."""

    name: str
    approach: Approach
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Aspect:
    """One aspect, such as cost: prompt engineering first, then fine-tuning, then whatever else a table compares.

    `rows` are the tables' rows, word for word, each with its marker; rows of one section share it.
    """

    name: str
    sides: tuple[Side, ...]
    rows: tuple[Citation, ...]

    @property
    def key(self) -> str:
        """12 characters that name the aspect in every version, whatever its name is."""
        return hashlib.blake2s(_folded(self.name).encode(errors="surrogatepass"), digest_size=6).hexdigest()

    @property
    def question(self) -> str:
        """What is searched for to explain the aspect."""
        named = [side.name for side in self.sides if side.approach != "other"]
        return f"{self.name}: {' or '.join(named)}?"


def compare(chunks: Iterable[Chunk]) -> tuple[Aspect, ...]:
    """The aspects of every table whose header names both approaches, in order; aspects of the same name are one.

    Empty where no table compares the two.
    """
    found: dict[str, _Merged] = {}
    seen = set[tuple[_Section, tuple[tuple[str, str], ...]]]()
    for chunk in chunks:
        place = (_section(chunk), chunk.cells)
        if place in seen or not (columns := _columns(chunk.cells)):
            continue
        seen.add(place)  # a row that no chunk could hold is several chunks
        name = chunk.cells[0][1]
        found.setdefault(_folded(name), _Merged(name)).add(chunk, columns)
    return tuple(merged.aspect() for merged in found.values())


def explain(
    aspect: Aspect, passages: Iterable[Passage], content: Callable[[str], Iterable[str]]
) -> tuple[Citation, ...]:
    """The sentences of `passages`, those found for `aspect.question`, that explain the aspect; empty where none does.

    They come from the best sections, each section's in its own order. Markers go on from those of the rows. `content`
    gives the terms that a text is about.
    """
    prose = [passage for passage in passages if passage.chunk.kind in ("prose", "item")]
    # A document's introduction touches on everything; where a section has the aspect as its subject, that explains it.
    subjects = [passage for passage in prose if len(passage.chunk.heading_path) > 1] or prose
    terms = set(content(aspect.name))
    documents = {row.document for row in aspect.rows}

    def score(passage: Passage) -> float:
        named = not terms.isdisjoint(content(passage.chunk.section))
        beside = passage.chunk.document in documents
        return passage.score + NAMED_IN_HEADING * named + BESIDE_THE_TABLE * beside

    relevant = [passage for passage in subjects if passage.score >= LEAST_SCORE]
    scored = sorted(((score(passage), passage) for passage in relevant), key=lambda pair: -pair[0])
    markers = {(row.document, row.title, row.section): row.marker for row in aspect.rows}
    citations: list[Citation] = []
    for (worth, passage), limit in zip(scored, MAX_SENTENCES, strict=False):
        if worth >= NEARLY_AS_GOOD * scored[0][0]:
            chunk = passage.chunk
            marker = markers.setdefault((chunk.document, chunk.title, chunk.section), max(markers.values()) + 1)
            citations += [_citation(chunk, sentence, marker) for sentence in _explaining(passage, limit)]
    return tuple(citations)


def closest(typed: str, aspects: Sequence[Aspect], encode: Callable[[Sequence[str]], Vectors]) -> Aspect | None:
    """The aspect whose name means most nearly what was typed, as `encode` sees it; None where none is near."""
    vectors = encode([typed, *(aspect.name for aspect in aspects)])
    cosines = vectors[1:] @ vectors[0]
    best = int(cosines.argmax()) if len(cosines) else -1
    return aspects[best] if best >= 0 and cosines[best] >= LEAST_COSINE else None


def _explaining(passage: Passage, limit: int) -> list[str]:
    """The sentences that open the section, which say what the rest elaborates, and the best other one, in order."""
    sentences = [sentence for sentence in passage.sentences if not sentence.text.endswith(":")]
    opening, rest = sentences[: limit - 1], sentences[limit - 1 :]
    best = max(rest, key=lambda sentence: sentence.score, default=None)
    return [sentence.text for sentence in opening] + ([best.text] if best else [])


@dataclass(slots=True)
class _Merged:
    """An aspect while the rows that have it are gathered."""

    name: str
    rows: list[Citation] = field(default_factory=list)
    sections: dict[_Section, int] = field(default_factory=dict)
    sides: dict[str, Side] = field(default_factory=dict)

    def add(self, chunk: Chunk, columns: Sequence[tuple[str, Side]]) -> None:
        marker = self.sections.setdefault(_section(chunk), len(self.sections) + 1)
        self.rows.append(_citation(chunk, chunk.sentences[0], marker))
        for key, side in columns:
            before = self.sides.get(key, replace(side, statements=()))
            text = side.statements[0].text
            self.sides[key] = replace(before, statements=tuple(_with(before.statements, text, marker)))

    def aspect(self) -> Aspect:
        sides = sorted(self.sides.values(), key=lambda side: _ORDER.index(side.approach))
        return Aspect(self.name, tuple(sides), tuple(self.rows))


def _with(statements: Sequence[Statement], text: str, marker: int) -> Iterator[Statement]:
    """`statements` and `text`, which is added to the one that says the same, if there is one."""
    is_new = True
    for statement in statements:
        if _folded(statement.text) == _folded(text):
            is_new = False
            yield Statement(statement.text, tuple(dict.fromkeys((*statement.markers, marker))))
        else:
            yield statement
    if is_new:
        yield Statement(text, (marker,))


def _columns(cells: Sequence[tuple[str, str]]) -> list[tuple[str, Side]]:
    """What the row says of each approach, by what tells the approach apart from others, in any table.

    Empty where the table's header does not name both, or the row names no aspect, or it says nothing of the two.
    """
    if not cells or not any(map(str.isalnum, cells[0][1])) or _approach(cells[0][0]) != "other":
        return []
    approaches = [_approach(column) for column, _ in cells]
    counts = Counter(approaches)
    columns = []
    for approach, (column, text) in list(zip(approaches, cells, strict=True))[1:]:
        if column and text:
            # Where a table has two kinds of fine-tuning, neither of them is what another table calls by that name.
            key = approach if approach != "other" and counts[approach] == 1 else _folded(column)
            columns.append((key, Side(column, approach, (Statement(text, ()),))))
    says_something = any(side.approach != "other" for _, side in columns)
    return columns if counts["prompting"] and counts["tuning"] and says_something else []


def _approach(column: str) -> Approach:
    prompting, tuning = bool(_PROMPTING.search(column)), bool(_TUNING.search(column))
    if prompting == tuning:  # neither, or both, as in "prompt tuning"
        return "other"
    return "prompting" if prompting else "tuning"


def _section(chunk: Chunk) -> _Section:
    return chunk.document, chunk.heading_path


def _citation(chunk: Chunk, quote: str, marker: int) -> Citation:
    return Citation(marker, chunk.document, chunk.title, chunk.section, quote, chunk.text)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".:;")
