"""The buttons under answers. Their `custom_id` holds all that they need, so a restart breaks none."""

from __future__ import annotations

import re
from typing import Any, Literal, Protocol, Self

import discord
from discord import ui

from bot.records.servers import Language
from bot.texts import translated

Button = ui.DynamicItem[ui.Button[Any]]
Interaction = discord.Interaction[Any]

VoteDirection = Literal["up", "down"]
VOTE_EMOJI: dict[VoteDirection, str] = {"up": "👍", "down": "👎"}
MAX_LABEL = 80
MAX_FOLLOW_UP = 1_000


class ButtonHandler(Protocol):
    """What happens when a button is pressed; the cog named Ask does it."""

    async def ask_suggestion(self, interaction: Interaction, answer_id: str, number: int) -> None:
        """Asks the numbered suggestion of an abstention."""

    async def ask_example(self, interaction: Interaction, question: str) -> None:
        """Asks an example question."""

    async def show_sources(self, interaction: Interaction, answer_id: str) -> None:
        """Shows the quoted passages of an answer."""

    async def open_follow_up(self, interaction: Interaction) -> None:
        """Opens the form for a question that goes on from the answer."""

    async def follow_up(self, interaction: Interaction, question: str) -> None:
        """Asks a question that goes on from the answer whose button was pressed."""

    async def vote(self, interaction: Interaction, answer_id: str, direction: VoteDirection) -> None:
        """Counts a vote on an answer."""

    async def tell_me(self, interaction: Interaction, answer_id: str) -> None:
        """Promises to tell the person once the question of an abstention is covered, or takes that back."""


def handler(interaction: Interaction) -> ButtonHandler:
    """The cog of the bot that got `interaction`."""
    cog: ButtonHandler = interaction.client.get_cog("Ask")
    return cog


class AskButton(Button, template=r"tw:ask:(?P<answer>[\w-]+):(?P<number>\d+)"):
    """Asks a question that an abstention suggested."""

    def __init__(self, answer_id: str, number: int, label: str) -> None:
        """`number` counts the answer's suggestions from 0."""
        super().__init__(ui.Button(label=label, custom_id=f"tw:ask:{answer_id}:{number}"))
        self.answer_id, self.number = answer_id, number

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(match["answer"], int(match["number"]), _label(item))

    async def callback(self, interaction: Interaction) -> None:
        """Asks the question."""
        await handler(interaction).ask_suggestion(interaction, self.answer_id, self.number)


class ExampleButton(Button, template=r"tw:example:(?P<number>\d+)"):
    """Asks the question that it shows."""

    def __init__(self, number: int, question: str) -> None:
        """`number` only tells the buttons of one message apart."""
        super().__init__(ui.Button(label=question, custom_id=f"tw:example:{number}"))
        self.question = question

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(int(match["number"]), _label(item))

    async def callback(self, interaction: Interaction) -> None:
        """Asks the question."""
        await handler(interaction).ask_example(interaction, self.question)


class SourcesButton(Button, template=r"tw:sources:(?P<answer>[\w-]+)"):
    """Shows the quoted passages to the person who presses it."""

    def __init__(self, answer_id: str) -> None:
        """`answer_id` is the records' id of the answer."""
        super().__init__(
            ui.Button(label="Sources", style=discord.ButtonStyle.primary, custom_id=f"tw:sources:{answer_id}")
        )
        self.answer_id = answer_id

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(match["answer"])

    async def callback(self, interaction: Interaction) -> None:
        """Shows the sources."""
        await handler(interaction).show_sources(interaction, self.answer_id)


class FollowUpButton(Button, template=r"tw:follow-up"):
    """Opens a form for a question that goes on from the answer."""

    def __init__(self) -> None:
        """The button needs nothing but the message that it is on."""
        super().__init__(ui.Button(label="Follow up", custom_id="tw:follow-up"))

    @classmethod
    async def from_custom_id(cls, _: Interaction, _item: ui.Item[Any], _match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls()

    async def callback(self, interaction: Interaction) -> None:
        """Opens the form."""
        await handler(interaction).open_follow_up(interaction)


class FollowUpForm(ui.Modal):
    """Asks for the next question. Its fixed ids let a bot that was restarted in between receive it."""

    def __init__(self, language: Language = "en") -> None:
        """An empty form, its own texts in `language`."""
        super().__init__(title=translated("Follow up", language), timeout=None, custom_id="tw:follow-up-form")
        self.question = ui.TextInput[Any](
            style=discord.TextStyle.paragraph,
            placeholder="and which is cheaper?",
            custom_id="tw:follow-up-question",
            max_length=MAX_FOLLOW_UP,
        )
        label = translated("What else do you want to know?", language)
        self.add_item(ui.Label(text=label, component=self.question))

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Asks the question."""
        await handler(interaction).follow_up(interaction, self.question.value)


class VoteButton(Button, template=r"tw:vote:(?P<answer>[\w-]+):(?P<direction>up|down)"):
    """Says whether the answer helped."""

    def __init__(self, answer_id: str, direction: VoteDirection) -> None:
        """`answer_id` is the records' id of the answer."""
        super().__init__(ui.Button(emoji=VOTE_EMOJI[direction], custom_id=f"tw:vote:{answer_id}:{direction}"))
        self.answer_id, self.direction = answer_id, direction

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(match["answer"], "up" if match["direction"] == "up" else "down")

    async def callback(self, interaction: Interaction) -> None:
        """Counts the vote."""
        await handler(interaction).vote(interaction, self.answer_id, self.direction)


class TellMeButton(Button, template=r"tw:tell:(?P<answer>[\w-]+)"):
    """Asks to be told when the documents cover the question."""

    def __init__(self, answer_id: str) -> None:
        """`answer_id` is the records' id of the abstention."""
        super().__init__(ui.Button(label="Tell me when you know", emoji="🔔", custom_id=f"tw:tell:{answer_id}"))
        self.answer_id = answer_id

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(match["answer"])

    async def callback(self, interaction: Interaction) -> None:
        """Subscribes, or takes the subscription back."""
        await handler(interaction).tell_me(interaction, self.answer_id)


def _label(item: ui.Item[Any]) -> str:
    return (item.label or "") if isinstance(item, ui.Button) else ""


ALL = (AskButton, ExampleButton, SourcesButton, FollowUpButton, TellMeButton, VoteButton)
