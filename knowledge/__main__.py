"""The knowledge's command line: `python -m knowledge index | ask | evaluate | status | versions`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from knowledge.errors import KnowledgeError
from knowledge.settings import KnowledgeSettings, SettingsError, load_settings

if TYPE_CHECKING:
    from knowledge.evaluate import Evaluation, Outcome
    from knowledge.index import IndexReport
    from knowledge.types import Answer

# A command imports its parts when it runs: chromadb and onnxruntime take 1.5 s, which --help can do without.

DONE, FAILED = 0, 1
EVALUATION_ROWS = {
    "recall@1": "right section first",
    "recall@5": "right section in the first 5",
    "mrr": "mean reciprocal rank of the right section",
    "answered": "answerable questions that got an answer",
    "cited": "answers that cite a right section",
    "phrase": "answers that hold the phrase they must",
    "abstained": "questions to refuse that were refused",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0 done, 1 refused or failed with a reason, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        status: int = options.run(load_settings(KnowledgeSettings), options)
        sys.stdout.flush()
        return status
    except (KnowledgeError, SettingsError) as error:
        errors.print(str(error), style="red", markup=False)
    except KeyboardInterrupt:
        errors.print("Stopped. What was published before keeps serving.")
    except BrokenPipeError:
        # Whoever read the output has gone; without this, Python complains once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m knowledge", description="What Tunewise knows: index it, ask it, measure it."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, run: Any, summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        added.add_argument("--json", action="store_true", help="print JSON, and nothing else, on standard output")
        added.set_defaults(run=run)
        return added

    index = command("index", _index, "index the documents and publish the new version")
    index.add_argument("--source", type=Path, metavar="DIR", help="the folder of documents; default: KNOWLEDGE_DIR")
    index.add_argument("--dry-run", action="store_true", help="only say what would change")
    index.add_argument("--force", action="store_true", help="make a new version although nothing has changed")
    ask = command("ask", _ask, "answer a question from the documents")
    question = ask.add_mutually_exclusive_group(required=True)
    question.add_argument("question", nargs="?", metavar="QUESTION", help='as in "is prompting cheaper?"')
    question.add_argument("--file", type=Path, metavar="QUESTIONS.txt", help="a question a line, answered in order")
    ask.add_argument("--after", metavar="PREVIOUS_QUESTION", help="the question that this one follows")
    command("evaluate", _evaluate, "score the published version by the golden questions")
    command("status", _status, "say what is published, and whether the documents have changed since")
    command("versions", _versions, "list the versions that are kept, newest first")
    return parser


# index


def _index(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
    from knowledge.index import build_index

    with _progress() as progress:
        report = build_index(
            settings, source=options.source, dry_run=options.dry_run, force=options.force, progress=progress
        )
    if options.json:
        skipped = [{"file": item.path, "reason": item.reason} for item in report.skipped]
        _print_json(asdict(report) | {"skipped": skipped})
    else:
        _show_report(report, dry_run=options.dry_run)
    return DONE


def _show_report(report: IndexReport, *, dry_run: bool) -> None:
    out = _out()
    changes = ", ".join(f"{getattr(report, what)} {what}" for what in ("added", "changed", "removed", "unchanged"))
    size = f"{report.documents} documents, {report.chunks} chunks"
    if report.published:
        out.print(Text.assemble("Published version ", (str(report.version), "bold green"), f": {size}."))
        out.print(f"{changes}; {report.embedded} chunks embedded, in {report.seconds:.1f} s.")
    elif dry_run:
        out.print(f"Nothing was written. The documents, {size}, against the published version: {changes}.")
    else:
        out.print(f"Nothing has changed: version {report.version} keeps serving {size}.")
    for item in report.skipped:
        out.print(Text.assemble(("Skipped ", "yellow"), f"{item.path}: {item.reason}"))


# ask


def _ask(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
    from knowledge.base import KnowledgeBase

    questions = [options.question] if options.file is None else _questions(options.file)
    knowledge = KnowledgeBase.open(settings)
    for number, question in enumerate(questions):
        answer = knowledge.ask(question, options.after)
        if options.json:
            _print_json(answer_as_json(answer))
        else:
            _show_answer(answer, with_question=options.file is not None, first=number == 0)
    return DONE


def answer_as_json(answer: Answer) -> dict[str, Any]:
    """The answer as `ask --json` prints it."""
    return {
        "question": answer.question,
        "kind": answer.kind,
        "by": answer.by,
        "removed": list(answer.removed),
        "text": answer.text,
        "confidence": round(answer.confidence, 4),
        "citations": [
            {"marker": each.marker, "document": each.document, "section": each.section, "quote": each.quote}
            for each in answer.citations
        ],
        "passages": [
            {
                "document": each.chunk.document,
                "section": each.chunk.section,
                "text": each.chunk.text,
                "score": round(each.score, 4),
            }
            for each in answer.passages
        ],
        "suggestions": list(answer.suggestions),
        "version": answer.version,
    }


def _questions(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise KnowledgeError(f"The questions {file} cannot be read ({reason}).") from error
    return [line.strip() for line in lines if line.strip()]


def _show_answer(answer: Answer, *, with_question: bool, first: bool) -> None:
    out = _out()
    if with_question:
        out.print(Text(answer.question if first else f"\n{answer.question}", style="bold"))
    out.print(Text(answer.text))
    places = dict.fromkeys((each.marker, each.section, each.document) for each in answer.citations)
    if places:
        out.print()
    for marker, section, document in places:
        out.print(Text.assemble((f"[{marker}] ", "cyan"), section, (f"  {document}", "dim")))
    if answer.suggestions:
        out.print("\nThey do answer:")
    for suggestion in answer.suggestions:
        out.print(Text.assemble(("  • ", "cyan"), suggestion))
    out.print(Text(f"\nConfidence {answer.confidence:.0%}, version {answer.version}", style="dim"))


# evaluate


def _evaluate(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
    from knowledge.base import KnowledgeBase
    from knowledge.evaluate import evaluate, load_golden

    golden = load_golden(settings.golden_file)
    knowledge = KnowledgeBase.open(settings)
    with _progress() as progress:
        evaluation = evaluate(
            golden,
            knowledge.ask,
            knowledge.retriever.chunks,
            progress=lambda done, total: progress("Asking", done, total),
        )
    if options.json:
        _print_json(evaluation_as_json(evaluation) | {"version": knowledge.version})
    else:
        _show_evaluation(evaluation, knowledge.version)
    return DONE


def evaluation_as_json(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as `evaluate --json` prints it, shares with four decimals."""
    return {
        **{name: None if share is None else round(share, 4) for name, share in _shares(evaluation).items()},
        "false_answers": len(evaluation.false_answers),
        "falsely_answered": list(evaluation.false_answers),
        "left_out": evaluation.left_out,
        "missing_sections": [str(section) for section in evaluation.missing_sections],
        "questions": [_outcome_as_json(outcome) for outcome in evaluation.outcomes],
    }


