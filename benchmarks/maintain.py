"""`python -m benchmarks.maintain [DOCUMENTS]`: re-indexing a large corpus while another process answers from it.

1,000 documents (about 10,000 chunks) are generated from the articles of ../shared/eval/squad. Every command runs in a
process of its own, as a maintainer runs it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.corpus import write_corpus
from benchmarks.squad import SQUAD, load_questions
from bot.process import settle
from knowledge.base import KnowledgeBase
from knowledge.embed import ensure_exported
from knowledge.load import load_folder
from knowledge.settings import KnowledgeSettings, load_settings
from knowledge.split import split_document

DOCUMENTS = 1_000
CHANGED_WHILE_ANSWERING = 50
RUNS = 3
REINDEXES = 30
REINDEXED_DOCUMENTS = 50  # for the 30 re-indexes: their number counts, not their size
SECONDS_BETWEEN_REFRESHES = 2.0  # as the bot looks for a new version
QUIET_QUESTIONS = 1_500


@dataclass(frozen=True, slots=True)
class Run:
    """One command: what it reported, its seconds from start to end, and its peak memory in MB."""

    report: dict[str, Any]
    seconds: float
    peak: float


def main() -> int:
    """Measure, and print each figure as soon as it is there."""
    console = Console(soft_wrap=True)
    if not SQUAD.is_dir():
        console.print(f"{SQUAD} is not there, so nothing was measured.")
        return 0
    documents = int(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS
    settings = load_settings(KnowledgeSettings)
    ensure_exported(settings)
    with tempfile.TemporaryDirectory() as folder:
        machine = a_machine(settings, Path(folder), "large", documents)
        full = knowledge(machine, "index")
        console.print(
            f"full: {full.seconds:.1f} s, {full.report['chunks']} chunks, peak {full.peak:.0f} MB, "
            f"on disk {megabytes(machine.data_dir / 'index'):.0f} MB"
        )
        nothing = [knowledge(machine, "index") for _ in range(RUNS)]
        show(console, "nothing changed", nothing, full, goal="1/50")
        one = []
        for number in range(RUNS):
            edit(machine, [number], f"first round {number}")
            one.append(knowledge(machine, "index"))
        show(console, "one document changed", one, full, goal="1/20")
        back = [knowledge(machine, "rollback") for _ in range(2)]
        inside = max(run.report["seconds"] for run in back)
        console.print(f"rollback: {inside:.3f} s, the whole command {median(back):.2f} s (goal: 1 s)")
        answering(console, machine)
        thirty_reindexes(console, a_machine(settings, Path(folder), "small", REINDEXED_DOCUMENTS))
    return 0


def a_machine(settings: KnowledgeSettings, folder: Path, name: str, documents: int) -> KnowledgeSettings:
    """Settings of a machine with the model and so many generated documents, and without an index."""
    data = folder / name
    data.mkdir()
    (data / "models").symlink_to((settings.data_dir / "models").resolve())
    write_corpus(SQUAD / "documents", folder / f"{name}-documents", documents)
    return settings.model_copy(
        update={"data_dir": data, "knowledge_dir": folder / f"{name}-documents", "chroma_url": ""}
    )


def knowledge(machine: KnowledgeSettings, *arguments: str) -> Run:
    """Run `python -m knowledge` with `arguments` on `machine`."""
    environment = {"DATA_DIR": str(machine.data_dir), "KNOWLEDGE_DIR": str(machine.knowledge_dir), "CHROMA_URL": ""}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "knowledge", *arguments, "--json"],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"python -m knowledge {' '.join(arguments)} failed: {output.decode()}")
    return Run(json.loads(output), seconds, usage.ru_maxrss / 1000)


def show(console: Console, what: str, runs: list[Run], full: Run, goal: str) -> None:
    """Print the median of `runs`, as a part of the full index too."""
    peak = max(run.peak for run in runs)
    console.print(
        f"{what}: {median(runs):.2f} s, 1/{full.seconds / median(runs):.0f} of full (goal: under {goal}), "
        f"{runs[-1].report['embedded']} chunks embedded, peak {peak:.0f} MB"
    )


def median(runs: list[Run]) -> float:
    """The middle one of the runs' seconds."""
    return statistics.median(run.seconds for run in runs)


def edit(machine: KnowledgeSettings, numbers: list[int], text: str) -> None:
    """Add a section of its own to each of the numbered documents."""
    files = sorted(machine.knowledge_dir.glob("*.md"))
    for number in numbers:
        with files[number].open("a", encoding="utf-8") as file:
            file.write(f"\n## What was added, {text}?\n\nDocument {number} was changed in the {text}.\n")


# Another process, which answers all the while


