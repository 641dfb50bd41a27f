"""The golden questions: the file itself, and the figures that the published knowledge has to reach."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from bot.settings import Settings
from knowledge.base import KnowledgeBase
from knowledge.evaluate import Evaluation, GoldenQuestion, Section, evaluate, load_golden
from knowledge.load import load_off_topic


@pytest.fixture(scope="module")
def golden(settings: Settings) -> list[GoldenQuestion]:
    return load_golden(settings.golden_file)


@pytest.fixture(scope="module")
def texts(knowledge: KnowledgeBase) -> dict[Section, str]:
    """What stands in each section that is indexed."""
    found: defaultdict[Section, str] = defaultdict(str)
    for chunk in knowledge.retriever.chunks:
        found[Section(chunk.document, chunk.section)] += f"\n{chunk.text}"
    return dict(found)


@pytest.fixture(scope="module")
def evaluation(golden: list[GoldenQuestion], knowledge: KnowledgeBase) -> Evaluation:
    return evaluate(golden, knowledge.ask, knowledge.retriever.chunks)


# The file


def test_there_are_enough_questions_of_each_kind(golden: list[GoldenQuestion]) -> None:
    answerable = [question for question in golden if question.sections]
    assert len(answerable) >= 120
    assert len(golden) - len(answerable) >= 60
    assert sum(bool(question.phrases) for question in answerable) >= 60


def test_every_document_is_asked_about(golden: list[GoldenQuestion], texts: dict[Section, str]) -> None:
    asked = {section.document for question in golden for section in question.sections}
    assert {section.document for section in texts} - asked == set()


def test_every_section_that_is_named_exists(golden: list[GoldenQuestion], texts: dict[Section, str]) -> None:
    named = {section for question in golden for section in question.sections}
    assert named - texts.keys() == set()


def test_every_phrase_is_the_documents_and_one_of_each_question_stands_in_a_section_that_is_named(
    golden: list[GoldenQuestion], texts: dict[Section, str]
) -> None:
    plain = {section: text.casefold() for section, text in texts.items()}
    everything = "\n".join(plain.values())
    for question in golden:
        phrases = [phrase.casefold() for phrase in question.phrases]
        assert all(phrase in everything for phrase in phrases), question
        named = [plain[section] for section in question.sections]
        assert not phrases or any(phrase in text for phrase in phrases for text in named), question


def test_the_exam_is_not_in_the_textbook(
    golden: list[GoldenQuestion], knowledge: KnowledgeBase, settings: Settings
) -> None:
    """Golden questions that the documents list as asked, or the off-topic ones hold, would measure nothing."""
    learnt = {question for chunk in knowledge.retriever.chunks for question in chunk.asked}
    learnt |= set(load_off_topic(settings.off_topic_file))
    assert {words(question.question) for question in golden} & {words(question) for question in learnt} == set()


def words(question: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", question.casefold()))


# The figures


def test_answers_cite_a_right_section(evaluation: Evaluation) -> None:
    wrong = [outcome.golden.question for outcome in evaluation.outcomes if outcome.cited is False]
    assert evaluation.cited is not None
    assert evaluation.cited >= 0.93, wrong


def test_what_is_covered_is_answered(evaluation: Evaluation) -> None:
    unanswered = [each.golden.question for each in evaluation.outcomes if each.golden.sections and not each.answered]
    assert evaluation.answered is not None
    assert evaluation.answered >= 0.955, unanswered


def test_what_is_not_covered_is_refused(evaluation: Evaluation) -> None:
    assert evaluation.abstained is not None
    assert evaluation.abstained >= 0.96, evaluation.false_answers
