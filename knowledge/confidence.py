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


CALIBRATION = Calibration(-11.54, (3.43, 1.3, 17.24, 4.3, -12.75, 0.43, 5.95, 2.54))


def confidence(evidence: Evidence, calibration: Calibration = CALIBRATION) -> float:
    """The probability, 0 to 1, that the documents cover the question."""
    weighted = zip(calibration.coefficients, astuple(evidence), strict=True)
    return 1 / (1 + math.exp(-(calibration.intercept + sum(weight * value for weight, value in weighted))))
