"""`python -m knowledge status | versions`."""

from __future__ import annotations

import argparse
from typing import Any

from rich.table import Table
from rich.text import Text

from knowledge.commands.output import DONE, out, print_json
from knowledge.errors import KnowledgeError
from knowledge.settings import KnowledgeSettings


def run_status(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
    """Say what is published, and whether the documents have changed since."""
    from knowledge.store import open_store

    store = open_store(settings)
    published = store.published()
    manifest = next((each for each in store.versions() if each.version == published), None)
    status: dict[str, Any] = {
        "version": published,
        "published": manifest.created if manifest else None,
        "documents": len(manifest.documents) if manifest else None,
        "chunks": manifest.chunks if manifest else None,
        "embedding_model": settings.embedding_model or "all-MiniLM-L6-v2 (packaged)",
        "fingerprint": manifest.fingerprint if manifest else None,
        "store": settings.chroma_url or str((settings.data_dir / "index").resolve()),
        "knowledge_dir": str(settings.knowledge_dir.resolve()),
        **(_changes(settings) if published else {"changes": None, "problem": None}),
    }
    if options.json:
        print_json(status)
    else:
        _show_status(status)
    return DONE


def _changes(settings: KnowledgeSettings) -> dict[str, Any]:
    """How the documents differ from the published version, or the problem that hides it."""
    from knowledge.index import build_index

    try:
        report = build_index(settings, dry_run=True)
    except KnowledgeError as error:
        return {"changes": None, "problem": str(error)}
    return {
        "changes": {"added": report.added, "changed": report.changed, "removed": report.removed},
        "problem": None,
    }


def _show_status(status: dict[str, Any]) -> None:
    console = out()
    if status["version"] is None:
        console.print("Nothing has been published yet. Run: python -m knowledge index")
        return
    if status["problem"]:
        documents = status["problem"]
    elif any(status["changes"].values()):
        changes = ", ".join(f"{number} {what}" for what, number in status["changes"].items() if number)
        documents = f"{changes} since. Run: python -m knowledge index"
    else:
        documents = "unchanged since"
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan")
    table.add_column(overflow="fold")
    table.add_row("version", Text(status["version"], style="bold green"))
    table.add_row("published", status["published"])
    table.add_row("holds", f"{status['documents']} documents, {status['chunks']} chunks")
    table.add_row("model", f"{status['embedding_model']}, {status['fingerprint']}")
    table.add_row("store", status["store"])
    table.add_row("documents", Text(f"{status['knowledge_dir']}\n{documents}"))
    console.print(table)


def run(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
    """List the versions that are kept, newest first."""
    from knowledge.store import open_store

    store = open_store(settings)
    published = store.published()
    versions = [
        {
            "version": manifest.version,
            "created": manifest.created,
            "documents": len(manifest.documents),
            "chunks": manifest.chunks,
            "published": manifest.version == published,
        }
        for manifest in store.versions()
    ]
    if options.json:
        print_json({"versions": versions})
    elif not versions:
        out().print("There are no versions yet. Run: python -m knowledge index")
    else:
        table = Table(box=None)
        for column in ("version", "created", "documents", "chunks", ""):
            table.add_column(column)
        for each in versions:
            note = Text("published", style="bold green") if each["published"] else ""
            table.add_row(str(each["version"]), str(each["created"]), str(each["documents"]), str(each["chunks"]), note)
        out().print(table)
    return DONE
