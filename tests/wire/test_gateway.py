"""The bot's life on the gateway: sessions, heartbeats, shards and broken connections, on real sockets in real time."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.client import Knowledge, Tunewise, serve
from bot.errors import StartupError
from knowledge.compare import Aspect
from knowledge.types import Answer, Citation
from tests.passing import PassingKnowledge
from tests.wire.discord_server import (
    INVALID_SESSION,
    MENTION,
    RECONNECT,
    TOKEN,
    built_for,
    discord_server,
    online,
    shown,
    work_done,
)

QUESTION = f"{MENTION} What does fine-tuning cost compared with prompt engineering?"
ANSWER = "Prompt engineering: Low"
HEARTBEAT_SECONDS = 0.05
# The design allows 50 ms. A machine of continuous integration may itself halt this process for longer, so the tests
# assert what even such a machine must keep; a model or a database on the event loop took 300 ms and more.
LONGEST_PAUSE_SECONDS = 0.25


async def test_it_gets_ready_and_tells_discord_its_commands_for_all_servers(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    async with discord_server() as discord, online(discord, knowledge, tmp_path) as bot:
        assert bot.is_ready()
        assert [guild.id for guild in bot.guilds] == discord.guilds
        (sync,) = discord.asked("PUT", "/applications/.*")
        assert sync.path == "/applications/4242/commands", "the address for commands of every server"
        assert {"ask", "help", "Ask about this message"} <= {command["name"] for command in discord.commands}


@pytest.mark.parametrize("slowly", [False, True], ids=["as ever", "slowly"])
async def test_heartbeats_keep_their_interval_while_twenty_questions_are_answered(
    knowledge: Knowledge, tmp_path: Path, slowly: bool
) -> None:
    async with (
        discord_server(heartbeat_seconds=HEARTBEAT_SECONDS) as discord,
        online(discord, SlowKnowledge(knowledge) if slowly else knowledge, tmp_path),
        pauses_of_the_event_loop() as pauses,
    ):
        (guild,) = discord.guilds
        heartbeats = discord.session(guild).heartbeats
        before = len(heartbeats)
        for message in [await discord.say(guild, QUESTION, person=person) for person in range(100, 120)]:
            await discord.reply(message)
        await work_done()
        await discord.until(lambda: len(heartbeats) > before + 20)
        counted = heartbeats[before:]
    gaps = [later - earlier for earlier, later in itertools.pairwise(counted)]
    assert all(ANSWER in shown(answer) for answer in discord.messages)
    assert len(discord.messages) == 20
    assert sum(gaps) > len(gaps) * HEARTBEAT_SECONDS - LONGEST_PAUSE_SECONDS
    assert max(gaps) < HEARTBEAT_SECONDS + LONGEST_PAUSE_SECONDS
    assert max(pauses) < LONGEST_PAUSE_SECONDS


async def test_a_broken_connection_is_resumed_and_what_was_missed_is_answered(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    async with discord_server() as discord, online(discord, knowledge, tmp_path):
        (guild,) = discord.guilds
        session = discord.session(guild)
        seen = len(session.events)
        missed = discord.message(guild, QUESTION)
        await discord.cut(guild, ("MESSAGE_CREATE", missed))
        assert ANSWER in shown(await discord.reply(missed))
        assert session.resumed_after == [seen]
        assert discord.sessions == [session], "a new session would have lost the message"


async def test_a_message_that_discord_delivers_again_is_answered_once(knowledge: Knowledge, tmp_path: Path) -> None:
    async with discord_server() as discord, online(discord, knowledge, tmp_path):
        (guild,) = discord.guilds
        message = await discord.say(guild, QUESTION)
        await discord.reply(message)
        other = discord.message(guild, QUESTION, person=8)
        await discord.cut(guild, ("MESSAGE_CREATE", message), ("MESSAGE_CREATE", other))
        await discord.reply(other)
        await work_done()
        assert len(discord.replies(message)) == len(discord.replies(other)) == 1
        assert len(discord.asked("POST", ".*/messages")) == 2


async def test_a_command_that_discord_delivers_again_is_answered_once(knowledge: Knowledge, tmp_path: Path) -> None:
    async with discord_server() as discord, online(discord, knowledge, tmp_path):
        (guild,) = discord.guilds
        command = await discord.use_command(guild, "ask", question=QUESTION)
        await discord.until(lambda: discord.asked("PATCH", "/webhooks/.*"))
        await discord.cut(guild, ("INTERACTION_CREATE", command))
        await discord.until(lambda: len(discord.asked("POST", "/interactions/.*")) == 2)
        await work_done()
        assert len(discord.asked("PATCH", "/webhooks/.*")) == 1
        assert discord.messages == []


@pytest.mark.parametrize(
    ("op", "resumable", "sessions"),
    [(RECONNECT, None, 1), (INVALID_SESSION, True, 1), (INVALID_SESSION, False, 2)],
    ids=["to another gateway", "to its session", "to a new session"],
)
async def test_it_comes_back_when_discord_asks_it_to(
    knowledge: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, op: int, resumable: bool, sessions: int
) -> None:
    monkeypatch.setattr(Tunewise, "before_identify_hook", at_once)
    async with discord_server() as discord, online(discord, knowledge, tmp_path):
        (guild,) = discord.guilds
        await discord.ask_to_come_back(guild, op, resumable)
        await discord.until(lambda: discord.session(guild).socket is not None)
        message = await discord.say(guild, QUESTION)
        assert ANSWER in shown(await discord.reply(message))
        assert len(discord.sessions) == sessions


async def test_two_shards_both_identify_and_each_answers_its_servers(
    knowledge: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tunewise, "before_identify_hook", at_once)
    async with discord_server(shards=2) as discord, online(discord, knowledge, tmp_path) as bot:
        assert sorted(session.shard for session in discord.sessions) == [0, 1]
        assert sorted(guild.id for guild in bot.guilds) == discord.guilds
        for guild in discord.guilds:
            message = await discord.say(guild, QUESTION, person=guild)
            assert ANSWER in shown(await discord.reply(message))


@pytest.mark.parametrize(
    ("code", "sentence"), [(4004, "refused the token"), (4014, "message content intent"), (4013, "4013")]
)
async def test_a_session_that_the_gateway_refuses_ends_the_start_with_a_sentence(
    knowledge: Knowledge, tmp_path: Path, code: int, sentence: str
) -> None:
    async with discord_server() as discord, built_for(discord, knowledge, tmp_path) as bot:
        discord.refuses_sessions_with = code
        with pytest.raises(StartupError, match=sentence):
            await serve(bot, TOKEN)


@dataclass
class SlowKnowledge(PassingKnowledge):
    """The real knowledge in threads so slow that each of them would show if it ran on the event loop."""

    def ask(self, question: str, after: Sequence[str] = ()) -> Answer:
        time.sleep(LONGEST_PAUSE_SECONDS)
        return self.real.ask(question, after)

    def explain(self, aspect: Aspect) -> tuple[Citation, ...]:
        time.sleep(LONGEST_PAUSE_SECONDS)
        return self.real.explain(aspect)

    def refresh(self) -> bool:
        time.sleep(LONGEST_PAUSE_SECONDS)
        return self.real.refresh()


async def at_once(_bot: Tunewise, _shard: int | None, *, initial: bool = False) -> None:
    """In place of the 5 seconds that discord.py leaves between two shards."""


@asynccontextmanager
async def pauses_of_the_event_loop() -> AsyncIterator[list[float]]:
    """How many seconds too late the event loop woke a watchdog, each time, while the block ran."""
    pauses: list[float] = []
    loop = asyncio.get_running_loop()

    async def watch() -> None:
        while True:
            asleep = loop.time()
            await asyncio.sleep(0.002)
            pauses.append(loop.time() - asleep - 0.002)

    watchdog = asyncio.create_task(watch())
    yield pauses
    watchdog.cancel()
    with suppress(asyncio.CancelledError):
        await watchdog
