"""What becomes of an answer when Discord's API refuses, delays or fails, on real sockets in real time."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.client import Knowledge, serve
from bot.errors import StartupError
from bot.settings import Settings
from tests.conftest import ROOT
from tests.wire.discord_server import (
    HANG_UP,
    MENTION,
    SECONDS_TO_WAIT,
    TOKEN,
    UNKNOWN_INTERACTION,
    DiscordServer,
    Fault,
    built_for,
    channel_of,
    direct_channel_of,
    discord_server,
    online,
    rate_limit,
    server_error,
    shown,
    work_done,
)

PERSON = 7
QUESTION = "What does fine-tuning cost compared with prompt engineering?"
ANSWER = "Prompt engineering: Low"
SENDING = "/channels/[0-9]+/messages"
ALWAYS = 1_000
AN_HOUR = 3600.0


async def test_a_slash_command_is_deferred_and_answered(knowledge: Knowledge, tmp_path: Path) -> None:
    async with discord_server() as discord, online(discord, knowledge, tmp_path):
        await discord.use_command(discord.guilds[0], "ask", question=QUESTION)
        (answer,) = await discord.until(lambda: discord.asked("PATCH", "/webhooks/.*"))
        assert ANSWER in shown(answer.body)
        assert [callback.body["type"] for callback in discord.asked("POST", "/interactions/.*")] == [5]


@pytest.mark.parametrize(
    "fault",
    [rate_limit(0.2), server_error(), server_error(done=True)],
    ids=["rate limit", "server error", "server error after the message was sent"],
)
async def test_an_answer_that_discord_does_not_take_at_once_arrives_exactly_once(
    knowledge: Knowledge, tmp_path: Path, fault: Fault
) -> None:
    async with discord_server() as discord, online(discord, knowledge, tmp_path):
        discord.fail("POST", SENDING, fault)
        message = await discord.say(discord.guilds[0], f"{MENTION} {QUESTION}")
        await discord.until(lambda: len(discord.asked("POST", SENDING)) == 2)
        await work_done()
        (reply,) = discord.replies(message)
        assert discord.messages == [reply]
        assert ANSWER in shown(reply)
        assert [request.status for request in discord.asked("POST", SENDING)] == [fault.status, 200]


@pytest.mark.parametrize("seconds", [AN_HOUR, 0.01], ids=["longer than the limit", "again and again"])
async def test_a_rate_limit_without_end_is_told_in_a_direct_message_and_one_log_line(
    knowledge: Knowledge, tmp_path: Path, seconds: float
) -> None:
    async with discord_server() as discord, online(discord, knowledge, tmp_path):
        (guild,) = discord.guilds
        discord.fail("POST", f"/channels/{channel_of(guild)}/messages", rate_limit(seconds), times=ALWAYS)
        with capture_logs() as log:
            await discord.say(guild, f"{MENTION} {QUESTION}", person=PERSON)
            await discord.until(lambda: discord.asked("POST", ".*/typing"))
            await work_done()
        (failure,) = [line for line in log if line["log_level"] == "error"]
        (apology,) = discord.messages
        assert apology["channel_id"] == str(direct_channel_of(PERSON))
        assert failure["id"] in shown(apology)


@pytest.mark.parametrize("fault", [rate_limit(AN_HOUR), HANG_UP], ids=["rate limit", "broken connection"])
async def test_when_nothing_can_be_sent_a_question_ends_in_log_lines_rather_than_a_hang(
    knowledge: Knowledge, tmp_path: Path, fault: Fault
) -> None:
    async with discord_server() as discord, online(discord, knowledge, tmp_path):
        discord.fail("POST", ".*", fault, times=ALWAYS)
        with capture_logs() as log:
            await discord.say(discord.guilds[0], f"{MENTION} {QUESTION}")
            await discord.until(lambda: discord.asked("POST", ".*/typing"))
            await work_done()
        problems = [line["event"] for line in log if line["log_level"] != "info"]
        assert problems == ["answer_failed", "apology_not_delivered"]
        assert discord.messages == []


@pytest.mark.parametrize("fault", [rate_limit(AN_HOUR), HANG_UP], ids=["rate limit", "broken connection"])
async def test_an_answer_is_given_though_typing_cannot_be_shown(
    knowledge: Knowledge, tmp_path: Path, fault: Fault
) -> None:
    async with discord_server() as discord, online(discord, knowledge, tmp_path):
        discord.fail("POST", ".*/typing", fault)
        message = await discord.say(discord.guilds[0], f"{MENTION} {QUESTION}")
        await discord.until(lambda: discord.asked("POST", ".*/typing"))
        await work_done()
        (reply,) = discord.replies(message)
        assert ANSWER in shown(reply)


async def test_an_interaction_that_expired_is_answered_in_the_channel(knowledge: Knowledge, tmp_path: Path) -> None:
    async with discord_server() as discord, online(discord, knowledge, tmp_path):
        (guild,) = discord.guilds
        discord.fail("POST", "/interactions/.*", UNKNOWN_INTERACTION)
        await discord.use_command(guild, "ask", question=QUESTION)
        await discord.until(lambda: discord.messages)
        await work_done()
        (answer,) = discord.messages
        assert answer["channel_id"] == str(channel_of(guild))
        assert ANSWER in shown(answer)
        assert "Discord had stopped waiting" in shown(answer)


async def test_a_refused_token_is_an_error_that_says_where_to_get_another(knowledge: Knowledge, tmp_path: Path) -> None:
    async with discord_server() as discord, built_for(discord, knowledge, tmp_path) as bot:
        with pytest.raises(StartupError, match=r"refused the token.*Reset Token"):
            await serve(bot, TOKEN[::-1])
        assert discord.sessions == []


@pytest.mark.parametrize("path", ["/users/@me", "/gateway/bot"])
@pytest.mark.parametrize("fault", [rate_limit(AN_HOUR), Fault(503, {"message": "down", "code": 0})], ids=["429", "503"])
async def test_a_start_that_discord_does_not_allow_is_an_error_in_a_sentence(
    knowledge: Knowledge, tmp_path: Path, path: str, fault: Fault
) -> None:
    async with discord_server() as discord, built_for(discord, knowledge, tmp_path) as bot:
        discord.fail("GET", path, fault)
        with pytest.raises(StartupError, match="Discord"):
            await serve(bot, TOKEN)


async def test_the_command_run_ends_with_status_1_and_one_sentence_when_the_token_is_refused(
    settings: Settings, tmp_path: Path
) -> None:
    async with discord_server() as discord, running_process(discord, settings, tmp_path, token=TOKEN[::-1]) as process:
        async with asyncio.timeout(SECONDS_TO_WAIT):
            output, errors = await process.communicate()
        sentences = [line for line in errors.decode().splitlines() if not is_log_line(line)]
        assert process.returncode == 1
        assert output == b""
        assert len(sentences) == 1, sentences
        assert sentences[0].startswith("Discord refused the token.")
        assert b"Traceback" not in errors


async def test_sigterm_ends_the_command_run_within_seconds_with_status_0(settings: Settings, tmp_path: Path) -> None:
    async with discord_server() as discord, running_process(discord, settings, tmp_path, token=TOKEN) as process:
        await discord.until(lambda: discord.sessions)
        await discord.reply(await discord.say(discord.guilds[0], f"{MENTION} {QUESTION}"))
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            _, errors = await process.communicate()
        assert process.returncode == 0
        assert all(is_log_line(line) for line in errors.decode().splitlines())
        assert b"Traceback" not in errors


def is_log_line(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


@asynccontextmanager
async def running_process(
    discord: DiscordServer, settings: Settings, tmp_path: Path, *, token: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m bot run` of somebody who has indexed the documents and set what leads to `discord`."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DISCORD_TOKEN": token,
        "DISCORD_API_URL": discord.address,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'records.sqlite'}",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run"),
        cwd=tmp_path,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
