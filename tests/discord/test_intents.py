"""The bot asks for no privileged intent, unless it reads whole channels, and pings nobody whatever it writes."""

from __future__ import annotations

import json

import discord
import pytest

from bot.bootstrap import tunewise
from bot.client import Knowledge, Tunewise
from bot.records import Records
from bot.settings import Settings
from tests.discord.world import COVERED, NOT_COVERED, Server, shown

PRIVILEGED = {"members", "presences", "message_content"}


async def intents(bot_settings: Settings, knowledge: Knowledge, records: Records) -> set[str]:
    """What the bot that bootstrap builds asks Discord for."""
    async with tunewise(bot_settings, knowledge=knowledge, records=records) as bot:
        return {name for name, wanted in bot.intents if wanted}


async def test_no_privileged_intent_by_default(bot_settings: Settings, knowledge: Knowledge, records: Records) -> None:
    assert await intents(bot_settings, knowledge, records) & PRIVILEGED == set()


async def test_no_more_than_servers_and_messages(
    bot_settings: Settings, knowledge: Knowledge, records: Records
) -> None:
    assert await intents(bot_settings, knowledge, records) == {"guilds", "guild_messages", "dm_messages"}


@pytest.mark.parametrize("bot_settings", [{"message_content_intent": True}], indirect=True)
async def test_the_content_of_messages_only_where_the_operator_says_so(
    bot_settings: Settings, knowledge: Knowledge, records: Records
) -> None:
    assert await intents(bot_settings, knowledge, records) & PRIVILEGED == {"message_content"}


async def test_the_bot_pings_nobody_by_default(bot_settings: Settings, knowledge: Knowledge, records: Records) -> None:
    async with tunewise(bot_settings, knowledge=knowledge, records=records) as bot:
        assert bot.allowed_mentions is not None
        assert bot.allowed_mentions.to_dict() == discord.AllowedMentions.none().to_dict()
        assert bot.allowed_mentions.to_dict()["parse"] == []


async def test_whatever_a_person_writes_the_bots_messages_tell_discord_to_ping_nobody(server: Server) -> None:
    await server.alice.send(server.channel, f"{server.bot} {COVERED}")
    await server.alice.slash(server.channel, "ask", question=f"{NOT_COVERED} @everyone {server.bob.user.mention}")
    await server.alice.send_dm("hello")

    written = [
        entry.json for entry in server.env.http_requests if entry.json and "components" in json.dumps(entry.json)
    ]
    bodies = [body.get("data") or body for body in written if isinstance(body, dict)]
    messages = [body for body in bodies if "components" in body]
    assert len(messages) == 3
    for message in messages:
        assert message["allowed_mentions"]["parse"] == []
        assert not message["allowed_mentions"].get("replied_user")


async def test_a_message_that_is_not_for_the_bot_reaches_it_without_its_content(
    server: Server, simcord_bot: Tunewise
) -> None:
    read: list[str] = []

    async def on_message(message: discord.Message) -> None:
        read.append(message.content)

    simcord_bot.add_listener(on_message)
    await server.alice.send(server.channel, COVERED)
    assert read == [""]
    assert server.answers == []

    await server.alice.send(server.channel, f"{server.bot} {COVERED}")
    assert "[1]" in shown(*server.answers)
