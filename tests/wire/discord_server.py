"""A small Discord on 127.0.0.1: enough of its REST API v10 and its gateway for the real bot on real sockets.

SimCord plays Discord in-process with a virtual clock; here time, heartbeats, rate limits and broken connections are
real. A request for what is missing here gets 404 and makes the test fail.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.bootstrap import tunewise
from bot.client import Knowledge, Tunewise, serve
from bot.settings import Settings

Payload = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")

TOKEN = "MTIz.the-right-token"  # noqa: S105
BOT = {"id": "4242", "username": "tunewise", "discriminator": "0", "avatar": None, "bot": True}
MENTION = f"<@{BOT['id']}>"
SECONDS_TO_WAIT = 30.0  # for anything; a machine that tests other things too is slow
EVERYTHING = str((1 << 53) - 1)
NO_TOKEN_NEEDED = ("/interactions/", "/webhooks/")  # the address holds one
DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 7, 9, 10, 11
TEXT_DISPLAY = 10


@dataclass(frozen=True, slots=True)
class Request:
    """A request of the bot, and the status it was answered with."""

    method: str
    path: str
    body: Any
    status: int


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer in place of the right one; `done`: the server did what it was asked, and only its answer is wrong."""

    status: int
    body: Payload
    done: bool = False


def rate_limit(seconds: float) -> Fault:
    """What Discord answers to the one who asks too often."""
    return Fault(429, {"message": "You are being rate limited.", "retry_after": seconds, "global": False})


def server_error(*, done: bool = False) -> Fault:
    """What Discord answers on a bad day."""
    return Fault(500, {"message": "500: Internal Server Error", "code": 0}, done)


UNKNOWN_INTERACTION = Fault(404, {"message": "Unknown interaction", "code": 10062})
HANG_UP = Fault(0, {})  # no answer: the connection breaks


@dataclass(slots=True)
class Session:
    """A shard's session. It outlives its connection: what was sent is kept for the one that resumes it."""

    id: str
    shard: int
    socket: web.WebSocketResponse | None
    events: list[Payload] = field(default_factory=list)
    heartbeats: list[float] = field(default_factory=list)
    resumed_after: list[int] = field(default_factory=list)


