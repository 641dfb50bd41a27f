"""`python -m knowledge ask`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from knowledge.commands.output import DONE, out, print_json
from knowledge.errors import KnowledgeError
from knowledge.settings import KnowledgeSettings

if TYPE_CHECKING:
    from knowledge.types import Answer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    question = parser.add_mutually_exclusive_group(required=True)
    question.add_argument("question", nargs="?", metavar="QUESTION", help='as in "is prompting cheaper?"')
    question.add_argument("--file", type=Path, metavar="QUESTIONS.txt", help="a question a line, answered in order")
    parser.add_argument("--after", metavar="PREVIOUS_QUESTION", help="the question before, that this one goes on from")


def run(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
    """Answer a question from the documents, or each of a file."""
    from knowledge.base import KnowledgeBase

    questions = [options.question] if options.file is None else _questions(options.file)
    knowledge = KnowledgeBase.open(settings)
    for number, question in enumerate(questions):
        answer = knowledge.write(knowledge.ask(question, options.after or ()))
        if options.json:
            print_json(answer_as_json(answer))
        else:
            _show_answer(answer, with_question=options.file is not None, first=number == 0)
    return DONE


def answer_as_json(answer: Answer) -> dict[str, Any]:
    """The answer as `ask --json` prints it."""
    return {
        "question": answer.question,
        "understood": answer.understood,
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
        "note": answer.note,
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
    console = out()
    if with_question:
        console.print(Text(answer.question if first else f"\n{answer.question}", style="bold"))
    if answer.understood:
        console.print(Text(f"Understood as: {answer.understood}", style="dim"))
    console.print(Text(answer.text))
    if answer.note:
        console.print(Text(f"\n{answer.note}", style="dim"))
    places = dict.fromkeys((each.marker, each.section, each.document) for each in answer.citations)
    if places:
        console.print()
    for marker, section, document in places:
        console.print(Text.assemble((f"[{marker}] ", "cyan"), section, (f"  {document}", "dim")))
    if answer.suggestions:
        console.print("\nThey do answer:")
    for suggestion in answer.suggestions:
        console.print(Text.assemble(("  • ", "cyan"), suggestion))
    console.print(Text(f"\nConfidence {answer.confidence:.0%}, version {answer.version}", style="dim"))
