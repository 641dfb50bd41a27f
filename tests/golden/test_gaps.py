"""Questions that mean the same become one gap, those that do not stay apart."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.embed import Embedder
from knowledge.gaps import group_by_meaning

GROUPS: dict[str, list[list[str]]] = yaml.safe_load(
    Path(__file__).with_name("paraphrases.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("part", "precision", "recall"), [("chosen_on", 0.95, 0.75), ("held_out", 0.95, 0.5)])
def test_paraphrases_are_grouped(part: str, precision: float, recall: float, embedder: Embedder) -> None:
    questions = [question for group in GROUPS[part] for question in group]
    meant = pairs(GROUPS[part])
    vectors = embedder.encode(questions)
    found = pairs([[questions[n] for n in group] for group in group_by_meaning(vectors, [1] * len(questions))])
    right = len(meant & found)
    assert right / len(found) >= precision
    assert right / len(meant) >= recall


def pairs(groups: Any) -> set[frozenset[str]]:
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}