class DiscordServer:
    """What the bot asked for, what it wrote, and what a test makes happen.

    `guilds` are the ids of servers with one channel each, one a shard by Discord's rule.
    """

    def __init__(self, *, shards: int, heartbeat_seconds: float) -> None:
        """Use `discord_server`, which also opens the port."""
        self.heartbeat_seconds = heartbeat_seconds
        self.guilds = [(shards + shard) << 22 for shard in range(shards)]
        self.address = ""
        self.requests: list[Request] = []
        self.unknown: list[str] = []
        self.sessions: list[Session] = []
        self.messages: list[Payload] = []
        self.commands: list[Payload] = []
        self.refuses_sessions_with: int | None = None  # a close code of the gateway
        self._acknowledged: set[str] = set()
        self._faults: list[tuple[str, str, Fault]] = []
        self._ids = itertools.count(1 << 60)
        self._changed = asyncio.Event()

    @property
    def gateway_url(self) -> str:
        """The address of the gateway; that of the API is `address`."""
        return self.address.replace("http", "ws", 1)

    async def until(self, happened: Callable[[], T]) -> T:
        """What `happened` returns as soon as it is true; it is asked again whenever the bot did something."""
        async with asyncio.timeout(SECONDS_TO_WAIT):
            while not (found := happened()):
                self._changed.clear()
                await self._changed.wait()
        return found

    def asked(self, method: str, path: str) -> list[Request]:
        """The requests of this kind; `path` is a regular expression of all that follows the API's address."""
        return [request for request in self.requests if request.method == method and re.fullmatch(path, request.path)]

    def fail(self, method: str, path: str, fault: Fault, *, times: int = 1) -> None:
        """The next requests of this kind end in `fault`."""
        self._faults += [(method, path, fault)] * times

    def replies(self, message: Payload) -> list[Payload]:
        """The bot's messages that reply to `message`."""
        return [m for m in self.messages if str(m.get("message_reference", {}).get("message_id")) == message["id"]]

    async def reply(self, message: Payload) -> Payload:
        """The bot's reply to `message`, as soon as there is one."""
        return (await self.until(lambda: self.replies(message)))[0]

    async def say(self, guild: int, text: str, *, person: int = 7) -> Payload:
        """A person writes `text` in the server's channel."""
        message = self.message(guild, text, person=person)
        await self.dispatch(guild, "MESSAGE_CREATE", message)
        return message

    def message(self, guild: int, text: str, *, person: int = 7) -> Payload:
        """What `say` sends."""
        mentions = [BOT] if MENTION in text else []
        message = self._message(channel_of(guild), _person(person), content=text, mentions=mentions)
        return message | {"guild_id": str(guild), "member": _member()}

    async def use_command(self, guild: int, name: str, *, person: int = 7, **options: str) -> Payload:
        """A person uses the slash command `name`."""
        member = _member() | {"user": _person(person), "permissions": EVERYTHING}
        interaction = {
            "id": self._new_id(),
            "application_id": BOT["id"],
            "type": 2,
            "token": f"token-{self._new_id()}",
            "version": 1,
            "guild_id": str(guild),
            "channel": {"id": str(channel_of(guild)), "type": 0},
            "member": member,
            "attachment_size_limit": 10_000_000,
            "data": {
                "id": next(command["id"] for command in self.commands if command["name"] == name),
                "name": name,
                "type": 1,
                "options": [{"name": key, "type": 3, "value": value} for key, value in options.items()],
            },
        }
        await self.dispatch(guild, "INTERACTION_CREATE", interaction)
        return interaction

    def session(self, guild: int) -> Session:
        """The newest session of the shard in charge of the server."""
        shard = self.guilds.index(guild)
        return next(session for session in reversed(self.sessions) if session.shard == shard)

    async def dispatch(self, guild: int, event: str, data: Payload) -> None:
        """Sends an event to the shard in charge of the server."""
        await _send_event(self.session(guild), event, data)

    async def ask_to_come_back(self, guild: int, op: int, resumable: bool | None = None) -> None:
        """Sends the shard RECONNECT, or INVALID_SESSION with whether the session is `resumable`."""
        session = self.session(guild)
        socket, session.socket = session.socket, None
        assert socket is not None
        await socket.send_json({"op": op, "d": resumable})

    async def cut(self, guild: int, *missed: tuple[str, Payload]) -> None:
        """Breaks the shard's connection; the events that it `missed` wait for it to resume."""
        session = self.session(guild)
        socket, session.socket = session.socket, None
        for event, data in missed:
            await _send_event(session, event, data)
        assert socket is not None
        assert socket._req is not None
        _break(socket._req)

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        """A connection of a shard, from HELLO to its end."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_seconds * 1000}})
        session: Session | None = None
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                break
            received = frame.json()
            if received["op"] == HEARTBEAT:
                await socket.send_json({"op": HEARTBEAT_ACK})
                if session is not None:
                    session.heartbeats.append(asyncio.get_running_loop().time())
            elif received["op"] == IDENTIFY and self.refuses_sessions_with is not None:
                await socket.close(code=self.refuses_sessions_with)
            elif received["op"] == IDENTIFY:
                session = await self._identify(socket, received["d"])
            elif received["op"] == RESUME:
                session = await self._resume(socket, received["d"])
            self._changed.set()
        return socket

    async def _identify(self, socket: web.WebSocketResponse, data: Payload) -> Session:
        shard, shards = data["shard"]
        assert (data["token"], shards) == (TOKEN, len(self.guilds))
        session = Session(f"session-{len(self.sessions)}", shard, socket)
        guild = self.guilds[shard]
        ready = {
            "v": 10,
            "user": BOT,
            "guilds": [{"id": str(guild), "unavailable": True}],
            "session_id": session.id,
            "resume_gateway_url": self.gateway_url,
            "shard": [shard, shards],
            "application": {"id": BOT["id"], "flags": 0},
        }
        await _send_event(session, "READY", ready)
        await _send_event(session, "GUILD_CREATE", _guild(guild))
        self.sessions.append(session)
        return session

    async def _resume(self, socket: web.WebSocketResponse, data: Payload) -> Session:
        session = next(session for session in self.sessions if session.id == data["session_id"])
        session.socket = socket
        session.resumed_after.append(data["seq"])
        for event in session.events[data["seq"] :]:
            await socket.send_json(event)
        await _send_event(session, "RESUMED", {})
        return session

    def application(self) -> web.Application:
        """The gateway, and the routes that the bot needs."""
        app = web.Application(middlewares=[self._answer])
        app.add_routes(
            [
                web.get("/", self._gateway),
                web.get("/users/@me", _always(BOT)),
                web.get("/oauth2/applications/@me", _always(_APPLICATION)),
                web.get("/gateway/bot", self._get_gateway),
                web.put("/applications/{id}/commands", self._put_commands),
                web.post("/channels/{channel}/typing", _always(None)),
                web.post("/channels/{channel}/messages", self._post_message),
                web.patch("/channels/{channel}/messages/{message}", self._patch_message),
                web.post("/users/@me/channels", self._post_direct_channel),
                web.post("/interactions/{id}/{token}/callback", self._post_callback),
                web.patch("/webhooks/{id}/{token}/messages/@original", self._patch_original),
                web.route("*", "/{anything:.*}", self._not_found),
            ]
        )
        return app

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuses a wrong token, answers with a fault where a test wants one, and keeps the request."""
        if request.path == "/":
            return await handler(request)
        body = await request.json() if request.can_read_body else None
        fault = self._fault(request)
        response: web.StreamResponse
        if not request.path.startswith(NO_TOKEN_NEEDED) and request.headers.get("Authorization") != f"Bot {TOKEN}":
            response = _json({"message": "401: Unauthorized", "code": 0}, 401)
        elif fault is None:
            response = await handler(request)
        elif fault is HANG_UP:
            _break(request)
            response = web.Response()
        else:
            if fault.done:
                await handler(request)
            response = _json(fault.body, fault.status)
        self.requests.append(Request(request.method, request.path, body, response.status))
        self._changed.set()
        return response

    def _fault(self, request: web.Request) -> Fault | None:
        for planned in self._faults:
            method, path, fault = planned
            if method == request.method and re.fullmatch(path, request.path):
                self._faults.remove(planned)
                return fault
        return None

    async def _get_gateway(self, _request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return _json({"url": self.gateway_url, "shards": len(self.guilds), "session_start_limit": limit})

    async def _put_commands(self, request: web.Request) -> web.Response:
        defaults = {"description": "", "application_id": BOT["id"], "version": "1"}
        self.commands = [defaults | command | {"id": self._new_id()} for command in await request.json()]
        return _json(self.commands)

    async def _post_message(self, request: web.Request) -> web.Response:
        """Keeps the message and tells the gateway of it, unless one with its nonce was sent before."""
        sent = await request.json()
        for earlier in self.messages:
            if sent["enforce_nonce"] and earlier["nonce"] == sent["nonce"]:
                return _json(earlier)
        channel = int(request.match_info["channel"])
        message = self._message(channel, BOT, **{key: sent[key] for key in _KEPT if key in sent})
        self.messages.append(message)
        for guild in self.guilds:
            if channel == channel_of(guild):
                await self.dispatch(guild, "MESSAGE_CREATE", message | {"guild_id": str(guild)})
        return _json(message)

    async def _patch_message(self, request: web.Request) -> web.Response:
        message = next(m for m in self.messages if m["id"] == request.match_info["message"])
        message["components"] = (await request.json())["components"]
        return _json(message)

    async def _post_direct_channel(self, request: web.Request) -> web.Response:
        person = int((await request.json())["recipient_id"])
        return _json({"id": str(direct_channel_of(person)), "type": 1, "recipients": [_person(person)]})

    async def _post_callback(self, request: web.Request) -> web.Response:
        assert request.query["with_response"] == "1"
        interaction, kind = request.match_info["id"], (await request.json())["type"]
        if interaction in self._acknowledged:
            return _json({"message": "Interaction has already been acknowledged.", "code": 40060}, 400)
        self._acknowledged.add(interaction)
        return _json({"interaction": {"id": interaction, "type": 2}, "resource": {"type": kind}})

    async def _patch_original(self, request: web.Request) -> web.Response:
        sent = await request.json()
        return _json(self._message(0, BOT, components=sent["components"]))

    async def _not_found(self, request: web.Request) -> web.Response:
        self.unknown.append(f"{request.method} {request.path}")
        return _json({"message": "404: Not Found", "code": 0}, 404)

    def _new_id(self) -> str:
        return str(next(self._ids))

    def _message(self, channel: int, author: Payload, **more: Any) -> Payload:
        written = {"timestamp": "2026-01-01T00:00:00+00:00", "edited_timestamp": None, "type": 0, "content": ""}
        return {"id": self._new_id(), "channel_id": str(channel), "author": author, **written, **more}


@asynccontextmanager
async def discord_server(*, shards: int = 1, heartbeat_seconds: float = 40) -> AsyncIterator[DiscordServer]:
    """A server that runs while the block does, and that was asked for nothing that it does not know."""
    discord = DiscordServer(shards=shards, heartbeat_seconds=heartbeat_seconds)
    async with TestServer(discord.application(), host="127.0.0.1") as server:
        discord.address = str(server.make_url("")).rstrip("/")
        yield discord
    assert discord.unknown == []


@asynccontextmanager
async def built_for(discord: DiscordServer, knowledge: Knowledge, data_dir: Path) -> AsyncIterator[Tunewise]:
    """The real bot, as bootstrap builds it, bound for `discord`; afterwards this process's bots go where they went."""
    settings = Settings.model_construct(
        data_dir=data_dir, discord_api_url=discord.address, discord_gateway_url=discord.gateway_url
    )
    api, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    try:
        async with tunewise(settings, knowledge=knowledge) as bot:
            bot._connection.guild_ready_timeout = 0  # else discord.py waits 2 s for more servers
            yield bot
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = api, gateway


@asynccontextmanager
async def online(discord: DiscordServer, knowledge: Knowledge, data_dir: Path) -> AsyncIterator[Tunewise]:
    """The same bot while it is ready on `discord`; afterwards it has left."""
    async with built_for(discord, knowledge, data_dir) as bot:
        ready = asyncio.Event()

        async def on_ready() -> None:
            ready.set()

        bot.add_listener(on_ready)
        serving, getting_ready = asyncio.create_task(serve(bot, TOKEN)), asyncio.create_task(ready.wait())
        try:
            await asyncio.wait({serving, getting_ready}, timeout=SECONDS_TO_WAIT, return_when=asyncio.FIRST_COMPLETED)
            assert ready.is_set(), "the bot did not get ready"
            yield bot
        finally:
            getting_ready.cancel()
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving


async def work_done() -> None:
    """Waits until the bot is through with every event that it has got."""
    async with asyncio.timeout(SECONDS_TO_WAIT):
        while tasks := [task for task in asyncio.all_tasks() if task.get_name().startswith("discord.py: on_")]:
            await asyncio.wait(tasks)


def channel_of(guild: int) -> int:
    """The id of the server's one channel."""
    return guild + 1


def direct_channel_of(person: int) -> int:
    """The id of the channel between the bot and the person."""
    return 1_000_000 + person


def shown(message: Payload) -> str:
    """All the text that a person reads in `message`, or in the body of a request that sends one."""
    return "\n".join(_texts(message["components"]))


def _texts(components: list[Payload]) -> Iterator[str]:
    for component in components:
        if component["type"] == TEXT_DISPLAY:
            yield component["content"]
        yield from _texts(component.get("components", []))


async def _send_event(session: Session, event: str, data: Payload) -> None:
    session.events.append({"op": DISPATCH, "t": event, "s": len(session.events) + 1, "d": data})
    if session.socket is not None:
        await session.socket.send_json(session.events[-1])


def _break(request: web.BaseRequest) -> None:
    assert request.transport is not None
    request.transport.abort()


def _always(body: Payload | None) -> Handler:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=204) if body is None else _json(body)

    return answer


