"""Numbers in prose are read in every way that people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.quantities import quantities, units


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("27,540 annotations", 27540, ""),
        ("3.3% wrong labels", 3.3, "percent"),
        ("about 90 percent", 90, "percent"),
        ("33 percentage points", 33, "point"),
        ("a 7-billion-parameter model", 7e9, ""),
        ("GPT-3 has 175B", 175e9, ""),
        ("a learning rate of 2e-4", 2e-4, ""),
        ("112 GB of memory", 112, "gb"),
        ("in 4-bit precision", 4, "bit"),
        ("ten times less", 10, "times"),
        ("twice as fast", 2, "times"),
        ("a third of it", 1 / 3, ""),
        ("three quarters", 0.75, ""),
        ("half of them", 0.5, ""),
        ("twenty-five runs", 25, ""),
        ("five thousand cases", 5000, ""),
    ],
)
def test_a_number_has_its_value_and_its_unit(text: str, value: float, unit: str) -> None:
    found = quantities(text)[-1]
    assert found.value == pytest.approx(value)
    assert found.unit == unit


@pytest.mark.parametrize("text", ["one of them", "the third step", "a second opinion", "GPT", "GPT-4", "of the two"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert quantities(text) == []


def test_the_first_number_of_a_range_has_the_unit_too() -> None:
    assert [(each.value, each.unit) for each in quantities("50 to 100 GB")] == [(50, "gb"), (100, "gb")]


def test_a_unit_that_differs_is_another_quantity() -> None:
    (megabytes,), (gigabytes,) = quantities("35 MB"), quantities("35 GB")
    assert not megabytes.agrees_with(gigabytes)


def test_units_count_without_a_number_too() -> None:
    assert units("a few kilobytes within a day") == {"kb", "day"}
    assert units("daily, or even hourly") == units("every day, or every hour")


@given(st.integers(2, 10**9))
def test_figures_with_and_without_separators_are_the_same_number(value: int) -> None:
    (plain,), (separated,) = quantities(f"{value} examples"), quantities(f"{value:,} examples")
    assert plain.agrees_with(separated)


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    for quantity in quantities(text):
        assert text[quantity.start : quantity.end].strip() == quantity.text
