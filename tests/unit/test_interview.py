"""An interview lives in the custom_ids of its buttons: it fits, it comes back whole, and each step can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.recommend.buttons import LETTERS, Action, InterviewButton, InterviewSelect
from bot.recommend.interview import Interview, decode, encode, question_code
from knowledge.criteria import MAX_QUESTIONS, UNKNOWN, answer_code, load_criteria
from knowledge.recommend import recommend
from knowledge.settings import KnowledgeSettings

SHIPPED: Path = KnowledgeSettings.model_fields["criteria_file"].default
CRITERIA = load_criteria(SHIPPED)
MAX_CUSTOM_ID = 100
OPTIONS = {question.key: [*(option.key for option in question.options), UNKNOWN] for question in CRITERIA.questions}
answers = st.sampled_from(list(OPTIONS)).flatmap(lambda key: st.tuples(st.just(key), st.sampled_from(OPTIONS[key])))
owners = st.integers(0, 2**64 - 1)


@st.composite
def interviews(draw: st.DrawFn) -> Interview:
    """Any state that clicks can reach: some answers read, then others given, changed and taken back."""
    read = draw(st.dictionaries(st.sampled_from(list(OPTIONS)), st.none(), max_size=6))
    interview = Interview(draw(owners), tuple((key, draw(st.sampled_from(OPTIONS[key]))) for key in read), len(read))
    for question, option in draw(st.lists(answers, max_size=30)):
        interview = interview.answer(question, option)
        if draw(st.integers(0, 9)) == 0:
            interview = interview.back()
    return interview


@given(interviews())
def test_every_reachable_state_comes_back_whole(interview: Interview) -> None:
    decoded = decode(encode(interview, CRITERIA), CRITERIA)
    assert decoded.interview == interview
    assert (decoded.stale, decoded.lost) == (False, 0)


@given(interviews(), st.sampled_from(list(LETTERS)), answers)
def test_every_reachable_state_fits_into_a_custom_id_that_its_button_recognises(
    interview: Interview, action: Action, answer: tuple[str, str]
) -> None:
    state, argument = encode(interview, CRITERIA), answer_code(*answer)
    for item in (InterviewButton(action, state, "x", argument=argument), InterviewSelect("ask", state, "x", [])):
        assert len(item.custom_id) <= MAX_CUSTOM_ID
        match = item.template.fullmatch(item.custom_id)
        assert match is not None
        assert match["state"] == state
        assert LETTERS[item.action] == match["action"]


def test_as_many_answers_as_criteria_may_ask_fit_too() -> None:
    full = f"{CRITERIA.digest}:{'z' * 13}:{'k'}{'abc' * MAX_QUESTIONS}"
    assert len(InterviewButton("answer", full, "x", argument="abc").custom_id) <= MAX_CUSTOM_ID


@given(interviews(), answers)
def test_back_undoes(interview: Interview, answer: tuple[str, str]) -> None:
    question, option = answer
    without = Interview(interview.owner, tuple(each for each in interview.answers if each[0] != question), 0)
    assert without.answer(question, option).back() == without
    assert without.answer(question, option).last == question


@given(interviews())
def test_back_never_takes_what_was_read_from_the_description(interview: Interview) -> None:
    while interview.last is not None:
        interview = interview.back()
    assert len(interview.answers) == interview.read
    assert interview.back() == interview


@given(interviews(), answers)
def test_the_same_click_twice_is_one_answer(interview: Interview, answer: tuple[str, str]) -> None:
    assert interview.answer(*answer).answer(*answer) == interview.answer(*answer)
    assert [key for key, _ in interview.answer(*answer).answers].count(answer[0]) == 1


@given(interviews())
def test_clicking_on_ends_in_a_settled_recommendation(interview: Interview) -> None:
    while (question := interview.to_ask(CRITERIA)) is not None:
        interview = interview.answer(question, UNKNOWN)
    assert recommend(CRITERIA, dict(interview.answers)).next_question is None


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("weight = 7", "weight = 6", {"examples": "many", "tried": "plateau"}),
        ('key = "plateau"', 'key = "stalled"', {"examples": "many"}),
        ('key = "examples"', 'key = "labels"', {"tried": "plateau"}),
    ],
    ids=["another weight", "an option renamed", "a question renamed"],
)
def test_with_other_criteria_the_answers_that_still_apply_are_kept(
    before: str, after: str, kept: dict[str, str], tmp_path: Path
) -> None:
    text = SHIPPED.read_text(encoding="utf-8").replace(before, after, 1)
    if "examples" in before:
        text = text.replace("examples = [", "labels = [")
    if "plateau" in before:
        text = text.replace('"plateau"', '"stalled"')
    changed = tmp_path / "criteria.toml"
    changed.write_text(text, encoding="utf-8")
    interview = Interview(7, (("examples", "many"), ("tried", "plateau")), read=1)

    decoded = decode(encode(interview, CRITERIA), load_criteria(changed))

    assert decoded.stale
    assert dict(decoded.interview.answers) == kept
    assert decoded.lost == 2 - len(kept)
    assert decoded.interview.owner == 7
    assert decoded.interview.read == ("examples" in kept)


def test_a_question_and_its_answers_have_different_codes() -> None:
    for key, options in OPTIONS.items():
        assert question_code(key) == answer_code(key, UNKNOWN)
        assert len({answer_code(key, option) for option in options}) == len(options)
