"""The buttons of an interview. Their `custom_id` holds all of it, so neither a restart nor another shard breaks one."""

from __future__ import annotations

import re
from typing import Any, Literal, Protocol, Self

import discord
from discord import ui

Interaction = discord.Interaction[Any]

Action = Literal["answer", "ask", "back", "start_over", "go_on", "finish", "share", "reasons"]
LETTERS: dict[Action, str] = {
    "answer": "a",
    "ask": "q",
    "back": "b",
    "start_over": "s",
    "go_on": "g",
    "finish": "f",
    "share": "p",
    "reasons": "r",
}
ACTIONS: dict[str, Action] = {letter: action for action, letter in LETTERS.items()}
STATE = r"(?P<state>[\w-]{6}:[0-9a-z]+:[0-9a-z][\w-]*)"


class InterviewHandler(Protocol):
    """What happens when a button is pressed; the cog named Recommend does it."""

    async def pressed(self, interaction: Interaction, action: Action, state: str, argument: str) -> None:
        """Goes on with the interview that `state` is."""

    async def start(self, interaction: Interaction) -> None:
        """Begins an interview with the person who pressed."""


def handler(interaction: Interaction) -> InterviewHandler:
    """The cog of the bot that got `interaction`."""
    cog: InterviewHandler = interaction.client.get_cog("Recommend")
    return cog


class InterviewButton(
    ui.DynamicItem[ui.Button[Any]], template=rf"tw:rec:(?P<action>[aqbsgfpr]):{STATE}(?::(?P<argument>[\w-]*))?"
):
    """A step of an interview: an answer, Back, and so on. An answer's argument is its code."""

    def __init__(
        self,
        action: Action,
        state: str,
        label: str,
        *,
        argument: str = "",
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        disabled: bool = False,
    ) -> None:
        """`state` is the encoded interview before the step."""
        custom_id = f"tw:rec:{LETTERS[action]}:{state}" + (f":{argument}" if argument else "")
        super().__init__(ui.Button(label=label, style=style, disabled=disabled, custom_id=custom_id))
        self.action, self.state, self.argument = action, state, argument

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(ACTIONS[match["action"]], match["state"], "", argument=match["argument"] or "")

    async def callback(self, interaction: Interaction) -> None:
        """Takes the step."""
        await handler(interaction).pressed(interaction, self.action, self.state, self.argument)


class InterviewSelect(ui.DynamicItem[ui.Select[Any]], template=rf"tw:recs:(?P<action>[aq]):{STATE}"):
    """Chooses an answer from many, or the question whose answer is to change; each value is a code."""

    def __init__(self, action: Action, state: str, placeholder: str, options: list[discord.SelectOption]) -> None:
        """`state` is the encoded interview before the step."""
        super().__init__(
            ui.Select(custom_id=f"tw:recs:{LETTERS[action]}:{state}", placeholder=placeholder, options=options)
        )
        self.action, self.state = action, state

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The select that was used."""
        return cls(ACTIONS[match["action"]], match["state"], "", [])

    async def callback(self, interaction: Interaction) -> None:
        """Takes the step."""
        await handler(interaction).pressed(interaction, self.action, self.state, self.item.values[0])


class DecideButton(ui.DynamicItem[ui.Button[Any]], template=r"tw:decide"):
    """Begins an interview with whoever presses it."""

    def __init__(self, label: str = "Help me decide") -> None:
        """A button that may stand under any message."""
        super().__init__(ui.Button(label=label, custom_id="tw:decide"))

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls()

    async def callback(self, interaction: Interaction) -> None:
        """Begins."""
        await handler(interaction).start(interaction)


ALL = (InterviewButton, InterviewSelect, DecideButton)
