"""A version's data in collections, written, checked and read back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from knowledge.chroma import Client, Connect, collection, create_collection, delete_collections
from knowledge.embed import Vectors
from knowledge.errors import DamagedVersionError, KnowledgeError
from knowledge.types import Chunk
from knowledge.version import Manifest, VersionData

BATCH_SIZE = 2_000  # Chroma 1.5 takes at most 5,461 records at once.
REACHABILITY_NEIGHBORS = 10
# Chroma builds its graph in several threads, never the same one twice. With its defaults one of some hundred builds
# left a record out of reach. A denser graph costs 0.15 s for 1,853 vectors; one that fails the check is built again.
# Our vectors have length one, so the inner product is the cosine; with "cosine" Chroma would normalise them again, and
# each re-index would move them by a bit.
HNSW: Any = {"space": "ip", "ef_construction": 200, "ef_search": 200, "max_neighbors": 32}
BUILDS = 3
# Sentences and questions are read as a whole and never queried, so their graph, which Chroma builds all the same, is
# the thinnest: 12 s instead of 42 for 40,000 records. Of as many, of which many are alike, even the dense graph left
# some out of reach of a query.
UNSEARCHED_HNSW: Any = {"space": "ip", "ef_construction": 4, "ef_search": 10, "max_neighbors": 2}
SAME_VECTOR = 1e-4  # the distance of a vector to itself, give or take its rounding

# Called with what is done and the total; may raise, to stop the work.
Progress = Callable[[int, int], None]


_NAME = re.compile(r"(?P<version>\d{8}-\d{6}-\w+)-(?:chunks|sentences|questions|off-topic)")


def collections_of(version: str) -> tuple[str, str, str, str]:
    """The names of a version's collections: chunks, sentences, questions, off-topic questions."""
    return f"{version}-chunks", f"{version}-sentences", f"{version}-questions", f"{version}-off-topic"


def versions_begun(names: Iterable[str]) -> set[str]:
    """The versions that at least one of the collections of these names belongs to; other programs have theirs too."""
    return {match["version"] for name in names if (match := _NAME.fullmatch(name))}


def write_collections(connect: Connect, data: VersionData, progress: Progress) -> None:
    """Write a version's collections and check them: each chunk is found by its own vector, all is read back as it was.

    Raises KnowledgeError where that is not so, and what `progress` raises.
    """
    chunks = data.chunks
    sentences = [(f"{chunk.id}.{number}", text) for chunk in chunks for number, text in enumerate(chunk.sentences)]
    questions = [(f"{chunk.id}.{number}", text) for chunk in chunks for number, text in enumerate(chunk.asked)]
    off_topic = [(f"{number:06}", text) for number, text in enumerate(data.off_topic)]
    total = len(chunks) + len(sentences) + len(questions) + len(off_topic)
    done = 0

    def count(records: int) -> None:
        nonlocal done
        done += records
        progress(min(done, total), total)

    chunks_name, sentences_name, questions_name, off_topic_name = collections_of(data.manifest.version)
    _write_chunks(connect, chunks_name, chunks, data.chunk_vectors, count)
    for name, records, vectors in (
        (sentences_name, sentences, data.sentence_vectors),
        (questions_name, questions, data.question_vectors),
        (off_topic_name, off_topic, data.off_topic_vectors),
    ):
        _create(connect, name, UNSEARCHED_HNSW)
        _add(connect, name, records, vectors, None, count)
    if not _is_same(read_collections(connect, data.manifest, lambda: progress(total, total)), data):
        raise DamagedVersionError(
            f"The new version was not published: {data.manifest.version} is not read back as it was written. "
            "Run the index again; if it happens again, please report it."
        )


def _write_chunks(
    connect: Connect, name: str, chunks: Sequence[Chunk], vectors: Vectors, count: Callable[[int], None]
) -> None:
    """Write the chunks until a query finds each of them. Raises KnowledgeError where some stay out of reach."""
    records = [(chunk.id, chunk.text) for chunk in chunks]
    for _ in range(BUILDS):
        _create(connect, name, HNSW)
        _add(connect, name, records, vectors, [_metadata(chunk) for chunk in chunks], count)
        lost: list[str] = []
        for part in _parts(len(chunks)):
            with connect() as client:
                lost += _unreachable(collection(client, name), [chunk.id for chunk in chunks[part]], vectors[part])
            count(0)
        if not lost:
            return
        with connect() as client:
            delete_collections(client, [name])
    raise KnowledgeError(
        f"The new version was not published: {len(lost)} of {len(chunks)} chunks cannot be reached in {name}. "
        "Run the index again; if it happens again, please report it."
    )


def _create(connect: Connect, name: str, hnsw: Any) -> None:
    with connect() as client:
        create_collection(client, name, hnsw)


def _add(
    connect: Connect,
    name: str,
    records: Sequence[tuple[str, str]],
    vectors: Vectors,
    metadatas: Sequence[dict[str, str | int]] | None,
    count: Callable[[int], None],
) -> None:
    for part in _parts(len(records)):
        with connect() as client:
            collection(client, name).add(
                ids=[record_id for record_id, _ in records[part]],
                embeddings=vectors[part],
                documents=[text for _, text in records[part]],
                metadatas=list(metadatas[part]) if metadatas is not None else None,
            )
        count(len(records[part]))


