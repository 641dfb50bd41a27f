"""From documents to the data of a version: read, split, embed what is new. Nothing is written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from knowledge.diff import digest, outline
from knowledge.embed import Embedder, Vectors
from knowledge.errors import KnowledgeError
from knowledge.load import load_folder, load_off_topic
from knowledge.settings import KnowledgeSettings
from knowledge.split import CHUNK_CHARACTERS, split_document
from knowledge.types import Chunk, Document, Skipped
from knowledge.version import VERSION_TIME, Manifest, VersionData

EMBEDDED_AT_ONCE = 256  # about a second of work: so often a run can be cancelled
# Counts up when the way from documents to chunks, vectors and records changes, so that an older index is built anew.
RECIPE = "4"

# Told the stage, what is done of it, and its total; may raise, to stop the work.
Step = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a new version is to hold. `digests` are those of the documents, by path."""

    version: str
    source: str
    documents: Sequence[Document]
    skipped: Sequence[Skipped]
    digests: dict[str, str]
    chunks: Sequence[Chunk]
    off_topic: Sequence[str]
    shape: dict[str, str]
    outline: dict[str, list[str]]
    embedding_model: str


def read_plan(settings: KnowledgeSettings, folder: Path) -> Plan:
    """What the documents of `folder` make. Raises KnowledgeError: there is nothing to read."""
    documents, skipped = load_folder(folder)
    chunks = [chunk for document in documents for chunk in split_document(document)]
    if not chunks:
        reasons = " ".join(f"{item.path}: {item.reason}" for item in skipped[:3])
        raise KnowledgeError(
            f"{folder} holds no document with text that can be read, so the published version stays. {reasons}".strip()
        )
    digests = {document.path: _document_digest(document) for document in documents}
    return Plan(
        version=_new_version(digests),
        source=str(folder.resolve()),
        documents=documents,
        skipped=skipped,
        digests=digests,
        chunks=chunks,
        off_topic=load_off_topic(settings.off_topic_file),
        shape={"language": settings.language, "chunk_characters": str(CHUNK_CHARACTERS), "recipe": RECIPE},
        outline=outline(chunks),
        embedding_model=settings.embedding_model or "all-MiniLM-L6-v2 (packaged)",
    )


def holds(manifest: Manifest, plan: Plan, embedder: Embedder) -> bool:
    """Whether the version is what the plan would make again."""
    same_content = (manifest.documents, manifest.off_topic_digest) == (plan.digests, digest(*plan.off_topic))
    return same_content and not made_otherwise(manifest, plan, embedder.fingerprint)


def made_otherwise(manifest: Manifest, plan: Plan, fingerprint: str | None) -> str:
    """Why the version's vectors do not mean the same as the plan's would, empty where they do.

    `fingerprint` is the embedding model's, None where it is not known.
    """
    reasons = [
        f"{name.replace('_', ' ')} {manifest.shape.get(name, 'unknown')} is now {value}"
        for name, value in plan.shape.items()
        if manifest.shape.get(name) != value
    ]
    if fingerprint is not None and manifest.fingerprint != fingerprint:
        reasons.append(f"the embedding model {manifest.fingerprint} is now {fingerprint}")
    return ", ".join(reasons)


def embed_plan(plan: Plan, embedder: Embedder, reusable: Mapping[str, Vectors], step: Step) -> tuple[VersionData, int]:
    """The version's data, and how many of its chunks were embedded anew; `reusable` are vectors by their text."""
    inputs = _inputs(plan.chunks, plan.off_topic)
    new = sorted({text for group in inputs for text in group if text not in reusable})
    vectors = dict(reusable)
    for start in range(0, len(new), EMBEDDED_AT_ONCE):
        step("Embedding", start, len(new))
        part = new[start : start + EMBEDDED_AT_ONCE]
        vectors |= zip(part, embedder.encode(part), strict=True)
    step("Embedding", len(new), len(new))
    chunk_vectors, sentence_vectors, question_vectors, off_topic_vectors = (
        np.asarray([vectors[text] for text in group], dtype=np.float32).reshape(-1, embedder.dimension)
        for group in inputs
    )
    manifest = Manifest(
        version=plan.version,
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        fingerprint=embedder.fingerprint,
        dimension=embedder.dimension,
        documents=plan.digests,
        titles={document.path: document.title for document in plan.documents},
        chunks=len(plan.chunks),
        sentences=len(sentence_vectors),
        questions=len(question_vectors),
        off_topic=len(plan.off_topic),
        off_topic_digest=digest(*plan.off_topic),
        shape=plan.shape,
        embedding_model=plan.embedding_model,
        source=plan.source,
        outline=plan.outline,
    )
    data = VersionData(
        manifest=manifest,
        chunks=tuple(plan.chunks),
        chunk_vectors=chunk_vectors,
        sentence_vectors=sentence_vectors,
        question_vectors=question_vectors,
        off_topic=tuple(plan.off_topic),
        off_topic_vectors=off_topic_vectors,
    )
    return data, sum(chunk.text not in reusable for chunk in plan.chunks)


def vectors_by_text(data: VersionData) -> dict[str, Vectors]:
    """The vectors of a version, by the text that was embedded."""
    groups = (data.chunk_vectors, data.sentence_vectors, data.question_vectors, data.off_topic_vectors)
    return {
        text: vector
        for texts, vectors in zip(_inputs(data.chunks, data.off_topic), groups, strict=True)
        for text, vector in zip(texts, vectors, strict=True)
    }


def sentence_input(chunk: Chunk, sentence: str) -> str:
    """What is embedded for a sentence: its section tells what a pronoun or a terse sentence is about."""
    return f"{chunk.title}, {chunk.section}: {sentence}"


def _inputs(chunks: Sequence[Chunk], off_topic: Sequence[str]) -> tuple[list[str], list[str], list[str], list[str]]:
    """The texts that are embedded: chunks, their sentences, the questions asked of them, the off-topic ones."""
    return (
        [chunk.text for chunk in chunks],
        [sentence_input(chunk, sentence) for chunk in chunks for sentence in chunk.sentences],
        [question for chunk in chunks for question in chunk.asked],
        list(off_topic),
    )


def _document_digest(document: Document) -> str:
    return digest(document.title, document.summary, *document.sources, document.updated, document.markdown)


def _new_version(digests: dict[str, str]) -> str:
    """A name that sorts by time and is never used twice, even by two machines in the same second."""
    content = hashlib.sha256(repr((sorted(digests.items()), os.getpid(), os.urandom(8))).encode()).hexdigest()
    return f"{datetime.now(UTC):{VERSION_TIME}}-{content[:6]}"
