"""The file of criteria: what is wrong in it is named with its line, and what it cites is in the documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.base import KnowledgeBase
from knowledge.cite import by_section, cite, unresolved
from knowledge.criteria import Backing, codes, load_criteria
from knowledge.errors import KnowledgeError
from knowledge.settings import KnowledgeSettings

SHIPPED: Path = KnowledgeSettings.model_fields["criteria_file"].default
TEXT = SHIPPED.read_text(encoding="utf-8")


def test_the_shipped_criteria_cover_at_least_ten_questions_and_each_recommendation() -> None:
    criteria = load_criteria(SHIPPED)
    assert len(criteria.questions) >= 10
    assert len({outcome.key for outcome in criteria.outcomes}) == 3


def test_every_sentence_that_the_criteria_cite_is_in_the_documents(knowledge: KnowledgeBase) -> None:
    assert unresolved(load_criteria(SHIPPED), by_section(knowledge.retriever.chunks)) == []


def test_every_answer_has_a_code_of_its_own() -> None:
    criteria = load_criteria(SHIPPED)
    answers = sum(len(question.options) + 1 for question in criteria.questions)
    assert len(codes(criteria)) == answers


def test_the_digest_changes_with_a_weight(tmp_path: Path) -> None:
    changed = tmp_path / "criteria.toml"
    changed.write_text(TEXT.replace("weight = 7", "weight = 6", 1), encoding="utf-8")
    assert load_criteria(changed).digest != load_criteria(SHIPPED).digest


WRONG = {
    "a weight that is no number": ("weight = 7", 'weight = "heavy"'),
    "a section without a heading": (
        'section = "evaluation.md#When should I stop improving?"',
        'section = "evaluation"',
    ),
    "a misspelt field": ('label = "None"', 'label = "None"\nlable = "None"'),
    "a pattern that is none": ("says = [\n    'right to", "says = ['right(', 'to"),
    "a pattern that never matches": ("says = [\n    'right to", "says = ['Right to"),
    "a pattern without an end": ("says = [\n    'right to", "says = ['(very )*right to"),
    "a list of words that is not there": ("says = [\n    'right to", "says = ['{rights} to"),
    "an option named unknown": ('key = "plateau"', 'key = "unknown"'),
    "two options of one name": ('key = "domain"', 'key = "general"'),
    "advice on an answer that is none": ('when = { facts = ["documents"] }', 'when = { facts = ["docs"] }'),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_with_its_line(name: str, tmp_path: Path) -> None:
    right, wrong = WRONG[name]
    before, _, after = TEXT.partition(right)
    file = tmp_path / "criteria.toml"
    file.write_text(before + wrong + after, encoding="utf-8")

    with pytest.raises(KnowledgeError) as error:
        load_criteria(file)

    line = before.count("\n") + wrong.count("\n") + 1
    assert f"{file}, line {line}," in str(error.value)


def test_toml_that_is_none_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "criteria.toml"
    file.write_text("[bands]\ncombine = \n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match="line 2"):
        load_criteria(file)


def test_bands_in_the_wrong_order_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "criteria.toml"
    file.write_text(TEXT.replace("fine_tuning = 22", "fine_tuning = 2"), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="fine_tuning must begin above combine"):
        load_criteria(file)


def test_a_file_that_is_not_there_says_which_setting_names_it(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="CRITERIA_FILE"):
        load_criteria(tmp_path / "none.toml")


def test_a_quote_that_is_gone_falls_back_to_the_section_and_is_reported(knowledge: KnowledgeBase) -> None:
    sections = by_section(knowledge.retriever.chunks)
    backing = Backing(section="choosing.md#When does volume justify fine-tuning?", quote="Volume is overrated.")

    citation = cite(backing, sections)

    assert citation is not None
    assert citation.quote in citation.passage
    assert citation.section == "When does volume justify fine-tuning?"
    criteria = load_criteria(SHIPPED)
    option = criteria.questions[0].options[0].model_copy(update={"quote": backing.quote})
    question = criteria.questions[0].model_copy(update={"options": (option, *criteria.questions[0].options[1:])})
    changed = criteria.model_copy(update={"questions": (question, *criteria.questions[1:])})
    (problem,) = unresolved(changed, sections)
    assert "Volume is overrated." in problem.reason


def test_a_section_that_is_gone_gives_no_citation_and_is_reported(knowledge: KnowledgeBase) -> None:
    sections = {
        place: chunks for place, chunks in by_section(knowledge.retriever.chunks).items() if "choosing.md" not in place
    }
    criteria = load_criteria(SHIPPED)
    assert cite(criteria.questions[0].options[0], sections) is None
    assert any("not indexed" in problem.reason for problem in unresolved(criteria, sections))
