"""The ways from one view of the comparison to another. Their `custom_id` holds all that they need."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol, Self

import discord
from discord import ui

from bot.compare.choice import MAX_CHOICES, choice_name
from knowledge.compare import Aspect

Interaction = discord.Interaction[Any]


class CompareHandler(Protocol):
    """What happens then; the cog named Compare does it."""

    async def show_all(self, interaction: Interaction) -> None:
        """Shows every aspect."""

    async def show_aspect(self, interaction: Interaction, key: str) -> None:
        """Shows the aspect with this key."""


def handler(interaction: Interaction) -> CompareHandler:
    """The cog of the bot that got `interaction`."""
    cog: CompareHandler = interaction.client.get_cog("Compare")
    return cog


class AllButton(ui.DynamicItem[ui.Button[Any]], template=r"tw:compare:all"):
    """Shows every aspect."""

    def __init__(self) -> None:
        super().__init__(ui.Button(label="All aspects", custom_id="tw:compare:all"))

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls()

    async def callback(self, interaction: Interaction) -> None:
        """Shows them."""
        await handler(interaction).show_all(interaction)


class AspectSelect(ui.DynamicItem[ui.Select[Any]], template=r"tw:compare:aspect:\w+"):
    """Shows the aspect that is selected.

    Its `custom_id` is another one in each view: Discord's client may go on showing what was selected in the same one,
    and sends nothing when that is selected again (discord-api-docs#4801).
    """

    def __init__(self, aspects: Sequence[Aspect], shown: Aspect | None = None) -> None:
        """The first 25 of `aspects`, without the one that is `shown`, are to select from; there must be one."""
        others = [aspect for aspect in aspects if aspect != shown][:MAX_CHOICES]
        options = [discord.SelectOption(label=choice_name(aspect), value=aspect.key) for aspect in others]
        placeholder = "Look at another aspect" if shown else "Look at an aspect"
        custom_id = f"tw:compare:aspect:{shown.key if shown else 'all'}"
        super().__init__(ui.Select(custom_id=custom_id, placeholder=placeholder, options=options))

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The select that was used: only what was selected in it counts."""
        return cls(())

    async def callback(self, interaction: Interaction) -> None:
        """Shows the aspect."""
        await handler(interaction).show_aspect(interaction, self.item.values[0])


ALL = (AllButton, AspectSelect)
