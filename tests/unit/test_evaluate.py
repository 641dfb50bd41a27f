"""The scores of the golden questions, by hand-made answers whose scores can be counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import KnowledgeError
from knowledge.evaluate import (
    Evaluation,
    GoldenQuestion,
    Outcome,
    Section,
    about,
    evaluate,
    load_golden,
    score,
    summarize,
)
from knowledge.types import Answer, Chunk, Citation, Passage

COST, SPEED, RISK = Section("a.md", "Cost"), Section("a.md", "Speed"), Section("b.md", "Risk")


def chunk(section: Section) -> Chunk:
    return Chunk(
        id=f"{section}",
        document=section.document,
        title="T",
        section=section.heading,
        heading_path=("T", section.heading),
        text="Text.",
        sentences=("Text.",),
        kind="prose",
        position=0,
    )


def answer(*ranked: Section, cites: Section | None = None, text: str = "It is cheap. [1]") -> Answer:
    """An answer that cites a section, or an abstention where it cites none."""
    return Answer(
        question="?",
        kind="answer" if cites else "abstain",
        text=text,
        confidence=0.7,
        citations=(Citation(1, cites.document, "A title", cites.heading, "It is cheap.", "It is cheap."),)
        if cites
        else (),
        passages=tuple(Passage(chunk(section), 0.5, ()) for section in ranked),
        version="v",
    )


# One question


def test_the_rank_counts_distinct_sections() -> None:
    outcome = score(GoldenQuestion("?", (RISK,)), answer(COST, COST, SPEED, RISK, cites=COST))
    assert outcome.rank == 3


def test_a_section_that_was_not_found_has_no_rank() -> None:
    assert score(GoldenQuestion("?", (RISK,)), answer(COST, cites=COST)).rank is None


def test_any_of_the_named_sections_is_right() -> None:
    outcome = score(GoldenQuestion("?", (RISK, SPEED)), answer(SPEED, cites=SPEED))
    assert (outcome.rank, outcome.cited) == (1, True)


def test_the_same_heading_of_another_document_is_not_right() -> None:
    other = Section("other.md", "Cost")
    outcome = score(GoldenQuestion("?", (COST,)), answer(other, cites=other))
    assert (outcome.rank, outcome.cited) == (None, False)


def test_an_abstention_is_neither_right_nor_wrong_in_what_it_cites() -> None:
    outcome = score(GoldenQuestion("?", (COST,)), answer(COST))
    assert (outcome.answered, outcome.cited, outcome.rank) == (False, None, 1)


@pytest.mark.parametrize(
    ("phrases", "held"),
    [(("IS CHEAP",), True), (("dear", "is cheap"), True), (("dear",), False), ((), None)],
)
def test_an_answer_holds_any_one_of_the_phrases_in_any_case(phrases: tuple[str, ...], held: bool | None) -> None:
    assert score(GoldenQuestion("?", (COST,), phrases), answer(COST, cites=COST)).phrase is held


def test_an_abstention_holds_no_phrase_though_its_words_do() -> None:
    golden = GoldenQuestion("?", (COST,), ("documents",))
    assert score(golden, answer(COST, text="My documents do not cover that.")).phrase is False


# All questions


def outcome(golden: GoldenQuestion, *, answered: bool, rank: int | None = None) -> Outcome:
    return Outcome(golden, answered=answered, confidence=0.5, rank=rank)


def test_the_shares_are_of_the_questions_that_they_are_about() -> None:
    answerable, to_refuse = GoldenQuestion("in?", (COST,)), GoldenQuestion("out?")
    found = summarize(
        [
            Outcome(answerable, answered=True, confidence=1, rank=1, cited=True, phrase=True),
            Outcome(answerable, answered=True, confidence=1, rank=2, cited=False, phrase=False),
            Outcome(answerable, answered=True, confidence=1, rank=6, cited=True),
            Outcome(answerable, answered=False, confidence=0),
            outcome(to_refuse, answered=False),
            outcome(to_refuse, answered=False),
            outcome(GoldenQuestion("who?"), answered=True),
        ]
    )
    assert found.recall_at_1 == 1 / 4
    assert found.recall_at_5 == 2 / 4
    assert found.mrr == pytest.approx((1 + 1 / 2 + 1 / 6) / 4)
    assert found.answered == 3 / 4
    assert found.cited == 2 / 3
    assert found.phrase == 1 / 2
    assert found.abstained == 2 / 3
    assert found.false_answers == ("who?",)


def test_a_share_of_nothing_is_none() -> None:
    found = summarize([])
    assert (found.recall_at_1, found.answered, found.abstained, found.cited) == (None, None, None, None)


@given(st.lists(st.one_of(st.none(), st.integers(1, 10)), min_size=1))
def test_the_reciprocal_rank_lies_between_the_recalls(ranks: list[int | None]) -> None:
    found = summarize([outcome(GoldenQuestion("?", (COST,)), answered=True, rank=rank) for rank in ranks])
    assert found.recall_at_1 is not None
    assert found.recall_at_5 is not None
    assert found.mrr is not None
    assert 0 <= found.recall_at_1 <= found.recall_at_5 <= 1
    assert found.recall_at_1 <= found.mrr <= 1


# What counts for the documents


GOLDEN = [
    GoldenQuestion("cost?", (COST,)),
    GoldenQuestion("risk or cost?", (RISK, COST)),
    GoldenQuestion("risk?", (RISK,)),
    GoldenQuestion("guitar?"),
]


def test_questions_count_for_the_documents_that_they_name() -> None:
    kept = about(GOLDEN, {"a.md"})
    assert [question.question for question in kept] == ["cost?", "risk or cost?", "guitar?"]
    assert kept[1].sections == (COST,)


def test_questions_about_other_documents_are_left_out_and_counted() -> None:
    assert evaluated([chunk(COST)]).left_out == 1


def test_documents_without_any_golden_question_cannot_be_evaluated() -> None:
    with pytest.raises(KnowledgeError, match="GOLDEN_FILE"):
        evaluated([chunk(Section("guitars.md", "Strings"))])


def test_a_heading_that_the_document_does_not_have_is_reported() -> None:
    found = evaluated([chunk(SPEED), chunk(RISK)])
    assert found.missing_sections == (COST,)
    assert evaluated([chunk(COST), chunk(RISK)]).missing_sections == ()


def evaluated(chunks: list[Chunk]) -> Evaluation:
    return evaluate(GOLDEN, lambda question: answer(COST, cites=COST), chunks)


def test_each_question_is_asked_once_and_the_progress_ends_complete() -> None:
    asked: list[str] = []
    steps: list[tuple[int, int]] = []

    def ask(question: str) -> Answer:
        asked.append(question)
        return answer(COST)

    evaluate(GOLDEN, ask, [chunk(COST), chunk(RISK)], lambda done, total: steps.append((done, total)))
    assert asked == ["cost?", "risk or cost?", "risk?", "guitar?"]
    assert steps == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


# The file


def test_a_file_becomes_questions(tmp_path: Path) -> None:
    file = golden_file(
        tmp_path,
        """
        answerable:
          - question: is it cheap
            style: terse
            sections: ["a.md#Cost", "a.md#Is C# cheap?"]
            phrase: cheap
          - question: is it fast
            sections: [a.md#Speed]
            phrase: [fast, quick]
        refused:
          - question: how do I tune a guitar
            why: another meaning
        """,
    )
    assert load_golden(file) == [
        GoldenQuestion("is it cheap", (COST, Section("a.md", "Is C# cheap?")), ("cheap",), "terse"),
        GoldenQuestion("is it fast", (SPEED,), ("fast", "quick")),
        GoldenQuestion("how do I tune a guitar"),
    ]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("answerable: [{question: why so}]", r"Entry 1 of answerable \('why so'\), sections"),
        ("answerable: [{question: why so, sections: []}]", r"Entry 1 of answerable \('why so'\), sections"),
        ("answerable: [{question: why so, sections: [a.md]}]", r"'a.md' is no section; write document.md#Heading"),
        ("answerable: [{question: why so, section: [a.md#B]}]", r"\('why so'\), sect"),
        ("refused: [{question: fine}, {why: no question}]", "Entry 2 of refused, question"),
        ("refused: [{question: '  '}]", "Entry 1 of refused"),
        ("refused: [just text]", "Entry 1 of refused"),
        ("refusals: []", "refusals"),
        ("- a list", "two lists"),
        ("", "two lists"),
        ("refused: [{question: Same}, {question: same}]", "'Same' is in it more than once"),
        ("refused: [", "not valid YAML"),
    ],
)
def test_a_wrong_file_is_a_sentence_that_names_the_entry(tmp_path: Path, content: str, named: str) -> None:
    file = golden_file(tmp_path, content)
    with pytest.raises(KnowledgeError, match=named) as raised:
        load_golden(file)
    assert str(file) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="GOLDEN_FILE"):
        load_golden(tmp_path / "none.yaml")


def golden_file(folder: Path, content: str) -> Path:
    path = folder / "golden.yaml"
    path.write_text(content, encoding="utf-8")
    return path
