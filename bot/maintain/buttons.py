"""The buttons and the modal of /knowledge that change the index. Who presses them is checked where they lead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, Protocol, Self, cast

import discord
from discord import ui

Button = ui.DynamicItem[ui.Button[Any]]
Interaction = discord.Interaction[Any]
Page = Literal["documents", "log"]

MAX_REASON = 300


class Handler(Protocol):
    """What happens when a button is pressed; the cog named Maintain does it."""

    async def cancel(self, interaction: Interaction, run_id: str) -> None:
        """Ends the work of a run."""

    async def ask_for_reason(self, interaction: Interaction) -> None:
        """Asks why a version that answers worse is to be published."""

    async def roll_back(self, interaction: Interaction, version: str) -> None:
        """Publishes an older version."""

    async def turn_page(self, interaction: Interaction, page: Page, number: int) -> None:
        """Shows another page in place of this one."""

    async def dismiss(self, interaction: Interaction) -> None:
        """Leaves everything as it is."""


def handler(interaction: Interaction) -> Handler:
    """The cog of the bot that got `interaction`."""
    cog: Handler = interaction.client.get_cog("Maintain")
    return cog


class CancelButton(Button, template=r"tw:know:cancel:(?P<run>[0-9a-f]+)"):
    """Ends the work whose progress the message shows."""

    def __init__(self, run_id: str) -> None:
        """`run_id` is that of `bot.maintain.runs.Run`."""
        super().__init__(ui.Button(label="Cancel", custom_id=f"tw:know:cancel:{run_id}"))
        self.run_id = run_id

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(match["run"])

    async def callback(self, interaction: Interaction) -> None:
        """Cancels."""
        await handler(interaction).cancel(interaction, self.run_id)


class PublishAnywayButton(Button, template=r"tw:know:force"):
    """Publishes what the gate refused, for a reason that is asked for."""

    def __init__(self) -> None:
        super().__init__(
            ui.Button(label="Publish anyway…", style=discord.ButtonStyle.danger, custom_id="tw:know:force")
        )

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls()

    async def callback(self, interaction: Interaction) -> None:
        """Asks for the reason."""
        await handler(interaction).ask_for_reason(interaction)


class RollBackButton(Button, template=r"tw:know:rollback:(?P<version>[\w.-]+)"):
    """Publishes the version that the message describes."""

    def __init__(self, version: str) -> None:
        """`version` is a version's name."""
        super().__init__(
            ui.Button(label="Roll back", style=discord.ButtonStyle.danger, custom_id=f"tw:know:rollback:{version}")
        )
        self.version = version

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(match["version"])

    async def callback(self, interaction: Interaction) -> None:
        """Rolls back."""
        await handler(interaction).roll_back(interaction, self.version)


class DismissButton(Button, template=r"tw:know:dismiss"):
    """Leaves everything as it is."""

    def __init__(self) -> None:
        super().__init__(ui.Button(label="Leave it", custom_id="tw:know:dismiss"))

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls()

    async def callback(self, interaction: Interaction) -> None:
        """Takes the question away."""
        await handler(interaction).dismiss(interaction)


class PageButton(Button, template=r"tw:know:(?P<page>documents|log):(?P<number>\d+):(?P<side>[<>])"):
    """Turns to another page."""

    def __init__(self, page: Page, number: int, side: str, *, disabled: bool = False) -> None:
        """`number` counts from 0; `side` is < or >, the direction that the button shows."""
        emoji = {"<": "◀️", ">": "▶️"}[side]
        custom_id = f"tw:know:{page}:{number}:{side}"
        super().__init__(ui.Button(emoji=emoji, custom_id=custom_id, disabled=disabled))
        self.page, self.number, self.side = page, number, side

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(cast(Page, match["page"]), int(match["number"]), match["side"])

    async def callback(self, interaction: Interaction) -> None:
        """Turns the page."""
        await handler(interaction).turn_page(interaction, self.page, self.number)


class Form(ui.Modal):
    """A modal that a cog's listener answers, so that one outlives a restart and any process can take it."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """False: the listener reads the values from the interaction, `submitted` does."""
        return False


class ReasonForm(Form):
    """Asks why something is published that answers worse."""

    def __init__(self, custom_id: str) -> None:
        """`custom_id` says to the listener what is to be published."""
        super().__init__(title="Publish although it answers worse", custom_id=custom_id, timeout=900)
        self.add_item(
            ui.Label(
                text="Why?",
                description="It is recorded with your id, in the version and in /knowledge log.",
                component=ui.TextInput(custom_id="reason", max_length=MAX_REASON, style=discord.TextStyle.paragraph),
            )
        )


def submitted(interaction: Interaction) -> tuple[str, dict[str, str], list[Mapping[str, Any]]]:
    """Of a submitted modal: its custom id, the text of each input by custom id, and the files, as Discord sends them.

    Empty for any other interaction.
    """
    data: Mapping[str, Any] = interaction.data or {}
    if interaction.type is not discord.InteractionType.modal_submit:
        return "", {}, []
    texts: dict[str, str] = {}
    for label in data.get("components", ()):
        component = label.get("component", {})
        if "value" in component:
            texts[component["custom_id"]] = component["value"]
    return data.get("custom_id", ""), texts, list(data.get("resolved", {}).get("attachments", {}).values())


ALL = (CancelButton, PublishAnywayButton, RollBackButton, DismissButton, PageButton)
