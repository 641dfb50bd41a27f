"""The comparison: found in any table that sets both approaches side by side, quoted word for word, and explained."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.base import KnowledgeBase
from knowledge.compare import LEAST_SCORE, Aspect, Side, Statement, closest, compare, explain
from knowledge.lexical import Analyzer
from knowledge.split import split_document
from knowledge.types import Chunk, Document, Passage, ScoredSentence

HEADER = "| Aspect | Prompt engineering | Fine-tuning |\n|---|---|---|\n"
COST = HEADER + "| Cost | Low: no training run | High |\n"
CONTENT = Analyzer("english").content


def chunks_of(*documents: str) -> list[Chunk]:
    """The chunks of documents named 0.md, 1.md and so on."""
    return list(
        itertools.chain.from_iterable(
            split_document(Document(f"{number}.md", f"Title {number}", markdown))
            for number, markdown in enumerate(documents)
        )
    )


def said(side: Side) -> list[str]:
    return [statement.text for statement in side.statements]


def passage(section: str, *sentences: str, score: float = 0.8, document: str = "other.md") -> Passage:
    text = " ".join(sentences)
    chunk = Chunk(section, document, "Other", section, ("Other", section), text, sentences, "prose", 0)
    return Passage(chunk, score, tuple(ScoredSentence(sentence, score) for sentence in sentences))


def test_a_row_becomes_an_aspect_with_both_sides_and_the_row_word_for_word() -> None:
    [aspect] = compare(chunks_of(f"## Overview\n\nSee:\n\n{COST}"))

    assert aspect.name == "Cost"
    assert aspect.sides == (
        Side("Prompt engineering", "prompting", (Statement("Low: no training run", (1,)),)),
        Side("Fine-tuning", "tuning", (Statement("High", (1,)),)),
    )
    [row] = aspect.rows
    assert (row.marker, row.document, row.title, row.section) == (1, "0.md", "Title 0", "Overview")
    assert row.quote == row.passage == "Cost – Prompt engineering: Low: no training run; Fine-tuning: High."
    assert aspect.question == "Cost: Prompt engineering or Fine-tuning?"


@pytest.mark.parametrize(
    "header",
    [
        "| Aspekt | Prompt-Engineering | Feintuning (fine tuning) |",
        "| | Prompts | Finetuning |",
        "| Prompting vs fine-tuning | Prompting | Fine‑tuned model |",
        "| Criterion | Fine-tuning | Prompt design |",
    ],
)
def test_a_header_may_name_the_approaches_in_other_words_and_order(header: str) -> None:
    [aspect] = compare(chunks_of(f"{header}\n|---|---|---|\n| Kosten | a | b |"))

    assert [side.approach for side in aspect.sides] == ["prompting", "tuning"]
    assert sorted(text for side in aspect.sides for text in said(side)) == ["a", "b"]


@pytest.mark.parametrize(
    "table",
    [
        "| Term | Meaning |\n|---|---|\n| Prompt engineering | Fine-tuning |",
        "| Prompt engineering | Fine-tuning |\n|---|---|\n| Cheap | Expensive |",
        "| Aspect | Prompt tuning | Fine-tuning |\n|---|---|---|\n| Cost | Low | High |",
        f"{HEADER}| | Low | High |",
        f"{HEADER}| – | Low | High |",
        f"{HEADER}| Cost | | |",
        HEADER,
        "Prompt engineering and fine-tuning have no table here.",
    ],
)
def test_what_does_not_set_both_approaches_side_by_side_is_no_comparison(table: str) -> None:
    assert compare(chunks_of(table)) == ()


def test_a_third_approach_comes_after_the_two() -> None:
    table = "| Aspect | Retrieval | Fine-tuning | Prompting |\n|---|---|---|---|\n| Facts | Fresh | Frozen | Given |"
    [aspect] = compare(chunks_of(table))

    assert [(side.name, side.approach) for side in aspect.sides] == [
        ("Prompting", "prompting"),
        ("Fine-tuning", "tuning"),
        ("Retrieval", "other"),
    ]
    assert aspect.question == "Facts: Prompting or Fine-tuning?"


def test_two_kinds_of_fine_tuning_stay_apart() -> None:
    table = "| Aspect | Prompting | LoRA tuning | Full fine-tuning |\n|---|---|---|---|\n| Cost | Low | Medium | High |"
    [aspect] = compare(chunks_of(table, COST))

    assert [(side.name, said(side)) for side in aspect.sides] == [
        ("Prompting", ["Low", "Low: no training run"]),
        ("LoRA tuning", ["Medium"]),
        ("Full fine-tuning", ["High"]),
        ("Fine-tuning", ["High"]),
    ]


def test_tables_with_the_same_aspect_become_one_with_the_sources_of_both() -> None:
    other = (
        "| Aspect | Prompting | Fine-tuning |\n|---|---|---|\n| COST: | A few cents | high. |\n| Speed | Now | Later |"
    )
    cost, speed = compare(chunks_of(COST, other))

    prompting, tuning = cost.sides
    assert (cost.name, speed.name) == ("Cost", "Speed")
    assert prompting.name == "Prompt engineering"
    assert prompting.statements == (Statement("Low: no training run", (1,)), Statement("A few cents", (2,)))
    assert tuning.statements == (Statement("High", (1, 2)),)
    assert [(row.marker, row.document) for row in cost.rows] == [(1, "0.md"), (2, "1.md")]


def test_rows_of_one_section_share_a_marker() -> None:
    [aspect] = compare(chunks_of(f"{COST}\nAnd:\n\n{COST.replace('Low', 'Little')}"))

    assert {row.marker for row in aspect.rows} == {1}
    assert said(aspect.sides[0]) == ["Low: no training run", "Little: no training run"]


def test_a_row_that_fills_several_chunks_is_one_statement() -> None:
    [aspect] = compare(chunks_of(f"{HEADER}| Cost | {'very low indeed ' * 100}| High |"))

    assert [len(side.statements) for side in aspect.sides] == [1, 1]
    assert len(aspect.rows) == 1
    assert aspect.rows[0].quote in aspect.rows[0].passage


def test_a_key_does_not_change_with_the_table_or_the_case() -> None:
    [one] = compare(chunks_of(COST))
    [other] = compare(chunks_of(COST.replace("Cost", "COST").replace("Low", "Free")))

    assert one.key == other.key
    assert len(one.key) == 12


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("price", "Cost"),
        ("how expensive is it", "Cost"),
        ("skills", "Expertise"),
        ("meaning", "Definition"),
        ("guitar", None),
        ("asdf", None),
        ("🔥", None),
    ],
)
def test_other_words_are_understood_by_their_meaning(knowledge: KnowledgeBase, typed: str, meant: str | None) -> None:
    aspect = knowledge.closest_aspect(typed)

    assert (aspect.name if aspect else None) == meant


def test_where_nothing_is_compared_nothing_is_closest(knowledge: KnowledgeBase) -> None:
    assert closest("price", (), knowledge.embed) is None


CELL = st.text(st.characters(codec="utf-8", exclude_characters="|\\`<&*_[]~\n\r"), max_size=30)


@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=6))
def test_any_table_gives_aspects_whose_statements_stand_in_their_rows(rows: Sequence[tuple[str, str, str]]) -> None:
    aspects = compare(chunks_of(HEADER + "\n".join(f"| {' | '.join(row)} |" for row in rows)))

    assert len({aspect.key for aspect in aspects}) == len(aspects)
    for aspect in aspects:
        assert aspect.name
        assert any(side.approach != "other" for side in aspect.sides)
        rows_of = {row.marker: row.passage for row in aspect.rows}
        for statement in itertools.chain.from_iterable(side.statements for side in aspect.sides):
            assert statement.markers
            assert all(marker in rows_of for marker in statement.markers)
            assert any(statement.text.rstrip(".;") in row.passage for row in aspect.rows)


class TestExplaining:
    """Which sentences explain an aspect."""

    @pytest.fixture
    def cost(self) -> Aspect:
        [aspect] = compare(chunks_of(f"## Overview\n\n{COST}"))
        return aspect

    def test_the_opening_and_the_best_sentence_of_a_section_in_its_order(self, cost: Aspect) -> None:
        found = passage("Price", "One.", "Two.", "Three.", "Four.", "Five.")
        scored = tuple(
            ScoredSentence(sentence.text, 0.9 if sentence.text == "Four." else 0.5) for sentence in found.sentences
        )

        explained = explain(cost, [Passage(found.chunk, 0.9, scored)], CONTENT)

        assert [citation.quote for citation in explained] == ["One.", "Two.", "Four."]
        assert {citation.marker for citation in explained} == {2}

    def test_a_second_section_is_shorter_and_a_third_is_left_out(self, cost: Aspect) -> None:
        passages = [passage(name, "One.", "Two.", "Three.", "Four.") for name in "ABC"]

        explained = explain(cost, passages, CONTENT)

        assert [citation.section for citation in explained] == ["A", "A", "A", "B", "B"]
        assert [citation.marker for citation in explained] == [2, 2, 2, 3, 3]

    def test_the_section_with_the_table_keeps_its_marker(self, cost: Aspect) -> None:
        [row] = cost.rows
        chunk = Chunk("x", row.document, row.title, row.section, ("Title 0", row.section), "Is.", ("Is.",), "prose", 0)

        [citation] = explain(cost, [Passage(chunk, 0.8, (ScoredSentence("Is.", 0.8),))], CONTENT)

        assert citation.marker == row.marker == 1

    def test_a_heading_that_names_the_aspect_and_a_place_beside_the_table_count_for_a_section(
        self, cost: Aspect
    ) -> None:
        plain = passage("General", "General.", score=0.70)
        beside = passage("More", "Beside.", score=0.65, document="0.md")
        named = passage("What are the costs?", "Named.", score=0.65)

        assert explain(cost, [plain, beside], CONTENT)[0].quote == "Beside."
        assert explain(cost, [plain, named], CONTENT)[0].quote == "Named."

    def test_rows_introductions_lead_ins_and_weak_passages_explain_nothing(self, cost: Aspect) -> None:
        row, *_ = [chunk for chunk in chunks_of(COST) if chunk.cells]
        weak = passage("Weather", "It rains.", score=LEAST_SCORE - 0.01)
        introduction = Chunk("i", "i.md", "I", "I", ("I",), "All.", ("All.",), "prose", 0)
        lead_in = passage("List", "These are:")

        passages = [
            Passage(row, 0.9, (ScoredSentence(row.text, 0.9),)),
            Passage(introduction, 0.9, (ScoredSentence("All.", 0.9),)),
            lead_in,
            weak,
        ]

        assert explain(cost, passages, CONTENT) == ()
        assert explain(cost, [], CONTENT) == ()

    def test_our_own_aspects_are_explained_word_for_word_by_the_section_on_them(self, knowledge: KnowledgeBase) -> None:
        explained = {aspect.name: knowledge.explain(aspect) for aspect in knowledge.comparison}

        assert list(explained) == [
            "Definition",
            "Use case",
            "Cost",
            "Expertise",
            "Flexibility",
            "Performance",
            "Deployment time",
            "Scalability",
        ]
        texts = {chunk.text for chunk in knowledge.retriever.chunks}
        for citations in explained.values():
            assert 3 <= len(citations) <= 5
            assert all(citation.quote in citation.passage for citation in citations)
            assert all(citation.passage in texts for citation in citations)
        first = {name: citations[0].section for name, citations in explained.items()}
        assert first["Cost"] == "Which is cheaper, prompt engineering or fine-tuning?"
        assert first["Flexibility"] == "Which is more flexible, prompt engineering or fine-tuning?"
        assert first["Deployment time"] == "Which is faster to deploy, prompt engineering or fine-tuning?"
