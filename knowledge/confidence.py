"""How sure it is that the documents cover a question: a logistic model on the evidence of the retrieval."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

from knowledge.retrieve import Evidence


@dataclass(frozen=True, slots=True)
class Calibration:
    """The coefficients of the logistic model, one for each field of Evidence, and its intercept.

    Fitted by benchmarks/calibrate.py on the golden questions and on squad, see docs/experiments.md.
    """

    intercept: float
    coefficients: tuple[float, ...]


CALIBRATION = Calibration(-12.74, (2.3, 2.48, 17.13, 4.42, -11.85, 2.75, 4.89, 3.39))


def confidence(evidence: Evidence, calibration: Calibration = CALIBRATION) -> float:
    """The probability, 0 to 1, that the documents cover the question."""
    weighted = zip(calibration.coefficients, astuple(evidence), strict=True)
    return 1 / (1 + math.exp(-(calibration.intercept + sum(weight * value for weight, value in weighted))))
