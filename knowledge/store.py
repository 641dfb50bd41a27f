"""The one module that meets Chroma: where the versions of the index are kept, and which of them is published.

A version is immutable: written once into collections of its own, then only read (deleting and adding again in place
loses documents: Chroma's issues 7758 and 3580). Embedded Chroma keeps each version in a directory of its own, a Chroma
server in four collections; either way a pointer of ours says which version is published.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import chromadb
import httpx
import numpy as np
from chromadb.api import ClientAPI
from chromadb.config import Settings as ChromaSettings
from chromadb.errors import ChromaError, NotFoundError

from knowledge.embed import Vectors
from knowledge.errors import KnowledgeError, StoreUnreachableError
from knowledge.settings import KnowledgeSettings
from knowledge.types import Chunk
from knowledge.version import VERSION_TIME, Manifest, VersionData, newest_first, read_manifest

BATCH_SIZE = 2_000  # Chroma 1.5 takes at most 5,461 records at once.
REACHABILITY_NEIGHBORS = 10
# Chroma builds its graph in several threads, never the same one twice. With its defaults one of some hundred builds
# left a record out of reach. A denser graph costs 0.15 s for 1,853 vectors; one that fails the check is built again.
HNSW: Any = {"space": "ip", "ef_construction": 200, "ef_search": 200, "max_neighbors": 32}
BUILDS = 3
SAME_VECTOR = 1e-4  # the distance of a vector to itself, give or take its rounding
SECONDS_TO_WAIT_FOR_SERVER = 5.0
# On a server, a version that is not complete may be another machine's build; after this time it is a dead one.
SECONDS_TO_BUILD = 3_600

# Chroma shares what belongs to one path or address between its clients; threads that open and close it break that.
_ONE_AT_A_TIME = threading.Lock()


class Store(Protocol):
    """Keeps versions. All methods raise StoreUnreachableError where the store cannot be reached."""

    def published(self) -> str | None:
        """The published version, or None where nothing has been published yet."""
        ...

    def versions(self) -> list[Manifest]:
        """The complete versions, newest first."""
        ...

    def write(self, data: VersionData) -> None:
        """Build a version aside and check that every record in it can be reached.

        Raises KnowledgeError where one cannot; nothing of the version is left then.
        """
        ...

    def publish(self, version: str) -> None:
        """Move the pointer to `version`: readers take it up from now on."""
        ...

    def read(self, version: str) -> VersionData:
        """The content of a version. Raises KnowledgeError where there is no such version."""
        ...

    def remove(self, version: str) -> None:
        """Delete a version, or what a killed build left of it."""
        ...

    def unfinished(self) -> list[str]:
        """Versions that a dead build left behind: there, but not complete."""
        ...


def open_store(settings: KnowledgeSettings) -> Store:
    """The store that the settings ask for: a Chroma server, or embedded Chroma below DATA_DIR."""
    return ServerStore(settings.chroma_url) if settings.chroma_url else DirectoryStore(settings.data_dir / "index")


class DirectoryStore:
    """A directory a version, each with an embedded Chroma of its own and a manifest that is written last."""

    def __init__(self, folder: Path) -> None:
        self._versions = folder / "versions"
        self._pointer = folder / "published"

    def published(self) -> str | None:
        """The published version, or None where nothing has been published yet."""
        try:
            return self._pointer.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreUnreachableError(f"{self._pointer} cannot be read ({error.strerror}).") from error

    def versions(self) -> list[Manifest]:
        """The complete versions, newest first."""
        texts = []
        for file in self._versions.glob("*/manifest.json"):
            with suppress(FileNotFoundError):  # another process has just removed that version
                texts.append(file.read_text(encoding="utf-8"))
        return newest_first(texts)

    def unfinished(self) -> list[str]:
        """Versions that a killed build left behind."""
        folders = (folder for folder in self._versions.glob("*") if folder.is_dir())
        return sorted(folder.name for folder in folders if not (folder / "manifest.json").exists())

    def write(self, data: VersionData) -> None:
        """Build a version aside and check it. Raises KnowledgeError; nothing of the version is left then."""
        version = data.manifest.version
        folder = self._versions / version
        try:
            folder.mkdir(parents=True)
            with _embedded(folder / "chroma") as client:
                _write_collections(client, data)
            _write_durably(folder / "manifest.json", json.dumps(asdict(data.manifest), indent=1))
        except (OSError, ChromaError) as error:
            self.remove(version)
            raise StoreUnreachableError(
                f"The new version could not be written to {folder} ({error}). The published one keeps serving."
            ) from error
        except BaseException:
            self.remove(version)
            raise

    def publish(self, version: str) -> None:
        """Move the pointer to `version`, in one step."""
        try:
            _write_durably(self._pointer, version)
        except OSError as error:
            raise StoreUnreachableError(
                f"The new version could not be published in {self._pointer} ({error.strerror}). "
                "The old one keeps serving."
            ) from error

    def read(self, version: str) -> VersionData:
        """The content of a version. Raises KnowledgeError where there is no such version."""
        folder = self._versions / version
        try:
            manifest = read_manifest((folder / "manifest.json").read_text(encoding="utf-8"))
            with _embedded(folder / "chroma") as client:
                return _read_collections(client, manifest)
        except FileNotFoundError as error:
            raise KnowledgeError(f"There is no version {version} in {self._versions}.") from error
        except (OSError, ChromaError) as error:
            raise StoreUnreachableError(f"Version {version} in {folder} cannot be read ({error}).") from error

    def remove(self, version: str) -> None:
        """Delete a version, or what a killed build left of it."""
        shutil.rmtree(self._versions / version, ignore_errors=True)


class ServerStore:
    """Four collections a version on a Chroma server, and one collection for the manifests and the pointer."""

    def __init__(self, url: str) -> None:
        self._url = url

    def published(self) -> str | None:
        """The published version, or None where nothing has been published yet."""
        with self._client() as client:
            found = _registry(client).get(ids=["published"], include=["documents"])
            return found["documents"][0] if found["documents"] else None

    def versions(self) -> list[Manifest]:
        """The complete versions, newest first."""
        with self._client() as client:
            found = _registry(client).get(where={"kind": "manifest"}, include=["documents"])
            return newest_first(found["documents"] or [])

    def unfinished(self) -> list[str]:
        """Versions that a dead build left behind: not complete, though begun more than an hour ago."""
        complete = {manifest.version for manifest in self.versions()}
        with self._client() as client:
            names = {collection.name for collection in client.list_collections()}
        started = {name.removesuffix("-chunks") for name in names if name.endswith("-chunks")}
        begun = datetime.now(UTC) - timedelta(seconds=SECONDS_TO_BUILD)
        return sorted(version for version in started - complete if version < f"{begun:{VERSION_TIME}}")

    def write(self, data: VersionData) -> None:
        """Build a version aside and check it. Raises KnowledgeError; nothing of the version is left then."""
        manifest = data.manifest
        try:
            with self._client() as client:
                _write_collections(client, data)
                _registry(client).upsert(
                    ids=[f"manifest-{manifest.version}"],
                    documents=[json.dumps(asdict(manifest))],
                    metadatas=[{"kind": "manifest"}],
                    embeddings=[[1.0]],
                )
        except BaseException:
            self.remove(manifest.version)
            raise

    def publish(self, version: str) -> None:
        """Move the pointer to `version`, in one step."""
        with self._client() as client:
            _registry(client).upsert(
                ids=["published"], documents=[version], metadatas=[{"kind": "pointer"}], embeddings=[[1.0]]
            )

    def read(self, version: str) -> VersionData:
        """The content of a version. Raises KnowledgeError where there is no such version."""
        with self._client() as client:
            found = _registry(client).get(ids=[f"manifest-{version}"], include=["documents"])
            if not found["documents"]:
                raise KnowledgeError(f"There is no version {version} on the Chroma server {self._url}.")
            return _read_collections(client, read_manifest(found["documents"][0]))

    def remove(self, version: str) -> None:
        """Delete a version, or what a killed build left of it."""
        with self._client() as client:
            _registry(client).delete(ids=[f"manifest-{version}"])
            names = {collection.name for collection in client.list_collections()}
            for name in names & set(_collection_names(version)):
                client.delete_collection(name)

    @contextmanager
    def _client(self) -> Iterator[ClientAPI]:
        address = urlsplit(self._url if "//" in self._url else f"http://{self._url}")
        secure = address.scheme == "https"
        try:
            port = address.port or (443 if secure else 8000)
            host = address.hostname or "localhost"
            # Chroma's client waits without end, and leaks its connection where the first answer is a wrong one.
            heartbeat = f"{address.scheme}://{host}:{port}/api/v2/heartbeat"
            answer = httpx.get(heartbeat, timeout=SECONDS_TO_WAIT_FOR_SERVER).raise_for_status().text
            if "nanosecond heartbeat" not in answer:
                raise ValueError("it is no Chroma server")
            with _ONE_AT_A_TIME:
                client = chromadb.HttpClient(host=host, port=port, ssl=secure, settings=_no_telemetry())
                with _closing(client):
                    try:
                        yield client
                    finally:
                        _hang_up(client)
        except (ChromaError, httpx.HTTPError, ValueError, OSError) as error:
            raise StoreUnreachableError(
                f"The Chroma server {self._url} (CHROMA_URL) does not answer as it should ({error}). "
                "Check that it runs and that the address is right."
            ) from error


def _hang_up(client: Any) -> None:
    """Close the connections that Chroma 1.5 leaves open when its client is closed: its own and its admin client's."""
    client._server._session.close()
    client._admin_client._server._session.close()


