"""A description of a project fills in what it clearly states, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.criteria import load_criteria
from knowledge.describe import read_description
from knowledge.settings import KnowledgeSettings

CRITERIA = load_criteria(KnowledgeSettings.model_fields["criteria_file"].default)


def read(text: str) -> dict[str, str]:
    return {stated.question.key: stated.option.key for stated in read_description(CRITERIA, text)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We have 10,000 labelled support tickets.", {"examples": "many"}),
        ("about 5k hand-labelled tickets", {"examples": "many"}),
        ("60 annotated contracts so far", {"examples": "some"}),
        ("A dozen good examples is all we have", {"examples": "handful"}),
        ("There is no training data.", {"examples": "none"}),
        ("It has to be live by Friday", {"deadline": "days"}),
        ("needed in two weeks", {"deadline": "weeks"}),
        ("We launch in 6 months", {"deadline": "months"}),
        ("We have no deadline.", {"deadline": "months"}),
        ("Budget is $500", {"budget": "small"}),
        ("we can spend 5,000 euros", {"budget": "moderate"}),
        ("There are 200,000 tickets a day", {"volume": "high"}),
        ("around 300 questions per day", {"volume": "low"}),
        ("4 million emails per month", {"volume": "high"}),
        ("It must be 99% accurate", {"accuracy": "demanding"}),
        ("Our prompts plateaued at 84 %", {"tried": "plateau"}),
        ("Patient data may not leave the hospital", {"privacy": "internal"}),
        ("prices change daily", {"facts": "changing"}),
        ("we use llama 3", {"access": "weights"}),
    ],
)
def test_what_is_clearly_stated_is_filled_in(text: str, expected: dict[str, str]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "We do not have 5,000 labelled tickets.",
        "We could label 2000 examples later.",
        "If we had thousands of labelled examples, would it help?",
        "It costs $0.02 per call.",
        "The rules were last changed 3 months ago.",
        "",
        "Should I fine-tune or write better prompts?",
        "how are you",
    ],
)
def test_what_is_denied_or_only_thought_of_is_left_open(text: str) -> None:
    assert read(text) == {}


def test_what_is_stated_in_two_ways_is_left_open() -> None:
    assert "examples" not in read("Marketing has 20 labelled emails. Support has 4,000 labelled emails.")


def test_the_words_that_state_an_answer_are_shown() -> None:
    (stated,) = read_description(CRITERIA, "Hi! we have about 800   labelled emails, thanks")
    assert stated.words == "800 labelled emails"


def test_a_long_text_is_read_to_its_limit_and_no_further() -> None:
    assert read("word " * 2_000 + "by Friday") == {}


@given(st.text(max_size=400))
def test_any_text_is_read_without_failing(text: str) -> None:
    for stated in read_description(CRITERIA, text):
        assert stated.question.option(stated.option.key) == stated.option
