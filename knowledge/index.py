"""The index as a transaction: read, compare, embed what is new, score, write aside, check, publish."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter

from knowledge.answer import compose
from knowledge.build import Plan, Step, embed_plan, holds, made_otherwise, read_plan, vectors_by_text
from knowledge.cite import citation_notes
from knowledge.diff import ChunkChanges, FileChanges, compare_chunks, compare_files, outline
from knowledge.embed import Embedder, Vectors, ensure_exported, exported_fingerprint, load_embedder
from knowledge.errors import IndexCancelledError, KnowledgeError
from knowledge.evaluate import GoldenQuestion, Outcome, about, load_golden, outcomes_of
from knowledge.gate import Scores, Tolerances, Verdict, Worse, judge, marks, scores, too_few_documents
from knowledge.lexical import Analyzer
from knowledge.lock import LockHolder, Renew, index_lock, lock_holder, now, os_user
from knowledge.retrieve import Retriever
from knowledge.rollback import RollbackReport, rollback
from knowledge.settings import KnowledgeSettings
from knowledge.store import Store, open_store
from knowledge.types import Skipped
from knowledge.version import Manifest, Pointer, VersionData, never_published, to_remove

# All that a maintainer can do with the index; who offers it imports it from here.
__all__ = ["IndexReport", "LockHolder", "RollbackReport", "build_index", "lock_holder", "preview", "rollback"]


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What a run did. `version` is the one that serves afterwards; documents are counted by path.

    `refused` is why nothing was published though something has changed, `forced` whether such a reason was overridden.
    `rebuild` is why everything is embedded anew. `before` and `after` are the scores of the published and of the new
    version on the golden questions that both can answer, `worse` those that got worse. `notes` are sentences for the
    maintainer.
    """

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
    files: FileChanges
    chunk_changes: ChunkChanges
    rebuild: str = ""
    before: Scores | None = None
    after: Scores | None = None
    worse: tuple[Worse, ...] = ()
    refused: str = ""
    forced: bool = False
    notes: tuple[str, ...] = ()


