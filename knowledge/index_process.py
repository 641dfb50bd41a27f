"""`build_index` in a process of its own, so that one that answers meanwhile does not have to wait for it.

Embedded Chroma keeps all Python threads from running while it writes, 1.5 s for 2,000 chunks; and a thread that reads
and splits documents takes its share of Python's lock from those that answer.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

from knowledge.build import Step
from knowledge.errors import KnowledgeError
from knowledge.index import IndexReport, build_index
from knowledge.priority import give_way
from knowledge.settings import KnowledgeSettings

GO_ON, CANCEL = b"+", b"-"


def build_index_apart(
    settings: KnowledgeSettings,
    *,
    force: bool = False,
    by: str = "",
    reason: str = "",
    progress: Step = lambda stage, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> IndexReport:
    """What `build_index` does, in a process that is ended with this one. Blocks.

    The two go in step: the run waits until `progress` has returned. Raises what `build_index` raises, and
    KnowledgeError where the process dies.
    """
    options = {"force": force, "by": by, "reason": reason}
    process = subprocess.Popen(
        [sys.executable, "-m", "knowledge.index_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        start_new_session=True,  # Ctrl+C is for the bot, which then lets go of this process
    )
    messages = cast("BinaryIO", process.stdout)
    try:
        with cast("BinaryIO", process.stdin) as orders:
            orders.write(pickle.dumps((settings, options)))
            orders.flush()
            while True:
                kind, value = pickle.load(messages)  # noqa: S301  (what our own process says)
                if kind == "report":
                    return cast("IndexReport", value)
                if kind == "error":
                    raise value
                progress(*value)
                orders.write(CANCEL if cancelled() else GO_ON)
                orders.flush()
    except (EOFError, BrokenPipeError) as error:
        raise KnowledgeError(
            f"The process that indexed has ended without a result (exit status {process.wait()}), perhaps for want of "
            "memory. What was published before keeps serving."
        ) from error
    finally:
        messages.close()
        process.wait()


def main() -> int:
    """Be the process: take the orders, index, tell."""
    give_way()
    orders, messages = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not get between the messages
    settings, options = pickle.load(orders)  # noqa: S301  (what the bot says)
    stopped = False

    def tell(kind: str, value: Any) -> None:
        with suppress(BrokenPipeError):  # the bot is gone; then there are no more orders either
            messages.write(pickle.dumps((kind, value)))
            messages.flush()

    def step(*progress: str | int) -> None:
        nonlocal stopped
        tell("step", progress)
        stopped = orders.read(1) != GO_ON

    try:
        report = build_index(settings, **options, progress=step, cancelled=lambda: stopped)
    except KnowledgeError as error:
        tell("error", error)
    else:
        tell("report", report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
