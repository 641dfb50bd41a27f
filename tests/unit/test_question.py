"""What a person wrote is told apart: a question, small talk, or something refused with its own sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ask.question import EXAMPLES, MAX_LENGTH, asks, read

BOT_ID = 99


@pytest.mark.parametrize(
    ("raw", "question"),
    [
        ("What is LoRA?", "What is LoRA?"),
        ("<@99> what is LoRA?", "what is LoRA?"),
        ("what is <@!99> LoRA?", "what is   LoRA?"),
        ("<:party:123456> What is LoRA?", "What is LoRA?"),
        ("What\u200b is \u202eLoRA?", "What is LoRA?"),
        ("hello, what is LoRA?", "hello, what is LoRA?"),
        ("thanks, and which one is cheaper?", "thanks, and which one is cheaper?"),
        ("Was ist LoRA? 🔥", "Was ist LoRA? 🔥"),
        ("LoRA", "LoRA"),
        ("lora 的成本是多少", "lora 的成本是多少"),
    ],
)
def test_a_question_is_cleaned(raw: str, question: str) -> None:
    reading = read(raw, bot_id=BOT_ID)

    assert (reading.kind, reading.text) == ("question", question)


@pytest.mark.parametrize(
    "raw",
    ["hello", "Hi there!", "hey tunewise", "GOOD MORNING", "thanks", "Thank you so much!!", "ok cool thanks",
     "👋", "🔥🔥", "<@99>", "<@99>   ", "<:party:1>", "hello <@99> 👋", "help",
     "what can you do?", "???", "good bot"],
)  # fmt: skip
def test_small_talk_gets_a_friendly_line(raw: str) -> None:
    assert read(raw, bot_id=BOT_ID).kind == "smalltalk"


def test_thanks_are_not_greeted() -> None:
    assert "welcome" in read("thanks!", bot_id=BOT_ID).text
    assert "Hello" in read("hello!", bot_id=BOT_ID).text


@pytest.mark.parametrize("raw", ["", "   ", "\n\t ", "\u200b\u200b"])
def test_only_spaces_are_refused(raw: str) -> None:
    reading = read(raw, bot_id=BOT_ID)

    assert reading.kind == "refused"
    assert "only spaces" in reading.text


@pytest.mark.parametrize("raw", ["🔥" * 11, "<:party:1>" * 40, "ask " + "😂 " * 30])
def test_a_wall_of_emoji_is_refused(raw: str) -> None:
    reading = read(raw, bot_id=BOT_ID)

    assert reading.kind == "refused"
    assert "emoji" in reading.text


def test_a_question_over_the_limit_is_refused_with_its_length() -> None:
    reading = read("why " * 300, bot_id=BOT_ID)

    assert reading.kind == "refused"
    assert "1,199" in reading.text
    assert "1,000" in reading.text


def test_the_longest_question_is_read() -> None:
    assert read("w" * MAX_LENGTH, bot_id=BOT_ID).kind == "question"


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_questions_are_questions(example: str) -> None:
    assert read(example, bot_id=BOT_ID).text == example
    assert len(example) <= 80


@given(st.text())
def test_every_text_is_read_as_something_with_words(raw: str) -> None:
    assert read(raw, bot_id=BOT_ID).text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "What is LoRA?",
        "is lora cheaper",
        "hey guys, how do i fine-tune",
        "anyone know what rank to use",
        "LoRA or QLoRA?",
    ],
)
def test_a_question_written_to_nobody_is_known_by_its_mark_or_its_beginning(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize("text", ["", "lunch at noon", "I like LoRA.", "do it now!", "what a day. see you", "whatever"])
def test_what_is_no_question_is_left_alone(text: str) -> None:
    assert not asks(text)
