"""What an interview shows is within Discord's limits, whatever was answered and whatever people wrote."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot.pictures import render
from bot.recommend import layout
from bot.recommend.chart import MAX_ALTERNATIVE_TEXT, alternative_text, chart_data
from bot.recommend.cog import CHART
from bot.recommend.decision_record import decision_record
from bot.recommend.interview import Decoded, Interview
from knowledge.base import KnowledgeBase
from knowledge.cite import Sections
from knowledge.describe import Stated
from knowledge.recommend import recommend
from tests.unit.test_interview import CRITERIA, interviews

MAX_TEXT, MAX_COMPONENTS, MAX_LABEL = 4_000, 40, 80
projects = st.text(max_size=700)


@pytest.fixture(scope="module")
def sections(knowledge: KnowledgeBase) -> Sections:
    return knowledge.sections


def assert_within_limits(view: ui.LayoutView) -> None:
    items = list(view.walk_children())
    assert len(items) <= MAX_COMPONENTS
    assert sum(len(item.content) for item in items if isinstance(item, ui.TextDisplay)) <= MAX_TEXT
    for item in items:
        if isinstance(item, ui.Button):
            assert 0 < len(item.label or "") <= MAX_LABEL
            assert len(item.custom_id or "") <= 100
        if isinstance(item, ui.Select):
            assert 1 <= len(item.options) <= 25
            assert all(len(option.label) <= 100 and len(option.value) <= 100 for option in item.options)
        if isinstance(item, ui.ActionRow):
            assert len(item.children) <= 5


def result(interview: Interview, sections: Sections, project: str, **more: Any) -> ui.LayoutView:
    files: Mapping[str, bytes] = {layout.CHART: b"", layout.RECORD: b""}
    recommendation = recommend(CRITERIA, dict(interview.answers))
    return layout.result(
        CRITERIA, interview, recommendation, sections, project, files=files, chart_text="chart", **more
    )


@given(interviews(), projects, st.sampled_from(CRITERIA.questions))
def test_every_question_is_within_discords_limits(interview: Interview, project: str, question: Any) -> None:
    assert_within_limits(layout.question(CRITERIA, interview, question, project))


@given(interview=interviews(), project=projects, name=st.text(min_size=1, max_size=32))
def test_every_result_is_within_discords_limits(
    interview: Interview, project: str, name: str, sections: Sections
) -> None:
    if not interview.answers:
        return
    assert_within_limits(result(interview, sections, project))
    assert_within_limits(result(interview, sections, project, shared_by=name))
    for view in layout.reasons(recommend(CRITERIA, dict(interview.answers)), sections):
        assert_within_limits(view)


@given(interviews(), projects)
def test_every_other_screen_is_within_discords_limits(interview: Interview, project: str) -> None:
    if not interview.answers:
        return
    asked = [CRITERIA.question(key) for key, _ in interview.answers]
    stated = [Stated(question, question.options[0], project) for question in asked if question is not None]
    assert_within_limits(layout.review(CRITERIA, interview, stated, project))
    assert_within_limits(layout.stale(CRITERIA, Decoded(interview, stale=True, lost=2), project))


@given(interviews())
def test_the_alternative_text_is_within_discords_limit_and_names_the_recommendation(interview: Interview) -> None:
    recommendation = recommend(CRITERIA, dict(interview.answers))
    text = alternative_text(CRITERIA, recommendation)
    assert len(text) <= MAX_ALTERNATIVE_TEXT
    assert recommendation.outcome.label in text


def test_the_result_shows_all_its_parts(sections: Sections) -> None:
    answers = (("examples", "none"), ("accuracy", "demanding"), ("specialization", "narrow"), ("tried", "plateau"))
    view = result(Interview(1, answers), sections, "Fault codes for aircraft")
    text = "\n".join(item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay))

    for part in (
        "Your project: Fault codes for aircraft",
        "## Prompt engineering",
        "Confidence: ",
        "⚠️ ",
        "**Why**",
        "> With no labeled examples at hand",
        "> -# Choosing an approach › How many labeled examples do I need at hand?",
        "**What speaks against it**",
        "**Fine-tune when**\n- you have 50 to 100 checked examples",
        "**What would change this**",
        "**In the next week**\n1. ",
        "**When to look again**",
        "Not settled yet",
    ):
        assert part in text


def test_the_decision_record_holds_every_reason_with_its_source(sections: Sections) -> None:
    answers = {"examples": "some", "specialization": "narrow", "tried": "nothing", "volume": "unknown"}
    recommendation = recommend(CRITERIA, answers)

    record = decision_record(
        CRITERIA,
        answers,
        recommendation,
        sections,
        project="Tickets | our *own* taxonomy",
        version="20261124-1",
        today=date(2026, 11, 24),
    )

    assert record.startswith(f"# Decision: {recommendation.outcome.label}\n")
    assert "2026-11-24" in record
    assert "> Tickets | our *own* taxonomy" in record
    assert "| How much traffic will it have? | I don't know |" in record
    for reason in recommendation.reasons:
        assert reason.option.label in record
        assert reason.option.quote in record
    assert "## When to look again" in record


@pytest.mark.parametrize(
    "answers",
    [{}, {"access": "closed"}, {question.key: question.options[-1].key for question in CRITERIA.questions}],
    ids=["no reason", "one that rules out", "all"],
)
def test_the_chart_is_a_picture_of_phone_width(answers: dict[str, str]) -> None:
    png = render(CHART, chart_data(CRITERIA, recommend(CRITERIA, answers)))
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == 780
