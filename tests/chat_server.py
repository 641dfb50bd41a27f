"""A chat model's server on 127.0.0.1 that speaks OpenAI's API and does as scripted: it streams, stalls, fails, lies."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.settings import Settings

Wording = Callable[[str], str]


@dataclass(frozen=True)
class Scripted:
    """What the server does with one request. `text` is the answer, or makes it of the request's text.

    `until` holds it back: each piece waits until the event is set; `rest` holds back what comes after the text. `stall`
    stops it for good after the text, `cut` breaks the connection there; `raw` is sent instead of a stream. `finish` is
    the reason that it ends with.
    """

    text: str | Wording = ""
    status: int = 200
    finish: str | None = "stop"
    stall: bool = False
    cut: bool = False
    raw: bytes | None = None
    until: threading.Event | None = None
    rest: threading.Event | None = None
    pieces: int = 4
    seconds_a_piece: float = 0


class ChatServer:
    """The running server; `script` holds what it does next, the last entry for ever."""

    def __init__(self) -> None:
        self.script: deque[Scripted] = deque()
        self.requests: list[dict[str, Any]] = []
        self.url = ""
        self.first_pieces: list[float] = []
        self._stalled = asyncio.Event()

    def will(self, *script: Scripted) -> None:
        """Do these, one a request, and the last of them from then on."""
        self.script = deque(script)

    @property
    def prompt(self) -> str:
        """What the last request asked."""
        return str(self.requests[-1]["messages"][-1]["content"])

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        scripted = self.script.popleft() if len(self.script) > 1 else self.script[0]
        if scripted.status != 200:
            return web.json_response({"error": {"message": "scripted", "type": "scripted"}}, status=scripted.status)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        if scripted.raw is not None:
            await response.write(scripted.raw)
            return response
        prompt = str(body["messages"][-1]["content"])
        text = scripted.text if isinstance(scripted.text, str) else scripted.text(prompt)
        with suppress(ConnectionResetError):  # whoever asked has given up
            await self._stream(request, response, scripted, text)
        return response

    async def _stream(self, request: web.Request, response: web.StreamResponse, scripted: Scripted, text: str) -> None:
        for number, piece in enumerate(pieces(text, scripted.pieces)):
            while scripted.until is not None and not scripted.until.is_set():
                await asyncio.to_thread(scripted.until.wait, 0.05)
            if number == 0:
                self.first_pieces.append(time.perf_counter())
            await self._send(response, {"content": piece})
            if scripted.seconds_a_piece:
                await asyncio.sleep(scripted.seconds_a_piece)
        while scripted.rest is not None and not scripted.rest.is_set():
            await asyncio.to_thread(scripted.rest.wait, 0.05)
        if scripted.stall:
            await self._stalled.wait()
        if scripted.cut:
            assert request.transport is not None
            request.transport.close()
            return
        if scripted.finish:
            await self._send(response, {}, finish=scripted.finish)
            await response.write(b"data: " + json.dumps(chunk([], usage=True)).encode() + b"\n\ndata: [DONE]\n\n")

    async def _send(self, response: web.StreamResponse, delta: dict[str, str], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        await response.write(b"data: " + json.dumps(chunk([choice])).encode() + b"\n\n")

    async def serve(self, started: threading.Event, stop: asyncio.Event) -> None:
        self._stalled = stop
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self.complete)
        runner = web.AppRunner(application, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/v1"  # type: ignore[attr-defined]
        started.set()
        await stop.wait()
        await runner.cleanup()


def chunk(choices: list[dict[str, Any]], *, usage: bool = False) -> dict[str, Any]:
    """An event of OpenAI's stream."""
    counted = {"prompt_tokens": 700, "completion_tokens": 50, "total_tokens": 750} if usage else None
    return {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "scripted",
        "choices": choices,
        "usage": counted,
    }


def pieces(text: str, number: int) -> list[str]:
    """`text` in about `number` parts, cut anywhere."""
    size = max(1, len(text) // number)
    return [text[at : at + size] for at in range(0, len(text), size)]


def first_sentences(count: int = 2) -> Wording:
    """An honest model: it repeats the first sentences of the first passage and cites it."""

    def wording(prompt: str) -> str:
        passage = re.search(r'<passage number="1">\n.*?\n(.*?)\n</passage>', prompt, re.DOTALL)
        assert passage is not None
        sentences = re.split(r"(?<=[.!?]) (?=[A-Z])", passage[1])[:count]
        return " ".join(f"{sentence.rstrip('.')} [1]." for sentence in sentences)

    return wording


def worded_by(server: ChatServer, settings: Settings, **changes: object) -> Settings:
    """`settings` with the chat model that `server` plays, and with `changes`."""
    chat = {"chat_model": "openai:scripted", "chat_base_url": server.url}
    return settings.model_copy(update={**chat, **changes})


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    """A server in a thread of its own, so that it keeps real time whatever the test's event loop does."""
    server = ChatServer()
    started, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(server.serve(started, stop))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
