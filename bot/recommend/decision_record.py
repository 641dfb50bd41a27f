"""A recommendation as a decision record in Markdown, to keep with the project and to defend to a colleague."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from knowledge.cite import Sections, cite
from knowledge.criteria import UNKNOWN_LABEL, Answers, Backing, Criteria
from knowledge.recommend import Change, Recommendation

SIDES = {"prompt_engineering": "prompt engineering", "fine_tuning": "fine-tuning"}


def decision_record(
    criteria: Criteria,
    answers: Answers,
    recommendation: Recommendation,
    sections: Sections,
    *,
    project: str,
    version: str,
    today: date,
) -> str:
    """The record: context, decision, reasons with their sources, what speaks against it, when to look again."""
    outcome = recommendation.outcome
    lines = [
        f"# Decision: {outcome.label}",
        "",
        f"- Date: {today.isoformat()}",
        f"- Confidence: {min(recommendation.confidence, 0.99):.0%}",
        f"- Score: {recommendation.score:+d} (both from {criteria.bands.combine:+d}, fine-tuning from"
        f" {criteria.bands.fine_tuning:+d})",
        f"- Knowledge version: {version}, criteria: {criteria.digest}",
        "",
        "## Context",
        "",
        *([f"> {project}", ""] if project else []),
        "| Question | Answer |",
        "|---|---|",
        *(f"| {question} | {answer} |" for question, answer in _answered(criteria, answers)),
        "",
        "## Decision",
        "",
        f"{outcome.summary} {_source(outcome, sections)}".strip(),
        "",
        *(
            f"- **{advice.kind.capitalize()}:** {advice.text} {_source(advice, sections)}"
            for advice in recommendation.advice
        ),
        "",
        "## Reasons",
        "",
        *(
            f"- {reason.question.text} **{reason.option.label}** (weight {reason.weight}, towards"
            f" {SIDES[reason.points_to]}). {_source(reason.option, sections)}".rstrip()
            for reason in recommendation.reasons
        ),
        "",
    ]
    lines += _part(
        "What speaks against it", [f"{each.question.text} {each.option.label}" for each in recommendation.against]
    )
    lines += _part("Fine-tune when", list(recommendation.when) if outcome.key != "fine_tuning" else [])
    lines += _part("What would change it", [_change(criteria, change) for change in recommendation.changes])
    lines += _part("First steps", [step.text for step in outcome.steps])
    lines += ["## When to look again", "", outcome.review, ""]
    return "\n".join(lines)


def _answered(criteria: Criteria, answers: Answers) -> Iterator[tuple[str, str]]:
    for question in criteria.questions:
        if question.key in answers:
            option = question.option(answers[question.key])
            yield question.text, option.label if option else UNKNOWN_LABEL


def _change(criteria: Criteria, change: Change) -> str:
    label = criteria.outcome(change.recommendation).label
    return f"{change.question.text} **{change.option.label}** would lead to: {label}"


def _source(backing: Backing, sections: Sections) -> str:
    citation = cite(backing, sections)
    return f"“{citation.quote}” ({citation.title}: {citation.section})" if citation else ""


def _part(title: str, entries: list[str]) -> list[str]:
    return [f"## {title}", "", *(f"- {entry}" for entry in entries), ""] if entries else []
