"""/recommend, the menu of a message and a button under answers begin an interview; its buttons carry it on."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.ask.layout import notice
from bot.pictures import render
from bot.recommend import buttons, layout
from bot.recommend.chart import alternative_text, chart_data
from bot.recommend.criteria_file import CriteriaFile
from bot.recommend.decision_record import decision_record
from bot.recommend.interview import Decoded, Interview, decode
from bot.replies import InteractionReply
from knowledge.criteria import Criteria, codes
from knowledge.describe import read_description
from knowledge.recommend import recommend

if TYPE_CHECKING:
    from bot.client import Tunewise

RESULTS_REMEMBERED = 1_000
SHARED_ALREADY = "That result is shared already; it stands in this channel."
CHART = Path(__file__).parent / "chart.typ"

Interaction = discord.Interaction[Any]
Views = list[discord.ui.LayoutView]


class Recommend(commands.Cog):
    """Receives the steps of interviews and shows what comes next."""

    def __init__(self, bot: Tunewise, criteria: CriteriaFile) -> None:
        """The bot that it listens to, and what it asks."""
        self.bot = bot
        self.criteria = criteria
        self._shared = deque[tuple[int, str]](maxlen=RESULTS_REMEMBERED)
        self._menu = app_commands.ContextMenu(name="Help me decide about this", callback=self.decide_about_message)

    async def cog_load(self) -> None:
        """Adds what a cog does not add by itself."""
        self.bot.tree.add_command(self._menu)
        self.bot.add_dynamic_items(*buttons.ALL)

    async def cog_unload(self) -> None:
        """Takes it away again."""
        self.bot.tree.remove_command(self._menu.name, type=self._menu.type)
        self.bot.remove_dynamic_items(*buttons.ALL)

    @app_commands.command(
        name="recommend", description="Answer a few questions and learn whether to write prompts, fine-tune, or both."
    )
    @app_commands.describe(
        project="Your project in your own words; I read from it what I can, and ask the rest.",
        private="Show the interview only to you (default: yes). You can share the result at the end.",
    )
    async def recommend(
        self, interaction: Interaction, project: app_commands.Range[str, 1, 4000] = "", private: bool = True
    ) -> None:
        """/recommend."""
        await self._begin(InteractionReply(interaction, private=private), project)

    async def decide_about_message(self, interaction: Interaction, message: discord.Message) -> None:
        """The menu of a message: its text is the project. Private: the words are somebody else's."""
        await self._begin(InteractionReply(interaction, private=True), message.content)

    async def start(self, interaction: Interaction) -> None:
        """Begins an interview with the person who pressed."""
        await self._begin(InteractionReply(interaction, private=True), "")

    async def _begin(self, reply: InteractionReply, project: str) -> None:
        async def first() -> Views:
            criteria = self.criteria.current()
            # In a thread: the first one compiles all patterns, which takes a quarter of a second.
            stated = await asyncio.to_thread(read_description, criteria, project)
            answers = tuple((each.question.key, each.option.key) for each in stated)
            interview = Interview(reply.author.id, answers, read=len(answers))
            if stated:
                return [layout.review(criteria, interview, stated, project)]
            return [await self._screen(criteria, interview, project)]

        await self.bot.respond(reply, first)

    async def pressed(self, interaction: Interaction, action: buttons.Action, state: str, argument: str) -> None:
        """Goes on with the interview that `state` is: for its owner, or, where it is a shared result, for everybody."""
        criteria = self.criteria.current()
        decoded = decode(state, criteria)
        if action == "reasons":
            await self._show_reasons(interaction, criteria, decoded)
        elif interaction.user.id != decoded.interview.owner:
            await self._say(interaction, layout.somebody_elses())
        elif action == "share" and not decoded.stale:
            await self._share(interaction, criteria, decoded.interview, state)
        else:
            await self._step(interaction, criteria, decoded, action, argument)

    async def _step(
        self, interaction: Interaction, criteria: Criteria, decoded: Decoded, action: buttons.Action, argument: str
    ) -> None:
        """The step that a button takes. It follows from what the button holds, so a second click changes nothing."""
        project = layout.project_of(interaction.message)
        interview, known = decoded.interview, codes(criteria)

        async def following() -> Views:
            if decoded.stale or (argument and argument not in known):
                return [layout.stale(criteria, decoded, project)]
            if action == "finish":
                return [await self._result(criteria, interview, project)]
            if action == "ask":
                return [await self._screen(criteria, interview, project, again=known[argument][0])]
            if action == "back":
                return [await self._screen(criteria, interview.back(), project, again=interview.last)]
            after = interview.start_over() if action == "start_over" else interview
            if action == "answer":
                after = interview.answer(*known[argument])
            return [await self._screen(criteria, after, project)]

        await self.bot.respond(InteractionReply(interaction, private=True, in_place=True), following)

    async def _screen(
        self, criteria: Criteria, interview: Interview, project: str, *, again: str | None = None
    ) -> discord.ui.LayoutView:
        """The question that comes next, or the one to ask `again`; without any, the result."""
        asked = criteria.question(again or interview.to_ask(criteria) or "")
        if asked is not None:
            return layout.question(criteria, interview, asked, project)
        return await self._result(criteria, interview, project)

    async def _result(
        self, criteria: Criteria, interview: Interview, project: str, *, shared_by: str = ""
    ) -> discord.ui.LayoutView:
        answers = dict(interview.answers)
        recommendation = recommend(criteria, answers)
        sections, version = self.bot.knowledge.sections, self.bot.knowledge.version
        self.criteria.check(sections, version)
        record = decision_record(
            criteria,
            answers,
            recommendation,
            sections,
            project=project,
            version=version,
            today=datetime.now(UTC).date(),
        )
        chart = await asyncio.to_thread(render, CHART, chart_data(criteria, recommendation))
        return layout.result(
            criteria,
            interview,
            recommendation,
            sections,
            project,
            files={layout.CHART: chart, layout.RECORD: record.encode()},
            chart_text=alternative_text(criteria, recommendation),
            shared_by=shared_by,
        )

    async def _share(self, interaction: Interaction, criteria: Criteria, interview: Interview, state: str) -> None:
        project = layout.project_of(interaction.message)
        result = (interaction.message.id if interaction.message else 0, state)
        if result in self._shared:  # a double click
            await self._say(interaction, notice(SHARED_ALREADY))
            return
        self._shared.append(result)

        async def shared() -> Views:
            return [await self._result(criteria, interview, project, shared_by=interaction.user.display_name)]

        await self.bot.respond(InteractionReply(interaction, private=False), shared)

    async def _show_reasons(self, interaction: Interaction, criteria: Criteria, decoded: Decoded) -> None:
        async def all_of_them() -> Views:
            recommendation = recommend(criteria, dict(decoded.interview.answers))
            return layout.reasons(recommendation, self.bot.knowledge.sections)

        await self.bot.respond(InteractionReply(interaction, private=True), all_of_them)

    async def _say(self, interaction: Interaction, view: discord.ui.LayoutView) -> None:
        async def said() -> Views:
            return [view]

        await self.bot.respond(InteractionReply(interaction, private=True), said)
