"""`python -m benchmarks.recommend`: how long a click of an interview takes, without Discord's part of it."""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
from collections.abc import Awaitable
from pathlib import Path
from time import perf_counter
from typing import cast

import discord

from bot.client import Tunewise
from bot.recommend.cog import Recommend
from bot.recommend.criteria_file import CriteriaFile
from bot.recommend.interview import Interview, decode, encode
from knowledge.base import KnowledgeBase
from knowledge.describe import read_description
from knowledge.errors import KnowledgeError
from knowledge.settings import KnowledgeSettings, SettingsError, load_settings

PROJECTS = 50
DESCRIPTION = Path(__file__).parents[1] / "README.md"  # 4,000 characters of any text


class Offline:
    """As much of the bot as an interview uses."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        """`knowledge` is what it cites."""
        self.knowledge = knowledge


def main() -> int:
    """Click through random projects and print the times; 1 with a sentence where that cannot be done."""
    try:
        settings = load_settings(KnowledgeSettings)
        cog = Recommend(cast("Tunewise", Offline(KnowledgeBase.open(settings))), CriteriaFile(settings.criteria_file))
    except (KnowledgeError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    asyncio.run(_measure(cog))
    return 0


async def _measure(cog: Recommend) -> None:
    criteria, chance = cog.criteria.current(), random.Random(1)
    first = await _seconds(cog._result(criteria, Interview(1, (("access", "closed"),)), ""))
    questions: list[float] = []
    results: list[float] = []
    clicks: list[int] = []
    for _ in range(PROJECTS):
        interview, asked = Interview(1), 0
        while (key := interview.to_ask(criteria)) is not None:
            question = criteria.question(key)
            assert question is not None
            interview = decode(encode(interview, criteria), criteria).interview
            interview = interview.answer(key, chance.choice(question.options).key)
            screen = await _seconds(cog._screen(criteria, interview, "A project"))
            (questions if interview.to_ask(criteria) else results).append(screen)
            asked += 1
        clicks.append(asked)
    text = DESCRIPTION.read_text(encoding="utf-8")
    start = perf_counter()
    read_description(criteria, text)
    reading = perf_counter() - start
    print(f"clicks of {PROJECTS} random projects: median {statistics.median(clicks):.0f}, most {max(clicks)}")
    for name, seconds in (("next question", questions), ("result with chart and record", results)):
        print(f"{name}: median {statistics.median(seconds) * 1000:.0f} ms, longest {max(seconds) * 1000:.0f} ms")
    print(f"first result of a process: {first * 1000:.0f} ms; reading 4,000 characters: {reading * 1000:.0f} ms")


async def _seconds(screen: Awaitable[discord.ui.LayoutView]) -> float:
    start = perf_counter()
    await screen
    return perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
