"""From answers to a recommendation: a sum of weights, what could still change it, and what to ask next.

The score is the sum of the answers' weights; its band is the recommendation. Everything else follows exactly from the
weights: which totals the open questions can still lead to, in how many ways, and so whether an answer can matter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from knowledge.criteria import (
    RECOMMENDATIONS,
    UNKNOWN,
    Advice,
    Answers,
    Bands,
    Criteria,
    Option,
    Outcome,
    Question,
    RecommendationKey,
    check_answers,
)

Side = Literal["prompt_engineering", "fine_tuning"]

# How far the sum of the weights may be off, since weights are judgements: the standard deviation, in points.
DOUBT = 4.0


@dataclass(frozen=True, slots=True)
class Reason:
    """An answer that counts: `weight` is above 0, and `points_to` says for which side."""

    question: Question
    option: Option
    points_to: Side
    weight: int


@dataclass(frozen=True, slots=True)
class Change:
    """One answer that would lead to another recommendation, and by how many points it moves the score."""

    question: Question
    option: Option
    recommendation: RecommendationKey
    points: int


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What the answers lead to.

    `confidence`, 0 to 1, follows from the distance of `score` to the borders of its band. `reasons` are in order of
    weight, `against` those of them that point away from the recommendation. `changes` are the smallest single answers
    that flip it. `when` lists what would have to change before fine-tuning. `next_question` is the key of the one that
    is expected to decide most, None where no answer to any that is left can change the recommendation.
    """

    outcome: Outcome
    score: int
    confidence: float
    reasons: tuple[Reason, ...]
    against: tuple[Reason, ...]
    changes: tuple[Change, ...]
    when: tuple[str, ...]
    advice: tuple[Advice, ...]
    next_question: str | None


def recommend(criteria: Criteria, answers: Answers) -> Recommendation:
    """The recommendation for any number of answers, none too. Raises KnowledgeError for one that does not exist."""
    check_answers(criteria, answers)
    score = _score(criteria, answers)
    key = band(criteria.bands, score)
    reasons = _reasons(criteria, answers)
    return Recommendation(
        outcome=criteria.outcome(key),
        score=score,
        confidence=_confidence(criteria, answers, score),
        reasons=reasons,
        against=tuple(reason for reason in reasons if _speaks_against(reason, key)),
        changes=_changes(criteria, answers, score),
        when=tuple(dict.fromkeys(each.option.when for each in reasons if each.weight and each.option.when)),
        advice=tuple(advice for advice in criteria.advice if advice.applies(answers)),
        next_question=next_question(criteria, answers),
    )


def band(bands: Bands, score: float) -> RecommendationKey:
    """The recommendation at this score."""
    return RECOMMENDATIONS[(score >= bands.combine) + (score >= bands.fine_tuning)]


def next_question(criteria: Criteria, answers: Answers) -> str | None:
    """The key of the question whose answer is expected to tell most about the recommendation, None where none can.

    Each question that is left may be answered with any of its options or with "I don't know", each as likely. The
    information gain (Shannon, 1948) of a question is how far its answer lowers the entropy of the recommendation. The
    counts of completions are exact; of equal gains the first question in the file is asked.
    """
    score = _score(criteria, answers)
    left = [question for question in criteria.questions if question.key not in answers]
    best, fewest = None, math.inf
    everything = _Totals.of(left)
    if everything.recommendations(criteria.bands, score) <= 1:
        return None
    for question in left:
        others = _Totals.of(each for each in left if each is not question)
        weights = _weights(question)
        remaining = sum(others.entropy(criteria.bands, score + weight) for weight in weights) / len(weights)
        if remaining < fewest - 1e-12:
            best, fewest = question.key, remaining
    return best


