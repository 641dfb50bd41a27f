"""What has changed between two versions, by document and by chunk."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from knowledge.types import Chunk


@dataclass(frozen=True, slots=True)
class FileChanges:
    """The paths of the documents that differ, each in order."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int


@dataclass(frozen=True, slots=True)
class ChunkChanges:
    """Numbers of chunks. A chunk has changed where its section is still there and holds another text in its place."""

    added: int
    changed: int
    removed: int
    unchanged: int


def digest(*parts: str) -> str:
    """16 hexadecimal digits that stand for `parts`."""
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:16]


def outline(chunks: Iterable[Chunk]) -> dict[str, list[str]]:
    """The digests of each section's chunks; a section is named by its document and its headings below the title."""
    sections: dict[str, list[str]] = {}
    for chunk in chunks:
        section = " > ".join((chunk.document, *chunk.heading_path[1:]))
        sections.setdefault(section, []).append(digest(chunk.title, chunk.text, *chunk.asked))
    return sections


def compare_files(before: Mapping[str, str], after: Mapping[str, str]) -> FileChanges:
    """How the documents of two versions differ; both map a path to the digest of its content."""
    common = before.keys() & after.keys()
    changed = sorted(path for path in common if before[path] != after[path])
    return FileChanges(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(changed),
        removed=tuple(sorted(before.keys() - after.keys())),
        unchanged=len(common) - len(changed),
    )


def compare_chunks(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> ChunkChanges:
    """How the chunks of two versions differ, by their outlines."""
    added = changed = removed = unchanged = 0
    for section in before.keys() | after.keys():
        old, new = Counter(before.get(section, ())), Counter(after.get(section, ()))
        same = (old & new).total()
        gone, come = old.total() - same, new.total() - same
        unchanged += same
        changed += min(gone, come)
        added += max(come - gone, 0)
        removed += max(gone - come, 0)
    return ChunkChanges(added, changed, removed, unchanged)
