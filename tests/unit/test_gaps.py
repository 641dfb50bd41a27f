"""Grouping by meaning: what holds for any questions."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from knowledge.embed import Vectors
from knowledge.gaps import group_by_meaning


def some_vectors(count: int, seed: int) -> Vectors:
    """Vectors of length one, some close to each other."""
    random = np.random.default_rng(seed)
    topics = random.normal(size=(3, 8))
    vectors = topics[random.integers(3, size=count)] + random.normal(size=(count, 8)) * 0.6
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


questions = st.lists(st.integers(1, 50), max_size=25).flatmap(
    lambda times: st.tuples(st.just(times), st.integers(0, 2**32 - 1))
)


@given(questions)
def test_every_question_is_in_one_group(given_questions: tuple[list[int], int]) -> None:
    times, seed = given_questions
    groups = group_by_meaning(some_vectors(len(times), seed), times)
    assert sorted(number for group in groups for number in group) == list(range(len(times)))


@given(questions)
def test_the_most_asked_comes_first_among_groups_and_within_them(given_questions: tuple[list[int], int]) -> None:
    times, seed = given_questions
    groups = group_by_meaning(some_vectors(len(times), seed), times)
    sums = [sum(times[number] for number in group) for group in groups]
    assert sums == sorted(sums, reverse=True)
    for group in groups:
        assert [times[number] for number in group] == sorted((times[number] for number in group), reverse=True)


@given(questions)
def test_the_order_of_the_questions_does_not_matter(given_questions: tuple[list[int], int]) -> None:
    times, seed = given_questions
    vectors = some_vectors(len(times), seed)
    order = np.random.default_rng(seed + 1).permutation(len(times))
    straight = {frozenset(group) for group in group_by_meaning(vectors, times)}
    shuffled = group_by_meaning(vectors[order], [times[number] for number in order])
    assert {frozenset(int(order[number]) for number in group) for group in shuffled} == straight


@given(st.integers(2, 10), st.integers(0, 2**32 - 1))
def test_the_same_question_twice_is_one_group_whatever_else_is_asked(count: int, seed: int) -> None:
    vectors = some_vectors(count, seed)
    groups = group_by_meaning(np.concatenate([vectors, vectors]), [1] * 2 * count)
    assert all({number, number + count} <= set(group) for group in groups for number in group if number < count)


def test_only_a_threshold_that_is_reached_joins() -> None:
    vectors = np.asarray([[1, 0], [0.8, 0.6]], dtype=np.float32)
    assert group_by_meaning(vectors, [1, 2], threshold=0.79) == [(1, 0)]
    assert group_by_meaning(vectors, [1, 2], threshold=0.81) == [(1,), (0,)]
