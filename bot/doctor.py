"""`python -m bot doctor`: checks what operators get wrong, and says of each how to mend it.

It opens the same index and the same database as the bot, so it creates or migrates the records as a
start would. Discord is asked through REST alone, so that nothing goes online.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal, TypeVar
from urllib.parse import urlencode

import aiohttp
from pydantic import BaseModel, TypeAdapter
from rich.console import Console
from rich.text import Text

from bot.records import Records, RecordsError
from bot.settings import Settings
from knowledge.errors import IndexMismatchError, KnowledgeError, NoIndexError, StoreUnreachableError
from knowledge.settings import KnowledgeSettings

Status = Literal["ok", "warn", "fail"]
T = TypeVar("T")

DISCORD_API = "https://discord.com/api/v10"
DEVELOPER_PORTAL = "https://discord.com/developers/applications"
GUILDS_A_PAGE = 200
PATIENCE = aiohttp.ClientTimeout(total=10)

ADMINISTRATOR = 1 << 3
PERMISSIONS = {
    "View Channels": 1 << 10,
    "Send Messages": 1 << 11,
    "Embed Links": 1 << 14,
    "Attach Files": 1 << 15,
    "Read Message History": 1 << 16,
    "Create Public Threads": 1 << 35,
    "Send Messages in Threads": 1 << 38,
}
ONLY_FOR_THREADS = {"Create Public Threads"}  # without it, answers stay in the channel
INVITE_PERMISSIONS = sum(PERMISSIONS.values())
MESSAGE_CONTENT_FLAGS = 1 << 18 | 1 << 19  # the intent, for a verified bot or (limited) for any other

STYLES: dict[Status, str] = {"ok": "green", "warn": "yellow", "fail": "bold red"}
INDEX_REMEDIES: dict[type[KnowledgeError], str] = {
    NoIndexError: "Run: python -m knowledge index",
    IndexMismatchError: "Set EMBEDDING_MODEL back, or index with the new one: python -m knowledge index",
    StoreUnreachableError: "See that DATA_DIR may be read, or that the server at CHROMA_URL runs.",
}
CHAT_REMEDIES = {
    "key refused": "Set the provider's key in .env to one that it accepts.",
    "rate limited": "Look at the limits and the credit of your account there.",
    "timeout": "Try again; for a model that needs longer, raise CHAT_TIMEOUT.",
    "down": "See that this machine reaches the provider, and that CHAT_BASE_URL is empty or right.",
}
OTHER_CHAT_REMEDY = "See that CHAT_MODEL names a model that the provider has, and that CHAT_BASE_URL is empty or right."


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found and, unless it is well, how to mend it."""

    name: str
    status: Status
    message: str
    remedy: str = ""


class Guild(BaseModel):
    """A server that the bot is in, with the bot's server-wide permissions."""

    id: str
    name: str
    permissions: int


class _User(BaseModel):
    username: str


class _Application(BaseModel):
    id: str
    flags: int = 0


class _DiscordError(Exception):
    """Discord could not be asked; carries the check that says so."""

    def __init__(self, check: Check) -> None:
        super().__init__(check.message)
        self.check = check


async def diagnose(settings: Settings) -> list[Check]:
    """Every check of `settings` and of what they point to; a failure is a Check, never an exception."""
    folders, discord, knowledge, chat, records = await asyncio.gather(
        asyncio.to_thread(_check_folders, settings),
        _check_discord(settings),
        _check_knowledge(settings),
        asyncio.to_thread(_check_chat_model, settings),
        _check_records(settings),
    )
    return [*folders, *knowledge, *chat, records, *discord]


def report(checks: Sequence[Check], console: Console) -> int:
    """Prints `checks` and returns the exit status: 1 when one failed, else 0."""
    for check in checks:
        status = Text(f"{check.status:<5}", style=STYLES[check.status])
        console.print(status, Text(f"{check.name}: {check.message}"), soft_wrap=True)
        if check.remedy:
            console.print(Text(f"      -> {check.remedy}"), soft_wrap=True)
    failed, warned = (sum(check.status == status for check in checks) for status in ("fail", "warn"))
    console.print(Text(f"{len(checks)} checks, {failed} failed, {warned} with a warning."))
    return 1 if failed else 0


