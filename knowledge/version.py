"""One version of the index as a value: what it holds, how it was made, and its vectors."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from knowledge.embed import Vectors
from knowledge.errors import KnowledgeError
from knowledge.types import Chunk

VERSION_TIME = "%Y%m%d-%H%M%S"  # how a version's name begins, in UTC


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version holds and how it was made. `documents` maps a document's path to the digest of its content."""

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
    """The manifest that `text` (JSON) is. Raises KnowledgeError where this release cannot read it."""
    try:
        return Manifest(**json.loads(text))
    except (TypeError, ValueError) as error:
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
