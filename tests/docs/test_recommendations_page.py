"""docs/recommendations.md shows what /recommend says today."""

from __future__ import annotations

from benchmarks.recommendations import EACH, TARGET, page
from bot.settings import Settings
from knowledge.base import KnowledgeBase
from knowledge.criteria import load_criteria


def test_the_page_is_what_make_answers_writes(settings: Settings, knowledge: KnowledgeBase) -> None:
    written = TARGET.read_text(encoding="utf-8")
    assert written == page(load_criteria(settings.criteria_file), knowledge.sections), "run: make answers"
    assert written.count("\n## ") >= sum(EACH.values())
