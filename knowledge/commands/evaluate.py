"""`python -m knowledge evaluate`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from knowledge.commands.output import DONE, out, print_json, progress
from knowledge.settings import KnowledgeSettings

if TYPE_CHECKING:
    from knowledge.evaluate import Evaluation, Outcome

EVALUATION_ROWS = {
    "recall@1": "right section first",
    "recall@5": "right section in the first 5",
    "mrr": "mean reciprocal rank of the right section",
    "answered": "answerable questions that got an answer",
    "cited": "answers that cite a right section",
    "phrase": "answers that hold the phrase they must",
    "abstained": "questions to refuse that were refused",
}


def run(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
    """Score the published version by the golden questions."""
    from knowledge.base import KnowledgeBase
    from knowledge.evaluate import evaluate, load_golden

    golden = load_golden(settings.golden_file)
    knowledge = KnowledgeBase.open(settings)
    with progress() as bar:
        evaluation = evaluate(
            golden,
            knowledge.ask,
            knowledge.retriever.chunks,
            progress=lambda done, total: bar("Asking", done, total),
        )
    if options.json:
        print_json(evaluation_as_json(evaluation) | {"version": knowledge.version})
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
    console = out()
    answerable = sum(bool(outcome.golden.sections) for outcome in evaluation.outcomes)
    refusable = len(evaluation.outcomes) - answerable
    table = Table(title=f"{answerable} questions to answer, {refusable} to refuse", title_justify="left", box=None)
    table.add_column("score", style="cyan")
    table.add_column("", justify="right", style="bold")
    table.add_column("what it is")
    for name, share in _shares(evaluation).items():
        table.add_row(name, "–" if share is None else f"{share:.3f}", EVALUATION_ROWS[name])
    table.add_row("false_answers", str(len(evaluation.false_answers)), "questions to refuse that got an answer")
    console.print(table)
    for title, entries in (
        ("Answered, but to be refused", evaluation.false_answers),
        (
            "Sections that the golden questions name and the documents do not have",
            evaluation.missing_sections,
        ),
    ):
        if entries:
            console.print(Text(f"\n{title}:", style="yellow"))
        for entry in entries:
            console.print(Text(f"  {entry}"))
    if evaluation.left_out:
        console.print(f"\n{evaluation.left_out} questions name no document that is indexed and were left out.")
    console.print(Text(f"\nVersion {version}", style="dim"))
