"""`python -m benchmarks.compare`: how long /compare takes, the first time in a process and after that.

What a person waits for without Discord's own time: the table, the picture or the explanation, and the layout.
"""

from __future__ import annotations

import resource
import statistics
import sys
from collections.abc import Callable
from time import perf_counter

from rich.console import Console
from rich.table import Table

from bot.compare import layout
from bot.compare.picture import picture
from knowledge.base import KnowledgeBase
from knowledge.settings import KnowledgeSettings, load_settings

RUNS = 50


def main() -> None:
    """The picture of all aspects, first and from the cache, and each aspect with its explanation."""
    knowledge = KnowledgeBase.open(load_settings(KnowledgeSettings))
    if not knowledge.comparison:
        sys.exit("The index holds no table that names both approaches. Run: python -m knowledge index")
    knowledge.ask("What is prompt engineering?")  # the model is warm, as in a bot that runs

    def everything() -> None:
        aspects = knowledge.comparison
        layout.overview(aspects, picture(aspects))

    def each_aspect() -> None:
        aspects = knowledge.comparison
        aspect = aspects[next(turns) % len(aspects)]
        layout.one(aspect, aspects, knowledge.explain(aspect))

    turns = iter(range(RUNS))
    before = megabytes()
    table = Table(title="/compare", title_justify="left")
    for column in ("", "median ms", "longest ms", "runs"):
        table.add_column(column, justify="right" if column else "left")
    first = milliseconds(everything, 1)
    grown = megabytes() - before
    table.add_row("all aspects, first (Typst loaded, picture drawn)", *summary(first))
    table.add_row("all aspects, again (picture kept)", *summary(milliseconds(everything, RUNS)))
    table.add_row("one aspect with its explanation", *summary(milliseconds(each_aspect, RUNS)))
    console = Console(soft_wrap=True)
    console.print(table)
    console.print(f"The first picture adds {grown:.0f} MB; it has {len(picture(knowledge.comparison)) / 1024:.0f} kB.")
    console.print("Goal: each click in 100 ms.")


def milliseconds(work: Callable[[], None], runs: int) -> list[float]:
    """How long each of `runs` took."""
    times = []
    for _ in range(runs):
        started = perf_counter()
        work()
        times.append((perf_counter() - started) * 1000)
    return times


def summary(times: list[float]) -> tuple[str, str, str]:
    """Median, longest, and how many there are."""
    return f"{statistics.median(times):.1f}", f"{max(times):.1f}", str(len(times))


def megabytes() -> float:
    """The highest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