def answering(console: Console, machine: KnowledgeSettings) -> None:
    """Measure how a process that answers notices a re-index: its p99, and when it answers from the new version."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    reader = context.Process(target=answer_until_told, args=(machine, theirs))
    reader.start()
    try:
        ours.recv()  # it has answered in quiet
        edit(machine, list(range(CHANGED_WHILE_ANSWERING)), "round while answering")
        ours.send("a re-index begins")
        run = knowledge(machine, "index")
        published = (machine.data_dir / "index" / "published").stat().st_mtime
        seen: dict[str, float] = ours.recv()
        while run.report["version"] not in seen:
            seen = ours.recv()
        ours.send("stop")
        quiet, busy = ours.recv()
    finally:
        reader.join()
    console.print(
        f"from the publication to the first answer of another process: {seen[run.report['version']] - published:.2f} s "
        "(goal: 5 s)"
    )
    table = Table(title=f"answers while {CHANGED_WHILE_ANSWERING} documents are re-indexed", title_justify="left")
    for column in ("", "answers", "median ms", "p99 ms"):
        table.add_column(column)
    for name, seconds in (("quiet", quiet), ("during", busy)):
        table.add_row(name, str(len(seconds)), f"{p(seconds, 50):.1f}", f"{p(seconds, 99):.1f}")
    console.print(table)
    console.print(f"p99 {p(busy, 99) / p(quiet, 99):.2f} times the quiet one (goal: at most 2); {run.seconds:.0f} s")


def answer_until_told(machine: KnowledgeSettings, pipe: Connection) -> None:
    """In a process of its own: answer questions one after another, refreshing as the bot does, and time each."""
    base = KnowledgeBase.open(machine)
    settle()
    questions = [question.question for question in load_questions(SQUAD / "questions.jsonl")]
    stopped = threading.Event()

    def refresh() -> None:
        while not stopped.wait(SECONDS_BETWEEN_REFRESHES):
            base.refresh()

    threading.Thread(target=refresh, daemon=True).start()
    seen: dict[str, float] = {}
    quiet = [timed(base, questions[number % len(questions)], seen) for number in range(QUIET_QUESTIONS)]
    pipe.send("answered in quiet")
    pipe.recv()
    busy: list[float] = []
    told = len(seen)
    while not pipe.poll():
        busy.append(timed(base, questions[len(busy) % len(questions)], seen))
        if len(seen) > told:
            told = len(seen)
            pipe.send(seen)
    stopped.set()
    pipe.send((quiet, busy))


def timed(base: KnowledgeBase, question: str, seen: dict[str, float]) -> float:
    """The seconds that an answer takes; when a version first answered goes into `seen`."""
    started = time.perf_counter()
    answer = base.ask(question)
    seconds = time.perf_counter() - started
    seen.setdefault(answer.version, time.time())
    return seconds


def p(seconds: list[float], share: int) -> float:
    """A percentile, in milliseconds."""
    return statistics.quantiles(seconds, n=100)[share - 1] * 1000


# Many re-indexes


def thirty_reindexes(console: Console, machine: KnowledgeSettings) -> None:
    """Re-index again and again after random edits; print the disk that is used and the chunks that were lost."""
    choose = random.Random(0)
    knowledge(machine, "index")
    sizes, lost, files = [], 0, sorted(machine.knowledge_dir.glob("*.md"))
    for number in range(REINDEXES):
        for file in choose.sample(files, 3):
            change_somewhere(file, choose, number)
        run = knowledge(machine, "index")
        lost += lost_chunks(machine)
        sizes.append(megabytes(machine.data_dir / "index"))
    console.print(
        f"{REINDEXES} re-indexes of {len(files)} documents ({run.report['chunks']} chunks) after random edits: "
        f"{lost} chunks lost; {sizes[5]:.1f} MB on disk after the 6th, {sizes[-1]:.1f} MB after the last, "
        f"at most {max(sizes):.1f} MB"
    )


def change_somewhere(file: Path, choose: random.Random, number: int) -> None:
    """Remove a paragraph, double one, or write a new one."""
    paragraphs = file.read_text(encoding="utf-8").split("\n\n")
    place = choose.randrange(2, len(paragraphs))
    changes: list[Callable[[], object]] = [
        lambda: paragraphs.pop(place) if len(paragraphs) > 8 else None,
        lambda: paragraphs.insert(place, paragraphs[place]),
        lambda: paragraphs.insert(place, f"Round {number} wrote this at place {place}, {choose.random()}."),
    ]
    choose.choice(changes)()
    file.write_text("\n\n".join(paragraphs), encoding="utf-8")


def lost_chunks(machine: KnowledgeSettings) -> int:
    """How many chunks of the documents a search for their own text does not find, or not in their section."""
    documents, _ = load_folder(machine.knowledge_dir)
    expected = [chunk for document in documents for chunk in split_document(document)]
    retriever = KnowledgeBase.open(machine).retriever
    there = {chunk.id for chunk in retriever.chunks}
    lost = 0
    for chunk in expected:
        found = {passage.chunk.heading_path for passage in retriever.search(chunk.text).passages}
        lost += chunk.id not in there or chunk.heading_path not in found
    return lost


def megabytes(folder: Path) -> float:
    """What the files of a folder take, in MB."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


if __name__ == "__main__":
    sys.exit(main())
