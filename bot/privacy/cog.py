"""/privacy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.privacy import buttons, layout
from bot.records import Records
from bot.replies import InteractionReply

if TYPE_CHECKING:
    from bot.client import Tunewise

Interaction = discord.Interaction[Any]


class Privacy(commands.Cog):
    """Shows people what is stored about them; each sees and deletes their own alone."""

    def __init__(self, bot: Tunewise, records: Records) -> None:
        """The records where it is stored."""
        self.bot = bot
        self.records = records

    async def cog_load(self) -> None:
        """Adds what a cog does not add by itself."""
        self.bot.add_dynamic_items(*buttons.ALL)

    async def cog_unload(self) -> None:
        """Takes it away again."""
        self.bot.remove_dynamic_items(*buttons.ALL)

    @app_commands.command(name="privacy", description="What is stored about you: see it, take it with you, delete it.")
    async def privacy(self, interaction: Interaction) -> None:
        """/privacy."""

        async def overview() -> list[discord.ui.LayoutView]:
            return [layout.overview(await self.records.people.find(interaction.user.id))]

        await self.bot.respond(InteractionReply(interaction, private=True), overview)

    async def act(self, interaction: Interaction, action: buttons.Action) -> None:
        """Does what the person pressed."""
        person = interaction.user.id

        async def done() -> list[discord.ui.LayoutView]:
            if action == "forget":
                await self.records.people.forget(person)
                return [layout.forgotten()]
            found = await self.records.people.find(person)
            return [layout.export(person, found) if action == "export" else layout.confirm(found)]

        reply = InteractionReply(interaction, private=True, in_place=action != "export")
        await self.bot.respond(reply, done)
