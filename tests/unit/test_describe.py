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
        ("A few thousand chats per day", {"volume": "medium"}),
        ("tens of thousands of labelled images", {"examples": "many"}),
        ("between 600 and 800 graded answers", {"examples": "some"}),
        ("fewer than 50 labelled cases", {"examples": "handful"}),
        ("needed in 2-3 weeks", {"deadline": "weeks"}),
        ("200 traces have been corrected by hand", {"examples": "some"}),
        ("Our budget is tight", {"budget": "small"}),
        ("an editor approves each text", {"accuracy": "modest"}),
        ("Categories are fixed", {"stability": "stable"}),
        ("the model does not know our products", {"tried": "facts_missing"}),
        ("our provider offers fine-tuning", {"access": "service"}),
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
        "Is a budget of 500 euros enough?",
        "A friend has 20,000 labelled examples and uses Llama with them.",
        "Our competitor says their bot is at least 98% accurate.",
        "OpenAI recommends 50 labelled examples.",
        "We will have 10,000 labelled tickets.",
        "Our data scientist left.",
        "We are hiring a data scientist.",
        "There is no data scientist.",
        "The rules are not stable.",
        "Prompts do not work well for us.",
        "Our prices do not change daily.",
        "It writes generic code today.",
        "Products of all sizes, sold on a scale of one to ten.",
        "Delivery dates have to be right.",
        "The docs are printed a few times a year.",
        "The prompt with its twenty examples is long.",
        "We sell shirts for $20.",
        "Customers expect an answer within two days.",
        "Our site has 2 million users and 400 employees.",
        "95 % of our customers are in Germany.",
        'Some customers write "I have no money for this at all".',
    ],
)
def test_what_is_denied_or_only_thought_of_is_left_open(text: str) -> None:
    assert read(text) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i have no budget and abuot 60 labled exampels", {"examples": "some", "budget": "small"}),
        ("wir haben 10.000 labelled tickets", {"examples": "many"}),
        (
            "**Budget:** small 😅\n- *Deadline*: 3 weeks\n- `Examples`: none",
            {"budget": "small", "deadline": "weeks", "examples": "none"},
        ),
        ("Budget? Tight. Deadline? None.", {"budget": "small", "deadline": "months"}),
        ("| Budget | tight |\n| Deadline | 2 months |", {"budget": "small", "deadline": "months"}),
        ("WE HAVE 5K LABELLED TICKETS!!!", {"examples": "many"}),
        ("we haven’t tried anything yet", {"tried": "nothing"}),
        ("We thought about this in the last months and we do not have\n5,000 labelled calls.", {}),
        ("no budget\n500 labelled tickets", {"budget": "small", "examples": "some"}),
    ],
)
def test_messages_are_read_as_people_type_them(text: str, expected: dict[str, str]) -> None:
    assert read(text) == expected


def test_what_lies_on_both_sides_of_a_border_is_left_open() -> None:
    assert read("40 to 60 labelled tickets") == {}
    assert read("40 to 45 labelled tickets") == {"examples": "handful"}


def test_what_is_stated_in_two_ways_is_left_open() -> None:
    assert "examples" not in read("Marketing has 20 labelled emails. Support has 4,000 labelled emails.")


def test_the_words_that_state_an_answer_are_shown() -> None:
    (stated,) = read_description(CRITERIA, "Hi! we have about 800   labelled emails, thanks")
    assert stated.words == "about 800 labelled emails"


def test_a_long_text_is_read_to_its_limit_and_no_further() -> None:
    assert read("word " * 2_000 + "by Friday") == {}


@pytest.mark.parametrize(
    "part", ["1", "1,000", " ", "a ", "1 ", "a few ", "no not ", "is ", "the the ", "a-", "we have ", "*", "\n"]
)
def test_a_text_that_repeats_itself_is_read_too(part: str) -> None:
    # An expression that backtracks without end would run into the time limit that pytest sets.
    assert len(read((part * 4_000)[:4_000])) <= 1


@given(st.text(max_size=400))
def test_any_text_is_read_without_failing(text: str) -> None:
    for stated in read_description(CRITERIA, text):
        assert stated.question.option(stated.option.key) == stated.option
