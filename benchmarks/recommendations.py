"""`python -m benchmarks.recommendations`: writes docs/recommendations.md, ten interviews as a person sees them."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from discord import ui

from bot.recommend import layout
from bot.recommend.chart import alternative_text
from bot.recommend.interview import Interview
from knowledge.base import KnowledgeBase
from knowledge.cite import Sections
from knowledge.criteria import UNKNOWN, UNKNOWN_LABEL, Criteria, load_criteria
from knowledge.describe import read_description
from knowledge.errors import KnowledgeError
from knowledge.recommend import recommend
from knowledge.settings import KnowledgeSettings, SettingsError, load_settings

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "recommendations.md"
SCENARIOS = ROOT / "tests" / "golden" / "scenarios.yaml"
EACH = {"prompt_engineering": 4, "combine": 3, "fine_tuning": 3}
INTRODUCTION = """# Ten interviews

What `/recommend` asks ten of the projects in `tests/golden/scenarios.yaml`, what they answer, and the result as they
see it. In Discord an interview is one message that changes with each click; the chart and the record are files in it.
`make answers` writes this page.
"""

Scenario = Mapping[str, Any]


def main() -> int:
    """Interview and write the page; 1 with a sentence where that cannot be done."""
    try:
        settings = load_settings(KnowledgeSettings)
        criteria = load_criteria(settings.criteria_file)
        knowledge = KnowledgeBase.open(settings)
    except (KnowledgeError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    TARGET.write_text(page(criteria, knowledge.sections), encoding="utf-8")
    print(f"{TARGET.name} has {sum(EACH.values())} interviews.")
    return 0


def page(criteria: Criteria, sections: Sections) -> str:
    """The page as Markdown."""
    lines = [INTRODUCTION]
    for number, scenario in enumerate(choose(yaml.safe_load(SCENARIOS.read_text(encoding="utf-8"))), 1):
        lines += [f"## {number}. {scenario['name'].replace('-', ' ').capitalize()}", ""]
        lines += _interview(criteria, sections, scenario)
    return "\n".join(lines)


def choose(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Some of each expected recommendation, by digest: a fair mix that stays the same when others are added."""
    by_digest = sorted(scenarios, key=lambda each: hashlib.sha256(each["name"].encode()).digest())
    return [
        scenario
        for key, count in EACH.items()
        for scenario in [each for each in by_digest if each["expected"] == key][:count]
    ]


def _interview(criteria: Criteria, sections: Sections, scenario: Scenario) -> Iterator[str]:
    project, answers = scenario["description"].strip(), scenario["answers"]
    stated = read_description(criteria, project)
    given = tuple((each.question.key, answers.get(each.question.key, each.option.key)) for each in stated)
    interview = Interview(0, given, read=len(given))
    yield f"**The person writes:** {project}\n"
    if stated:
        yield from _shown(layout.review(criteria, interview, stated, ""))
    for each in stated:
        if answers.get(each.question.key, each.option.key) != each.option.key:
            yield f"**They change:** {each.question.text} {_label(criteria, each.question.key, answers)}\n"
    while (key := interview.to_ask(criteria)) is not None:
        question = criteria.question(key)
        assert question is not None
        yield from _shown(layout.question(criteria, interview, question, ""))
        yield f"**They press:** {_label(criteria, key, answers)}\n"
        interview = interview.answer(key, answers.get(key, UNKNOWN))
    recommendation = recommend(criteria, dict(interview.answers))
    view = layout.result(
        criteria,
        interview,
        recommendation,
        sections,
        "",
        files={},
        chart_text=alternative_text(criteria, recommendation),
    )
    yield from _shown(view)
    yield f"The chart's alternative text: {alternative_text(criteria, recommendation)}\n"


def _label(criteria: Criteria, key: str, answers: Mapping[str, str]) -> str:
    question = criteria.question(key)
    option = question.option(answers.get(key, UNKNOWN)) if question else None
    return option.label if option else UNKNOWN_LABEL


def _shown(view: ui.LayoutView) -> Iterator[str]:
    """A message as a quotation: its texts, then its buttons."""
    items = list(view.walk_children())
    texts = [item.content.replace("-# ", "") for item in items if isinstance(item, ui.TextDisplay)]
    pressed = [item.item if isinstance(item, ui.DynamicItem) else item for item in items]
    labels = [f"[{item.label}]" for item in pressed if isinstance(item, ui.Button)]
    for line in "\n\n".join([*texts, " ".join(labels)]).splitlines():
        yield f"> {line.replace('### ', '**').strip() + '**' if line.startswith('### ') else line}"
    yield ""


if __name__ == "__main__":
    sys.exit(main())
