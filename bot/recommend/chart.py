"""What the chart of a recommendation shows, and what it says to those who cannot see it."""

from __future__ import annotations

from typing import Any

from bot.text import shorten
from knowledge.criteria import Criteria
from knowledge.recommend import Reason, Recommendation

MAX_ALTERNATIVE_TEXT = 1_024  # Discord's limit for the description of a picture
LONGEST_BAR = 16  # points; what rules something out weighs far more, and would make all other bars invisible


def chart_data(criteria: Criteria, recommendation: Recommendation) -> dict[str, Any]:
    """The values that chart.typ draws: a bar for each reason, and the score on its scale."""
    bands = criteria.bands
    return {
        "title": recommendation.outcome.label,
        "recommendation": recommendation.outcome.key,
        "score": recommendation.score,
        "combine": bands.combine,
        "fine_tuning": bands.fine_tuning,
        "bars": [
            {
                "question": reason.question.text,
                "answer": reason.option.label,
                "weight": signed(reason),
                "length": min(reason.weight / LONGEST_BAR, 1),
            }
            for reason in recommendation.reasons
        ],
    }


def alternative_text(criteria: Criteria, recommendation: Recommendation) -> str:
    """The chart in words, for screen readers."""
    bars = "; ".join(
        f"{reason.question.text} {reason.option.label}: {signed(reason):+d}" for reason in recommendation.reasons
    )
    bands = criteria.bands
    scale = (
        f"The weights add up to {recommendation.score:+d}: {recommendation.outcome.label}. Below {bands.combine:+d} it"
        f" is prompt engineering, from {bands.fine_tuning:+d} on fine-tuning, in between both."
    )
    return shorten(f"Bar chart of what each answer weighs, plus for fine-tuning. {scale} {bars}.", MAX_ALTERNATIVE_TEXT)


def signed(reason: Reason) -> int:
    """The weight of a reason, below 0 where it points to prompt engineering."""
    return reason.weight if reason.points_to == "fine_tuning" else -reason.weight
