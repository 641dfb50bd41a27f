"""`python -m knowledge index`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from knowledge.commands.output import DONE, FAILED, out, print_json, progress
from knowledge.settings import KnowledgeSettings

if TYPE_CHECKING:
    from knowledge.gate import FirstPassage, Scores
    from knowledge.index import IndexReport

SHOWN_PATHS = 10
SHOWN_CHARACTERS = 200
SCORES = {"recall_at_5": "right section in the first 5", "answered": "answered", "abstained": "refused as they must be"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--source", type=Path, metavar="DIR", help="the folder of documents; default: KNOWLEDGE_DIR")
    parser.add_argument("--dry-run", action="store_true", help="only say what would change")
    parser.add_argument(
        "--force",
        action="store_true",
        help="make a new version although nothing has changed, or publish one that answers worse; it is recorded",
    )
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, to be recorded with the version")


def run(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
    """Index the documents and publish the new version; FAILED where it was refused."""
    from knowledge.index import build_index

    with progress() as bar:
        report = build_index(
            settings,
            source=options.source,
            dry_run=options.dry_run,
            force=options.force,
            reason=options.reason,
            progress=bar,
        )
    if options.json:
        print_json(report_as_json(report))
    else:
        _show_report(out(), report, dry_run=options.dry_run)
    return FAILED if report.refused and not options.dry_run else DONE


def report_as_json(report: IndexReport) -> dict[str, Any]:
    """The report as `index --json` prints it."""
    values = asdict(report)
    before, after = values.pop("before"), values.pop("after")
    return values | {
        "skipped": [{"file": item.path, "reason": item.reason} for item in report.skipped],
        "scores": {"before": before, "after": after},
        "worse": [
            {
                "question": each.question,
                "problem": each.problem,
                "before": _passage_as_json(each.before),
                "after": _passage_as_json(each.after),
            }
            for each in report.worse
        ],
    }


def _passage_as_json(passage: FirstPassage | None) -> dict[str, str] | None:
    if passage is None:
        return None
    return {"document": passage.section.document, "section": passage.section.heading, "text": passage.text}


def _show_report(console: Console, report: IndexReport, *, dry_run: bool) -> None:
    changes = ", ".join(f"{getattr(report, what)} {what}" for what in ("added", "changed", "removed", "unchanged"))
    size = f"{report.documents} documents, {report.chunks} chunks"
    if report.published:
        console.print(Text.assemble("Published version ", (str(report.version), "bold green"), f": {size}."))
        console.print(f"{changes}; {report.embedded} chunks embedded, in {report.seconds:.1f} s.")
    elif dry_run:
        console.print(f"Nothing was written. The documents, {size}, against the published version: {changes}.")
        _show_changes(console, report)
    elif report.refused:
        console.print(Text.assemble(("Not published. ", "bold red"), f"Version {report.version} keeps serving."))
        _show_changes(console, report)
    elif report.notes:
        console.print(f"Nothing was published: version {report.version} keeps serving.")
    else:
        console.print(f"Nothing has changed: version {report.version} keeps serving {size}.")
    if report.rebuild:
        console.print(f"Everything has to be embedded anew: {report.rebuild}.")
    _show_scores(console, report)
    if report.refused:
        console.print(Text(report.refused, style="red"))
    if report.forced:
        console.print(Text("It was published although it answers worse, because of --force.", style="yellow"))
    for note in report.notes:
        console.print(Text(note, style="yellow"))
    for item in report.skipped:
        console.print(Text.assemble(("Skipped ", "yellow"), f"{item.path}: {item.reason}"))


def _show_changes(console: Console, report: IndexReport) -> None:
    """The documents that differ, and how many chunks do."""
    for sign, style, paths in (
        ("+", "green", report.files.added),
        ("~", "yellow", report.files.changed),
        ("-", "red", report.files.removed),
    ):
        for path in paths[:SHOWN_PATHS]:
            console.print(Text(f"  {sign} {path}", style=style))
        if len(paths) > SHOWN_PATHS:
            console.print(Text(f"  {sign} and {len(paths) - SHOWN_PATHS} more", style=style))
    chunks = report.chunk_changes
    console.print(
        f"Chunks: {chunks.added} added, {chunks.changed} changed, {chunks.removed} removed, "
        f"{chunks.unchanged} unchanged."
    )


def _show_scores(console: Console, report: IndexReport) -> None:
    if report.after is not None:
        table = Table(box=None)
        for column in (f"{report.after.questions} golden questions", "published", "new"):
            table.add_column(column, justify="left" if column.startswith(str(report.after.questions)) else "right")
        for name, what in SCORES.items():
            table.add_row(what, _share(report.before, name), _share(report.after, name))
        console.print(table)
    for each in report.worse:
        console.print(Text.assemble(("Worse: ", "yellow"), each.question, (f" ({each.problem})", "dim")))
        console.print(Text(f"  then {_shown(each.before)}"))
        console.print(Text(f"  now  {_shown(each.after)}"))


def _share(scores: Scores | None, name: str) -> str:
    share = getattr(scores, name) if scores else None
    return "–" if share is None else f"{share:.3f}"


def _shown(passage: FirstPassage | None) -> str:
    if passage is None:
        return "nothing was found"
    text = " ".join(passage.text.split())
    return f"{passage.section}: {text[:SHOWN_CHARACTERS]}{'…' if len(text) > SHOWN_CHARACTERS else ''}"