@contextmanager
def _closing(client: ClientAPI) -> Iterator[ClientAPI]:
    try:
        yield client
    finally:
        client.close()  # type: ignore[attr-defined]  # Chroma 1.5 has it, its interface class does not say so


@contextmanager
def _embedded(folder: Path) -> Iterator[ClientAPI]:
    with _ONE_AT_A_TIME, _closing(chromadb.PersistentClient(str(folder), settings=_no_telemetry())) as client:
        yield client


def _no_telemetry() -> ChromaSettings:
    return ChromaSettings(anonymized_telemetry=False)


def _collection_names(version: str) -> tuple[str, str, str, str]:
    return f"{version}-chunks", f"{version}-sentences", f"{version}-questions", f"{version}-off-topic"


def _registry(client: ClientAPI) -> Any:
    return client.get_or_create_collection("tunewise-versions", embedding_function=None)


def _write_collections(client: ClientAPI, data: VersionData) -> None:
    chunks_name, sentences_name, questions_name, off_topic_name = _collection_names(data.manifest.version)
    chunks = data.chunks
    _write_collection(
        client,
        chunks_name,
        [(chunk.id, chunk.text) for chunk in chunks],
        data.chunk_vectors,
        [_metadata(chunk) for chunk in chunks],
    )
    sentences = [(f"{chunk.id}.{number}", text) for chunk in chunks for number, text in enumerate(chunk.sentences)]
    _write_collection(client, sentences_name, sentences, data.sentence_vectors)
    questions = [(f"{chunk.id}.{number}", text) for chunk in chunks for number, text in enumerate(chunk.asked)]
    _write_collection(client, questions_name, questions, data.question_vectors)
    off_topic = [(f"{number:06}", text) for number, text in enumerate(data.off_topic)]
    _write_collection(client, off_topic_name, off_topic, data.off_topic_vectors)


