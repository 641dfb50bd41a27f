"""The doctor against servers on real sockets that answer as Discord and Chroma do."""

from __future__ import annotations

import io
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rich.console import Console

from bot.doctor import (
    INVITE_PERMISSIONS,
    PERMISSIONS,
    Check,
    check_intents,
    diagnose,
    index_failure,
    invite_link,
    missing_permissions,
    report,
)
from bot.settings import Settings
from knowledge.errors import IndexMismatchError, KnowledgeError, NoIndexError, StoreUnreachableError
from tests.chat_server import ChatServer, Scripted, chat_server

TOKEN = "MTIz.the-right-token"  # noqa: S105
APPLICATION = {"id": "4242", "flags": 0}
GUILD = {"id": "77", "name": "Tuners", "permissions": str(INVITE_PERMISSIONS)}
EVERYTHING = sum(PERMISSIONS.values())


@asynccontextmanager
async def discord_api(*guilds: dict[str, str]) -> AsyncIterator[str]:
    """The address of a server that answers the doctor's questions as Discord does."""

    def answer(request: web.Request, body: object) -> web.Response:
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        return web.json_response(body)

    async def me(request: web.Request) -> web.Response:
        return answer(request, {"id": "4242", "username": "tunewise", "bot": True})

    async def application(request: web.Request) -> web.Response:
        return answer(request, APPLICATION)

    async def my_guilds(request: web.Request) -> web.Response:
        after, limit = int(request.query["after"]), int(request.query["limit"])
        assert limit <= 200, "Discord's limit"
        return answer(request, [guild for guild in guilds if int(guild["id"]) > after][:limit])

    app = web.Application()
    app.router.add_get("/api/v10/users/@me", me)
    app.router.add_get("/api/v10/applications/@me", application)
    app.router.add_get("/api/v10/users/@me/guilds", my_guilds)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/api/v10"))