def _json(body: object, status: int = 200) -> web.Response:
    """A response as discord.py takes it: a content type without charset; a 429 without Via would be a ban."""
    headers = {"Content-Type": "application/json", "Via": "1.1 google"}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=headers)


def _person(number: int) -> Payload:
    return {"id": str(number), "username": f"person-{number}", "discriminator": "0", "avatar": None}


def _member() -> Payload:
    return {"roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "flags": 0}


def _guild(guild: int) -> Payload:
    everyone = {"id": str(guild), "name": "@everyone", "permissions": EVERYTHING, "position": 0}
    channel = {"id": str(channel_of(guild)), "name": "general", "type": 0, "position": 0}
    return {
        "id": str(guild),
        "name": "Workshop",
        "owner_id": "1",
        "member_count": 2,
        "unavailable": False,
        "roles": [everyone],
        "channels": [channel | {"permission_overwrites": []}],
        "members": [_member() | {"user": BOT}],
    }


_KEPT = ("components", "flags", "message_reference", "nonce")
_APPLICATION = {
    "id": BOT["id"],
    "name": "Tunewise",
    "description": "",
    "icon": None,
    "bot_public": True,
    "bot_require_code_grant": False,
    "owner": _person(1),
    "verify_key": "",
    "flags": 0,
}
