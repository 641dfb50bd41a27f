"""Where the versions of the index are kept, and which of them is published.

A version is immutable: written once into collections of its own, then only read (deleting and adding again in place
loses documents: Chroma's issues 7758 and 3580). Embedded Chroma keeps each version in a directory of its own, a Chroma
server in four collections; either way a pointer of ours says which version is published.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from knowledge import chroma
from knowledge.chroma import Registry
from knowledge.errors import KnowledgeError, StoreUnreachableError
from knowledge.settings import KnowledgeSettings
from knowledge.version import Manifest, Pointer, VersionData, newest_first, read_manifest
from knowledge.version_collections import (
    Progress,
    check_collections,
    collections_of,
    read_collections,
    versions_begun,
    write_collections,
)


def _untold(done: int, total: int) -> None:
    """Tell nobody."""


class Store(Protocol):
    """Keeps versions. All methods raise StoreUnreachableError where the store cannot be reached."""

    def published(self) -> str | None:
        """The published version, or None where nothing has been published yet."""
        ...

    def pointer(self) -> Pointer | None:
        """The published version, who published it and what was withdrawn; None where nothing has been published."""
        ...

    def versions(self) -> list[Manifest]:
        """The complete versions, newest first."""
        ...

    def write(self, data: VersionData, progress: Progress = _untold) -> None:
        """Build a version aside and check that every record in it can be reached.

        `progress` gets the records that are written and their number. Raises KnowledgeError where a record cannot be
        reached, and whatever `progress` raises; nothing of the version is left then.
        """
        ...

    def publish(self, pointer: Pointer) -> None:
        """Move the pointer in one step: readers take its version up from now on."""
        ...

    def read(self, version: str, known: VersionData | None = None) -> VersionData:
        """The content of a version; what it has in common with `known`, another version, is not read again.

        Raises KnowledgeError: no such version, or it is damaged.
        """
        ...

    def check(self, version: str) -> None:
        """Raise KnowledgeError where there is no such version or something of it is missing; reads no vectors."""
        ...

    def remove(self, version: str) -> None:
        """Delete a version, or what a killed build left of it."""
        ...

    def unfinished(self) -> list[str]:
        """Versions that are there, but not complete: under the lock of the index, what a dead build left behind."""
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
        pointer = self.pointer()
        return pointer.version if pointer else None

    def pointer(self) -> Pointer | None:
        """The published version, who published it and what was withdrawn; None where nothing has been published."""
        try:
            return _read_pointer(self._pointer.read_text(encoding="utf-8"))
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

    def write(self, data: VersionData, progress: Progress = _untold) -> None:
        """Build a version aside and check it. Raises KnowledgeError; nothing of the version is left then."""
        version = data.manifest.version
        folder = self._versions / version
        try:
            folder.mkdir(parents=True)
            with chroma.embedded(folder / "chroma") as client:
                write_collections(lambda: nullcontext(client), data, progress)
            _write_durably(folder / "manifest.json", _manifest_text(data.manifest))
        except (OSError, StoreUnreachableError) as error:
            self.remove(version)
            raise StoreUnreachableError(
                f"The new version could not be written to {folder} ({error}). The published one keeps serving."
            ) from error
        except BaseException:
            self.remove(version)
            raise

    def publish(self, pointer: Pointer) -> None:
        """Move the pointer, in one step."""
        try:
            _write_durably(self._pointer, _pointer_text(pointer))
        except OSError as error:
            raise StoreUnreachableError(
                f"The new version could not be published in {self._pointer} ({error.strerror}). "
                "The old one keeps serving."
            ) from error

    def read(self, version: str, known: VersionData | None = None) -> VersionData:
        """The content of a version, with the vectors of `known` where they are the same. Raises KnowledgeError."""
        manifest = self._manifest(version)
        with chroma.embedded(self._versions / version / "chroma") as client:
            return read_collections(lambda: nullcontext(client), manifest, known)

    def check(self, version: str) -> None:
        """Raise KnowledgeError where there is no such version or something of it is missing; reads no vectors."""
        manifest = self._manifest(version)
        with chroma.embedded(self._versions / version / "chroma") as client:
            check_collections(client, manifest)

    def remove(self, version: str) -> None:
        """Delete a version, or what a killed build left of it."""
        # First what makes it a version: whatever is left by a kill in between is a leftover, not a damaged version.
        with suppress(OSError):
            (self._versions / version / "manifest.json").unlink()
        shutil.rmtree(self._versions / version, ignore_errors=True)

    def _manifest(self, version: str) -> Manifest:
        file = self._versions / version / "manifest.json"
        try:
            return read_manifest(file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise KnowledgeError(f"There is no version {version} in {self._versions}.") from error
        except OSError as error:
            raise StoreUnreachableError(f"{file} cannot be read ({error.strerror}).") from error


class ServerStore:
    """Four collections a version on a Chroma server, and one collection for the manifests and the pointer."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._registry = Registry(url)

    def published(self) -> str | None:
        """The published version, or None where nothing has been published yet."""
        pointer = self.pointer()
        return pointer.version if pointer else None

    def pointer(self) -> Pointer | None:
        """The published version, who published it and what was withdrawn; None where nothing has been published."""
        return _read_pointer(self._registry.get("published") or "")

    def versions(self) -> list[Manifest]:
        """The complete versions, newest first."""
        return newest_first(self._registry.of_kind("manifest").values())

    def unfinished(self) -> list[str]:
        """Versions that a killed build left behind."""
        with chroma.server(self._url) as client:
            begun = versions_begun(chroma.collection_names(client))
        return sorted(begun - {manifest.version for manifest in self.versions()})

    def write(self, data: VersionData, progress: Progress = _untold) -> None:
        """Build a version aside and check it. Raises KnowledgeError; nothing of the version is left then."""
        manifest = data.manifest
        try:
            # A client for each request: `progress` may speak to the server as well, to say that this run is alive.
            write_collections(lambda: chroma.server(self._url), data, progress)
            self._registry.put(f"manifest-{manifest.version}", "manifest", _manifest_text(manifest))
        except BaseException:
            self.remove(manifest.version)
            raise

    def publish(self, pointer: Pointer) -> None:
        """Move the pointer, in one step."""
        self._registry.put("published", "pointer", _pointer_text(pointer))

    def read(self, version: str, known: VersionData | None = None) -> VersionData:
        """The content of a version, with the vectors of `known` where they are the same. Raises KnowledgeError."""
        return read_collections(lambda: chroma.server(self._url), self._manifest(version), known)

    def check(self, version: str) -> None:
        """Raise KnowledgeError where there is no such version or something of it is missing; reads no vectors."""
        manifest = self._manifest(version)
        with chroma.server(self._url) as client:
            check_collections(client, manifest)

    def remove(self, version: str) -> None:
        """Delete a version, or what a killed build left of it."""
        self._registry.delete(f"manifest-{version}")
        with chroma.server(self._url) as client:
            chroma.delete_collections(client, collections_of(version))

    def _manifest(self, version: str) -> Manifest:
        text = self._registry.get(f"manifest-{version}")
        if text is None:
            raise KnowledgeError(f"There is no version {version} on the Chroma server {self._url}.")
        return read_manifest(text)


def _manifest_text(manifest: Manifest) -> str:
    return json.dumps(asdict(manifest), indent=1)


def _pointer_text(pointer: Pointer) -> str:
    """The version, alone in its line, and the rest below it."""
    rest = {name: value for name, value in asdict(pointer).items() if name != "version"}
    return f"{pointer.version}\n{json.dumps(rest)}\n"


def _read_pointer(text: str) -> Pointer | None:
    """The pointer that `text` is; older releases wrote the version alone."""
    version, _, rest = text.strip().partition("\n")
    if not version:
        return None
    found = json.loads(rest or "{}")
    return Pointer(version, found.get("by", ""), found.get("moved", ""), tuple(found.get("withdrawn", ())))


def _write_durably(path: Path, text: str) -> None:
    """Replace the file in one step, so that a reader or a crash finds the old text or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")  # one writer at a time, under the lock of the index
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
