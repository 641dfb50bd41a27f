"""Conversations: the last turn is answered by the right section, and nothing said before disturbs another question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import Settings
from knowledge.base import KnowledgeBase
from knowledge.evaluate import load_golden

GOAL = 0.9
FILE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "conversations.yaml").read_text(encoding="utf-8"))


def cited(knowledge: KnowledgeBase, turns: list[str]) -> set[str]:
    """The sections that the answer to the last turn cites."""
    *before, last = turns
    return {f"{each.document}#{each.section}" for each in knowledge.ask(last, before).citations}


def test_there_are_enough_conversations_of_two_to_four_turns() -> None:
    conversations = [*FILE["tuned"], *FILE["held_out"]]
    assert len(conversations) >= 40
    assert {len(conversation["turns"]) for conversation in conversations} == {2, 3, 4}


def test_every_section_that_is_named_exists(knowledge: KnowledgeBase) -> None:
    indexed = {f"{chunk.document}#{chunk.section}" for chunk in knowledge.retriever.chunks}
    named = {section for part in ("tuned", "held_out") for each in FILE[part] for section in each["sections"]}
    assert named - indexed == set()


@pytest.mark.parametrize("part", ["tuned", "held_out"])
def test_the_last_turn_is_answered_by_a_right_section(knowledge: KnowledgeBase, part: str) -> None:
    conversations = FILE[part]
    missed = [each["turns"] for each in conversations if cited(knowledge, each["turns"]).isdisjoint(each["sections"])]
    assert len(missed) <= (1 - GOAL) * len(conversations), missed


@pytest.mark.parametrize("part", ["unrelated_tuned", "unrelated_held_out"])
def test_an_unrelated_question_is_answered_as_if_nothing_had_been_said(knowledge: KnowledgeBase, part: str) -> None:
    for first, second in FILE[part]:
        assert knowledge.ask(second, [first]) == knowledge.ask(second), (first, second)


def test_golden_questions_are_answered_the_same_after_other_ones(knowledge: KnowledgeBase, settings: Settings) -> None:
    questions = [golden.question for golden in load_golden(settings.golden_file)]
    for number, question in enumerate(questions):
        before = questions[(number + 61) % len(questions)]
        # The same answer for the same words; only another reading can change it, and is then asked.
        if knowledge.retriever.understood(question, [before]) != question:
            assert knowledge.ask(question, [before]) == knowledge.ask(question), (before, question)