def invite_link(application_id: str) -> str:
    """The page that adds the bot to a server with the permissions it needs."""
    query = {
        "client_id": application_id,
        "scope": "bot applications.commands",
        "permissions": INVITE_PERMISSIONS,
    }
    return f"https://discord.com/oauth2/authorize?{urlencode(query)}"


def missing_permissions(permissions: int) -> list[str]:
    """The names of the permissions that the bot needs and `permissions` lacks."""
    if permissions & ADMINISTRATOR:
        return []
    return [name for name, bit in PERMISSIONS.items() if not permissions & bit]


def check_guilds(guilds: Sequence[Guild], application_id: str) -> list[Check]:
    """Whether the bot is in a server, and what it may not do there."""
    link = invite_link(application_id)
    if not guilds:
        return [Check("servers", "warn", "The bot is in no server yet.", f"Invite it: {link}")]
    checks = [
        Check(
            "permissions",
            "warn" if set(missing) <= ONLY_FOR_THREADS else "fail",
            f"In the server {guild.name!r} ({guild.id}) the bot may not: {', '.join(missing)}.",
            f"Allow it in Server Settings, Roles, the bot's role; or invite the bot again: {link}",
        )
        for guild in guilds
        if (missing := missing_permissions(guild.permissions))
    ]
    allowed = len(guilds) - len(checks)
    if allowed:
        message = f"The bot has its permissions in {allowed} server(s); single channels may still deny them."
        checks.append(Check("permissions", "ok", message))
    return checks


def check_intents(flags: int, *, wanted: bool) -> Check:
    """Tells whether the message content intent is on; it must be where MESSAGE_CONTENT_INTENT asks for it."""
    state = "on" if flags & MESSAGE_CONTENT_FLAGS else "off"
    if wanted and state == "off":
        return Check(
            "intents",
            "fail",
            "MESSAGE_CONTENT_INTENT asks for the message content intent, which is off in the developer portal.",
            "Switch it on there (your application, page Bot), or set MESSAGE_CONTENT_INTENT=false.",
        )
    return Check(
        "intents",
        "ok",
        f"The message content intent is {state}. Commands, mentions, replies and direct messages go without;"
        " only channels where the bot reads along need it (developer portal, page Bot).",
    )


def index_failure(error: KnowledgeError) -> Check:
    """The check for an index that could not be opened."""
    remedy = INDEX_REMEDIES.get(type(error), "Run: python -m knowledge status")
    return Check("index", "fail", str(error), remedy)


def _check_folders(settings: KnowledgeSettings) -> list[Check]:
    data, documents = settings.data_dir.absolute(), settings.knowledge_dir.absolute()
    try:
        data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data):
            checks = [Check("data", "ok", f"DATA_DIR {data} can be written.")]
    except OSError as error:
        remedy = "Give the bot's user the right to write there, or set DATA_DIR to another folder."
        message = f"DATA_DIR {data} cannot be written: {error.strerror or error}."
        checks = [Check("data", "fail", message, remedy)]
    if documents.is_dir():
        checks.append(Check("documents", "ok", f"KNOWLEDGE_DIR is {documents}."))
    else:
        remedy = "Set KNOWLEDGE_DIR to the folder of the documents, or leave it empty for those of Tunewise."
        checks.append(Check("documents", "fail", f"KNOWLEDGE_DIR {documents} is no folder.", remedy))
    return checks


async def _check_knowledge(settings: KnowledgeSettings) -> list[Check]:
    if not settings.chroma_url:
        return [await asyncio.to_thread(_check_index, settings)]
    from knowledge.store import open_store  # here, because it loads Chroma

    try:
        await asyncio.to_thread(open_store(settings).published)
    except KnowledgeError as error:
        remedy = "Start it, or correct CHROMA_URL, or leave it empty for the embedded one."
        return [Check("chroma", "fail", str(error), remedy)]
    chroma = Check("chroma", "ok", f"Chroma answers at {settings.chroma_url}.")
    return [chroma, await asyncio.to_thread(_check_index, settings)]


def _check_index(settings: KnowledgeSettings) -> Check:
    from knowledge.base import KnowledgeBase  # here, because it loads the whole of the retrieval

    try:
        base = KnowledgeBase.open(settings.model_copy(update={"chat_model": ""}))  # which has a check of its own
    except KnowledgeError as error:
        return index_failure(error)
    return Check("index", "ok", f"Version {base.version} is published and can be read.")


