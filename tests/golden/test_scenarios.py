"""Projects as people describe them: what is recommended agrees with what a careful practitioner would say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.criteria import load_criteria
from knowledge.recommend import recommend
from knowledge.settings import KnowledgeSettings

CRITERIA = load_criteria(KnowledgeSettings.model_fields["criteria_file"].default)
SCENARIOS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "scenarios.yaml").read_text(encoding="utf-8"))
# Where the recommendation differs, and why that is left so.
DISAGREEMENTS = {
    "npc-dialogue": "No prompt was measured, and the lore comes from documents: prompts first, and when to go on.",
    "aviation-defect-codes": "No example and no measured prompt leave nothing to train; the contradiction is named.",
    "job-ad-rewrites": "The prompt does what is needed today; the traffic that would change that is still to come.",
}


def test_there_are_enough_projects_and_enough_of_them_are_published_cases() -> None:
    assert len(SCENARIOS) >= 40
    assert sum("source" in scenario for scenario in SCENARIOS) >= 15
    assert len({scenario["name"] for scenario in SCENARIOS}) == len(SCENARIOS)


def agrees(scenario: dict[str, Any]) -> bool:
    key = recommend(CRITERIA, scenario["answers"]).outcome.key
    return key == scenario["expected"] or key in scenario.get("acceptable", [])


def test_nearly_all_recommendations_agree_and_the_others_are_listed() -> None:
    differing = {scenario["name"] for scenario in SCENARIOS if not agrees(scenario)}
    assert differing == set(DISAGREEMENTS)
    assert 1 - len(differing) / len(SCENARIOS) >= 0.95


@pytest.mark.parametrize(
    "scenario", [each for each in SCENARIOS if each.get("retrieval")], ids=lambda each: each["name"]
)
def test_a_project_that_needs_retrieval_is_told_so(scenario: dict[str, Any]) -> None:
    assert "retrieval" in {advice.kind for advice in recommend(CRITERIA, scenario["answers"]).advice}


@pytest.mark.parametrize(
    "scenario", [each for each in SCENARIOS if each.get("contradiction")], ids=lambda each: each["name"]
)
def test_a_contradiction_is_named(scenario: dict[str, Any]) -> None:
    assert "contradiction" in {advice.kind for advice in recommend(CRITERIA, scenario["answers"]).advice}