def _shares(evaluation: Evaluation) -> dict[str, float | None]:
    return {name: getattr(evaluation, name.replace("@", "_at_")) for name in EVALUATION_ROWS}


def _outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "question": outcome.golden.question,
        "expected": "answer" if outcome.golden.sections else "abstain",
        "kind": "answer" if outcome.answered else "abstain",
        "confidence": round(outcome.confidence, 4),
        "sections": [str(section) for section in outcome.golden.sections],
        "rank": outcome.rank,
        "cited": outcome.cited,
        "phrase": outcome.phrase,
    }


def _show_evaluation(evaluation: Evaluation, version: str) -> None:
    out = _out()
    answerable = sum(bool(outcome.golden.sections) for outcome in evaluation.outcomes)
    refusable = len(evaluation.outcomes) - answerable
    table = Table(title=f"{answerable} questions to answer, {refusable} to refuse", title_justify="left", box=None)
    table.add_column("score", style="cyan")
    table.add_column("", justify="right", style="bold")
    table.add_column("what it is")
    for name, share in _shares(evaluation).items():
        table.add_row(name, "–" if share is None else f"{share:.3f}", EVALUATION_ROWS[name])
    table.add_row("false_answers", str(len(evaluation.false_answers)), "questions to refuse that got an answer")
    out.print(table)
    for title, entries in (
        ("Answered, but to be refused", evaluation.false_answers),
        (
            "Sections that the golden questions name and the documents do not have",
            evaluation.missing_sections,
        ),
    ):
        if entries:
            out.print(Text(f"\n{title}:", style="yellow"))
        for entry in entries:
            out.print(Text(f"  {entry}"))
    if evaluation.left_out:
        out.print(f"\n{evaluation.left_out} questions name no document that is indexed and were left out.")
    out.print(Text(f"\nVersion {version}", style="dim"))


# status and versions


def _status(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
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
        _print_json(status)
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
    out = _out()
    if status["version"] is None:
        out.print("Nothing has been published yet. Run: python -m knowledge index")
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
    out.print(table)


def _versions(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
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
        _print_json({"versions": versions})
    elif not versions:
        _out().print("There are no versions yet. Run: python -m knowledge index")
    else:
        table = Table(box=None)
        for column in ("version", "created", "documents", "chunks", ""):
            table.add_column(column)
        for each in versions:
            note = Text("published", style="bold green") if each["published"] else ""
            table.add_row(str(each["version"]), str(each["created"]), str(each["documents"]), str(each["chunks"]), note)
        _out().print(table)
    return DONE


# Output


def _print_json(value: object) -> None:
    """One line. Everything beyond ASCII is escaped, so that it survives whatever encoding the output has."""
    sys.stdout.write(json.dumps(value) + "\n")


def _out() -> Console:
    """Standard output: coloured and wrapped on a terminal, plain and unwrapped in a pipe."""
    terminal = sys.stdout.isatty()
    return Console(highlight=False, markup=False, soft_wrap=not terminal, width=None if terminal else 200)


@contextmanager
def _progress() -> Iterator[Any]:
    """A callback (stage, done, total) that draws a bar on standard error, where that is a terminal."""
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None)

        def show(stage: str, done: int, total: int) -> None:
            # A stage of one step has nothing to count: the bar pulses.
            bar.update(task, description=stage, completed=done, total=total if total > 1 else None)

        yield show


if __name__ == "__main__":
    sys.exit(main())
