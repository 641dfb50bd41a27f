"""Work on the index that takes a while: it can be cancelled, and one message shows how far it is."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

SECONDS_BETWEEN_EDITS = 1.5  # Discord slows down who edits a message more often


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is: `done` of `total` steps of a stage."""

    stage: str
    done: int
    total: int


@dataclass(slots=True)
class Run:
    """One piece of work. `cancelled_by` is the user id of whoever cancelled it."""

    id: str = field(default_factory=lambda: secrets.token_hex(6))
    cancelled_by: int | None = None
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def cancel(self, user_id: int) -> None:
        """Asks the work to end; it does so at its next step."""
        if not self._cancelled.is_set():
            self.cancelled_by = user_id
            self._cancelled.set()

    def is_cancelled(self) -> bool:
        """Whether it was asked to end; may be called from any thread."""
        return self._cancelled.is_set()


class Runs:
    """The work that this process does now, by the id that its Cancel button carries."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}

    def begin(self) -> Run:
        """A new run."""
        run = Run()
        self._runs[run.id] = run
        return run

    def end(self, run: Run) -> None:
        """Forgets the run."""
        self._runs.pop(run.id, None)

    def find(self, run_id: str) -> Run | None:
        """The run with this id; None when it is over, or another process does it."""
        return self._runs.get(run_id)

    def cancel_all(self) -> None:
        """Ends all work: the bot stops."""
        for run in self._runs.values():
            run.cancel(0)


class Ticker:
    """Takes steps from the working thread and shows the newest, one edit at a time and not too often."""

    def __init__(
        self, show: Callable[[Progress], Awaitable[None]], *, seconds_between: float = SECONDS_BETWEEN_EDITS
    ) -> None:
        """`show` edits the message; it is called in the event loop that makes this."""
        self._show = show
        self._seconds_between = seconds_between
        self._loop = asyncio.get_running_loop()
        self._next = 0.0
        self._waiting: Progress | None = None
        self._editing: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False

    def step(self, stage: str, done: int, total: int) -> None:
        """What the working thread calls."""
        with suppress(RuntimeError):  # the loop is closed: nobody looks any more
            self._loop.call_soon_threadsafe(self._take, Progress(stage, done, total))

    def _take(self, progress: Progress) -> None:
        self._waiting = progress
        self._edit_if_due()

    def _edit_if_due(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._ended or self._waiting is None or (self._editing is not None and not self._editing.done()):
            return
        if (wait := self._next - monotonic()) > 0:
            self._timer = self._loop.call_later(wait, self._edit_if_due)
            return
        self._next = monotonic() + self._seconds_between
        progress, self._waiting = self._waiting, None
        self._editing = self._loop.create_task(self._edit(progress))

    async def _edit(self, progress: Progress) -> None:
        await self._show(progress)
        self._loop.call_soon(self._edit_if_due)

    async def end(self) -> None:
        """Waits for the edit that is under way; there is none after it."""
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        if self._editing is not None:
            await asyncio.wait([self._editing])
