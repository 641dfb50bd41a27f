"""When a new version is worse than the published one: a comparison of values, question by question."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.evaluate import GoldenQuestion, Outcome, Section
from knowledge.gate import Tolerances, Verdict, judge, marks, too_few_documents
from knowledge.types import Chunk
from knowledge.version import Manifest

COST, RISK = Section("a.md", "Cost"), Section("b.md", "Risk")
EXACT = Tolerances(0.0, 0.0, 0.0)
ANSWERABLE = [GoldenQuestion(f"question {number}", (COST,)) for number in range(10)]
REFUSED = [GoldenQuestion(f"off {number}") for number in range(10)]


def chunk(section: Section) -> Chunk:
    return Chunk(
        f"{section}-id", section.document, "T", section.heading, ("T", section.heading), "Text.", ("Text.",), "prose", 0
    )


def outcome(golden: GoldenQuestion, *, answered: bool, rank: int | None = None) -> Outcome:
    first = chunk(golden.sections[0]) if rank == 1 else chunk(RISK)
    return Outcome(golden, answered, 0.9 if answered else 0.1, rank, first=first)


def good(golden: GoldenQuestion) -> Outcome:
    return outcome(golden, answered=bool(golden.sections), rank=1 if golden.sections else None)


def published(outcomes: list[Outcome], documents: tuple[str, ...] = ("a.md", "b.md")) -> Manifest:
    names = dict.fromkeys(documents, "digest")
    return Manifest("v-old", "2026", "f", 8, names, names, 1, 1, 1, 1, "d", marks=marks(outcomes))


def verdict(old: list[Outcome], new: list[Outcome], allowed: Tolerances = EXACT) -> Verdict:
    golden = [each.golden for each in new]
    passages = {each.first.id: each.first for each in old if each.first}
    return judge(golden, published(old), passages, new, threshold=0.5, allowed=allowed)


def test_the_same_outcomes_are_not_worse() -> None:
    outcomes = [good(golden) for golden in ANSWERABLE + REFUSED]
    found = verdict(outcomes, outcomes)
    assert (found.refused, found.worse, found.note) == ("", (), "")
    assert found.before == found.after


@pytest.mark.parametrize(
    ("place", "now", "problem", "reason"),
    [
        (0, outcome(ANSWERABLE[0], answered=False, rank=1), "not answered any more", "answered 0.900 instead of 1.000"),
        (
            0,
            outcome(ANSWERABLE[0], answered=True, rank=6),
            "no right section among",
            "first five 0.900 instead of 1.000",
        ),
        (
            10,
            outcome(REFUSED[0], answered=True),
            "has to be refused",
            "refused where it has to be 0.900 instead of 1.000",
        ),
    ],
)
def test_each_way_to_be_worse_is_refused_and_named(place: int, now: Outcome, problem: str, reason: str) -> None:
    old = [good(golden) for golden in ANSWERABLE + REFUSED]
    new = [*old[:place], now, *old[place + 1 :]]
    found = verdict(old, new)
    assert reason in found.refused
    (worse,) = found.worse
    assert worse.question == now.golden.question
    assert problem in worse.problem
    assert worse.after is not None
    assert now.first is not None
    assert worse.after.text == now.first.text
    assert verdict(old, new, Tolerances(0.1, 0.1, 0.1)).refused == ""


def test_what_got_better_does_not_make_up_for_another_score() -> None:
    old = [outcome(ANSWERABLE[0], answered=True, rank=1), outcome(REFUSED[0], answered=True)]
    new = [outcome(ANSWERABLE[0], answered=False, rank=1), outcome(REFUSED[0], answered=False)]
    assert "answered 0.000" in verdict(old, new).refused


def test_questions_that_the_published_version_was_not_asked_are_left_out() -> None:
    old = [good(ANSWERABLE[0])]
    new = [good(ANSWERABLE[0]), outcome(ANSWERABLE[1], answered=False)]
    found = verdict(old, new)
    assert found.refused == ""
    assert found.after is not None
    assert found.after.questions == 1
    assert "1 golden questions are new" in found.note


def test_a_question_whose_document_was_removed_is_left_out() -> None:
    both = GoldenQuestion("either", (COST, RISK))
    old = [good(ANSWERABLE[0]), good(both)]
    new = [good(ANSWERABLE[0]), outcome(replace(both, sections=(RISK,)), answered=False)]
    found = judge([ANSWERABLE[0], both], published(old), {}, new, threshold=0.5, allowed=EXACT)
    assert (found.refused, found.worse) == ("", ())


def test_a_question_with_other_sections_than_it_had_is_left_out() -> None:
    old = [good(ANSWERABLE[0]), good(ANSWERABLE[1])]
    moved = GoldenQuestion("question 1", (RISK,))
    assert verdict(old, [good(ANSWERABLE[0]), outcome(moved, answered=False)]).refused == ""


def test_another_threshold_counts_for_both_versions() -> None:
    old = [replace(good(ANSWERABLE[0]), confidence=0.6)]
    new = [replace(good(ANSWERABLE[0]), confidence=0.6, answered=False)]
    found = judge([ANSWERABLE[0]], published(old), {}, new, threshold=0.7, allowed=EXACT)
    assert (found.refused, found.worse) == ("", ())


def test_a_first_version_is_scored_and_compared_with_nothing() -> None:
    found = judge(ANSWERABLE, None, {}, [good(golden) for golden in ANSWERABLE], threshold=0.5, allowed=EXACT)
    assert (found.before, found.refused, found.note) == (None, "", "")
    assert found.after is not None
    assert found.after.recall_at_5 == 1.0


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=10), st.integers(0, 10))
def test_a_fall_of_exactly_the_tolerance_is_allowed_and_more_is_not(pairs: list[tuple[bool, bool]], some: int) -> None:
    old = [outcome(golden, answered=then, rank=1) for golden, (then, _) in zip(ANSWERABLE, pairs, strict=False)]
    new = [outcome(golden, answered=now, rank=1) for golden, (_, now) in zip(ANSWERABLE, pairs, strict=False)]
    lost = sum(then for then, _ in pairs) - sum(now for _, now in pairs)
    found = verdict(old, new, Tolerances(0.0, some / len(pairs), 0.0))
    assert bool(found.refused) == (lost > some)


@pytest.mark.parametrize(
    ("before", "after", "refused"), [(0, 1, False), (2, 1, False), (3, 1, True), (21, 11, False), (21, 10, True)]
)
def test_fewer_than_half_of_the_documents_are_too_few(before: int, after: int, refused: bool) -> None:
    assert bool(too_few_documents(before, after, 0.5)) == refused
    assert too_few_documents(before, after, 0.0) == ""
