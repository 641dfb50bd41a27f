"""Quantities as people write them, read as ranges."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.amounts import PERIOD, QUANTITIES, find_numbers


def ranges(text: str) -> list[tuple[float, float]]:
    return [(low, high) for low, high in find_numbers(text).at.values()]


def measured(kind: str, text: str, after: str = "") -> tuple[float, float] | None:
    numbers = find_numbers(text)
    match = re.search(QUANTITIES[kind] + after, numbers.masked)
    return tuple(numbers.measure(match)) if match else None  # type: ignore[return-value]  # a Range has two ends


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", (12, 12)),
        ("10,000", (10_000, 10_000)),
        ("10.000", (10_000, 10_000)),
        ("1'250'000", (1_250_000, 1_250_000)),
        ("2.5k", (2_500, 2_500)),
        ("2,5 mio", (2_500_000, 2_500_000)),
        ("0.700", (0.7, 0.7)),
        ("twenty-five", (25, 25)),
        ("two dozen", (24, 24)),
        ("half a million", (500_000, 500_000)),
        ("a few thousand", (3_000, 5_000)),
        ("a couple of thousand", (2_000, 3_000)),
        ("several hundred", (300, 800)),
        ("hundreds of tickets", (200, 900)),
        ("tens of thousands of tickets", (20_000, 90_000)),
        ("hundreds of millions of errors", (200_000_000, 900_000_000)),
        ("2 to 3 thousand", (2_000, 3_000)),
        ("500 to 2 thousand", (500, 2_000)),
        ("5k-10k", (5_000, 10_000)),
        ("between 600 and 800", (600, 800)),
    ],
)
def test_a_number_is_read(text: str, expected: tuple[float, float]) -> None:
    assert ranges(text) == [expected]


@pytest.mark.parametrize("text", ["95%", "95 percent", "gpt4", "one of us", "a ticket", "v1.2.3x", ""])
def test_what_counts_nothing_is_no_number(text: str) -> None:
    assert ranges(text) == []


def test_a_bound_is_just_beyond_its_number() -> None:
    assert ranges("more than 1,000")[0][0] > 1_000
    assert ranges("fewer than 50")[0][1] < 50


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("time", "a week", (7, 7)),
        ("time", "2-3 weeks", (14, 21)),
        ("time", "half a year", (182.5, 182.5)),
        ("time", "6-week", (42, 42)),
        ("time", "two years of logs", None),
        ("time", "3 months ago", None),
        ("money", "$5k", (5_000, 5_000)),
        ("money", "3.000 €", (3_000, 3_000)),
        ("money", "20 euros", (20, 20)),
        ("money", "ten bucks a month", (10, 120)),
        ("money", "$0.02 per call", None),
        ("money", "5 people", None),
        ("number", "20 euros", None),
    ],
)
def test_days_and_money_are_read(kind: str, text: str, expected: tuple[float, float] | None) -> None:
    assert measured(kind, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("70 calls a week", 10), ("2 calls per hour", 48), ("9 calls daily", 9)]
)
def test_calls_are_counted_by_the_day(text: str, expected: float) -> None:
    assert measured("number", text, f" calls (?:{PERIOD})") == pytest.approx((expected, expected))


@given(st.text(alphabet="0123456789.,'-k %$€ aoftndhusr", max_size=200))
def test_any_text_keeps_its_length_and_its_other_characters(text: str) -> None:
    numbers = find_numbers(text)
    assert len(numbers.masked) == len(text)
    assert all(low <= high or low > 0 for low, high in numbers.at.values())
