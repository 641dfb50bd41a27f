"""Who does what to whom: things in each other's place are found, the same thing told in another order is not."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.clauses import Case, clauses, read
from knowledge.lexical import Analyzer
from knowledge.order import company, crossing, exchange, exchanged
from knowledge.thesaurus import Lexicon
from knowledge.types import Chunk

LEXICON = Lexicon(Analyzer("english"))


def case(claim: str, *sentences: str) -> Case:
    passage = Chunk("id", "d.md", "Title", "Section", ("Title",), " ".join(sentences), sentences, "prose", 0)
    return Case(claim, tuple(clauses(claim, LEXICON)), read([passage], LEXICON), LEXICON)


@pytest.mark.parametrize(
    ("there", "claim"),
    [
        ("Inference needs less memory than training does.", "Training needs less memory than inference does."),
        ("A student imitates the outputs of a teacher.", "A teacher imitates the outputs of a student."),
        ("Examples come first and the question last.", "Examples come last and the question first."),
        ("It replaced human labels with model verdicts.", "It replaced model verdicts with human labels."),
        ("The trick raised accuracy from 17.7% to 78.7%.", "The trick raised accuracy from 78.7% to 17.7%."),
    ],
)
def test_two_things_in_each_others_place_are_found(there: str, claim: str) -> None:
    assert exchange(case(claim, there)) is not None
    assert exchange(case(there, there)) is None


@pytest.mark.parametrize(
    ("there", "claim"),
    [
        ("Inference is cheap, because it stores no gradients.", "Because it stores no gradients, inference is cheap."),
        ("The judge prefers long answers.", "Long answers are preferred by the judge."),
        ("Small models with short prompts lower latency.", "Latency is lower for small models with short prompts."),
        ("Accuracy, cost and speed decide.", "Speed, cost and accuracy decide."),
    ],
)
def test_the_same_in_another_order_passes(there: str, claim: str) -> None:
    assert exchange(case(claim, there)) is None


def test_what_is_said_of_two_things_in_two_sentences_keeps_to_each() -> None:
    passage = (
        "Position bias is reduced by judging each pair twice.",
        "Verbosity bias is reduced by a rubric with concrete criteria.",
    )
    true = (
        "Judging each pair twice reduces position bias, while a rubric with concrete criteria reduces verbosity bias."
    )
    swapped = (
        "Judging each pair twice reduces verbosity bias, while a rubric with concrete criteria reduces position bias."
    )
    assert company(case(true, *passage)) is None
    assert company(case(swapped, *passage)) is not None


@pytest.mark.parametrize("relation", ["outperformed", "was cheaper than", "comes before"])
def test_a_relation_is_not_turned_round(relation: str) -> None:
    there = f"In that study lookup {relation} memorization."
    assert crossing(case(there, there)) is None
    assert crossing(case(f"In that study memorization {relation} lookup.", there)) is not None


@pytest.mark.parametrize("places", [[], [3], [0, 1, 2], [2, 0, 1], [1, 2, 0], [3, 4, 0, 1, 2]])
def test_moving_one_part_is_no_exchange(places: list[int]) -> None:
    assert list(exchanged(places)) == []


def test_an_exchange_names_its_three_parts() -> None:
    assert list(exchanged([0, 3, 4, 2, 1, 5])) == [(range(1, 3), range(3, 4), range(4, 5))]


@given(st.permutations(range(6)))
def test_exchanging_the_two_parts_brings_their_run_in_order(places: list[int]) -> None:
    for first, between, second in exchanged(places):
        run = [places[at] for part in (second, between, first) for at in part]
        assert run == sorted(run)
        assert min(len(first), len(between), len(second)) > 0


def test_no_arrangement_is_in_order_and_exchanged_at_once() -> None:
    assert [
        places for places in permutations(range(5)) if list(exchanged(places)) and list(places) == sorted(places)
    ] == []