def build_index(
    settings: KnowledgeSettings,
    *,
    source: Path | None = None,
    dry_run: bool = False,
    force: bool = False,
    by: str = "",
    reason: str = "",
    progress: Step = lambda stage, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> IndexReport:
    """Index the documents of `source` (else of KNOWLEDGE_DIR) and publish the new version.

    Nothing changed, or only what a rollback took back: nothing is embedded and no version made, unless `force`. A
    version that answers the golden questions worse is not published, unless `force`; `by` (else the user of the
    operating system) and `reason` are recorded. Fewer documents than GATE_DOCUMENTS_SHARE asks for are never published.
    `dry_run` reports what would change. A run that fails, is cancelled or killed leaves the published version serving.
    `progress` gets a stage, what is done of it, and its total; `cancelled` is asked as often.

    Raises IndexCancelledError; IndexBusyError: another run is at work; KnowledgeError: no readable document, a store or
    a model that cannot be had.
    """
    started = perf_counter()
    if dry_run:
        step = _step(progress, cancelled, lambda at_once: None)
        report = _compared(settings, source, open_store(settings), step).report
    else:
        who = by or os_user()
        with index_lock(settings, who) as renew:
            step = _step(progress, cancelled, renew)
            report = _run(settings, source, _Request(force, who, reason), step, renew)
    return replace(report, seconds=round(perf_counter() - started, 3))


def preview(
    settings: KnowledgeSettings,
    *,
    source: Path | None = None,
    progress: Step = lambda stage, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Retriever:
    """The version that `build_index` would make of the documents, in memory: nothing is written or published.

    Raises what `build_index` raises, but for IndexBusyError.
    """
    step = _step(progress, cancelled, lambda at_once: None)
    found = _compared(settings, source, open_store(settings), step)
    step("Preparing the embedding model", 0, 1)
    ensure_exported(settings)
    embedder = load_embedder(settings)
    _, reusable = _published_data(found, embedder)
    data, _ = embed_plan(found.plan, embedder, reusable, step)
    return Retriever(data, embedder, Analyzer(settings.language))


# The steps of a run


@dataclass(frozen=True, slots=True)
class _Request:
    force: bool
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Compared:
    """The plan of a version and how it differs from the published one."""

    store: Store
    pointer: Pointer | None
    manifests: list[Manifest]
    old: Manifest | None
    plan: Plan
    report: IndexReport


def _step(progress: Step, cancelled: Callable[[], bool], renew: Renew) -> Step:
    def step(stage: str, done: int, total: int) -> None:
        if cancelled():
            raise IndexCancelledError("Cancelled. What was published before keeps serving.")
        renew(False)
        progress(stage, done, total)

    return step


def _compared(settings: KnowledgeSettings, source: Path | None, store: Store, step: Step) -> _Compared:
    pointer, manifests = store.pointer(), store.versions()
    old = next((manifest for manifest in manifests if pointer and manifest.version == pointer.version), None)
    step("Reading documents", 0, 1)
    plan = read_plan(settings, source or settings.knowledge_dir)
    files = compare_files(old.documents if old else {}, plan.digests)
    report = IndexReport(
        version=pointer.version if pointer else None,
        documents=len(plan.documents),
        chunks=len(plan.chunks),
        added=len(files.added),
        changed=len(files.changed),
        removed=len(files.removed),
        unchanged=files.unchanged,
        embedded=0,
        skipped=tuple(plan.skipped),
        published=False,
        seconds=0.0,
        files=files,
        chunk_changes=compare_chunks(_outline(store, old) if old else {}, plan.outline),
        rebuild=made_otherwise(old, plan, exported_fingerprint(settings)) if old else "",
        refused=too_few_documents(len(old.documents), len(plan.documents), settings.gate_documents_share)
        if old
        else "",
    )
    return _Compared(store, pointer, manifests, old, plan, report)


def _outline(store: Store, manifest: Manifest) -> dict[str, list[str]]:
    """The version's outline; older releases wrote none, and a damaged version has none."""
    if manifest.outline:
        return manifest.outline
    try:
        return outline(store.read(manifest.version).chunks)
    except KnowledgeError:
        return {}


def _run(settings: KnowledgeSettings, source: Path | None, request: _Request, step: Step, renew: Renew) -> IndexReport:
    store = open_store(settings)
    for leftover in (*store.unfinished(), *never_published(store.versions(), store.pointer())):
        store.remove(leftover)
    found = _compared(settings, source, store, step)
    if found.report.refused:
        return found.report
    golden = load_golden(settings.golden_file)
    step("Preparing the embedding model", 0, 1)
    ensure_exported(settings)
    embedder = load_embedder(settings)
    if not request.force:
        if found.old is not None and holds(found.old, found.plan, embedder):
            return found.report
        if again := _withdrawn(found, embedder):
            return replace(found.report, notes=(again,))
    old_data, reusable = _published_data(found, embedder)
    data, embedded = embed_plan(found.plan, embedder, reusable, step)
    outcomes = _outcomes(settings, golden, data, embedder, step)
    verdict = judge(
        golden,
        found.old,
        {chunk.id: chunk for chunk in old_data.chunks} if old_data else {},
        outcomes,
        threshold=settings.answer_threshold,
        allowed=_tolerances(settings),
    )
    report = replace(
        found.report,
        embedded=embedded,
        before=verdict.before,
        after=verdict.after,
        worse=verdict.worse,
        refused=verdict.refused,
        notes=(verdict.note,) if verdict.note else (),
    )
    if verdict.refused and not request.force:
        return report
    manifest = _described(data.manifest, found, outcomes, verdict, request)
    stage = "Writing and checking the new version"
    step(stage, 0, 1)
    store.write(replace(data, manifest=manifest), lambda done, total: step(stage, done, total))
    renew(True)
    store.publish(Pointer(manifest.version, request.by, now()))
    kept = _remove_old(store, manifest.version, settings.keep_versions)
    notes = (*report.notes, *kept, *citation_notes(settings.criteria_file, data.chunks))
    return replace(
        report, version=manifest.version, published=True, refused="", forced=bool(verdict.refused), notes=notes
    )


def _withdrawn(found: _Compared, embedder: Embedder) -> str:
    """Why the documents are not published: a rollback went back from them. Empty where none did."""
    withdrawn = found.pointer.withdrawn if found.pointer else ()
    for manifest in found.manifests:
        if manifest.version in withdrawn and holds(manifest, found.plan, embedder):
            return (
                f"The documents are those of version {manifest.version}, which {found.pointer.by or 'somebody'} rolled "  # type: ignore[union-attr]
                f"back. Change them, or publish them all the same: roll back to {manifest.version}."
            )
    return ""


def _published_data(found: _Compared, embedder: Embedder) -> tuple[VersionData | None, Mapping[str, Vectors]]:
    """The content of the published version where it can be read, and those of its vectors that can be used again."""
    if found.old is None:
        return None, {}
    try:
        data = found.store.read(found.old.version)
    except KnowledgeError:  # a damaged version is mended by building it anew, from nothing
        return None, {}
    same = not made_otherwise(found.old, found.plan, embedder.fingerprint)
    return data, vectors_by_text(data) if same else {}


def _outcomes(
    settings: KnowledgeSettings, golden: list[GoldenQuestion], data: VersionData, embedder: Embedder, step: Step
) -> list[Outcome]:
    """How the new version meets the golden questions about its documents."""
    asked = about(golden, data.manifest.documents)
    if not asked:
        return []
    retriever = Retriever(data, embedder, Analyzer(settings.language))
    return outcomes_of(
        asked,
        lambda question: compose(retriever.search(question), retriever.version, settings.answer_threshold),
        lambda done, total: step("Scoring golden questions", done, total),
    )


def _tolerances(settings: KnowledgeSettings) -> Tolerances:
    return Tolerances(
        recall_at_5=settings.gate_recall_tolerance,
        answered=settings.gate_answered_tolerance,
        abstained=settings.gate_abstained_tolerance,
    )


def _described(
    manifest: Manifest, found: _Compared, outcomes: list[Outcome], verdict: Verdict, request: _Request
) -> Manifest:
    """The manifest with who made the version, out of what, and how good it is."""
    report = found.report
    return replace(
        manifest,
        by=request.by,
        previous=found.old.version if found.old else "",
        added=list(report.files.added),
        changed=list(report.files.changed),
        removed=list(report.files.removed),
        chunk_changes=asdict(report.chunk_changes),
        scores=asdict(scores(outcomes)) if outcomes else {},
        marks=marks(outcomes),
        forced=verdict.refused,
        reason=request.reason,
    )


def _remove_old(store: Store, published: str, keep: int) -> list[str]:
    """Remove what is beyond the versions to keep; where that fails, the note that says so."""
    try:
        for version in to_remove(store.versions(), published, keep):
            store.remove(version)
    except (KnowledgeError, OSError) as error:
        return [f"Older versions could not be removed: {error}. The next run tries again."]
    return []
