"""/help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.help import layout
from bot.replies import InteractionReply

if TYPE_CHECKING:
    from bot.client import Tunewise


class Help(commands.Cog):
    """Lists the commands that the person may use."""

    def __init__(self, bot: Tunewise) -> None:
        """The bot whose commands are listed."""
        self.bot = bot

    @app_commands.command(name="help", description="What I can do, and every way to ask me.")
    async def help(self, interaction: discord.Interaction[Any]) -> None:
        """/help."""

        async def overview() -> list[discord.ui.LayoutView]:
            usable = [
                command
                for command in self.bot.tree.walk_commands()
                if isinstance(command, app_commands.Command) and _may_use(interaction.permissions, command)
            ]
            menus = self.bot.tree.get_commands(type=discord.AppCommandType.message)
            return [layout.overview(usable, menus, self.bot.command_ids)]

        await self.bot.respond(InteractionReply(interaction, private=True), overview)


def _may_use(permissions: discord.Permissions, command: app_commands.Command[Any, Any, Any]) -> bool:
    needed = (command.root_parent or command).default_permissions
    return needed is None or permissions >= needed
