"""`python -m bot`: what is wrong ends in one sentence and the right exit status."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import discord
import pytest

from bot import __main__ as command_line
from bot.client import Knowledge, Tunewise, serve
from bot.errors import StartupError
from bot.records import Records
from bot.server.preferences import ServerPreferences


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No .env, no token, nothing indexed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(command_line, "configure_logging", lambda **_: None)
    return tmp_path


def test_run_without_a_token_says_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["run"]) == 1

    message = capsys.readouterr().err
    assert "https://discord.com/developers/applications" in message
    assert "python -m bot playground" in message


def test_a_misspelt_setting_is_wrong_usage_and_named(empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (empty_folder / ".env").write_text("DISCORD_TOKN=abc\n")

    assert command_line.main(["run"]) == 1
    assert "DISCORD_TOKEN" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["playground"], ["run"]])
def test_without_an_index_the_command_that_builds_one_is_named(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "a.b.c")

    assert command_line.main(command) == 1
    assert "python -m knowledge index" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["fly"], ["playground", "--port", "high"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        command_line.main(arguments)

    assert exit_.value.code == 2


class Response:
    """As much of an HTTP response as discord.py's exceptions read."""

    status, reason = 401, "Unauthorized"


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (discord.LoginFailure("Improper token has been passed."), "Reset Token"),
        (discord.PrivilegedIntentsRequired(None), "Message Content Intent"),
        (aiohttp.ClientConnectionError("no route"), "DISCORD_API_URL"),
        (discord.HTTPException(Response(), "no"), "discordstatus.com"),  # type: ignore[arg-type]
    ],
)
async def test_a_refused_start_says_what_to_do(
    knowledge: Knowledge, records: Records, monkeypatch: pytest.MonkeyPatch, error: Exception, remedy: str
) -> None:
    async def refuse(_token: str) -> None:
        raise error

    bot = Tunewise(knowledge=knowledge, preferences=ServerPreferences(records.servers))
    monkeypatch.setattr(bot, "login", refuse)

    with pytest.raises(StartupError, match=remedy):
        await serve(bot, "token")
