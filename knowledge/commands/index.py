"""`python -m knowledge index`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from knowledge.commands.output import DONE, out, print_json, progress
from knowledge.settings import KnowledgeSettings

if TYPE_CHECKING:
    from knowledge.index import IndexReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--source", type=Path, metavar="DIR", help="the folder of documents; default: KNOWLEDGE_DIR")
    parser.add_argument("--dry-run", action="store_true", help="only say what would change")
    parser.add_argument("--force", action="store_true", help="make a new version although nothing has changed")


def run(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
    """Index the documents and publish the new version."""
    from knowledge.index import build_index

    with progress() as bar:
        report = build_index(
            settings, source=options.source, dry_run=options.dry_run, force=options.force, progress=bar
        )
    if options.json:
        skipped = [{"file": item.path, "reason": item.reason} for item in report.skipped]
        print_json(asdict(report) | {"skipped": skipped})
    else:
        _show_report(report, dry_run=options.dry_run)
    return DONE


def _show_report(report: IndexReport, *, dry_run: bool) -> None:
    console = out()
    changes = ", ".join(f"{getattr(report, what)} {what}" for what in ("added", "changed", "removed", "unchanged"))
    size = f"{report.documents} documents, {report.chunks} chunks"
    if report.published:
        console.print(Text.assemble("Published version ", (str(report.version), "bold green"), f": {size}."))
        console.print(f"{changes}; {report.embedded} chunks embedded, in {report.seconds:.1f} s.")
    elif dry_run:
        console.print(f"Nothing was written. The documents, {size}, against the published version: {changes}.")
    else:
        console.print(f"Nothing has changed: version {report.version} keeps serving {size}.")
    for item in report.skipped:
        console.print(Text.assemble(("Skipped ", "yellow"), f"{item.path}: {item.reason}"))