def _write_collection(
    client: ClientAPI,
    name: str,
    records: Sequence[tuple[str, str]],
    vectors: Vectors,
    metadatas: Sequence[dict[str, str | int]] | None = None,
) -> None:
    """Write a collection and check it. Raises KnowledgeError where records stay out of reach."""
    ids, texts = [record_id for record_id, _ in records], [text for _, text in records]
    for _ in range(BUILDS):
        # Our vectors have length one, so the inner product is the cosine; with "cosine" Chroma would normalise them
        # again, and each re-index would move them by a bit.
        collection = client.create_collection(name, embedding_function=None, configuration={"hnsw": HNSW})
        for start in range(0, len(ids), BATCH_SIZE):
            part = slice(start, start + BATCH_SIZE)
            collection.add(
                ids=ids[part],
                embeddings=vectors[part],
                documents=texts[part],
                metadatas=list(metadatas[part]) if metadatas is not None else None,
            )
        lost = _unreachable(collection, ids, vectors)
        if not lost and collection.count() == len(ids):
            return
        client.delete_collection(name)
    raise KnowledgeError(
        f"The new version was not published: {len(lost)} of {len(ids)} records cannot be reached in {name}. "
        "Run the index again; if it happens again, please report it."
    )


def _unreachable(collection: Any, ids: Sequence[str], vectors: Vectors) -> list[str]:
    """The records that a query with their own vector finds neither themselves nor one with the same vector."""
    lost = []
    for start in range(0, len(ids), BATCH_SIZE):
        part = slice(start, start + BATCH_SIZE)
        found = collection.query(
            query_embeddings=vectors[part],
            n_results=min(REACHABILITY_NEIGHBORS, len(ids)),
            include=["distances"],
        )
        for wanted, neighbors, distances in zip(ids[part], found["ids"], found["distances"], strict=True):
            if wanted not in neighbors and (not distances or distances[0] > SAME_VECTOR):
                lost.append(wanted)
    return lost


