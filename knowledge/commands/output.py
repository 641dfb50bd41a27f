"""What the commands print: JSON, a table or a bar, each where it belongs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import Progress

DONE, FAILED = 0, 1


def print_json(value: object) -> None:
    """One line. Everything beyond ASCII is escaped, so that it survives whatever encoding the output has."""
    sys.stdout.write(json.dumps(value) + "\n")


def out() -> Console:
    """Standard output: coloured and wrapped on a terminal, plain and unwrapped in a pipe."""
    terminal = sys.stdout.isatty()
    return Console(highlight=False, markup=False, soft_wrap=not terminal, width=None if terminal else 200)


@contextmanager
def progress() -> Iterator[Any]:
    """A callback (stage, done, total) that draws a bar on standard error, where that is a terminal."""
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None)

        def show(stage: str, done: int, total: int) -> None:
            # A stage of one step has nothing to count: the bar pulses.
            bar.update(task, description=stage, completed=done, total=total if total > 1 else None)

        yield show
