"""/settings, for the administrators of a server."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot import errors
from bot.records import Preferences
from bot.records.servers import WHOLE_SERVER
from bot.replies import InteractionReply
from bot.server import buttons, layout

if TYPE_CHECKING:
    from bot.client import Tunewise

NOT_ALLOWED = "Only administrators of this server may change its settings."

Interaction = discord.Interaction[Any]


class Settings(commands.Cog):
    """Shows and changes what a server chose."""

    def __init__(self, bot: Tunewise) -> None:
        """The bot whose servers choose."""
        self.bot = bot

    async def cog_load(self) -> None:
        """Adds what a cog does not add by itself."""
        self.bot.add_dynamic_items(*buttons.ALL)

    async def cog_unload(self) -> None:
        """Takes it away again."""
        self.bot.remove_dynamic_items(*buttons.ALL)

    @app_commands.command(
        name="settings", description="Where and when I answer on this server, and in which language I speak."
    )
    @app_commands.guild_only()
    @app_commands.default_permissions(administrator=True)
    async def settings(self, interaction: Interaction) -> None:
        """/settings."""
        await self._respond(interaction, WHOLE_SERVER, in_place=False)

    async def show(self, interaction: Interaction, channel_id: int) -> None:
        """Shows what counts in a channel or the whole server, in place of what was shown."""
        await self._respond(interaction, channel_id)

    async def choose(self, interaction: Interaction, channel_id: int, kind: str, value: str | None) -> None:
        """Keeps a choice for a channel or the whole server, and shows what counts now."""
        await self._respond(interaction, channel_id, {kind: value})

    async def _respond(
        self, interaction: Interaction, channel_id: int, change: dict[str, Any] | None = None, *, in_place: bool = True
    ) -> None:
        async def view() -> list[ui.LayoutView]:
            # Discord shows the command to administrators, but a server can allow it to others; this cannot be allowed.
            if interaction.guild_id is None or not interaction.permissions.administrator:
                raise errors.Refusal(NOT_ALLOWED)
            if change:
                chosen = await self.bot.preferences.chosen(interaction.guild_id)
                own = replace(chosen.get(channel_id, Preferences()), **change)
                await self.bot.preferences.choose(interaction.guild_id, channel_id, own)
            return [await self._view(interaction.guild_id, channel_id)]

        await self.bot.respond(InteractionReply(interaction, private=True, in_place=in_place), view)

    async def _view(self, server_id: int, channel_id: int) -> ui.LayoutView:
        chosen = await self.bot.preferences.chosen(server_id)
        reads = self.bot.intents.message_content
        if channel_id == WHOLE_SERVER:
            forums = {each for each in chosen if isinstance(self.bot.get_channel(each), discord.ForumChannel)}
            return layout.of_server(chosen, reads=reads, forums=forums)
        is_forum = isinstance(self.bot.get_channel(channel_id), discord.ForumChannel)
        return layout.of_channel(channel_id, chosen, reads=reads, is_forum=is_forum)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """A server that the bot has left is forgotten."""
        await self.bot.preferences.forget(guild.id)
