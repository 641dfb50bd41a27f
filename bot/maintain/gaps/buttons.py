"""The buttons and the form of /knowledge gaps. Who presses them is checked where they lead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, Protocol, Self, cast

import discord
from discord import ui

from bot.maintain.buttons import Form

Button = ui.DynamicItem[ui.Button[Any]]
Interaction = discord.Interaction[Any]
Action = Literal["add", "off", "again", "covered", "undo", "tell", "golden"]
DraftAction = Literal["retry", "force"]

LABELS: dict[Action, str] = {
    "add": "Add knowledge…",
    "off": "Not our topic",
    "again": "Covered now, ask again",
    "covered": "Take it off the list",
    "undo": "Undo",
    "tell": "Tell who asked",
    "golden": "Propose as golden questions",
}
DRAFT_LABELS: dict[DraftAction, str] = {"retry": "Try again", "force": "Publish anyway…"}
PRIMARY = ("add", "tell", "covered")
MAX_FORM_TEXT = 4_000


class Handler(Protocol):
    """What happens when a button is pressed; the cog named Gaps does it."""

    async def act(self, interaction: Interaction, action: Action, gap_id: str, page: int) -> None:
        """Does `action` with a gap of the page."""

    async def act_on_draft(self, interaction: Interaction, action: DraftAction, gap_id: str, draft: str) -> None:
        """Does `action` with a document that was not published."""

    async def turn_page(self, interaction: Interaction, number: int) -> None:
        """Shows another page in place of this one."""


def handler(interaction: Interaction) -> Handler:
    """The cog of the bot that got `interaction`."""
    cog: Handler = interaction.client.get_cog("Gaps")
    return cog


class GapButton(
    Button, template=r"tw:gap:(?P<action>add|off|again|covered|undo|tell|golden):(?P<gap>[\w-]+):(?P<page>\d+)"
):
    """Does one thing with a gap."""

    def __init__(self, action: Action, gap_id: str, page: int = 0, *, label: str = "") -> None:
        """`gap_id` is the id of an answer to one of its questions, `page` the one that is shown."""
        style = discord.ButtonStyle.primary if action in PRIMARY else discord.ButtonStyle.secondary
        custom_id = f"tw:gap:{action}:{gap_id}:{page}"
        super().__init__(ui.Button(label=label or LABELS[action], style=style, custom_id=custom_id))
        self.action, self.gap_id, self.page = action, gap_id, page

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(cast(Action, match["action"]), match["gap"], int(match["page"]))

    async def callback(self, interaction: Interaction) -> None:
        """Does it."""
        await handler(interaction).act(interaction, self.action, self.gap_id, self.page)


class DraftButton(Button, template=r"tw:gap:draft:(?P<action>retry|force):(?P<gap>[\w-]+):(?P<draft>[a-z0-9-]+\.md)"):
    """Does one thing with a document that was not published."""

    def __init__(self, action: DraftAction, gap_id: str, draft: str) -> None:
        """`draft` is the draft's file name."""
        style = discord.ButtonStyle.danger if action == "force" else discord.ButtonStyle.secondary
        custom_id = f"tw:gap:draft:{action}:{gap_id}:{draft}"
        super().__init__(ui.Button(label=DRAFT_LABELS[action], style=style, custom_id=custom_id))
        self.action, self.gap_id, self.draft = action, gap_id, draft

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(cast(DraftAction, match["action"]), match["gap"], match["draft"])

    async def callback(self, interaction: Interaction) -> None:
        """Does it."""
        await handler(interaction).act_on_draft(interaction, self.action, self.gap_id, self.draft)


class GapPageButton(Button, template=r"tw:gap:page:(?P<number>\d+):(?P<side>[<>])"):
    """Turns to another page of gaps."""

    def __init__(self, number: int, side: str, *, disabled: bool = False) -> None:
        """`number` counts from 0; `side` is < or >, the direction that the button shows."""
        emoji = {"<": "◀️", ">": "▶️"}[side]
        super().__init__(ui.Button(emoji=emoji, custom_id=f"tw:gap:page:{number}:{side}", disabled=disabled))
        self.number, self.side = number, side

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(int(match["number"]), match["side"])

    async def callback(self, interaction: Interaction) -> None:
        """Turns the page."""
        await handler(interaction).turn_page(interaction, self.number)


class AddForm(Form):
    """Asks for a document that closes a gap."""

    def __init__(self, gap_id: str, questions: Sequence[str]) -> None:
        """`questions` are those of the gap; the maintainer may reword them."""
        super().__init__(title="Add knowledge", custom_id=f"tw:gap:form:{gap_id}", timeout=900)
        paragraph = discord.TextStyle.paragraph
        listed = "\n".join(questions)
        inputs: list[tuple[str, str, ui.Item[Any]]] = [
            ("Title", "What the document is about.", ui.TextInput(custom_id="title", max_length=100)),
            (
                "Text",
                "Markdown, in sentences that make sense alone: they are quoted. Or upload a file below.",
                ui.TextInput(custom_id="text", style=paragraph, required=False, max_length=MAX_FORM_TEXT),
            ),
            ("File", "Markdown, text, HTML, PDF or DOCX.", ui.FileUpload(custom_id="file", required=False)),
            (
                "Source",
                "Where readers can check it; it is kept in the document.",
                ui.TextInput(custom_id="source", required=False, max_length=300),
            ),
            (
                "Questions that it answers, one a line",
                "They are searched, and one may be shown as a suggestion. Reword what is private.",
                ui.TextInput(
                    custom_id="questions",
                    style=paragraph,
                    required=False,
                    max_length=MAX_FORM_TEXT,
                    default=listed[:MAX_FORM_TEXT].rpartition("\n")[0] if len(listed) > MAX_FORM_TEXT else listed,
                ),
            ),
        ]
        for text, description, component in inputs:
            self.add_item(ui.Label(text=text, description=description, component=component))


ALL = (GapButton, DraftButton, GapPageButton)
