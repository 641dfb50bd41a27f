"""The selects of /settings. Their `custom_id` says what they choose and where, so a restart breaks none."""

from __future__ import annotations

import re
from typing import Any, Protocol, Self

import discord
from discord import ui

from bot.records.servers import WHOLE_SERVER

Interaction = discord.Interaction[Any]

AS_THE_SERVER = "server"  # the value of "nothing chosen here"
CHANNEL_TYPES = [discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.forum]


class SettingsHandler(Protocol):
    """What happens when something is chosen; the cog named Settings does it."""

    async def choose(self, interaction: Interaction, channel_id: int, kind: str, value: str | None) -> None:
        """Keeps a choice for a channel or the whole server, and shows what counts now."""

    async def show(self, interaction: Interaction, channel_id: int) -> None:
        """Shows what counts in a channel or the whole server."""


def handler(interaction: Interaction) -> SettingsHandler:
    """The cog of the bot that got `interaction`."""
    cog: SettingsHandler = interaction.client.get_cog("Settings")
    return cog


class ChoiceSelect(ui.DynamicItem[ui.Select[Any]], template=r"tw:settings:(?P<kind>[a-z]+):(?P<channel>\d+)"):
    """Chooses one preference of a channel, or of the whole server."""

    def __init__(self, kind: str, channel_id: int, options: list[discord.SelectOption]) -> None:
        """`kind` is a field of Preferences; an option's value is AS_THE_SERVER or what the field holds."""
        super().__init__(ui.Select(custom_id=f"tw:settings:{kind}:{channel_id}", options=options))
        self.kind, self.channel_id = kind, channel_id

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The select that was used."""
        return cls(match["kind"], int(match["channel"]), item.options if isinstance(item, ui.Select) else [])

    async def callback(self, interaction: Interaction) -> None:
        """Keeps the choice."""
        value = next(iter(self.item.values), AS_THE_SERVER)
        await handler(interaction).choose(
            interaction, self.channel_id, self.kind, None if value == AS_THE_SERVER else value
        )


class ChannelSelect(ui.DynamicItem[ui.ChannelSelect[Any]], template=r"tw:settings:channel"):
    """Opens the settings of one channel."""

    def __init__(self, placeholder: str = "") -> None:
        """`placeholder` is shown while nothing is chosen."""
        super().__init__(
            ui.ChannelSelect(
                custom_id="tw:settings:channel", channel_types=CHANNEL_TYPES, placeholder=placeholder or None
            )
        )

    @classmethod
    async def from_custom_id(cls, _: Interaction, _item: ui.Item[Any], _match: re.Match[str], /) -> Self:
        """The select that was used."""
        return cls()

    async def callback(self, interaction: Interaction) -> None:
        """Opens them."""
        await handler(interaction).show(interaction, self.item.values[0].id)


class BackButton(ui.DynamicItem[ui.Button[Any]], template=r"tw:settings:back"):
    """Goes back to the settings of the whole server."""

    def __init__(self, label: str = "") -> None:
        """`label` is what it shows."""
        super().__init__(ui.Button(custom_id="tw:settings:back", label=label or "Back"))

    @classmethod
    async def from_custom_id(cls, _: Interaction, _item: ui.Item[Any], _match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls()

    async def callback(self, interaction: Interaction) -> None:
        """Goes back."""
        await handler(interaction).show(interaction, WHOLE_SERVER)


ALL = (ChoiceSelect, ChannelSelect, BackButton)
