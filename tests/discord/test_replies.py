"""What every feature shows: layouts with files, and messages that change in place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import discord
import pytest
import simcord
from discord import app_commands, ui
from discord.ext import commands

from bot.bootstrap import tunewise
from bot.client import Knowledge, Tunewise
from bot.records import Records
from bot.replies import Illustrated, InteractionReply
from bot.settings import Settings
from tests.discord.world import Server, buttons, shown

FILE = b"one,two\n"


class Probe(commands.Cog):
    """A command whose message has a file and buttons that change it."""

    def __init__(self, bot: Tunewise) -> None:
        self.bot = bot

    @app_commands.command()
    async def probe(self, interaction: discord.Interaction[Any]) -> None:
        """Shows the message."""
        await self.show(InteractionReply(interaction, private=False), "first", {"table.csv": FILE})

    @app_commands.command()
    async def slow(self, interaction: discord.Interaction[Any], private: bool) -> None:
        """Shows how far it is, works for longer than Discord lets an interaction live, and shows what came of it."""
        reply = InteractionReply(interaction, private=private)

        async def views() -> Sequence[ui.LayoutView]:
            await reply.show(ui.LayoutView(timeout=None).add_item(ui.TextDisplay("working")))
            await asyncio.sleep(16 * 60)
            return [ui.LayoutView(timeout=None).add_item(ui.TextDisplay(text)) for text in ("done", "and more")]

        await self.bot.respond(reply, views)

    async def show(self, reply: InteractionReply, text: str, files: dict[str, bytes]) -> None:
        async def views() -> Sequence[ui.LayoutView]:
            if text == "fail":
                raise RuntimeError(text)
            view = Illustrated(files).add_item(ui.TextDisplay(text))
            for name in files:
                view.add_item(ui.File(f"attachment://{name}"))
            row = ui.ActionRow[Any]()
            for label in ("second", "fail"):
                button = ui.Button[Any](label=label, custom_id=f"probe:{label}")
                row.add_item(button)
            return [view.add_item(row)]

        await self.bot.respond(reply, views)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        if interaction.type is discord.InteractionType.component:
            text = interaction.data["custom_id"].removeprefix("probe:")  # type: ignore[index, typeddict-item]
            await self.show(InteractionReply(interaction, private=False, in_place=True), text, {})


@pytest.fixture
async def simcord_bot(bot_settings: Settings, knowledge: Knowledge, records: Records) -> AsyncIterator[Tunewise]:
    async with tunewise(bot_settings, knowledge=knowledge, records=records, shard_count=1) as bot:
        await bot.add_cog(Probe(bot))
        yield bot


@pytest.fixture
async def probe(server: Server) -> simcord.ResponseMessage:
    result = await server.alice.slash(server.channel, "probe")
    assert result.response is not None
    return result.response


async def test_a_layout_brings_its_files(server: Server, probe: simcord.ResponseMessage) -> None:
    (message,) = server.answers
    assert [attachment.filename for attachment in message.attachments] == ["table.csv"]
    assert await message.attachments[0].read() == FILE


async def test_a_button_changes_its_own_message_and_the_files_go_with_the_old_one(
    server: Server, probe: simcord.ResponseMessage
) -> None:
    await server.alice.click(probe, label="second")

    (message,) = server.answers
    assert shown(message) == "second"
    assert message.attachments == []


async def test_a_button_that_fails_says_so_to_its_presser_and_leaves_its_message_to_be_pressed_again(
    server: Server, probe: simcord.ResponseMessage
) -> None:
    result = await server.alice.click(probe, label="fail")

    assert "not your fault" in shown(*result.followups)
    assert all(followup.ephemeral for followup in result.followups)
    (message,) = server.answers
    assert shown(message) == "first"
    assert buttons(message) == ["second", "fail"]


async def test_a_button_that_came_too_late_is_answered_by_a_message(
    server: Server, probe: simcord.ResponseMessage
) -> None:
    server.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062)

    await server.alice.click(probe, label="second")

    assert [shown(message).split("\n")[0] for message in server.answers] == ["first", "second"]


async def test_after_fifteen_minutes_the_bot_edits_its_message_itself(server: Server) -> None:
    result = await server.alice.slash(server.channel, "slow", private=False)
    assert shown(result.response) == "working"

    await server.env.advance_time(17 * 60)

    assert [shown(message) for message in server.answers] == ["done", "and more"]


async def test_after_fifteen_minutes_what_only_one_person_saw_goes_on_in_a_direct_message(server: Server) -> None:
    result = await server.alice.slash(server.channel, "slow", private=True)
    assert shown(result.response) == "working"

    await server.env.advance_time(17 * 60)

    told = sorted(server.alice.user.dm_channel.history(), key=lambda message: message.id)
    assert [shown(message) for message in told] == ["done", "and more"]
