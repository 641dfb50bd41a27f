"""The buttons under /privacy."""

from __future__ import annotations

import re
from typing import Any, Literal, Protocol, Self, cast

import discord
from discord import ui

Interaction = discord.Interaction[Any]
Action = Literal["export", "delete", "forget"]

LABELS: dict[Action, str] = {"export": "Save as a file", "delete": "Delete it all", "forget": "Yes, delete it all"}


class Handler(Protocol):
    """What happens when a button is pressed; the cog named Privacy does it."""

    async def act(self, interaction: Interaction, action: Action) -> None:
        """Does what the person pressed."""


class PrivacyButton(ui.DynamicItem[ui.Button[Any]], template=r"tw:privacy:(?P<action>export|delete|forget)"):
    """Hands out or deletes what is stored about whoever presses it."""

    def __init__(self, action: Action) -> None:
        """`delete` asks once more, `forget` deletes."""
        style = discord.ButtonStyle.danger if action == "forget" else discord.ButtonStyle.secondary
        super().__init__(ui.Button(label=LABELS[action], style=style, custom_id=f"tw:privacy:{action}"))
        self.action = action

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(cast(Action, match["action"]))

    async def callback(self, interaction: Interaction) -> None:
        """Does it."""
        cog: Handler = interaction.client.get_cog("Privacy")
        await cog.act(interaction, self.action)


ALL = (PrivacyButton,)
