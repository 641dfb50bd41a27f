"""Finding, quoting and refusing on Wikipedia articles that nobody here wrote.

The floors lie a little below what was measured (docs/experiments.md): another processor rounds int8 products in another
way, which moves a figure by a few questions of the thousand.
"""

from __future__ import annotations

import pytest

from benchmarks.squad import SQUAD, SquadFigures, SquadQuestion, load_questions, measure, open_articles, share_refused
from bot.settings import Settings
from knowledge.base import KnowledgeBase

pytestmark = pytest.mark.skipif(not SQUAD.is_dir(), reason=f"the SQuAD articles are not at {SQUAD}")


@pytest.fixture(scope="module")
def questions() -> list[SquadQuestion]:
    return load_questions(SQUAD / "questions.jsonl")


@pytest.fixture(scope="module")
def figures(
    settings: Settings, questions: list[SquadQuestion], tmp_path_factory: pytest.TempPathFactory
) -> SquadFigures:
    articles = open_articles(settings, tmp_path_factory.mktemp("articles"))
    return measure(articles.retriever, questions, settings.answer_threshold)


def test_the_right_passage_comes_first(figures: SquadFigures) -> None:
    assert figures.passage_first >= 0.865


def test_the_right_passage_is_among_the_first_five(figures: SquadFigures) -> None:
    assert figures.passage_in_5 >= 0.965


def test_the_best_sentence_holds_the_answer(figures: SquadFigures) -> None:
    assert figures.best_sentence >= 0.775


def test_one_of_the_quoted_sentences_holds_the_answer(figures: SquadFigures) -> None:
    assert figures.quoted >= 0.89


def test_questions_about_the_articles_are_refused_by_the_knowledge_of_tunewise(
    knowledge: KnowledgeBase, questions: list[SquadQuestion]
) -> None:
    assert share_refused(knowledge, questions) >= 0.98