@asynccontextmanager
async def server_that_always_says(response_text: str, status: int = 200) -> AsyncIterator[str]:
    async def say(_request: web.Request) -> web.Response:
        return web.Response(text=response_text, status=status)

    app = web.Application()
    app.router.add_get("/{anything:.*}", say)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with nothing wrong but that no token is set and nothing is indexed."""
    documents = tmp_path / "documents"
    documents.mkdir()
    return Settings.model_validate(
        {
            "discord_token": "",
            "discord_api_url": "http://127.0.0.1:9",
            "knowledge_dir": documents,
            "data_dir": tmp_path / "data",
            "chroma_url": "",
            "database_url": "",
        }
    )


async def diagnosis(settings: Settings, **changes: object) -> list[Check]:
    """What the doctor finds with some of `settings` changed."""
    return await diagnose(settings.model_validate(settings.model_dump() | changes))


async def test_a_good_token_and_server_pass(settings: Settings) -> None:
    async with discord_api(GUILD) as api:
        checks = await diagnosis(settings, discord_token=TOKEN, discord_api_url=api)
    assert "tunewise" in only("token", checks).message
    assert {only(name, checks).status for name in ("token", "intents", "permissions")} == {"ok"}
    assert TOKEN not in repr(checks)


async def test_a_missing_token_is_told_where_to_get_one(settings: Settings) -> None:
    check = only("token", await diagnosis(settings))
    assert check.status == "fail"
    assert "DISCORD_TOKEN" in check.message
    assert "discord.com/developers" in check.remedy


async def test_a_refused_token_is_told_apart_from_a_missing_one(settings: Settings) -> None:
    async with discord_api(GUILD) as api:
        check = only("token", await diagnosis(settings, discord_token=TOKEN[::-1], discord_api_url=api))
    assert check.status == "fail"
    assert "refuses" in check.message
    assert "Reset the token" in check.remedy


@pytest.mark.parametrize("token", ["Bot MTIz.abc", "MTIz.abc\nDATA_DIR=x"])
async def test_a_token_with_more_than_the_token_is_noticed_before_it_is_sent(settings: Settings, token: str) -> None:
    check = only("token", await diagnosis(settings, discord_token=token))
    assert check.status == "fail"
    assert "white space" in check.message


async def test_an_unreachable_api_is_named(settings: Settings) -> None:
    address = f"http://127.0.0.1:{closed_port()}/api/v10"
    check = only("discord", await diagnosis(settings, discord_token=TOKEN, discord_api_url=address))
    assert check.status == "fail"
    assert address in check.message
    assert "DISCORD_API_URL" in check.remedy


@pytest.mark.parametrize(
    ("says", "status", "reason"),
    [
        ("<h1>Welcome to nginx</h1>", 200, "does not answer as Discord does"),
        ("{}", 200, "does not answer as Discord does"),
        ("", 302, "does not answer as Discord does"),
        ("upstream down", 503, "503"),
    ],
)
async def test_a_server_that_is_not_discord_is_noticed(settings: Settings, says: str, status: int, reason: str) -> None:
    async with server_that_always_says(says, status) as address:
        checks = await diagnosis(settings, discord_token=TOKEN, discord_api_url=address)
    assert only("discord", checks).status == "fail"
    assert reason in only("discord", checks).message


async def test_an_address_that_is_none_is_noticed(settings: Settings) -> None:
    checks = await diagnosis(settings, discord_token=TOKEN, discord_api_url="localhost", chroma_url="localhost")
    assert only("discord", checks).status == "fail"
    assert only("chroma", checks).status == "fail"


async def test_a_bot_in_no_server_gets_its_invite_link(settings: Settings) -> None:
    async with discord_api() as api:
        check = only("servers", await diagnosis(settings, discord_token=TOKEN, discord_api_url=api))
    assert check.status == "warn"
    assert invite_link("4242") in check.remedy


async def test_missing_permissions_are_named_with_their_server(settings: Settings) -> None:
    narrow = GUILD | {"permissions": str(EVERYTHING & ~PERMISSIONS["Attach Files"])}
    other = GUILD | {"id": "78", "name": "[red]Others[/red]"}
    async with discord_api(narrow, other) as api:
        checks = await diagnosis(settings, discord_token=TOKEN, discord_api_url=api)
    lacking, enough = [check for check in checks if check.name == "permissions"]
    assert (lacking.status, enough.status) == ("fail", "ok")
    assert "'Tuners' (77) the bot may not: Attach Files." in lacking.message
    assert invite_link("4242") in lacking.remedy


async def test_answers_in_threads_are_all_that_lacks_without_the_permission_to_open_them(settings: Settings) -> None:
    """So an older invitation is no failure."""
    without = GUILD | {"permissions": str(EVERYTHING & ~PERMISSIONS["Create Public Threads"])}
    async with discord_api(without) as api:
        check = only("permissions", await diagnosis(settings, discord_token=TOKEN, discord_api_url=api))
    assert check.status == "warn"
    assert "may not: Create Public Threads." in check.message


async def test_every_server_is_looked_at_however_many_they_are(settings: Settings) -> None:
    guilds = [GUILD | {"id": str(number)} for number in range(1, 402)]
    guilds[-1] |= {"permissions": "0"}
    async with discord_api(*guilds) as api:
        checks = await diagnosis(settings, discord_token=TOKEN, discord_api_url=api)
    lacking, enough = [check for check in checks if check.name == "permissions"]
    assert "(401)" in lacking.message
    assert "400 server(s)" in enough.message


def test_the_permissions_are_discords() -> None:
    names = {name.lower().replace(" ", "_"): bit for name, bit in PERMISSIONS.items()}
    names["view_channel"] = names.pop("view_channels")
    assert discord.Permissions(**dict.fromkeys(names, True)).value == sum(names.values()) == INVITE_PERMISSIONS


def test_an_administrator_lacks_nothing_and_nobody_lacks_everything() -> None:
    assert missing_permissions(discord.Permissions(administrator=True).value) == []
    assert missing_permissions(0) == list(PERMISSIONS)


def test_the_invite_link_asks_for_the_bot_its_commands_and_its_permissions() -> None:
    assert parse_qs(urlsplit(invite_link("4242")).query) == {
        "client_id": ["4242"],
        "scope": ["bot applications.commands"],
        "permissions": [str(INVITE_PERMISSIONS)],
    }


@pytest.mark.parametrize(("flags", "state"), [(0, "off"), (1 << 18, "on"), (1 << 19, "on"), (1 << 14, "off")])
def test_the_message_content_intent_is_told_but_not_required(flags: int, state: str) -> None:
    check = check_intents(flags, wanted=False)
    assert check.status == "ok"
    assert f"is {state}." in check.message


@pytest.mark.parametrize(("flags", "status"), [(0, "fail"), (1 << 18, "ok"), (1 << 19, "ok")])
def test_the_message_content_intent_must_be_on_where_the_settings_ask_for_it(flags: int, status: str) -> None:
    assert check_intents(flags, wanted=True).status == status


async def test_a_data_dir_that_is_a_file_fails_with_its_path(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    checks = await diagnosis(settings)
    assert only("data", checks).status == "fail"
    assert str(tmp_path / "data") in only("data", checks).message
    assert only("records", checks).status == "fail"


async def test_folders_and_database_that_can_be_used_pass_and_nothing_is_left_in_the_folder(
    settings: Settings,
) -> None:
    checks = await diagnosis(settings)
    assert {only(name, checks).status for name in ("data", "documents", "records")} == {"ok"}
    left = {path.name for path in settings.data_dir.iterdir() if path.is_file()}
    assert left <= {"records.sqlite", "records.sqlite.lock"}


async def test_a_knowledge_dir_that_is_missing_fails_with_its_path(settings: Settings, tmp_path: Path) -> None:
    check = only("documents", await diagnosis(settings, knowledge_dir=tmp_path / "gone"))
    assert check.status == "fail"
    assert str(tmp_path / "gone") in check.message


async def test_an_unreachable_database_is_named_without_its_password(settings: Settings) -> None:
    pytest.importorskip("asyncpg", reason="asyncpg is not installed (the extra 'postgres')")
    port = closed_port()
    address = f"postgresql://tunewise:hunter2@127.0.0.1:{port}/records"
    check = only("records", await diagnosis(settings, database_url=address))
    assert check.status == "fail"
    assert f"127.0.0.1:{port}" in check.message
    assert "DATABASE_URL" in check.remedy
    assert "hunter2" not in repr(check)


async def test_an_unreachable_chroma_is_named(settings: Settings) -> None:
    address = f"http://127.0.0.1:{closed_port()}"
    checks = await diagnosis(settings, chroma_url=address)
    assert only("chroma", checks).status == "fail"
    assert address in only("chroma", checks).message
    assert "CHROMA_URL" in only("chroma", checks).remedy


async def test_a_chroma_that_answers_passes(settings: Settings, chroma_server: str) -> None:
    assert only("chroma", await diagnosis(settings, chroma_url=chroma_server)).status == "ok"


async def test_a_server_that_is_no_chroma_is_named(settings: Settings) -> None:
    async with server_that_always_says('{"hello": 1}') as address:
        check = only("chroma", await diagnosis(settings, chroma_url=address))
        assert check.status == "fail"
        assert "no Chroma server" in check.message


@pytest.fixture(scope="module")
def model() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


async def chat_check(settings: Settings, url: str, **changes: object) -> Check:
    """What the doctor finds of a chat model at `url`."""
    return only("chat model", await diagnosis(settings, chat_model="openai:scripted", chat_base_url=url, **changes))


async def test_without_a_chat_model_none_is_checked(settings: Settings) -> None:
    assert "chat model" not in {check.name for check in await diagnosis(settings)}


async def test_a_chat_model_that_answers_passes_and_is_asked_once(settings: Settings, model: ChatServer) -> None:
    model.will(Scripted("Yes."))
    before = len(model.requests)
    check = await chat_check(settings, model.url)
    assert (check.status, check.message) == ("ok", f"openai:scripted answers at {model.url}.")
    assert len(model.requests) == before + 1


@pytest.mark.parametrize(
    ("scripted", "status", "reason", "remedy"),
    [
        (Scripted(status=401), "fail", "key refused", "key in .env"),
        (Scripted(status=404), "fail", "failed", "names a model that the provider has"),
        (Scripted(status=429), "warn", "rate limited", "credit"),
        (Scripted(status=500), "fail", "down", "CHAT_BASE_URL"),
        (Scripted(stall=True), "fail", "timeout", "CHAT_TIMEOUT"),
        (Scripted(raw=b"data: {not json\n\n"), "fail", "failed", "CHAT_BASE_URL"),
        (Scripted(""), "fail", "without a word", "CHAT_MODEL"),
    ],
    ids=["key refused", "no such model", "rate limited", "down", "stalls", "garbage", "says nothing"],
)
async def test_a_chat_model_that_does_not_answer_is_told_with_the_reason_and_a_remedy(
    scripted: Scripted, status: str, reason: str, remedy: str, settings: Settings, model: ChatServer
) -> None:
    model.will(scripted)
    check = await chat_check(settings, model.url, chat_timeout=0.5)
    assert check.status == status
    assert reason in check.message
    assert remedy in check.remedy


async def test_a_chat_model_out_of_reach_is_named_with_its_address(settings: Settings) -> None:
    address = f"http://127.0.0.1:{closed_port()}/v1"
    check = await chat_check(settings, address)
    assert check.status == "fail"
    assert address in check.message
    assert "CHAT_BASE_URL" in check.remedy


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_a_missing_key_of_the_chat_model_is_named(
    provider: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"{provider.upper()}_API_KEY"
    monkeypatch.delenv(key, raising=False)
    check = only("chat model", await diagnosis(settings, chat_model=f"{provider}:x"))
    assert check.status == "fail"
    assert f"{key} is not set" in check.message


async def test_a_missing_package_of_the_chat_model_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # None of our extras: LangChain remembers a package that another test has used.
    monkeypatch.setitem(sys.modules, "langchain_groq", None)
    check = only("chat model", await diagnosis(settings, chat_model="groq:x"))
    assert check.status == "fail"
    assert "pip install 'langchain-groq'" in check.message


async def test_a_missing_index_is_told_how_to_build_one(settings: Settings) -> None:
    check = only("index", await diagnosis(settings))
    assert check.status == "fail"
    assert check.remedy == "Run: python -m knowledge index"


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (NoIndexError("Nothing is published."), "knowledge index"),
        (IndexMismatchError("Built with another model."), "EMBEDDING_MODEL"),
        (StoreUnreachableError("No Chroma."), "CHROMA_URL"),
        (KnowledgeError("Something else."), "knowledge status"),
    ],
)
def test_what_is_wrong_with_the_index_is_told_with_its_remedy(error: KnowledgeError, remedy: str) -> None:
    check = index_failure(error)
    assert (check.status, check.message) == ("fail", str(error))
    assert remedy in check.remedy


async def test_every_failure_says_how_to_mend_it(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    checks = await diagnosis(settings, knowledge_dir=tmp_path / "gone", chroma_url="http://127.0.0.1:9")
    failed = [check for check in checks if check.status == "fail"]
    assert {check.name for check in failed} == {"data", "documents", "chroma", "records", "token"}
    assert all(check.remedy for check in failed)


@pytest.mark.parametrize(("status", "exit_status"), [("ok", 0), ("warn", 0), ("fail", 1)])
def test_only_a_failure_makes_the_exit_status_1(status: str, exit_status: int) -> None:
    checks = [Check("first", "ok", "Good."), Check("second", status, "Hm.", "Mend it.")]  # type: ignore[arg-type]
    assert report(checks, Console(file=io.StringIO())) == exit_status


def test_the_report_shows_every_line_as_it_is_whatever_a_server_is_called() -> None:
    out = io.StringIO()
    name = "[bold]:warning: Tuners[/bold]"
    link = invite_link("4242")
    report(
        [Check("permissions", "fail", f"In {name!r} it may not.", f"Invite: {link}")],
        Console(file=out, width=40),
    )
    assert f"In {name!r} it may not.\n" in out.getvalue()
    assert f"-> Invite: {link}\n" in out.getvalue()
    assert "1 checks, 1 failed" in out.getvalue()


def only(name: str, checks: Iterable[Check]) -> Check:
    """The one check of this name."""
    (check,) = [check for check in checks if check.name == name]
    return check


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
