"""The one module that meets Chroma: clients that are closed again, collections by name, a server's registry."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import chromadb
import httpx
from chromadb.api import ClientAPI
from chromadb.config import Settings as ChromaSettings
from chromadb.errors import ChromaError, NotFoundError

from knowledge.errors import DamagedVersionError, StoreUnreachableError

SECONDS_TO_WAIT_FOR_SERVER = 5.0
REGISTRY = "tunewise-versions"

# Chroma shares what belongs to one path or address between its clients; threads that open and close it break that.
_ONE_AT_A_TIME = threading.Lock()

Client = ClientAPI
# Opens a client for one or a few requests, or gives the one that is open.
Connect = Callable[[], AbstractContextManager[Client]]


# Clients


@contextmanager
def embedded(folder: Path) -> Iterator[ClientAPI]:
    """A client of the embedded Chroma in `folder`. Raises StoreUnreachableError where Chroma fails."""
    settings = ChromaSettings(anonymized_telemetry=False)
    try:
        with _ONE_AT_A_TIME, _closing(chromadb.PersistentClient(str(folder), settings=settings)) as client:
            yield client
    except ChromaError as error:
        raise StoreUnreachableError(f"Chroma cannot work in {folder}: {error}.") from error


@contextmanager
def server(url: str) -> Iterator[ClientAPI]:
    """A client of the Chroma server at `url`. Raises StoreUnreachableError where it does not answer as it should."""
    address = urlsplit(url if "//" in url else f"http://{url}")
    secure = address.scheme == "https"
    try:
        port = address.port or (443 if secure else 8000)
        host = address.hostname or "localhost"
        # Chroma's client waits without end, and leaks its connection where the first answer is a wrong one.
        heartbeat = f"{address.scheme}://{host}:{port}/api/v2/heartbeat"
        # Without TLS there is no certificate to verify: reading all authorities takes three quarters of a request.
        verify = None if secure else False
        answer = httpx.get(heartbeat, timeout=SECONDS_TO_WAIT_FOR_SERVER, verify=secure).raise_for_status().text
        if "nanosecond heartbeat" not in answer:
            raise ValueError("it is no Chroma server")
        with _ONE_AT_A_TIME:
            settings = ChromaSettings(anonymized_telemetry=False, chroma_server_ssl_verify=verify)
            client = chromadb.HttpClient(host=host, port=port, ssl=secure, settings=settings)
            with _closing(client):
                try:
                    yield client
                finally:
                    _hang_up(client)
    except (ChromaError, httpx.HTTPError, ValueError, OSError) as error:
        raise StoreUnreachableError(
            f"The Chroma server {url} (CHROMA_URL) does not answer as it should ({error}). "
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


# What all machines that use one server know


class Registry:
    """Small texts on a Chroma server, by id and kind. All methods raise StoreUnreachableError."""

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, record: str) -> str | None:
        """The text of a record, or None where there is none."""
        with self._collection() as collection:
            found = collection.get(ids=[record], include=["documents"])["documents"]
            return str(found[0]) if found else None

    def of_kind(self, kind: str) -> dict[str, str]:
        """All texts of one kind, by the ids of their records."""
        with self._collection() as collection:
            found = collection.get(where={"kind": kind}, include=["documents"])
            return dict(zip(found["ids"], found["documents"], strict=True))

    def put(self, record: str, kind: str, text: str) -> None:
        """Write a record, in the place of one with this id."""
        with self._collection() as collection:
            collection.upsert(ids=[record], documents=[text], metadatas=[{"kind": kind}], embeddings=[[1.0]])

    def add(self, record: str, kind: str, text: str) -> bool:
        """Write a record unless one with this id is there; whether it is this one. Of several machines one succeeds."""
        with self._collection() as collection:
            # Chroma ignores the addition of an id that it has, and the server puts all additions in one order.
            collection.add(ids=[record], documents=[text], metadatas=[{"kind": kind}], embeddings=[[1.0]])
        return self.get(record) == text

    def delete(self, *records: str) -> None:
        """Delete the records that are there."""
        if records:
            with self._collection() as collection:
                collection.delete(ids=list(records))

    @contextmanager
    def _collection(self) -> Iterator[Any]:
        with server(self._url) as client:
            yield client.get_or_create_collection(REGISTRY, embedding_function=None)


# Collections


def create_collection(client: Client, name: str, hnsw: Any) -> None:
    """Make an empty collection whose graph has these parameters."""
    client.create_collection(name, embedding_function=None, configuration={"hnsw": hnsw})


def collection(client: Client, name: str) -> Any:
    """The collection of that name. Raises DamagedVersionError where it is missing."""
    try:
        return client.get_collection(name, embedding_function=None)
    except NotFoundError as error:
        raise DamagedVersionError(
            f"The collection {name} is missing. Run: python -m knowledge index --force"
        ) from error


def delete_collections(client: Client, names: Collection[str]) -> None:
    """Delete those of the collections that are there."""
    for name in collection_names(client) & set(names):
        client.delete_collection(name)


def collection_names(client: Client) -> set[str]:
    """The names of all collections."""
    return {each.name for each in client.list_collections()}