def _read_collections(client: ClientAPI, manifest: Manifest) -> VersionData:
    chunks_name, sentences_name, questions_name, off_topic_name = _collection_names(manifest.version)
    rows = sorted(_rows(client, chunks_name), key=lambda row: (row[3]["document"], row[3]["position"]))
    sentences = {row[0]: row for row in _rows(client, sentences_name)}
    questions = {row[0]: row for row in _rows(client, questions_name)}
    off_topic = sorted(_rows(client, off_topic_name), key=lambda row: row[0])
    found = (len(rows), len(sentences), len(questions), len(off_topic))
    if found != (manifest.chunks, manifest.sentences, manifest.questions, manifest.off_topic):
        raise StoreUnreachableError(
            f"Version {manifest.version} is damaged: of {manifest.chunks} chunks, {manifest.sentences} sentences, "
            f"{manifest.questions} questions and {manifest.off_topic} off-topic ones, {found} are there. "
            "Run: python -m knowledge index --force"
        )
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


def _matrix(vectors: Sequence[Any], dimension: int) -> Vectors:
    return np.asarray(vectors, dtype=np.float32).reshape(-1, dimension)


def _rows(client: ClientAPI, name: str) -> Iterator[tuple[str, str, Any, dict[str, Any]]]:
    try:
        collection = client.get_collection(name, embedding_function=None)
    except NotFoundError as error:
        raise KnowledgeError(f"The collection {name} is missing. Run: python -m knowledge index --force") from error
    for offset in range(0, collection.count(), BATCH_SIZE):
        page = collection.get(limit=BATCH_SIZE, offset=offset, include=["documents", "embeddings", "metadatas"])
        yield from zip(page["ids"], page["documents"], page["embeddings"], page["metadatas"], strict=True)  # type: ignore[arg-type]  # optional only for what was not asked for


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


def _write_durably(path: Path, text: str) -> None:
    """Replace the file in one step, so that a reader or a crash finds the old text or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
