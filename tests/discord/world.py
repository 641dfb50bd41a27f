"""The world of these tests: a Discord server with the bot and two people, and what a person reads there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord
import simcord
from discord import ui

COVERED = "What does fine-tuning cost compared with prompt engineering?"
NOT_COVERED = "How do I fine-tune my guitar?"


@dataclass(frozen=True)
class Server:
    """A Discord server with the bot, a channel and two people."""

    env: simcord.Env
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    alice: simcord.MemberActor
    bob: simcord.MemberActor

    @property
    def bot(self) -> str:
        """How the bot is mentioned."""
        user = self.env.bot.user
        assert user is not None
        return user.mention

    @property
    def answers(self) -> list[discord.Message]:
        """What the bot wrote in the channel, the oldest first."""
        messages = [m for m in self.channel.history() if m.author == self.env.bot.user]
        return sorted(messages, key=lambda message: message.id)


async def pass_time(server: Server, minutes: float) -> None:
    """Lets so much time go by, without the refreshes of the knowledge in it, which take real time."""
    server.env.bot.refresh_knowledge.cancel()  # type: ignore[attr-defined]
    await server.env.advance_time(minutes * 60)


def shown(*messages: discord.Message | simcord.ResponseMessage | None) -> str:
    """All the text that a person reads in the messages."""
    return "\n".join(
        item.content for message in messages for item in _items(message) if isinstance(item, ui.TextDisplay)
    )


def buttons(message: discord.Message | simcord.ResponseMessage | None) -> list[str]:
    """The labels, or emoji, of the message's buttons."""
    return [item.label or str(item.emoji) for item in _items(message) if isinstance(item, ui.Button)]


def custom_id(message: discord.Message | simcord.ResponseMessage | None, label: str) -> str:
    """The custom id of the button with this label or emoji."""
    (found,) = [
        item.custom_id
        for item in _items(message)
        if isinstance(item, ui.Button) and label in {item.label, str(item.emoji)}
    ]
    assert found is not None
    return found


def custom_ids(message: discord.Message | simcord.ResponseMessage | None, prefix: str) -> list[str]:
    """The custom ids of the buttons whose custom id begins with `prefix`, from top to bottom."""
    found = (item.custom_id or "" for item in _items(message) if isinstance(item, ui.Button))
    return [custom_id for custom_id in found if custom_id.startswith(prefix)]


def _items(message: discord.Message | simcord.ResponseMessage | None) -> list[ui.Item[Any]]:
    assert message is not None, "there is no message"
    real = message.message if isinstance(message, simcord.ResponseMessage) else message
    return list(ui.LayoutView.from_message(real).walk_children())
