"""Questions wait here for a thread: searching never runs on the event loop, and the line has an end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from knowledge.types import Answer

T = TypeVar("T")


class QueueFullError(Exception):
    """As many questions as the bot takes are in flight already."""


class QuestionQueue:
    """Answers questions in `workers` threads, first come, first served, at most `limit` of them in flight."""

    def __init__(self, answer: Callable[[str, Sequence[str]], Answer], *, workers: int, limit: int) -> None:
        """`answer` blocks and is called in any of the threads."""
        self._answer = answer
        self._workers = workers
        self._limit = limit
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="question")
        self._in_flight = 0

    async def ask(self, question: str, on_wait: Callable[[int], Awaitable[None]], after: Sequence[str] = ()) -> Answer:
        """The answer to `question`, asked `after` other ones.

        `on_wait` is called once, with the number of questions that come first, if any do.
        Raises QueueFullError, and whatever answering raises.
        """
        return await self.run(partial(self._answer, question, after), on_wait)

    async def run(self, work: Callable[[], T], on_wait: Callable[[int], Awaitable[None]] | None = None) -> T:
        """What `work` returns, which blocks and waits in line like a question. Raises as `ask` does."""
        if self._in_flight >= self._limit:
            raise QueueFullError(f"{self._in_flight} questions are in flight already.")
        ahead = self._in_flight - self._workers + 1
        self._in_flight += 1
        future = asyncio.get_running_loop().run_in_executor(self._executor, work)
        future.add_done_callback(self._count_down)
        if ahead > 0 and on_wait is not None:
            await on_wait(ahead)
        return await future

    def _count_down(self, _future: asyncio.Future[T]) -> None:
        self._in_flight -= 1

    def close(self) -> None:
        """Drops the questions that wait; those being answered end by themselves."""
        self._executor.shutdown(wait=False, cancel_futures=True)
