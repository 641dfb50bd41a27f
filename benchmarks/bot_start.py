"""`python -m benchmarks.bot_start`: how long the bot takes from process start to ready, and what memory it has then.

A process of its own starts the real bot on SimCord's simulated Discord; only the network to Discord is missing.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

RUNS = 3
COLUMNS = ("built_seconds", "built_mb", "ready_seconds", "ready_mb", "asked_mb", "peak_mb")


def main() -> None:
    """Several starts, one after the other."""
    runs = [json.loads(one_start()) for _ in range(RUNS)]
    table = Table(title="The bot, from process start to ready", title_justify="left")
    for column in ("start", "built s", "built MB", "ready s", "ready MB", "after a question MB", "peak MB"):
        table.add_column(column, justify="right" if column != "start" else "left")
    for number, run in enumerate(runs, 1):
        table.add_row(str(number), *(f"{run[column]:.1f}" for column in COLUMNS))
    table.add_section()
    table.add_row("median", *(f"{statistics.median(run[column] for run in runs):.1f}" for column in COLUMNS))
    console = Console(soft_wrap=True)
    console.print(table)
    console.print("Goal: ready in 4 s, 350 MB idle. Ready and after include SimCord itself; built does not.")


def one_start() -> str:
    """The JSON that a started bot prints about itself."""
    command = [sys.executable, "-m", "benchmarks.bot_start", "--child", repr(time.perf_counter())]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]


async def start(process_started: float) -> dict[str, float]:
    """Start the bot in this process; the seconds since `process_started` and the megabytes at each stage."""
    from bot.bootstrap import tunewise  # the import is part of what is measured
    from bot.process import settle
    from bot.settings import Settings
    from knowledge.settings import load_settings

    with tempfile.TemporaryDirectory() as folder:
        records = f"sqlite+aiosqlite:///{Path(folder) / 'records.sqlite'}"
        settings = load_settings(Settings).model_copy(update={"database_url": records})
        async with tunewise(settings, shard_count=1) as bot:
            settle()
            measured = {"built_seconds": time.perf_counter() - process_started, "built_mb": memory("VmRSS")}
            import simcord

            simcord_imported = time.perf_counter()
            async with simcord.run(bot, check_errors=False):
                await bot.wait_until_ready()
                starting = time.perf_counter() - simcord_imported
                measured |= {"ready_seconds": measured["built_seconds"] + starting, "ready_mb": memory("VmRSS")}
                await asyncio.to_thread(bot.knowledge.ask, "Which is cheaper, prompting or fine-tuning?")
                return measured | {"asked_mb": memory("VmRSS"), "peak_mb": memory("VmHWM")}


def memory(kind: str) -> float:
    """This process's memory in MB: VmRSS now, VmHWM at its highest."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{kind}:"))


if __name__ == "__main__":
    if "--child" in sys.argv:
        # On Linux perf_counter is one clock for all processes (SimCord replaces time.monotonic by its own).
        print(json.dumps(asyncio.run(start(float(sys.argv[-1])))))
    else:
        main()
