"""`python -m benchmarks.ask`: the time of one question, warm, beside the stack of the tutorials."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table

from benchmarks import tutorial_stack
from knowledge.base import KnowledgeBase
from knowledge.evaluate import load_golden
from knowledge.load import load_folder
from knowledge.settings import KnowledgeSettings, load_settings

QUESTIONS = 100
WARM_UP = 5
# The stacks take turns by ten questions: after each of its own, torch's threads spin a while and slow what comes next.
TURN = 10


def main() -> None:
    """The golden questions, each asked of both stacks in turn."""
    settings = load_settings(KnowledgeSettings)
    golden = load_golden(settings.golden_file)
    questions = [question.question for question in golden[:: max(1, len(golden) // QUESTIONS)]][:QUESTIONS]
    knowledge = KnowledgeBase.open(settings)
    documents, _ = load_folder(settings.knowledge_dir)
    with tempfile.TemporaryDirectory() as folder:
        pieces = tutorial_stack.split(documents)
        chroma = tutorial_stack.store(pieces, tutorial_stack.load_embeddings(), Path(folder))
        ours, theirs = times_of_both(knowledge.ask, lambda question: chroma.similarity_search(question, k=4), questions)
    table = Table(title=f"One question, warm ({len(questions)} questions, both stacks in turn)", title_justify="left")
    for column in ("", "median ms", "p95 ms", "passages"):
        table.add_column(column, justify="right" if column else "left")
    table.add_row("Tunewise: retrieval and answer", *summary(ours), str(len(knowledge.retriever.chunks)))
    table.add_row(f"{tutorial_stack.NAME}: retrieval", *summary(theirs), str(len(pieces)))
    console = Console(soft_wrap=True)
    console.print(table)
    ratio = statistics.median(ours) / statistics.median(theirs)
    console.print(f"Tunewise takes {ratio:.2f} of its time (goal: at most 0.33).")


def times_of_both(
    first: Callable[[str], object], second: Callable[[str], object], questions: Sequence[str]
) -> tuple[list[float], list[float]]:
    """The seconds that each took for each question; asked in turn, so that a busy machine slows both."""
    for question in questions[:WARM_UP]:
        first(question)
        second(question)
    both: tuple[list[float], list[float]] = ([], [])
    for start in range(0, len(questions), TURN):
        for ask, seconds in zip((first, second), both, strict=True):
            for question in questions[start : start + TURN]:
                started = perf_counter()
                ask(question)
                seconds.append(perf_counter() - started)
    return both


def summary(seconds: Sequence[float]) -> tuple[str, str]:
    """Median and 95th percentile in milliseconds."""
    return f"{statistics.median(seconds) * 1000:.1f}", f"{statistics.quantiles(seconds, n=20)[-1] * 1000:.1f}"


if __name__ == "__main__":
    main()
