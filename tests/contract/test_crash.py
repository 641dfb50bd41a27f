"""A run that dies, or finds the disk full: the old version serves, and the next run cleans up."""

from __future__ import annotations

import os
import pickle
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.settings import Settings
from knowledge.base import KnowledgeBase
from knowledge.embed import Embedder
from knowledge.errors import KnowledgeError
from knowledge.index import build_index, lock_holder
from knowledge.store import open_store

ROOT = Path(__file__).parents[2]
KILLS = {"embedded": 20, "server": 6}
SEED = 20261124
# Forks a process for each line that it reads: its imports are done, so that a kill meets the run and not the imports.
NURSERY = """
import os, pickle, resource, sys
from knowledge import index
from knowledge.errors import KnowledgeError
settings = pickle.load(sys.stdin.buffer)
print("ready", flush=True)
for line in sys.stdin.buffer:
    limit = int(line)
    child = os.fork()
    if child == 0:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            index.build_index(settings)
        except KnowledgeError as error:
            print(error, file=sys.stderr, flush=True)
            os._exit(3)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(4)
        os._exit(0)
    print(child, flush=True)
    _, status, used = os.wait4(child, 0)
    print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, flush=True)
"""


class Nursery(NamedTuple):
    """The process that forks."""

    process: subprocess.Popen[bytes]

    def start(self, limit: int = 0) -> int:
        """Start a run that can write files of so many bytes (0: of any size); its process id."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"%d\n" % limit)
        self.process.stdin.flush()
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def ended(self) -> tuple[int, float]:
        """The exit status of the run that was started, and the processor time that it took, when it has ended."""
        assert self.process.stdout is not None
        status, seconds = self.process.stdout.readline().split()
        return int(status), float(seconds)

    def said(self) -> str:
        """The sentence with which a run ended that failed."""
        assert self.process.stderr is not None
        return self.process.stderr.readline().decode()


@contextmanager
def nursery(machine: Settings) -> Iterator[Nursery]:
    process = subprocess.Popen(
        [sys.executable, "-c", NURSERY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    pickle.dump(machine, process.stdin)
    process.stdin.flush()
    assert process.stdout.readline() == b"ready\n"
    try:
        yield Nursery(process)
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


@pytest.fixture(params=["embedded", "server"])
def machine(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Settings:
    """A machine that has the model, and a few documents; the first version is published."""
    documents, data = tmp_path / "documents", tmp_path / "data"
    documents.mkdir()
    data.mkdir()
    (data / "models").symlink_to(settings.data_dir / "models")
    (tmp_path / "off_topic.txt").write_text("how do I tune a guitar\n")
    url = request.getfixturevalue("chroma_server") if request.param == "server" else ""
    machine = settings.model_copy(
        update={
            "data_dir": data,
            "knowledge_dir": documents,
            "off_topic_file": tmp_path / "off_topic.txt",
            "chroma_url": url,
            "answer_threshold": 0.0,
            "gate_documents_share": 0.0,  # a server keeps the version of the test before
        }
    )
    write(machine, "first")
    build_index(machine, force=True)
    return machine


def write(machine: Settings, name: str) -> None:
    """Let the documents say which edition they are; enough of them that a run takes a while."""
    (machine.knowledge_dir / "keel.md").write_text(f"# Boats\n\n## What is a keel?\n\nA keel is a {name} fin.\n")
    for number in range(12):
        text = f"Rope number {number} of the {name} edition holds sail {number * 7} against the wind."
        (machine.knowledge_dir / f"rope-{number}.md").write_text(f"# Rope {number}\n\n## What is it for?\n\n{text}\n")


def serves(machine: Settings, embedder: Embedder) -> str:
    """The text of the published version about keels; fails where it is not whole, or answers from another one."""
    store = open_store(machine)
    version = store.published()
    assert version is not None
    assert len(store.read(version).chunks) == 13
    base = KnowledgeBase(machine, store, embedder)
    assert base.version == version
    return base.ask("What is a keel?").text


def kill_after(process: int, seconds: float) -> None:
    """Kill the process when it has used so many seconds of processor time, unless it has ended before."""
    clock = (~process << 3) | 2  # clock_getcpuclockid(3), which Python does not have
    with suppress(OSError):  # it has ended
        while time.clock_gettime(clock) < seconds:
            threading.Event().wait(0.002)
        os.kill(process, signal.SIGKILL)


@pytest.mark.timeout(300)  # a minute where other tests keep both cores busy
def test_a_run_that_is_killed_at_any_moment_leaves_the_old_version_or_the_new_one(
    machine: Settings, embedder: Embedder
) -> None:
    choose = random.Random(SEED)
    kills = KILLS["server" if machine.chroma_url else "embedded"]
    with nursery(machine) as runs:
        write(machine, "second")
        runs.start()
        status, whole = runs.ended()
        assert status == 0
        serving, killed = "second", 0
        for number in range(kills):
            edition = f"edition-{number}"
            write(machine, edition)
            child = runs.start()
            # One moment in each of as many parts of a run. Processor time, because other tests slow the clock's down.
            kill_after(child, (number + choose.random()) / kills * whole)
            status, _ = runs.ended()
            killed += status == -signal.SIGKILL
            text = serves(machine, embedder)
            assert edition in text or serving in text
            serving = edition if edition in text else serving
            assert lock_holder(machine) is None
        write(machine, "last")
        runs.start()
        assert runs.ended()[0] == 0
    assert "last" in serves(machine, embedder)
    assert killed > kills / 2
    store = open_store(machine)
    assert store.unfinished() == []
    kept = {manifest.version for manifest in store.versions()}
    assert len(kept) <= machine.keep_versions
    if not machine.chroma_url:
        assert {folder.name for folder in (machine.data_dir / "index" / "versions").iterdir()} == kept
        assert {file.name for file in (machine.data_dir / "index").iterdir()} == {"published", "versions"}


@pytest.mark.parametrize("machine", ["embedded"], indirect=True)
def test_a_full_disk_leaves_the_old_version_and_nothing_of_the_new_one(machine: Settings, embedder: Embedder) -> None:
    """The system refuses to let a file grow, wherever that happens in a run."""
    database = max(file.stat().st_size for file in (machine.data_dir / "index").rglob("*") if file.is_file())
    before = {folder.name for folder in (machine.data_dir / "index" / "versions").iterdir()}
    write(machine, "second")
    with nursery(machine) as runs:
        for limit in (1, 200, 4_000, database // 4, database // 2, database - 8_192):
            runs.start(limit)
            (status, _), said = runs.ended(), runs.said()
            assert (status, bool(re.search(r"keeps serving|cannot be written", said))) == (3, True), said
            assert "first" in serves(machine, embedder)
            assert {folder.name for folder in (machine.data_dir / "index" / "versions").iterdir()} == before
            assert lock_holder(machine) is None
        runs.start()
        assert runs.ended()[0] == 0
    assert "second" in serves(machine, embedder)


@pytest.mark.parametrize("machine", ["embedded"], indirect=True)
def test_a_document_that_does_not_stop_changing_leaves_the_old_version(
    machine: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = open_store(machine).published()
    read = Path.read_bytes
    reads: list[Path] = []

    def read_while_it_grows(path: Path) -> bytes:
        data = read(path)
        if path.name == "keel.md" and len(reads) < how_often:
            reads.append(path)
            with path.open("a") as file:
                file.write("More.\n")
        return data

    monkeypatch.setattr(Path, "read_bytes", read_while_it_grows)
    how_often = 99
    with pytest.raises(KnowledgeError, match=r"keel\.md is being written at this moment"):
        build_index(machine)
    assert open_store(machine).published() == version
    reads.clear()
    how_often = 2
    build_index(machine)
    text = " ".join(chunk.text for chunk in KnowledgeBase.open(machine).retriever.chunks)
    assert text.count("More.") == 5
