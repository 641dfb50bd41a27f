"""What /knowledge does with the index. Everything here blocks and belongs into a thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from knowledge.answer import compose
from knowledge.errors import IndexCancelledError, KnowledgeError
from knowledge.index import IndexReport, LockHolder, build_index, lock_holder, preview
from knowledge.load import load_folder
from knowledge.settings import KnowledgeSettings
from knowledge.store import open_store
from knowledge.types import Answer, Chunk
from knowledge.version import Manifest, Pointer, before


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """A document of the version that answers. `updated` is its own date or its file's; None: the file is gone."""

    path: str
    title: str
    chunks: int
    updated: str | None
    cited: int


@dataclass(frozen=True, slots=True)
class Status:
    """What is published, who changes it now, and how the documents differ; `problem` says why that is not known."""

    pointer: Pointer | None
    manifest: Manifest | None
    holder: LockHolder | None
    changes: IndexReport | None
    problem: str


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions that are kept, newest first, and which of them is published."""

    pointer: Pointer | None
    manifests: Sequence[Manifest]

    def find(self, version: str) -> Manifest | None:
        """The manifest of this version."""
        return next((manifest for manifest in self.manifests if manifest.version == version), None)

    def before_published(self) -> Manifest | None:
        """The one before the published version, which a rollback goes back to."""
        target = before(list(self.manifests), self.pointer.version) if self.pointer else None
        return self.find(target) if target else None


def versions(settings: KnowledgeSettings) -> Versions:
    """The versions that are kept. Raises KnowledgeError."""
    store = open_store(settings)
    return Versions(store.pointer(), store.versions())


def status(settings: KnowledgeSettings) -> Status:
    """The state of the index and of the documents. Raises KnowledgeError where the store cannot be reached."""
    found = versions(settings)
    manifest = found.find(found.pointer.version) if found.pointer else None
    changes, problem = None, ""
    try:
        changes = build_index(settings, dry_run=True)
    except KnowledgeError as error:
        problem = str(error)
    return Status(found.pointer, manifest, lock_holder(settings), changes, problem)


def documents(settings: KnowledgeSettings, chunks: Sequence[Chunk], cited: Mapping[str, int]) -> list[IndexedDocument]:
    """The documents that `chunks` come from, the most cited first."""
    counts = Counter(chunk.document for chunk in chunks)
    titles = {chunk.document: chunk.title for chunk in chunks}
    dates: dict[str, str] = {}
    with suppress(KnowledgeError):  # a folder that is gone leaves no dates; the index still serves
        dates = {document.path: document.updated for document in load_folder(settings.knowledge_dir)[0]}
    found = [
        IndexedDocument(
            path, titles[path], count, _date(settings, path, dates[path]) if path in dates else None, cited.get(path, 0)
        )
        for path, count in counts.items()
    ]
    return sorted(found, key=lambda each: (-each.cited, each.path))


def _date(settings: KnowledgeSettings, path: str, updated: str) -> str | None:
    if updated:
        return updated
    with suppress(OSError):
        changed = (settings.knowledge_dir / path).stat().st_mtime
        return datetime.fromtimestamp(changed, UTC).date().isoformat()
    return None


def ask_all(
    settings: KnowledgeSettings,
    questions: Sequence[str],
    ask: Callable[[str], Answer],
    step: Callable[[str, int, int], None],
    cancelled: Callable[[], bool],
) -> list[tuple[Answer, Answer]]:
    """Each question answered by `ask`, as now, and by the version that the documents would make.

    Raises what `build_index` raises.
    """
    retriever = preview(settings, progress=step, cancelled=cancelled)
    answers = []
    for number, question in enumerate(questions):
        if cancelled():
            raise IndexCancelledError("Cancelled. Nothing was published.")
        step("Asking", number, len(questions))
        answers.append((ask(question), compose(retriever.search(question), "new", settings.answer_threshold)))
    return answers
