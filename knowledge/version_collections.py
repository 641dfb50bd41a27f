"""A version's data in collections, written, checked and read back.

Of sentences and questions only the vectors are records: their words are a chunk's text and metadata already, and what
Chroma does with each text, an index for substring search, would take more time than all the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from knowledge.chroma import Client, Connect, collection, create_collection, delete_collections
from knowledge.chunk_records import chunk_of, metadata_of, question_ids, sentence_ids
from knowledge.embed import Vectors
from knowledge.errors import DamagedVersionError, KnowledgeError
from knowledge.types import Chunk
from knowledge.version import Manifest, VersionData

BATCH_SIZE = 2_000  # Chroma 1.5 takes at most 5,461 records at once
READ_AT_ONCE = 500  # vectors: Chroma makes a Python object of each number, and all other threads wait for that
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
    off_topic = [f"{number:06}" for number in range(len(data.off_topic))]
    sentences, questions = sentence_ids(chunks), question_ids(chunks)
    total = len(chunks) + len(sentences) + len(questions) + len(off_topic)
    done = 0

    def count(records: int) -> None:
        nonlocal done
        done += records
        progress(min(done, total), total)

    chunks_name, sentences_name, questions_name, off_topic_name = collections_of(data.manifest.version)
    _write_chunks(connect, chunks_name, chunks, data.chunk_vectors, count)
    for name, ids, vectors, texts in (
        (sentences_name, sentences, data.sentence_vectors, None),
        (questions_name, questions, data.question_vectors, None),
        (off_topic_name, off_topic, data.off_topic_vectors, data.off_topic),
    ):
        _create(connect, name, UNSEARCHED_HNSW)
        _add(connect, name, ids, vectors, count, texts)
    if not _is_same(read_collections(connect, data.manifest, between=lambda: progress(total, total)), data):
        raise DamagedVersionError(
            f"The new version was not published: {data.manifest.version} is not read back as it was written. "
            "Run the index again; if it happens again, please report it."
        )


def _write_chunks(
    connect: Connect, name: str, chunks: Sequence[Chunk], vectors: Vectors, count: Callable[[int], None]
) -> None:
    """Write the chunks until a query finds each of them. Raises KnowledgeError where some stay out of reach."""
    ids, texts, metadatas = zip(*((chunk.id, chunk.text, metadata_of(chunk)) for chunk in chunks), strict=True)
    for _ in range(BUILDS):
        _create(connect, name, HNSW)
        _add(connect, name, ids, vectors, count, texts, metadatas)
        lost: list[str] = []
        for part in _parts(len(chunks), BATCH_SIZE):
            with connect() as client:
                lost += _unreachable(collection(client, name), ids[part], vectors[part])
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
    ids: Sequence[str],
    vectors: Vectors,
    count: Callable[[int], None],
    texts: Sequence[str] | None = None,
    metadatas: Sequence[dict[str, str | int]] | None = None,
) -> None:
    for part in _parts(len(ids), BATCH_SIZE):
        with connect() as client:
            collection(client, name).add(
                ids=list(ids[part]),
                embeddings=vectors[part],
                documents=None if texts is None else list(texts[part]),
                metadatas=None if metadatas is None else list(metadatas[part]),
            )
        count(len(ids[part]))


def _parts(length: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, length, size)]


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


def read_collections(
    connect: Connect, manifest: Manifest, known: VersionData | None = None, between: Callable[[], None] = lambda: None
) -> VersionData:
    """The content of a version; `between` is called between requests.

    Of the chunks that `known`, another version, holds too, the vectors are taken from there instead of being read.
    Raises DamagedVersionError where the version is not whole.
    """
    chunks_name, sentences_name, questions_name, off_topic_name = collections_of(manifest.version)
    with connect() as client:
        check_collections(client, manifest)
    records = [chunk_of(manifest.version, *record) for record in _records(connect, chunks_name, between)]
    chunks = tuple(sorted(records, key=lambda chunk: (chunk.document, chunk.position)))
    off_topic = sorted((record, text) for record, text, _ in _records(connect, off_topic_name, between))
    of_chunks, of_sentences, of_questions = _at_hand(chunks, known, manifest)

    def vectors(name: str, ids: Sequence[str], at_hand: Mapping[str, Vectors]) -> Vectors:
        return _vectors(connect, name, ids, at_hand, manifest.dimension, between)

    return VersionData(
        manifest=manifest,
        chunks=chunks,
        chunk_vectors=vectors(chunks_name, [chunk.id for chunk in chunks], of_chunks),
        sentence_vectors=vectors(sentences_name, sentence_ids(chunks), of_sentences),
        question_vectors=vectors(questions_name, question_ids(chunks), of_questions),
        off_topic=tuple(text for _, text in off_topic),
        off_topic_vectors=vectors(off_topic_name, [record for record, _ in off_topic], {}),
    )


def check_collections(client: Client, manifest: Manifest) -> None:
    """Raise DamagedVersionError where records of a version are missing, or another release wrote them otherwise."""
    # Not `count`: it keeps all other Python threads from running, for 0.2 s the first time.
    found = tuple(len(collection(client, name).get(include=[])["ids"]) for name in collections_of(manifest.version))
    if found != (manifest.chunks, manifest.sentences, manifest.questions, manifest.off_topic):
        raise DamagedVersionError(
            f"Version {manifest.version} is damaged: of {manifest.chunks} chunks, {manifest.sentences} sentences, "
            f"{manifest.questions} questions and {manifest.off_topic} off-topic ones, {found} are there. "
            "Run: python -m knowledge index --force"
        )
    chunks_name = collections_of(manifest.version)[0]
    first = collection(client, chunks_name).get(limit=1, include=["documents", "metadatas"])
    for record in zip(first["ids"], first["documents"], first["metadatas"], strict=True):
        chunk_of(manifest.version, *record)


def _records(connect: Connect, name: str, between: Callable[[], None]) -> Iterator[tuple[str, str, Any]]:
    """The id, text and metadata of each record."""
    offset = 0
    while True:
        with connect() as client:
            page = collection(client, name).get(limit=BATCH_SIZE, offset=offset, include=["documents", "metadatas"])
        yield from zip(page["ids"], page["documents"], page["metadatas"], strict=True)
        between()
        offset += BATCH_SIZE
        if len(page["ids"]) < BATCH_SIZE:
            return


def _at_hand(
    chunks: Sequence[Chunk], known: VersionData | None, manifest: Manifest
) -> tuple[dict[str, Vectors], dict[str, Vectors], dict[str, Vectors]]:
    """The vectors in `known` of the chunks that are the same there, of their sentences and questions, by record id."""
    if known is None or _made_by(known.manifest) != _made_by(manifest):
        return {}, {}, {}
    here = {replace(chunk, position=0) for chunk in chunks}
    same = {chunk.id for chunk in known.chunks if replace(chunk, position=0) in here}
    parts = (
        ([chunk.id for chunk in known.chunks], known.chunk_vectors),
        (sentence_ids(known.chunks), known.sentence_vectors),
        (question_ids(known.chunks), known.question_vectors),
    )
    of_chunks, of_sentences, of_questions = (
        {record: vector for record, vector in zip(ids, vectors, strict=True) if record.partition(".")[0] in same}
        for ids, vectors in parts
    )
    return of_chunks, of_sentences, of_questions


def _made_by(manifest: Manifest) -> tuple[str, int, dict[str, str]]:
    """What a text's vector depends on."""
    return manifest.fingerprint, manifest.dimension, manifest.shape


def _vectors(
    connect: Connect,
    name: str,
    ids: Sequence[str],
    at_hand: Mapping[str, Vectors],
    dimension: int,
    between: Callable[[], None],
) -> Vectors:
    """The vectors of the records, a row each in the order of `ids`; only those that are not `at_hand` are read."""
    matrix = np.empty((len(ids), dimension), dtype=np.float32)
    missing = []
    for row, record in enumerate(ids):
        if record in at_hand:
            matrix[row] = at_hand[record]
        else:
            missing.append(row)
    for part in _parts(len(missing), READ_AT_ONCE):
        wanted = [ids[row] for row in missing[part]]
        with connect() as client:
            found = collection(client, name).get(ids=wanted, include=["embeddings"])
        vectors = dict(zip(found["ids"], found["embeddings"], strict=True))
        if len(vectors) < len(wanted):
            raise DamagedVersionError(
                f"{len(wanted) - len(vectors)} records are missing in {name}. Run: python -m knowledge index --force"
            )
        matrix[missing[part]] = [vectors[record] for record in wanted]
        between()
    return matrix
