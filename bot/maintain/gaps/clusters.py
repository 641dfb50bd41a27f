"""Gaps grouped by meaning: one cluster is one thing that the knowledge lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from bot.records import Closest, Gap
from knowledge.embed import Vectors
from knowledge.gaps import group_by_meaning

MAX_QUESTIONS = 500  # the most asked; grouping takes time by their square


@dataclass(frozen=True, slots=True)
class Cluster:
    """Questions that mean the same, the most asked first."""

    gaps: tuple[Gap, ...]

    @property
    def id(self) -> str:
        """The id of an answer that was given to one of them, which finds the cluster again."""
        return self.gaps[0].answer_ids[0]

    @property
    def questions(self) -> tuple[str, ...]:
        """Their wordings."""
        return tuple(gap.question for gap in self.gaps)

    @property
    def answer_ids(self) -> tuple[str, ...]:
        """Everything that was answered to them."""
        return tuple(answer_id for gap in self.gaps for answer_id in gap.answer_ids)

    @property
    def times(self) -> int:
        """How often they were asked."""
        return sum(gap.times for gap in self.gaps)

    @property
    def last_asked(self) -> datetime:
        """When one of them was asked last."""
        return max(gap.last_asked for gap in self.gaps)

    @property
    def abstained(self) -> bool:
        """Whether one of them was refused; else their answers were voted down."""
        return any(gap.abstained for gap in self.gaps)

    @property
    def closest(self) -> Closest | None:
        """The section that came closest to one of them."""
        return max((gap.closest for gap in self.gaps if gap.closest), key=lambda each: each.score, default=None)


class Grouping:
    """Groups gaps, and remembers their vectors. Blocks; one thread at a time."""

    def __init__(self, embed: Callable[[Sequence[str]], Vectors]) -> None:
        """`embed` gives a vector of length one for each text."""
        self._embed = embed
        self._vectors: dict[str, Vectors] = {}

    def clusters(self, gaps: Sequence[Gap]) -> list[Cluster]:
        """The clusters of `gaps`, of which the first MAX_QUESTIONS count; the most asked cluster first."""
        gaps = gaps[:MAX_QUESTIONS]
        questions = [gap.question for gap in gaps]
        known = {question: self._vectors[question] for question in questions if question in self._vectors}
        new = [question for question in dict.fromkeys(questions) if question not in known]
        if new:
            known |= zip(new, self._embed(new), strict=True)
        self._vectors = known
        if not gaps:
            return []
        vectors = np.asarray([known[question] for question in questions], dtype=np.float32)
        groups = group_by_meaning(vectors, [gap.times for gap in gaps])
        return [Cluster(tuple(gaps[number] for number in group)) for group in groups]


def find(clusters: Sequence[Cluster], gap_id: str) -> Cluster | None:
    """The cluster with the gap that `gap_id`, the id of an answer, belongs to."""
    return next((cluster for cluster in clusters if gap_id in cluster.answer_ids), None)