def _check_chat_model(settings: KnowledgeSettings) -> list[Check]:
    """Asks the chat model, if one is set, for a word: package, key, address and name are right where it answers."""
    if not settings.chat_model:
        return []
    from knowledge.generate import ChatError  # here, because they load much
    from knowledge.langchain import LangChainChatModel

    name, where = settings.chat_model, settings.chat_base_url or "its provider"
    try:
        model = LangChainChatModel(settings.model_copy(update={"chat_retries": 0}))
    except KnowledgeError as error:
        remedy = "Or leave CHAT_MODEL empty: then the documents answer in their own words."
        return [Check("chat model", "fail", str(error), remedy)]
    try:
        with closing(model.stream("Answer with one word.", "Are you there?")) as pieces:
            answers = any(piece.text for piece in pieces)
    except ChatError as error:
        status: Status = "warn" if error.kind == "rate limited" else "fail"
        message = f"{name} does not answer at {where} ({error.kind}). {error}"
        return [Check("chat model", status, message, CHAT_REMEDIES.get(error.kind, OTHER_CHAT_REMEDY))]
    if not answers:
        return [Check("chat model", "fail", f"{name} answers without a word at {where}.", OTHER_CHAT_REMEDY)]
    return [Check("chat model", "ok", f"{name} answers at {where}.")]


async def _check_records(settings: Settings) -> Check:
    try:
        records = await Records.open(settings.records_url)
    except RecordsError as error:
        return Check("records", "fail", error.problem, error.remedy)
    await records.close()
    return Check("records", "ok", "The database of the votes can be used.")


async def _check_discord(settings: Settings) -> list[Check]:
    token = settings.discord_token.get_secret_value()
    if not token:
        remedy = f"Create a bot at {DEVELOPER_PORTAL}, page Bot, Reset Token, and set DISCORD_TOKEN in .env."
        return [Check("token", "fail", "DISCORD_TOKEN is empty.", remedy)]
    if any(character.isspace() for character in token):
        remedy = "Copy the token alone, without the word Bot and without a line break."
        return [Check("token", "fail", "DISCORD_TOKEN contains white space, which no token has.", remedy)]
    api = settings.discord_api_url.rstrip("/") or DISCORD_API
    headers = {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (tunewise doctor)"}
    try:
        async with aiohttp.ClientSession(timeout=PATIENCE, headers=headers) as session:
            user = await _get(session, f"{api}/users/@me", _User)
            application = await _get(session, f"{api}/applications/@me", _Application)
            guilds = await _get_guilds(session, api)
    except _DiscordError as error:
        return [error.check]
    return [
        Check("token", "ok", f"Discord knows the token; it is {user.username}'s."),
        check_intents(application.flags, wanted=settings.message_content_intent),
        *check_guilds(guilds, application.id),
    ]


async def _get_guilds(session: aiohttp.ClientSession, api: str) -> list[Guild]:
    guilds: list[Guild] = []
    while True:
        after = guilds[-1].id if guilds else "0"
        url = f"{api}/users/@me/guilds?limit={GUILDS_A_PAGE}&after={after}"
        page = await _get(session, url, list[Guild])
        guilds += page
        if len(page) < GUILDS_A_PAGE:
            return guilds


async def _get(session: aiohttp.ClientSession, url: str, shape: type[T]) -> T:
    try:
        async with session.get(url, allow_redirects=False) as response:
            if response.status == 401:
                remedy = f"Reset the token at {DEVELOPER_PORTAL}, page Bot, and set DISCORD_TOKEN to the new one."
                raise _DiscordError(Check("token", "fail", "Discord refuses DISCORD_TOKEN.", remedy))
            response.raise_for_status()
            return TypeAdapter(shape).validate_json(await response.read())
    except (aiohttp.ClientError, TimeoutError) as error:
        message = f"{url} cannot be asked: {_reason(error)}."
    except ValueError:
        message = f"{url} does not answer as Discord does."
    remedy = "See that this machine reaches Discord, that DISCORD_API_URL is empty or right, and try again."
    raise _DiscordError(Check("discord", "fail", message, remedy))


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientResponseError):
        return f"the answer is {error.status} {error.message}".rstrip()
    if isinstance(error, TimeoutError):
        return f"no answer in {PATIENCE.total:g} seconds"
    return str(error)