@dataclass(frozen=True, slots=True)
class _Totals:
    """In how many ways open questions can add up: `ways[i]` of the completions have the total `lowest + i`."""

    lowest: int
    ways: npt.NDArray[np.int64]

    @classmethod
    def of(cls, questions: Iterable[Question]) -> _Totals:
        """The totals of these questions, each answered with any option or with "I don't know"."""
        lowest, ways = 0, np.ones(1, dtype=np.int64)
        for question in questions:
            weights = _weights(question)
            low, high = min(weights), max(weights)
            longer = np.zeros(len(ways) + high - low, dtype=np.int64)
            for weight in weights:
                longer[weight - low : weight - low + len(ways)] += ways
            lowest, ways = lowest + low, longer
        return cls(lowest, ways)

    def by_band(self, bands: Bands, score: int) -> list[int]:
        """How many completions of `score` end in each recommendation."""
        borders = [
            min(max(border - score - self.lowest, 0), len(self.ways)) for border in (bands.combine, bands.fine_tuning)
        ]
        return [int(part.sum()) for part in np.split(self.ways, borders)]

    def recommendations(self, bands: Bands, score: int) -> int:
        """How many recommendations the completions of `score` can end in."""
        return sum(count > 0 for count in self.by_band(bands, score))

    def entropy(self, bands: Bands, score: int) -> float:
        """The entropy of the recommendation over all completions of `score`, in bits."""
        counts = self.by_band(bands, score)
        total = sum(counts)
        return -sum(count / total * math.log2(count / total) for count in counts if count)


def _weights(question: Question) -> list[int]:
    """What its answers weigh, "I don't know" too."""
    return [*(option.weight for option in question.options), 0]


def _score(criteria: Criteria, answers: Answers) -> int:
    return sum(option.weight for _, option in _known(criteria, answers))


def _known(criteria: Criteria, answers: Answers) -> list[tuple[Question, Option]]:
    """The questions that have an answer other than "I don't know", in the file's order."""
    pairs = ((question, question.option(answers.get(question.key, UNKNOWN))) for question in criteria.questions)
    return [(question, option) for question, option in pairs if option is not None]


def _confidence(criteria: Criteria, answers: Answers, score: int) -> float:
    """How probable it is that the true score lies in the same band.

    The true score is taken to be normally distributed around `score`: the weights are in doubt, and each question
    without a known answer moves it by as much as its options do on average, at most by the width of a band. Where no
    answer that is not known can change the recommendation, only the doubt is left.
    """
    bands = criteria.bands
    known = {question.key for question, _ in _known(criteria, answers)}
    open_questions = [question for question in criteria.questions if question.key not in known]
    variance = DOUBT**2
    if _Totals.of(open_questions).recommendations(bands, score) > 1:
        widest = bands.fine_tuning - bands.combine
        variance += sum(
            float(np.mean([min(abs(option.weight), widest) ** 2 for option in question.options]))
            for question in open_questions
        )
    deviation = math.sqrt(variance)
    key = band(bands, score)
    # Scores are whole numbers, so a border lies half a point below the first score of a band.
    low = -math.inf if key == "prompt_engineering" else (bands.combine if key == "combine" else bands.fine_tuning) - 0.5
    high = math.inf if key == "fine_tuning" else (bands.fine_tuning if key == "combine" else bands.combine) - 0.5
    return _normal((high - score) / deviation) - _normal((low - score) / deviation)


def _normal(value: float) -> float:
    """The cumulative distribution function of the standard normal distribution."""
    return (1 + math.erf(value / math.sqrt(2))) / 2


def _reasons(criteria: Criteria, answers: Answers) -> tuple[Reason, ...]:
    reasons = [
        Reason(question, option, "fine_tuning" if option.weight > 0 else "prompt_engineering", abs(option.weight))
        for question, option in _known(criteria, answers)
        if option.weight
    ]
    return tuple(sorted(reasons, key=lambda reason: -reason.weight))


def _speaks_against(reason: Reason, key: RecommendationKey) -> bool:
    """Against combining speaks what holds fine-tuning back for now."""
    return reason.points_to != ("fine_tuning" if key == "combine" else key)


def _changes(criteria: Criteria, answers: Answers, score: int) -> tuple[Change, ...]:
    """For each question and each other recommendation, the smallest change of its answer that leads there."""
    now = band(criteria.bands, score)
    smallest: dict[tuple[str, RecommendationKey], Change] = {}
    for question in criteria.questions:
        chosen = question.option(answers.get(question.key, UNKNOWN))
        weight = chosen.weight if chosen else 0
        for option in question.options:
            points = option.weight - weight
            key = band(criteria.bands, score + points)
            place = (question.key, key)
            if key != now and (place not in smallest or abs(points) < abs(smallest[place].points)):
                smallest[place] = Change(question, option, key, points)
    return tuple(sorted(smallest.values(), key=lambda change: abs(change.points)))


def interview(criteria: Criteria, project: Answers) -> Sequence[str]:
    """The keys of the questions that a person with this project is asked, in order."""
    asked: dict[str, str] = {}
    while (key := next_question(criteria, asked)) is not None:
        asked[key] = project.get(key, UNKNOWN)
    return tuple(asked)
