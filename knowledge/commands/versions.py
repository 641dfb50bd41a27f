"""`python -m knowledge status | versions | rollback`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from knowledge.commands.output import DONE, out, print_json
from knowledge.errors import KnowledgeError
from knowledge.settings import KnowledgeSettings
from knowledge.usage import Usage, UsageLog, summary

NOT_YET = "Nothing has been published yet. Run: python -m knowledge index"


def add_rollback_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what `rollback` takes."""
    parser.add_argument("version", nargs="?", help="the version to publish; default: the one before the published one")


def run_rollback(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
    """Publish an older version."""
    from knowledge.index import rollback

    report = rollback(settings, options.version)
    if options.json:
        print_json(asdict(report))
    else:
        out().print(
            Text.assemble(
                "Version ",
                (report.version, "bold green"),
                f" of {report.created} serves now, in the place of {report.previous}: "
                f"{report.documents} documents, {report.chunks} chunks.",
            )
        )
        out().print(
            f"Until the documents change, `index` leaves it so. To go forward again: rollback {report.previous}"
        )
    return DONE


def run_status(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
    """Say what is published, who is changing it, and whether the documents have changed since."""
    from knowledge.lock import lock_holder
    from knowledge.store import open_store

    store = open_store(settings)
    pointer = store.pointer()
    manifest = next((each for each in store.versions() if pointer and each.version == pointer.version), None)
    holder = lock_holder(settings)
    status: dict[str, Any] = {
        "version": pointer.version if pointer else None,
        "published": (pointer.moved if pointer else "") or (manifest.created if manifest else None),
        "by": pointer.by if pointer else None,
        "withdrawn": list(pointer.withdrawn) if pointer else [],
        "documents": len(manifest.documents) if manifest else None,
        "chunks": manifest.chunks if manifest else None,
        "scores": manifest.scores if manifest else None,
        "forced": manifest.forced if manifest else None,
        "embedding_model": settings.embedding_model or "all-MiniLM-L6-v2 (packaged)",
        "fingerprint": manifest.fingerprint if manifest else None,
        "store": settings.chroma_url or str((settings.data_dir / "index").resolve()),
        "knowledge_dir": str(settings.knowledge_dir.resolve()),
        "at_work": asdict(holder) if holder else None,
        "chat_model": settings.chat_model or None,
        "chat_tokens_per_day": settings.chat_tokens_per_day,
        "chat_usage": asdict(UsageLog(settings.data_dir, settings.chat_tokens_per_day).read()),
        **(_changes(settings) if pointer else {"changes": None, "rebuild": None, "problem": None}),
    }
    if options.json:
        print_json(status)
    else:
        _show_status(status)
        if holder:
            out().print(Text(f"The index is being changed at this moment: {holder}.", style="yellow"))
    return DONE


def _changes(settings: KnowledgeSettings) -> dict[str, Any]:
    """How the documents differ from the published version, or the problem that hides it."""
    from knowledge.index import build_index

    try:
        report = build_index(settings, dry_run=True)
    except KnowledgeError as error:
        return {"changes": None, "rebuild": None, "problem": str(error)}
    return {
        "changes": {"added": report.added, "changed": report.changed, "removed": report.removed},
        "rebuild": report.rebuild,
        "problem": report.refused or None,
    }


def _show_status(status: dict[str, Any]) -> None:
    console = out()
    if status["version"] is None:
        console.print(NOT_YET)
        return
    if status["problem"]:
        documents = status["problem"]
    elif any(status["changes"].values()):
        changes = ", ".join(f"{number} {what}" for what, number in status["changes"].items() if number)
        documents = f"{changes} since. Run: python -m knowledge index"
    else:
        documents = "unchanged since"
    if status["rebuild"]:
        documents += f"\nEverything has to be embedded anew: {status['rebuild']}. Run: python -m knowledge index"
    if status["withdrawn"]:
        documents += f"\nRolled back from: {', '.join(status['withdrawn'])}"
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan")
    table.add_column(overflow="fold")
    table.add_row("version", Text(status["version"], style="bold green"))
    table.add_row("published", Text(f"{status['published']} by {status['by'] or 'somebody'}"))
    table.add_row("holds", f"{status['documents']} documents, {status['chunks']} chunks")
    if status["scores"]:
        table.add_row("scores", _scores(status["scores"]))
    if status["forced"]:
        table.add_row("forced", Text(status["forced"], style="yellow"))
    table.add_row("model", f"{status['embedding_model']}, {status['fingerprint']}")
    table.add_row("store", Text(status["store"]))
    table.add_row("documents", Text(f"{status['knowledge_dir']}\n{documents}"))
    if status["chat_model"]:
        said = summary(Usage(**status["chat_usage"]), status["chat_tokens_per_day"])
        table.add_row("chat model", Text(f"{status['chat_model']}\n{said}"))
    console.print(table)


def run(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
    """List the versions that are kept, newest first."""
    from knowledge.store import open_store

    store = open_store(settings)
    pointer = store.pointer()
    versions = [
        {
            "version": manifest.version,
            "created": manifest.created,
            "by": manifest.by,
            "documents": len(manifest.documents),
            "chunks": manifest.chunks,
            "added": list(manifest.added),
            "changed": list(manifest.changed),
            "removed": list(manifest.removed),
            "chunk_changes": manifest.chunk_changes,
            "scores": manifest.scores,
            "embedding_model": manifest.embedding_model,
            "fingerprint": manifest.fingerprint,
            "settings": manifest.shape,
            "previous": manifest.previous,
            "forced": manifest.forced,
            "reason": manifest.reason,
            "published": pointer is not None and manifest.version == pointer.version,
            "withdrawn": pointer is not None and manifest.version in pointer.withdrawn,
        }
        for manifest in store.versions()
    ]
    if options.json:
        print_json({"versions": versions})
    elif not versions:
        out().print("There are no versions yet. Run: python -m knowledge index")
    else:
        _show_versions(versions)
    return DONE


def _show_versions(versions: list[dict[str, Any]]) -> None:
    table = Table(box=None)
    for column in ("version", "created", "by", "documents", "chunks", "changes", "recall@5 / answered / refused", ""):
        table.add_column(column)
    for each in versions:
        changes = " ".join(
            f"{sign}{len(each[what])}"
            for sign, what in (("+", "added"), ("~", "changed"), ("-", "removed"))
            if each[what]
        )
        notes = [
            *([Text("published", style="bold green")] if each["published"] else ()),
            *([Text("rolled back", style="yellow")] if each["withdrawn"] else ()),
            *([Text("forced", style="red")] if each["forced"] else ()),
        ]
        table.add_row(
            *(Text(str(each[name])) for name in ("version", "created", "by", "documents", "chunks")),
            changes,
            _scores(each["scores"]),
            Text(" ").join(notes),
        )
    out().print(table)


def _scores(scores: dict[str, float | None]) -> str:
    shares = (scores.get(name) for name in ("recall_at_5", "answered", "abstained"))
    return " / ".join("–" if share is None else f"{share:.3f}" for share in shares) if scores else ""
