"""An answer that a chat model writes is shown as it grows: by edits, as many as Discord allows in a channel."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from knowledge.types import Answer

# Discord takes five messages or edits in five seconds from a bot in a channel. One is left for what else it says there.
EDITS, SECONDS = 4, 5.0
SHORTEST_WAIT = 0.05
# So long a person waits after the model's first word for its first checked sentence before they read that it writes.
PATIENCE = 0.8
STREAMS = 16  # threads, each of which waits for the provider most of the time

Write = Callable[[Answer, Callable[[Answer], None]], Answer]


class Pace:
    """The edits that all streams of a channel have between them. A stream's first edit goes before the later ones."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._edits: dict[int, deque[float]] = {}
        self._waiting_first = Counter[int]()

    def delay(self, channel: int, *, first: bool) -> float:
        """In how many seconds the next edit in `channel` may be made; a later one leaves room for first ones."""
        now, edits = self._clock(), self._edits.get(channel, deque())
        while edits and edits[0] + SECONDS <= now:
            edits.popleft()
        if len(edits) + (0 if first else self._waiting_first[channel]) < EDITS:
            return 0.0
        return max(edits[0] + SECONDS - now, SHORTEST_WAIT) if edits else SHORTEST_WAIT

    def is_busy(self, channel: int) -> bool:
        """Whether an edit was made in `channel` just now, or waits there."""
        edits = self._edits.get(channel, ())
        return self._waiting_first[channel] > 0 or any(at + SECONDS > self._clock() for at in edits)

    def note(self, channel: int) -> None:
        """Count an edit that is made now."""
        self._edits = {number: edits for number, edits in self._edits.items() if edits}
        self._edits.setdefault(channel, deque()).append(self._clock())

    async def turn(self, channel: int) -> None:
        """Wait for the turn of an edit that must be made, and count it."""
        self._waiting_first[channel] += 1
        try:
            while delay := self.delay(channel, first=True):  # noqa: ASYNC110  (time itself is what it waits for)
                await asyncio.sleep(delay)
        finally:
            self._waiting_first[channel] -= 1
        self.note(channel)


class Writer:
    """Has answers worded by a chat model, in threads of its own, and shows them as they grow."""

    def __init__(self, write: Write, *, clock: Callable[[], float] | None = None) -> None:
        """`write` blocks, and gives what there is so far to the function that it gets."""
        self._write = write
        self._pace = Pace(clock or (lambda: asyncio.get_running_loop().time()))
        self._executor = ThreadPoolExecutor(STREAMS, thread_name_prefix="chat")

    async def write(self, answer: Answer, channel: int, show: Callable[[Answer], Awaitable[bool]]) -> Answer:
        """`answer` in the chat model's words. `show` shows a part of it in `channel`; no more once it returns False."""
        loop = asyncio.get_running_loop()
        newest: list[Answer] = []
        grown = asyncio.Event()

        def grow(part: Answer) -> None:
            newest[:] = [part]
            grown.set()

        def hand_over(part: Answer) -> None:
            loop.call_soon_threadsafe(grow, part)

        writing = loop.run_in_executor(self._executor, self._write, answer, hand_over)
        first = True
        while await _before(writing, grown.wait()):
            if not await self._is_due(newest[0], channel, writing, grown, first=first):
                continue
            grown.clear()
            part = newest[0]
            if not await show(part):
                break
            first = first and not part.text
        written = await writing
        await self._pace.turn(channel)  # the answer itself is a message or an edit too
        return written

    async def _is_due(
        self, part: Answer, channel: int, writing: asyncio.Future[Answer], grown: asyncio.Event, *, first: bool
    ) -> bool:
        """Wait for the turn of `part`; False where something else came first."""
        if not part.text:  # it has only begun, and the first sentence may come soon enough
            grown.clear()
            await _before(writing, grown.wait(), seconds=PATIENCE)
            if grown.is_set() or self._pace.is_busy(channel):  # others' sentences go before the news that this begins
                return False
        elif first:
            return await _before(writing, self._pace.turn(channel))
        elif delay := self._pace.delay(channel, first=False):
            await _before(writing, asyncio.sleep(delay))
            return False
        if writing.done():
            return False
        self._pace.note(channel)
        return True

    def close(self) -> None:
        """Drops the answers that wait; those being written end by themselves."""
        self._executor.shutdown(wait=False, cancel_futures=True)


async def _before(writing: asyncio.Future[Answer], other: Awaitable[object], *, seconds: float | None = None) -> bool:
    """Wait for whichever of both comes first, for at most `seconds`; whether `writing` goes on."""
    waiting = asyncio.ensure_future(other)
    both: list[asyncio.Future[Any]] = [writing, waiting]
    try:
        await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    return not writing.done()
