"""Confidence is a probability that grows with the evidence for an answer, and shrinks with the evidence against it."""

from __future__ import annotations

from dataclasses import asdict, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.confidence import Calibration, confidence
from knowledge.retrieve import Evidence

AGAINST = "off_topic_similarity"
NAMES = [field.name for field in fields(Evidence)]
shares = st.floats(0, 1)
evidences = st.builds(Evidence, *[shares] * len(NAMES))
NOTHING = Evidence(**dict.fromkeys(NAMES, 0.0))


@given(evidences)
def test_confidence_is_a_probability(evidence: Evidence) -> None:
    assert 0 <= confidence(evidence) <= 1


@pytest.mark.parametrize("name", [name for name in NAMES if name != AGAINST])
@given(evidence=evidences, values=st.tuples(shares, shares))
def test_more_evidence_never_lowers_it(name: str, evidence: Evidence, values: tuple[float, float]) -> None:
    less, more = (confidence(Evidence(**asdict(evidence) | {name: value})) for value in sorted(values))
    assert less <= more


@given(evidence=evidences, values=st.tuples(shares, shares))
def test_likeness_to_an_off_topic_question_never_raises_it(evidence: Evidence, values: tuple[float, float]) -> None:
    less, more = (confidence(Evidence(**asdict(evidence) | {AGAINST: value})) for value in sorted(values))
    assert less >= more


@pytest.mark.parametrize("name", NAMES)
def test_every_piece_of_evidence_counts(name: str) -> None:
    some = Evidence(**dict.fromkeys(NAMES, 0.5))
    assert confidence(some) != confidence(Evidence(**asdict(some) | {name: 0.9}))


def test_without_any_evidence_it_is_low_and_with_all_of_it_high() -> None:
    assert confidence(NOTHING) < 0.01
    assert confidence(Evidence(**dict.fromkeys(NAMES, 1.0) | {AGAINST: 0.0})) > 0.99


def test_even_an_extreme_calibration_gives_a_probability() -> None:
    none, all_ = (confidence(NOTHING, Calibration(intercept, (0.0,) * len(NAMES))) for intercept in (-700.0, 700.0))
    assert none == pytest.approx(0)
    assert all_ == pytest.approx(1)


def test_a_calibration_must_fit_the_evidence() -> None:
    with pytest.raises(ValueError, match="argument"):
        confidence(NOTHING, Calibration(0.0, (1.0,)))
