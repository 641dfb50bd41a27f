"""/compare, and the buttons and selects under what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import discord
from discord import app_commands
from discord.ext import commands

from bot import errors
from bot.ask.cog import QUEUE_FULL
from bot.ask.queue import QuestionQueue, QueueFullError
from bot.compare import buttons, layout
from bot.compare.choice import choice_name, find, matching
from bot.compare.picture import picture
from bot.pictures import PictureError
from bot.replies import InteractionReply
from bot.text import escape, shorten
from knowledge.compare import Aspect

if TYPE_CHECKING:
    from bot.client import Tunewise

MAX_TYPED = 60

Interaction = discord.Interaction[Any]
Aspects = tuple[Aspect, ...]
T = TypeVar("T")


class Compare(commands.Cog):
    """Shows the comparison that the documents hold now."""

    def __init__(self, bot: Tunewise, queue: QuestionQueue) -> None:
        """The bot whose knowledge is shown, and where the search for explanations waits for its turn."""
        self.bot = bot
        self.queue = queue

    async def cog_load(self) -> None:
        """Adds what a cog does not add by itself."""
        self.bot.add_dynamic_items(*buttons.ALL)

    async def cog_unload(self) -> None:
        """Takes it away again."""
        self.bot.remove_dynamic_items(*buttons.ALL)

    @app_commands.command(description="Prompt engineering and fine-tuning side by side, in one aspect or in all.")
    @app_commands.describe(
        aspect="What to compare, for example cost. Without it: all aspects, as a picture.",
        private="Show the comparison only to you (default: everybody in the channel sees it).",
    )
    async def compare(self, interaction: Interaction, aspect: str = "", private: bool = False) -> None:
        """/compare."""
        await self._show(InteractionReply(interaction, private=private), partial(self._typed, aspect))

    @compare.autocomplete("aspect")
    async def complete(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        """The aspects that match what is typed."""
        names = (choice_name(aspect) for aspect in matching(self.bot.knowledge.comparison, current))
        return [app_commands.Choice(name=name, value=name) for name in names]

    async def show_all(self, interaction: Interaction) -> None:
        """Shows every aspect."""
        await self._show(_reply(interaction), partial(self._typed, ""))

    async def show_aspect(self, interaction: Interaction, key: str) -> None:
        """Shows the aspect with this key, which may be gone since the message was written."""
        await self._show(_reply(interaction), partial(self._selected, key))

    async def _show(self, reply: InteractionReply, view: Callable[[Aspects], Awaitable[discord.ui.LayoutView]]) -> None:
        async def views() -> list[discord.ui.LayoutView]:
            aspects = self.bot.knowledge.comparison
            return [await view(aspects) if aspects else layout.nothing()]

        await self.bot.respond(reply, views)

    async def _typed(self, typed: str, aspects: Aspects) -> discord.ui.LayoutView:
        if not typed.strip():
            return await self._all(aspects)
        found = find(aspects, typed) or await self._in_line(partial(self.bot.knowledge.closest_aspect, typed))
        shown = f"“{escape(shorten(typed, MAX_TYPED))}”"
        if found is None:
            return await self._all(aspects, f"{shown} is not among the aspects. These are all that I can compare.")
        if typed.strip().casefold() in found.name.casefold() or typed == choice_name(found):
            return await self._one(found, aspects)
        return await self._one(found, aspects, f"{shown} is not among the aspects. This one comes closest.")

    async def _selected(self, key: str, aspects: Aspects) -> discord.ui.LayoutView:
        found = next((aspect for aspect in aspects if aspect.key == key), None)
        if found is None:
            return await self._all(aspects, "The documents have changed, and that aspect is gone. These are there now.")
        return await self._one(found, aspects)

    async def _one(self, aspect: Aspect, aspects: Aspects, note: str = "") -> discord.ui.LayoutView:
        explanation = await self._in_line(partial(self.bot.knowledge.explain, aspect))
        return layout.one(aspect, aspects, explanation, note)

    async def _in_line(self, work: Callable[[], T]) -> T:
        """What `work` returns, in one of the threads that answer questions. Raises Refusal where they are taken."""
        try:
            return await self.queue.run(work)
        except QueueFullError as error:
            raise errors.Refusal(QUEUE_FULL) from error

    async def _all(self, aspects: Aspects, note: str = "") -> discord.ui.LayoutView:
        """With the picture; where it cannot be drawn, as text, and the operator finds the reason in the log."""
        try:
            drawn = await asyncio.to_thread(picture, aspects)
        except PictureError as error:
            errors.record("picture_not_drawn", error)
            drawn = None
        return layout.overview(aspects, drawn, note)


def _reply(interaction: Interaction) -> InteractionReply:
    """In place of the message for the person who has it, else privately: nobody's view changes by another's click."""
    message = interaction.message
    private = message is not None and message.flags.ephemeral
    asked = message.interaction_metadata.user if message is not None and message.interaction_metadata else None
    own = private or asked == interaction.user
    return InteractionReply(interaction, private=private or not own, in_place=own)
