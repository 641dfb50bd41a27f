"""The frozen values that pass between the stages: load, split, embed, index, retrieve, answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ChunkKind = Literal["prose", "row", "item", "code"]
AnswerKind = Literal["answer", "abstain"]
AnsweredBy = Literal["extractive", "model"]


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the knowledge, normalised to Markdown.

    `path` is relative to the knowledge folder, with forward slashes, and identifies the document everywhere.
    """

    path: str
    title: str
    markdown: str
    summary: str = ""
    sources: tuple[str, ...] = ()
    updated: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not indexed, and why, as a sentence for the maintainer."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is embedded: a section (or a part of one), a table row with its header, a list item with its lead-in.

    `sentences` are substrings of `text`, word for word, in order. `section` is the nearest heading; `heading_path`
    leads from the document's title to it. `asked` are questions that the section answers, as people ask them: they are
    searched and never quoted; the first chunk of a section holds its heading and what the document's author listed.
    `cells` are those of a table row, each with the heading of its column; no other chunk has any.
    """

    id: str
    document: str
    title: str
    section: str
    heading_path: tuple[str, ...]
    text: str
    sentences: tuple[str, ...]
    kind: ChunkKind
    position: int
    asked: tuple[str, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    """A sentence of a retrieved chunk and how well it matches the question (0 to 1)."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was retrieved, with its fused score (0 to 1) and its sentences' scores, in document order."""

    chunk: Chunk
    score: float
    sentences: tuple[ScoredSentence, ...]


@dataclass(frozen=True, slots=True)
class Citation:
    """One quoted statement: the marker it has in the answer and the passage that holds it, word for word."""

    marker: int
    document: str
    title: str
    section: str
    quote: str
    passage: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the documents say to a question, or that they do not cover it.

    With kind `answer`, `text` is Markdown whose every statement ends with its marker, as in "... [1]", and each
    citation has its quote and the whole passage it stands in. With kind `abstain`, `text` is one sentence that says so,
    there are no citations, and `suggestions` are questions that the documents do cover, closest first.
    `confidence` (0 to 1) is the calibrated probability that the documents cover the question. `understood` is how a
    question that goes on from earlier ones was read; empty where it stands alone. With `by` model, the text is a chat
    model's, each sentence carried by the passages that it cites; `removed` are its sentences that were not. `note` says
    why the answer is extractive where a chat model was asked.
    """

    question: str
    kind: AnswerKind
    text: str
    confidence: float
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    version: str
    by: AnsweredBy = "extractive"
    removed: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    understood: str = ""
    note: str = ""
