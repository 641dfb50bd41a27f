"""One version of the index as a value: what it holds, how it was made, its vectors, and how versions follow another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import NamedTuple

from knowledge.embed import Vectors
from knowledge.errors import KnowledgeError
from knowledge.types import Chunk

VERSION_TIME = "%Y%m%d-%H%M%S"  # how a version's name begins, in UTC


class Mark(NamedTuple):
    """How a version met one golden question: `rank` and `confidence` as in an Outcome, `first` its first passage's id.

    `sections` is the digest of the sections that were right then, so that a mark is not compared with another task's.
    """

    sections: str
    rank: int | None
    confidence: float
    first: str | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version holds and how it was made. `documents` maps a document's path to the digest of its content.

    `shape`: the settings and constants that shaped it. `outline` maps each section to the digests of its chunks.
    `previous`: the version that it replaced; `added`, `changed` and `removed` are paths, counted from that one, and
    `chunk_changes` the same of chunks. `scores` and `marks`: the golden questions. `forced`: what spoke against
    publishing it, where `by` did so all the same, for this `reason`. A release may add fields, so all of these have
    defaults: the manifests of older releases stay readable.
    """

    version: str
    created: str
    fingerprint: str
    dimension: int
    documents: dict[str, str]
    titles: dict[str, str]
    chunks: int
    sentences: int
    questions: int
    off_topic: int
    off_topic_digest: str
    shape: dict[str, str] = field(default_factory=dict)
    embedding_model: str = ""
    source: str = ""
    by: str = ""
    previous: str = ""
    outline: dict[str, list[str]] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    chunk_changes: dict[str, int] = field(default_factory=dict)
    scores: dict[str, float | None] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    forced: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which version is published, who moved the pointer to it and when (ISO 8601, UTC; empty: not known).

    `withdrawn` are versions that were published and that a rollback went back from.
    """

    version: str
    by: str = ""
    moved: str = ""
    withdrawn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionData:
    """Everything of one version: its chunks, and a vector for each chunk, each sentence and each question asked.

    The rows of `sentence_vectors` and `question_vectors` follow the chunks, and within a chunk its own order.
    `off_topic` are questions that the documents do not answer, though they look like it.
    """

    manifest: Manifest
    chunks: tuple[Chunk, ...]
    chunk_vectors: Vectors
    sentence_vectors: Vectors
    question_vectors: Vectors
    off_topic: tuple[str, ...]
    off_topic_vectors: Vectors


def read_manifest(text: str) -> Manifest:
    """The manifest that `text` (JSON) is; fields that a later release added are left out.

    Raises KnowledgeError where this release cannot read it.
    """
    try:
        values = json.loads(text)
        known = {each.name for each in fields(Manifest)}
        manifest = Manifest(**{name: value for name, value in values.items() if name in known})
        manifest.marks.update({question: Mark(*mark) for question, mark in manifest.marks.items()})
        return manifest
    except (TypeError, ValueError, AttributeError) as error:
        raise KnowledgeError(
            "The published version was written by another release of Tunewise. Run: python -m knowledge index"
        ) from error


def newest_first(texts: Iterable[str]) -> list[Manifest]:
    """The manifests that this release can read: one that it cannot is as good as no version."""
    manifests = []
    for text in texts:
        with suppress(KnowledgeError):
            manifests.append(read_manifest(text))
    return sorted(manifests, key=lambda manifest: (manifest.created, manifest.version), reverse=True)


def ancestry(manifests: Sequence[Manifest], version: str) -> list[str]:
    """`version`, the version that it replaced, the one that this one replaced, and so on, as far as they are kept."""
    by_name = {manifest.version: manifest for manifest in manifests}
    line: list[str] = []
    while version in by_name and version not in line:
        line.append(version)
        version = by_name[version].previous
    return line


def newer(manifests: Sequence[Manifest], version: str) -> list[str]:
    """The versions that were made after `version`; `manifests` are newest first and hold it."""
    names = [manifest.version for manifest in manifests]
    return names[: names.index(version)] if version in names else []


def before(manifests: Sequence[Manifest], version: str) -> str | None:
    """The version to go back to from `version`: the one that it replaced, else the newest that is older."""
    line = ancestry(manifests, version)
    if len(line) > 1:
        return line[1]
    names = [manifest.version for manifest in manifests]
    older = names[names.index(version) + 1 :] if version in names else names
    return older[0] if older else None


def never_published(manifests: Sequence[Manifest], pointer: Pointer | None) -> list[str]:
    """Complete versions whose run was killed before it published them."""
    if pointer is None:
        return [manifest.version for manifest in manifests]
    served = {*ancestry(manifests, pointer.version), *pointer.withdrawn}
    return [version for version in newer(manifests, pointer.version) if version not in served]


def to_remove(manifests: Sequence[Manifest], version: str, keep: int) -> list[str]:
    """The versions beyond the `keep` that are kept: `version`, those that it descends from, then the newest."""
    order = dict.fromkeys([*ancestry(manifests, version), *(manifest.version for manifest in manifests)])
    return list(order)[keep:]
