"""Going back: an older version that is kept is published again, in less than a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from knowledge.embed import exported_fingerprint
from knowledge.errors import IndexMismatchError, KnowledgeError
from knowledge.lock import index_lock, now, os_user
from knowledge.settings import KnowledgeSettings
from knowledge.store import open_store
from knowledge.version import Manifest, Pointer, before, never_published, newer


@dataclass(frozen=True, slots=True)
class RollbackReport:
    """`version` serves from now on, in the place of `previous`."""

    version: str
    previous: str
    created: str
    documents: int
    chunks: int
    seconds: float


def rollback(settings: KnowledgeSettings, version: str | None = None, *, by: str = "") -> RollbackReport:
    """Publish a version that is kept: `version`, else the one before the published one.

    The documents are not touched. What was published since counts as withdrawn: `build_index` does not publish the same
    content again. Raises KnowledgeError: no such version, it is damaged or another model's; IndexBusyError.
    """
    started = perf_counter()
    who = by or os_user()
    with index_lock(settings, who) as renew:
        store = open_store(settings)
        pointer, manifests = store.pointer(), store.versions()
        if pointer is None:
            raise KnowledgeError("Nothing has been published yet, so there is nothing to go back from.")
        target = version or before(manifests, pointer.version)
        manifest = next((each for each in manifests if each.version == target), None)
        if target is None or manifest is None:
            raise KnowledgeError(_no_such_version(manifests, target))
        if target == pointer.version:
            raise KnowledgeError(f"Version {target} is the published one already.")
        fingerprint = exported_fingerprint(settings)
        if fingerprint is not None and manifest.fingerprint != fingerprint:
            raise IndexMismatchError(
                f"Version {target} was built with another embedding model ({manifest.fingerprint}) than "
                f"EMBEDDING_MODEL names now ({fingerprint}), so no bot could answer from it. Set EMBEDDING_MODEL back."
            )
        store.check(target)
        renew(True)
        unpublished = never_published(manifests, pointer)
        withdrawn = [each for each in newer(manifests, target) if each not in unpublished]
        store.publish(Pointer(target, who, now(), tuple(withdrawn)))
    return RollbackReport(
        version=target,
        previous=pointer.version,
        created=manifest.created,
        documents=len(manifest.documents),
        chunks=manifest.chunks,
        seconds=round(perf_counter() - started, 3),
    )


def _no_such_version(manifests: Sequence[Manifest], version: str | None) -> str:
    if version is None:
        return "There is no older version to go back to."
    kept = ", ".join(manifest.version for manifest in manifests)
    return f"There is no version {version}. Kept are: {kept}."
