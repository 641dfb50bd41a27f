"""What /help shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from discord import app_commands, ui

from bot.ask.layout import GREEN

TITLE = "**What I can do**"
ABOUT = (
    "I answer questions about prompt engineering and fine-tuning from documents, in their own words. Every"
    " statement carries a marker such as [1], and **Sources** shows the passage that it comes from. What the"
    " documents do not cover, I do not answer."
)
OTHER_WAYS = """**Other ways to ask**
- Mention me in a message, or reply to one of mine.
- Write me a direct message.
- Go on from an answer: reply to it or press **Follow up**. "and which is cheaper?" is enough."""


def overview(
    commands: Iterable[app_commands.Command[Any, Any, Any]],
    menus: Iterable[app_commands.ContextMenu],
    command_ids: Mapping[str, int],
) -> ui.LayoutView:
    """Every command with its description, then the ways to ask that need no command.

    `command_ids` are Discord's ids by name; a command that has one can be clicked.
    """
    listed = "\n".join(f"- {_name(command, command_ids)} {command.description}" for command in commands)
    ways = "\n".join([OTHER_WAYS, *(f"- Open the menu of a message, Apps, **{menu.name}**." for menu in menus)])
    texts = [TITLE, ABOUT, f"**Commands**\n{listed}", ways]
    return ui.LayoutView(timeout=None).add_item(
        ui.Container(*(ui.TextDisplay(text) for text in texts), accent_colour=GREEN)
    )


def _name(command: app_commands.Command[Any, Any, Any], command_ids: Mapping[str, int]) -> str:
    root = (command.root_parent or command).name
    name = command.qualified_name
    return f"</{name}:{command_ids[root]}>" if root in command_ids else f"`/{name}`"
