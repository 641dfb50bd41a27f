"""Answers as layouts: within Discord's limits whatever they hold, and with what a person needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot.ask import layout
from bot.records import StoredAnswer, VoteResult
from knowledge.types import Answer, Citation

TEXTS = st.text(max_size=9_000) | st.lists(
    st.sampled_from(["A sentence [1]. ", "- item [2]\n", "```python\nx = 1\n```\n", "@everyone ", "\n\n"]),
    max_size=600,
).map("".join)
CITATION = Citation(
    1, "cost.md", "Cost and resources", "Cost", "Prompts cost little.", "Prompts cost little. Training costs more."
)
ANSWER = Answer("What is cheaper?", "answer", "Prompts cost little [1].", 0.93, (CITATION,), (), "v1")


def citations(marker: int, text: str) -> Citation:
    return Citation(marker, f"folder/some-{text[:30]}.md", text, text, text, f"Before. {text} After.")


ANSWERS = st.builds(
    Answer,
    question=st.text(min_size=1, max_size=1_000),
    kind=st.sampled_from(["answer", "abstain"]),
    text=TEXTS.filter(str.strip),
    confidence=st.floats(0, 1),
    citations=st.lists(st.builds(citations, st.integers(1, 20), st.text(max_size=3_000)), max_size=12).map(tuple),
    passages=st.just(()),
    version=st.text(max_size=30),
    suggestions=st.lists(st.text(min_size=1, max_size=300).filter(str.strip), max_size=8).map(tuple),
)


def texts(view: ui.LayoutView) -> list[str]:
    return [item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)]


def buttons(view: ui.LayoutView) -> list[ui.Button[Any]]:
    return [item.item for item in view.walk_children() if isinstance(item, ui.DynamicItem)]


def stored(answer: Answer) -> StoredAnswer:
    return StoredAnswer(
        "AbC_-1234567", answer.question, answer.kind, answer.text, answer.confidence, answer.version,
        answer.citations, answer.suggestions, datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def assert_within_limits(views: list[ui.LayoutView]) -> None:
    assert views
    for view in views:
        assert 0 < view.content_length() <= 4_000
        assert view.total_children_count <= 40
        assert all(text.strip() for text in texts(view))
        for button in buttons(view):
            assert len(button.custom_id or "") <= 100
            assert len(button.label or "x") <= 80


@given(ANSWERS)
def test_every_answer_is_within_discords_limits(answer: Answer) -> None:
    assert_within_limits(layout.answer(answer, "AbC_-1234567"))


@given(ANSWERS)
def test_every_page_of_sources_is_within_discords_limits(answer: Answer) -> None:
    assert_within_limits(layout.sources(stored(answer)))


@given(ANSWERS)
def test_no_answer_can_ping_or_mask_a_link(answer: Answer) -> None:
    hostile = replace(answer, text=f"{answer.text} @everyone <@1> [a](https://b.example)")

    shown = "\n".join(text for view in layout.answer(hostile, "id") for text in texts(view))

    assert "@everyone" not in shown
    assert "](https:" not in shown


def test_an_answer_has_its_question_its_text_its_sources_and_one_row_of_buttons() -> None:
    (view,) = layout.answer(ANSWER, "AbC_-1234567")

    assert texts(view) == ["**What is cheaper?**", "Prompts cost little [1].", "-# [1] Cost and resources › Cost"]
    assert [button.custom_id for button in buttons(view)] == [
        "tw:sources:AbC_-1234567",
        "tw:follow-up",
        "tw:decide",
        "tw:vote:AbC_-1234567:up",
        "tw:vote:AbC_-1234567:down",
    ]
    assert sum(isinstance(item, ui.ActionRow) for item in view.walk_children()) == 1


def test_the_title_of_a_document_comes_from_the_document() -> None:
    answer = replace(ANSWER, citations=(replace(CITATION, title="What it costs"),))

    assert texts(layout.answer(answer, "id")[0])[-1] == "-# [1] What it costs › Cost"


def test_markers_of_one_section_share_a_line() -> None:
    answer = replace(
        ANSWER, citations=(CITATION, replace(CITATION, marker=2), replace(CITATION, marker=3, section="Time"))
    )

    lines = texts(layout.answer(answer, "id")[0])[-1].splitlines()
    assert lines == ["-# [1] [2] Cost and resources › Cost", "-# [3] Cost and resources › Time"]


def test_a_marker_that_stands_for_two_quotes_is_named_once() -> None:
    answer = replace(ANSWER, citations=(CITATION, replace(CITATION, quote="Training costs more.")))

    assert texts(layout.answer(answer, "id")[0])[-1] == "-# [1] Cost and resources › Cost"
    assert texts(layout.sources(stored(answer))[0])[1].startswith("**[1] Cost and resources › Cost**")


def test_an_abstention_cites_nothing_and_offers_what_is_covered() -> None:
    answer = replace(ANSWER, kind="abstain", citations=(), suggestions=("What does it cost?", "How long does it take?"))

    (view,) = layout.answer(answer, "id")

    assert [button.label for button in buttons(view)] == [
        "What does it cost?",
        "How long does it take?",
        "Tell me when you know",
    ]
    assert [button.custom_id for button in buttons(view)] == ["tw:ask:id:0", "tw:ask:id:1", "tw:tell:id"]


def test_a_long_answer_takes_several_messages_and_the_last_has_the_buttons() -> None:
    views = layout.answer(replace(ANSWER, text="Prompts cost little [1]. " * 400), "id")

    assert len(views) > 1
    assert [bool(buttons(view)) for view in views] == [False] * (len(views) - 1) + [True]


def test_sources_show_the_passage_once_with_every_quote_in_bold() -> None:
    second = replace(CITATION, marker=2, quote="Training costs more.")
    answer = replace(ANSWER, citations=(CITATION, second))

    _, passage, footer = texts(layout.sources(stored(answer))[0])

    assert passage == "**[1] [2] Cost and resources › Cost**\n>>> **Prompts cost little.** **Training costs more.**"
    assert footer == "-# Confidence: high (93%) · Knowledge version v1"


def test_bold_keeps_list_markers_and_code() -> None:
    passage = "Tune when:\n- it is narrow,\n- data is there.\n```\nx = 1\n```"

    assert layout.highlight(passage, ["- it is narrow,\n- data is there."]) == passage.replace(
        "- it is narrow,\n- data is there.", "- **it is narrow,**\n- **data is there.**"
    )
    assert layout.highlight(passage, ["```\nx = 1\n```"]) == passage


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.0, "high (99%)"), (0.97, "high (97%)"), (0.8, "good (80%)"), (0.61, "fair (61%)"), (0.0, "low (0%)")],
)
def test_confidence_is_a_word_and_per_cent(value: float, words: str) -> None:
    assert layout.confidence(value) == f"Confidence: {words}"


@pytest.mark.parametrize(("value", "words"), [(1, "Thank you"), (-1, "maintainers"), (None, "withdrawn")])
def test_a_vote_is_answered_in_one_line(value: Any, words: str) -> None:
    (text,) = texts(layout.vote(VoteResult(value, 1, 0)))

    assert words in text
    assert "\n" not in text
