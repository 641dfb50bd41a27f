"""What kind of thing a question asks for, and which sentences hold one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.answer_type import AnswerType, expected_type, holds


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When was LoRA published?", "date"),
        ("In which year did it appear?", "date"),
        ("what century was that", "date"),
        ("How many examples do I need?", "number"),
        ("how much does it cost", "number"),
        ("What percentage of parameters is trained?", "number"),
        ("HOW LONG does training take?", "number"),
        ("Who invented LoRA?", "person"),
        ("whose idea was it", "person"),
        ("Which author described it?", "person"),
        ("Where are weights stored?", "place"),
        ("In what city was it held?", "place"),
        ("What is fine-tuning?", None),
        ("How do I write a prompt?", None),
        ("Whenever I ask, it fails. Why?", None),
        ("the whole prompt", None),
        ("", None),
    ],
)
def test_the_question_words_tell_what_is_asked_for(question: str, kind: AnswerType | None) -> None:
    assert expected_type(question) == kind


@pytest.mark.parametrize(
    ("sentence", "kind", "does"),
    [
        ("It was published in 2021.", "date", True),
        ("It began in the 1990s.", "date", True),
        ("The paper came out in June.", "date", True),
        ("It was common in the nineteenth century.", "date", True),
        ("It takes 12 examples.", "date", False),
        ("It was published.", "date", False),
        ("It takes 12 examples.", "number", True),
        ("It takes dozens of examples.", "number", True),
        ("Half of the data is enough.", "number", True),
        ("It takes good examples.", "number", False),
        ("The rank was chosen by Hu and others.", "person", True),
        ("The rank was chosen by hand.", "person", False),
        ("The meeting was in Vienna.", "place", True),
        ("The meeting was in a hall.", "place", False),
    ],
)
def test_a_sentence_holds_a_thing_of_the_kind_or_not(sentence: str, kind: AnswerType, does: bool) -> None:
    assert holds(sentence, kind, "Which one?") is does


@pytest.mark.parametrize("kind", ["person", "place"])
def test_a_name_that_the_question_has_already_is_no_answer(kind: AnswerType) -> None:
    assert not holds("The paper on Vasa was read.", kind, "Who wrote about the Vasa?")
    assert holds("The paper on Vasa was read by Hedda.", kind, "Who wrote about the Vasa?")


def test_the_capital_that_begins_a_sentence_is_no_name() -> None:
    assert not holds("Training was done by hand. Prompts were not.", "person", "Who did it?")


@given(question=st.text(), sentence=st.text())
def test_any_text_can_be_asked_and_looked_at(question: str, sentence: str) -> None:
    kind = expected_type(question)
    assert kind is None or isinstance(holds(sentence, kind, question), bool)
