"""`python -m knowledge recommend`."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from knowledge.cite import Sections, by_section, cite, unresolved
from knowledge.commands.output import DONE, FAILED, out, print_json
from knowledge.criteria import UNKNOWN, UNKNOWN_LABEL, Answers, Backing, Criteria, check_answers, load_criteria
from knowledge.describe import Stated, read_description
from knowledge.errors import KnowledgeError
from knowledge.recommend import Recommendation, recommend
from knowledge.settings import KnowledgeSettings

USAGE = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--schema", action="store_true", help="print the questions and their options")
    parser.add_argument("--check", action="store_true", help="check the criteria and the sentences that they cite")
    parser.add_argument(
        "--answers",
        type=_answers,
        default={},
        metavar="KEY=OPTION,...",
        help="any number of answers, as --schema names them",
    )
    parser.add_argument(
        "--describe", default="", metavar="TEXT", help="the project in words; what these state is filled in"
    )


def run(settings: KnowledgeSettings, options: argparse.Namespace) -> int:
    """Recommend an approach, or show what is asked for it."""
    criteria = load_criteria(settings.criteria_file)
    if options.schema:
        print_json(schema_as_json(criteria)) if options.json else _show_schema(criteria)
        return DONE
    sections = _sections(settings)
    if options.check:
        return _check(settings, criteria, sections, as_json=options.json)
    try:
        check_answers(criteria, options.answers)
    except KnowledgeError as error:
        _errors().print(Text(str(error), style="red"))
        return USAGE
    stated = read_description(criteria, options.describe)
    answers = {each.question.key: each.option.key for each in stated} | options.answers
    recommendation = recommend(criteria, answers)
    if options.json:
        print_json(recommendation_as_json(recommendation, answers, stated, sections))
    else:
        _show(criteria, recommendation, stated, sections)
    return DONE


def _answers(text: str) -> dict[str, str]:
    """`key=option,key=option` as a dictionary."""
    answers: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        key, equals, option = (part.strip() for part in pair.partition("="))
        if not (key and equals and option):
            raise argparse.ArgumentTypeError(f"{pair!r} is no answer; write key=option,key=option")
        if answers.setdefault(key, option) != option:
            raise argparse.ArgumentTypeError(f"{key!r} is answered twice")
    return answers


def _sections(settings: KnowledgeSettings) -> Sections:
    """The sections of the published version. Where there is none, the recommendation is the same without citations."""
    from knowledge.store import open_store

    try:
        store = open_store(settings)
        version = store.published()
        if version is None:
            raise KnowledgeError("Nothing has been indexed yet. Run: python -m knowledge index")
        return by_section(store.read(version).chunks)
    except KnowledgeError as error:
        _errors().print(Text(f"There are no citations: {error}", style="yellow"))
        return {}


def schema_as_json(criteria: Criteria) -> dict[str, Any]:
    """The questions as `recommend --schema --json` prints them."""
    unknown = {"key": UNKNOWN, "label": UNKNOWN_LABEL}
    return {
        "questions": [
            {
                "key": question.key,
                "text": question.text,
                "why": question.why,
                "options": [*({"key": option.key, "label": option.label} for option in question.options), unknown],
            }
            for question in criteria.questions
        ]
    }


def recommendation_as_json(
    recommendation: Recommendation, answers: Answers, stated: tuple[Stated, ...], sections: Sections
) -> dict[str, Any]:
    """The recommendation as `recommend --json` prints it."""
    return {
        "recommendation": recommendation.outcome.key,
        "confidence": round(recommendation.confidence, 4),
        "score": recommendation.score,
        "reasons": [
            {
                "criterion": reason.question.key,
                "answer": reason.option.key,
                "points_to": reason.points_to,
                "weight": reason.weight,
                "citation": _citation_as_json(reason.option, sections),
            }
            for reason in recommendation.reasons
        ],
        "what_would_change_it": [
            {"key": change.question.key, "option": change.option.key, "recommendation": change.recommendation}
            for change in recommendation.changes
        ],
        "next_question": recommendation.next_question,
        "answers": dict(answers),
        "read": [{"key": each.question.key, "option": each.option.key, "words": each.words} for each in stated],
        "advice": [
            {"kind": advice.kind, "text": advice.text, "citation": _citation_as_json(advice, sections)}
            for advice in recommendation.advice
        ],
        "fine_tune_when": list(recommendation.when),
        "first_steps": [step.text for step in recommendation.outcome.steps],
        "look_again": recommendation.outcome.review,
    }


def _citation_as_json(backing: Backing, sections: Sections) -> dict[str, str] | None:
    found = cite(backing, sections)
    return {"document": found.document, "section": found.section, "quote": found.quote} if found else None


def _check(settings: KnowledgeSettings, criteria: Criteria, sections: Sections, *, as_json: bool) -> int:
    problems = [each.reason for each in unresolved(criteria, sections)]
    if as_json:
        print_json({"questions": len(criteria.questions), "unresolved": problems})
    else:
        for problem in problems:
            out().print(Text(problem, style="yellow"))
        if not problems:
            out().print(f"{settings.criteria_file} is right: every sentence that it cites is indexed.")
    return FAILED if problems else DONE


def _show_schema(criteria: Criteria) -> None:
    console = out()
    for question in criteria.questions:
        console.print(Text.assemble((question.key, "bold cyan"), f"  {question.text}"))
        for option in question.options:
            console.print(Text.assemble(f"  {option.key:<14}", (option.label, "dim")))


def _show(criteria: Criteria, recommendation: Recommendation, stated: tuple[Stated, ...], sections: Sections) -> None:
    console, outcome = out(), recommendation.outcome
    for each in stated:
        console.print(
            Text.assemble(("Read: ", "dim"), f"{each.question.key}={each.option.key}", (f"  “{each.words}”", "dim"))
        )
    console.print(
        Text.assemble(
            (outcome.label, "bold green"), f" ({min(recommendation.confidence, 0.99):.0%} sure). {outcome.summary}"
        )
    )
    for advice in recommendation.advice:
        console.print(Text.assemble(("! ", "yellow"), advice.text))
    table = Table(box=None)
    for column in ("weight", "because", "points to", "source"):
        table.add_column(column, justify="right" if column == "weight" else "left", overflow="fold")
    for reason in recommendation.reasons:
        found = cite(reason.option, sections)
        because = f"{reason.question.text} {reason.option.label}"
        side = reason.points_to.replace("_", " ").replace("fine tuning", "fine-tuning")
        table.add_row(str(reason.weight), because, side, f"{found.document}, {found.section}" if found else "–")
    if recommendation.reasons:
        console.print(table)
    for change in recommendation.changes[:3]:
        label = criteria.outcome(change.recommendation).label
        console.print(
            Text.assemble(("Would change it: ", "cyan"), f"{change.question.text} {change.option.label} → {label}")
        )
    if recommendation.next_question:
        question = criteria.question(recommendation.next_question)
        keys = "|".join(option.key for option in question.options) if question else ""
        console.print(Text.assemble(("Tells most next: ", "cyan"), f"--answers {recommendation.next_question}={keys}"))


def _errors() -> Console:
    return Console(file=sys.stderr, soft_wrap=True, highlight=False)
