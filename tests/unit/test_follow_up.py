"""What a question means after the ones before it, and when these change nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.follow_up import Topics, core, needs_context, stand_alone

TOPICS = Topics(
    ["Prompt engineering", "Fine-tuning", "LoRA", "QLoRA", "Hallucination", "RAG", "Few-shot", "Pre-training"]
)
COST = "What does prompt engineering cost?"
COMPARED = "What is the difference between prompt engineering and fine-tuning?"

FOLLOW_UPS = [
    ([COST], "and fine-tuning?", "What does fine-tuning cost?"),
    ([COST], "what about the other one?", "What does fine-tuning cost?"),
    (["Is fine-tuning hard?"], "is the other approach easier?", "is prompt engineering easier?"),
    ([COST, "and fine-tuning?"], "and which is cheaper?", "which is cheaper, prompt engineering or fine-tuning?"),
    ([COST], "which one is cheaper?", "which one is cheaper, prompt engineering or fine-tuning?"),
    (["How much memory does fine-tuning need?"], "and for LoRA?", "How much memory does LoRA need?"),
    ([COMPARED], "and which is cheaper?", "which is cheaper, prompt engineering or fine-tuning?"),
    (["Should I deduplicate my data?"], "why?", "why? (Should I deduplicate my data?)"),
    (["What is LoRA?"], "does it need a GPU?", "does LoRA need a GPU?"),
    (["What is LoRA?"], "whats the difference to QLoRA", "whats the difference to QLoRA? (LoRA)"),
    (["Why do models hallucinate?"], "does fine-tuning fix that?", "does fine-tuning fix models hallucinate?"),
    (["What is RAG?"], "thanks! and how many examples then?", "how many examples? (What is RAG?)"),
    (["What are the strengths of fine-tuning?"], "and the weaknesses?", "the weaknesses? (fine-tuning)"),
    (["What is fine-tuning?", "What is RAG?"], "can I use both together?", "can I use fine-tuning and RAG together?"),
    (["What is LoRA?", "is it cheap?"], "and fast?", "fast? (LoRA)"),
    (
        ["What is fine-tuning?", "how is it different from pre-training?"],
        "and which one costs more?",
        "which one costs more, fine-tuning or pre-training?",
    ),
]
UNRELATED = [
    "What is chain-of-thought prompting?",
    "so what is LoRA?",
    "Is it possible to use prompt engineering and fine-tuning together?",
    "when is fine-tuning worth it?",
    "If a model hallucinates, does fine-tuning fix it?",
    "Which is cheaper, prompt engineering or fine-tuning?",
    "How do I know that my prompt is good enough?",
    "What do providers do with the prompts that I send them?",
    "Does telling it that it is a lawyer help?",
    "I have 500 labeled emails and they are messy, should I fine-tune?",
    "how do I get reliable JSON output?",
]


@pytest.mark.parametrize(("previous", "question", "meant"), FOLLOW_UPS)
def test_a_follow_up_is_filled_from_what_was_said_before(previous: list[str], question: str, meant: str) -> None:
    assert stand_alone(question, previous, TOPICS) == meant


@pytest.mark.parametrize("question", UNRELATED)
@pytest.mark.parametrize("before", [COST, COMPARED, "What is LoRA?", "hello"])
def test_a_question_that_stands_alone_is_left_as_it_is(question: str, before: str) -> None:
    assert stand_alone(question, [before], TOPICS) == question


@pytest.mark.parametrize("question", ["is it better?", "what about that?", "why?", "and the other one?", "how so"])
def test_a_question_that_points_at_nothing_named_needs_context(question: str) -> None:
    assert needs_context(question, TOPICS)


@pytest.mark.parametrize(
    "question", [*UNRELATED, COST, "which is cheaper?", "is fine-tuning better?", "guitar strings"]
)
def test_a_question_that_says_what_about_needs_none(question: str) -> None:
    assert not needs_context(question, TOPICS)


def test_a_topic_is_found_whatever_its_ending_and_the_longest_one_first() -> None:
    topics = Topics(["Prompt", "Prompt injection", "Fine-tuning", "Retrieval-augmented generation (RAG)"])

    found = [mention.text for mention in topics.mentions("Do fine-tuned models with RAG stop prompt injections?")]

    assert found == ["fine-tuned models", "RAG", "prompt injections"]


WORDS = "and so what about which is cheaper better it that the other one why fine-tuning LoRA both than , how many for"
texts = st.text(max_size=200) | st.lists(st.sampled_from(WORDS.split()), max_size=12).map(" ".join)


@given(texts, st.lists(texts, max_size=4))
def test_whatever_people_write_there_is_something_to_ask(question: str, previous: list[str]) -> None:
    understood = stand_alone(question, previous, TOPICS)

    assert bool(understood.strip()) or not question.strip()
    assert needs_context(question, TOPICS) in {True, False}


@given(texts)
def test_with_nothing_before_it_a_question_stays_as_it_is(question: str) -> None:
    assert stand_alone(question, [], TOPICS) == question


@given(texts)
def test_the_core_of_a_question_is_a_part_of_it(question: str) -> None:
    assert core(question) in question
