"""Builds a version of the index from the documents: read, split, embed what is new, write aside, check, publish."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import numpy as np
from filelock import FileLock, Timeout

from knowledge.embed import Embedder, Vectors, ensure_exported, load_embedder
from knowledge.errors import KnowledgeError
from knowledge.load import load_folder, load_off_topic
from knowledge.settings import KnowledgeSettings
from knowledge.split import CHUNK_CHARACTERS, split_document
from knowledge.store import Store, open_store
from knowledge.types import Chunk, Document, Skipped
from knowledge.version import VERSION_TIME, Manifest, VersionData

EMBEDDED_AT_ONCE = 1024
# Counts up when the way from documents to chunks and vectors changes, so that an older index is built anew.
RECIPE = "3"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What a run did. `version` is the one that serves afterwards; documents are counted by path."""

    version: str | None
    documents: int
    chunks: int
    added: int
    changed: int
    removed: int
    unchanged: int
    embedded: int
    skipped: tuple[Skipped, ...]
    published: bool
    seconds: float


def build_index(
    settings: KnowledgeSettings,
    *,
    source: Path | None = None,
    dry_run: bool = False,
    force: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> IndexReport:
    """Index the documents of `source` (else of KNOWLEDGE_DIR) and publish the new version.

    Nothing changed: nothing is embedded and no version made, unless `force`. `dry_run` reports what would change. A run
    that fails or is killed leaves the published version serving. `progress` gets a stage, what is done of it, and its
    total. Raises KnowledgeError: no readable document, another run at work, a store or a model that cannot be had.
    """
    started = perf_counter()
    with nullcontext() if dry_run else _only_run(settings.data_dir):
        store = open_store(settings)
        published = store.published()
        old = next((manifest for manifest in store.versions() if manifest.version == published), None)
        progress("Reading documents", 0, 1)
        plan, skipped = _read(settings, source or settings.knowledge_dir)
        before = old.documents if old else {}
        added, removed = plan.digests.keys() - before.keys(), before.keys() - plan.digests.keys()
        changed = {path for path in plan.digests.keys() & before.keys() if plan.digests[path] != before[path]}
        embedded, publish = 0, False
        if not dry_run:
            progress("Preparing the embedding model", 0, 1)
            ensure_exported(settings)
            embedder = load_embedder(settings)
            publish = force or old is None or not _holds(old, plan, embedder)
            if publish:
                embedded = _build(store, plan, embedder, old, progress)
                store.publish(plan.version)
                _remove_old(store, keep=settings.keep_versions)
    return IndexReport(
        version=plan.version if publish else published,
        documents=len(plan.documents),
        chunks=len(plan.chunks),
        added=len(added),
        changed=len(changed),
        removed=len(removed),
        unchanged=len(plan.digests) - len(added) - len(changed),
        embedded=embedded,
        skipped=tuple(skipped),
        published=publish,
        seconds=round(perf_counter() - started, 3),
    )


def sentence_input(chunk: Chunk, sentence: str) -> str:
    """What is embedded for a sentence: its section tells what a pronoun or a terse sentence is about."""
    return f"{chunk.title}, {chunk.section}: {sentence}"


@contextmanager
def _only_run(data_dir: Path) -> Iterator[None]:
    """Hold the lock that keeps two runs apart; the operating system frees it when the process dies."""
    lock = FileLock(data_dir / "index.lock", timeout=0)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise KnowledgeError(
            f"Another run is indexing into {data_dir} at this moment. Wait until it has finished, then try again."
        ) from error
    except PermissionError as error:
        raise KnowledgeError(
            f"DATA_DIR {data_dir} cannot be written. Make it writable or set DATA_DIR to another folder."
        ) from error
    except (FileExistsError, NotADirectoryError) as error:
        raise KnowledgeError(f"DATA_DIR {data_dir} is not a folder. Set DATA_DIR to a folder.") from error
    try:
        yield
    finally:
        lock.release()


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a new version is to hold."""

    version: str
    documents: Sequence[Document]
    digests: dict[str, str]
    chunks: Sequence[Chunk]
    off_topic: Sequence[str]
    shape: dict[str, str]


def _read(settings: KnowledgeSettings, folder: Path) -> tuple[_Plan, list[Skipped]]:
    """What the documents of `folder` make, and the files that were skipped. Raises KnowledgeError: there is nothing."""
    documents, skipped = load_folder(folder)
    chunks = [chunk for document in documents for chunk in split_document(document)]
    if not chunks:
        reasons = " ".join(f"{item.path}: {item.reason}" for item in skipped[:3])
        raise KnowledgeError(
            f"{folder} holds no document with text that can be read, so the published version stays. {reasons}".strip()
        )
    digests = {document.path: _document_digest(document) for document in documents}
    shape = {"language": settings.language, "chunk_characters": str(CHUNK_CHARACTERS), "recipe": RECIPE}
    off_topic = load_off_topic(settings.off_topic_file)
    return _Plan(_new_version(digests), documents, digests, chunks, off_topic, shape), skipped


def _holds(old: Manifest, plan: _Plan, embedder: Embedder) -> bool:
    """Whether the published version is what the plan would make again."""
    same_content = (old.documents, old.off_topic_digest) == (plan.digests, _digest(*plan.off_topic))
    return same_content and _same_making(old, plan, embedder)


def _same_making(old: Manifest, plan: _Plan, embedder: Embedder) -> bool:
    """Whether the published version's vectors mean the same as new ones would."""
    return (old.fingerprint, old.shape) == (embedder.fingerprint, plan.shape)


def _build(store: Store, plan: _Plan, embedder: Embedder, old: Manifest | None, progress: Progress) -> int:
    """Write the new version aside; how many of its chunks were embedded anew."""
    for leftover in store.unfinished():
        store.remove(leftover)
    reusable: dict[str, Vectors] = {}
    if old is not None and _same_making(old, plan, embedder):
        # A damaged version is built anew from nothing: that is how it is mended.
        with suppress(KnowledgeError):
            reusable = _vectors_by_text(store.read(old.version))
    data, embedded = _embed(plan, embedder, reusable, progress)
    progress("Writing and checking the new version", 0, 1)
    store.write(data)
    return embedded


def _embed(
    plan: _Plan, embedder: Embedder, reusable: dict[str, Vectors], progress: Progress
) -> tuple[VersionData, int]:
    """The version's data, and how many of its chunks were embedded anew."""
    inputs = _inputs(plan.chunks, plan.off_topic)
    new = sorted({text for group in inputs for text in group if text not in reusable})
    vectors = dict(reusable)
    for start in range(0, len(new), EMBEDDED_AT_ONCE):
        progress("Embedding", start, len(new))
        part = new[start : start + EMBEDDED_AT_ONCE]
        vectors |= zip(part, embedder.encode(part), strict=True)
    progress("Embedding", len(new), len(new))
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
        off_topic_digest=_digest(*plan.off_topic),
        shape=plan.shape,
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


def _inputs(chunks: Sequence[Chunk], off_topic: Sequence[str]) -> tuple[list[str], list[str], list[str], list[str]]:
    """The texts that are embedded: chunks, their sentences, the questions asked of them, the off-topic ones."""
    return (
        [chunk.text for chunk in chunks],
        [sentence_input(chunk, sentence) for chunk in chunks for sentence in chunk.sentences],
        [question for chunk in chunks for question in chunk.asked],
        list(off_topic),
    )


def _vectors_by_text(data: VersionData) -> dict[str, Vectors]:
    groups = (data.chunk_vectors, data.sentence_vectors, data.question_vectors, data.off_topic_vectors)
    return {
        text: vector
        for texts, vectors in zip(_inputs(data.chunks, data.off_topic), groups, strict=True)
        for text, vector in zip(texts, vectors, strict=True)
    }


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:16]


def _document_digest(document: Document) -> str:
    return _digest(document.title, document.summary, *document.sources, document.updated, document.markdown)


def _new_version(digests: dict[str, str]) -> str:
    """A name that sorts by time and is never used twice, even by two machines in the same second."""
    content = hashlib.sha256(repr((sorted(digests.items()), os.getpid(), os.urandom(8))).encode()).hexdigest()
    return f"{datetime.now(UTC):{VERSION_TIME}}-{content[:6]}"


def _remove_old(store: Store, *, keep: int) -> None:
    published = store.published()
    for manifest in store.versions()[keep:]:
        if manifest.version != published:
            store.remove(manifest.version)