def _parts(length: int) -> list[slice]:
    return [slice(start, start + BATCH_SIZE) for start in range(0, length, BATCH_SIZE)]


def _is_same(found: VersionData, expected: VersionData) -> bool:
    return (
        (found.chunks, found.off_topic) == (expected.chunks, expected.off_topic)
        and np.array_equal(found.chunk_vectors, expected.chunk_vectors)
        and np.array_equal(found.sentence_vectors, expected.sentence_vectors)
        and np.array_equal(found.question_vectors, expected.question_vectors)
        and np.array_equal(found.off_topic_vectors, expected.off_topic_vectors)
    )


def _unreachable(chunks: Any, ids: Sequence[str], vectors: Vectors) -> list[str]:
    """The records that a query with their own vector finds neither themselves nor one with the same vector."""
    found = chunks.query(
        query_embeddings=vectors,
        n_results=min(REACHABILITY_NEIGHBORS, len(ids)),
        include=["distances"],
    )
    return [
        wanted
        for wanted, neighbors, distances in zip(ids, found["ids"], found["distances"], strict=True)
        if wanted not in neighbors and (not distances or distances[0] > SAME_VECTOR)
    ]


def read_collections(connect: Connect, manifest: Manifest, between: Callable[[], None] = lambda: None) -> VersionData:
    """The content of a version; `between` is called between requests. Raises DamagedVersionError: it is not whole."""
    chunks_name, sentences_name, questions_name, off_topic_name = collections_of(manifest.version)
    rows = sorted(_rows(connect, chunks_name, between), key=lambda row: (row[3]["document"], row[3]["position"]))
    sentences = {row[0]: row for row in _rows(connect, sentences_name, between)}
    questions = {row[0]: row for row in _rows(connect, questions_name, between)}
    off_topic = sorted(_rows(connect, off_topic_name, between), key=lambda row: row[0])
    _check_counts(manifest, (len(rows), len(sentences), len(questions), len(off_topic)))
    chunks, sentence_vectors, question_vectors = [], [], []
    for chunk_id, text, _, metadata in rows:
        own = [sentences[f"{chunk_id}.{number}"] for number in range(metadata["sentences"])]
        asked = [questions[f"{chunk_id}.{number}"] for number in range(metadata["questions"])]
        chunks.append(_chunk(chunk_id, text, metadata, tuple(row[1] for row in own), tuple(row[1] for row in asked)))
        sentence_vectors += [row[2] for row in own]
        question_vectors += [row[2] for row in asked]
    return VersionData(
        manifest,
        tuple(chunks),
        _matrix([row[2] for row in rows], manifest.dimension),
        _matrix(sentence_vectors, manifest.dimension),
        _matrix(question_vectors, manifest.dimension),
        tuple(row[1] for row in off_topic),
        _matrix([row[2] for row in off_topic], manifest.dimension),
    )


def check_collections(client: Client, manifest: Manifest) -> None:
    """Raise DamagedVersionError where a version's collections do not hold as many records as they should."""
    _check_counts(manifest, tuple(collection(client, name).count() for name in collections_of(manifest.version)))


def _check_counts(manifest: Manifest, found: tuple[int, ...]) -> None:
    if found != (manifest.chunks, manifest.sentences, manifest.questions, manifest.off_topic):
        raise DamagedVersionError(
            f"Version {manifest.version} is damaged: of {manifest.chunks} chunks, {manifest.sentences} sentences, "
            f"{manifest.questions} questions and {manifest.off_topic} off-topic ones, {found} are there. "
            "Run: python -m knowledge index --force"
        )


def _matrix(vectors: Sequence[Any], dimension: int) -> Vectors:
    return np.asarray(vectors, dtype=np.float32).reshape(-1, dimension)


def _rows(connect: Connect, name: str, between: Callable[[], None]) -> Iterator[tuple[str, str, Any, dict[str, Any]]]:
    offset, total = 0, 1
    while offset < total:
        with connect() as client:
            rows = collection(client, name)
            total = rows.count()
            page = rows.get(limit=BATCH_SIZE, offset=offset, include=["documents", "embeddings", "metadatas"])
        yield from zip(page["ids"], page["documents"], page["embeddings"], page["metadatas"], strict=True)
        offset += BATCH_SIZE
        between()


def _metadata(chunk: Chunk) -> dict[str, str | int]:
    return {
        "document": chunk.document,
        "title": chunk.title,
        "section": chunk.section,
        "heading_path": json.dumps(chunk.heading_path),
        "kind": chunk.kind,
        "position": chunk.position,
        "sentences": len(chunk.sentences),
        "questions": len(chunk.asked),
        "cells": json.dumps(chunk.cells),
    }


def _chunk(
    chunk_id: str, text: str, metadata: dict[str, Any], sentences: tuple[str, ...], asked: tuple[str, ...]
) -> Chunk:
    return Chunk(
        id=chunk_id,
        document=metadata["document"],
        title=metadata["title"],
        section=metadata["section"],
        heading_path=tuple(json.loads(metadata["heading_path"])),
        text=text,
        sentences=sentences,
        kind=metadata["kind"],
        position=int(metadata["position"]),
        asked=asked,
        cells=tuple((column, text) for column, text in json.loads(metadata.get("cells", "[]"))),
    )
