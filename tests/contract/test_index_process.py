"""The re-index of a bot: a process of its own, which publishes, is cancelled, and dies without doing harm."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from bot.settings import Settings
from knowledge.errors import IndexBusyError, IndexCancelledError, KnowledgeError
from knowledge.index import build_index
from knowledge.index_process import build_index_apart
from knowledge.lock import index_lock, lock_holder
from knowledge.store import open_store

ROOT = Path(__file__).parents[2]
STARTED_AND_WAITING = """
import pickle, sys
from knowledge.index_process import build_index_apart
from knowledge.lock import lock_holder
settings = pickle.load(sys.stdin.buffer)

def wait(stage, done, total):
    if stage == "Embedding":
        print(lock_holder(settings).pid, flush=True)
        sys.stdin.read()

build_index_apart(settings, progress=wait)
"""


@pytest.fixture(scope="module")
def indexed(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A machine with an index."""
    documents, data = tmp_path_factory.mktemp("documents"), tmp_path_factory.mktemp("data")
    (data / "models").symlink_to(settings.data_dir / "models")
    (documents / "boats.md").write_text("# Boats\n\n## What is a keel?\n\nA keel keeps a boat upright.\n")
    machine = settings.model_copy(update={"data_dir": data, "knowledge_dir": documents})
    build_index(machine)
    return machine


@pytest.fixture
def machine(indexed: Settings, tmp_path: Path) -> Settings:
    """A copy of that machine, with a document that is not in its index yet."""
    documents, data = tmp_path / "documents", tmp_path / "data"
    shutil.copytree(indexed.knowledge_dir, documents)
    shutil.copytree(indexed.data_dir, data, symlinks=True)
    (documents / "bread.md").write_text("# Bread\n\n## What is dough?\n\nDough is flour and water.\n")
    return indexed.model_copy(update={"data_dir": data, "knowledge_dir": documents})


def test_it_publishes_reports_and_tells_its_progress(machine: Settings) -> None:
    stages: list[str] = []
    report = build_index_apart(machine, by="alice", progress=lambda stage, done, total: stages.append(stage))
    assert (report.published, report.added, report.version) == (True, 1, open_store(machine).published())
    assert open_store(machine).versions()[0].by == "alice"
    assert list(dict.fromkeys(stages))[-2:] == ["Embedding", "Writing and checking the new version"]
    assert lock_holder(machine) is None


def test_it_is_another_process_which_holds_the_lock(machine: Settings) -> None:
    seen: set[tuple[str, int]] = set()

    def look(stage: str, done: int, total: int) -> None:
        holder = lock_holder(machine)
        assert holder is not None
        seen.add((holder.by, holder.pid))

    build_index_apart(machine, by="alice", progress=look)
    ((by, process),) = seen
    assert by == "alice"
    assert process != os.getpid()


def test_cancelled_it_leaves_everything_as_it_was(machine: Settings) -> None:
    before = open_store(machine).published()
    steps: list[str] = []

    def progress(stage: str, done: int, total: int) -> None:
        steps.append(stage)

    with pytest.raises(IndexCancelledError, match="What was published before keeps serving"):
        build_index_apart(machine, progress=progress, cancelled=lambda: "Embedding" in steps)
    assert steps[-1] == "Embedding"
    assert (open_store(machine).published(), len(open_store(machine).versions())) == (before, 1)
    assert lock_holder(machine) is None


def test_what_it_refuses_to_do_is_refused_here(machine: Settings) -> None:
    with index_lock(machine, "bob"), pytest.raises(IndexBusyError, match="bob"):
        build_index_apart(machine)


def test_an_error_of_whoever_listens_ends_it(machine: Settings) -> None:
    def progress(stage: str, done: int, total: int) -> None:
        raise RuntimeError("Nobody can be told.")

    with pytest.raises(RuntimeError, match="Nobody can be told"):
        build_index_apart(machine, progress=progress)
    assert lock_holder(machine) is None
    assert len(open_store(machine).versions()) == 1


def test_killed_it_is_told_in_a_sentence_and_the_next_run_does_the_work(machine: Settings) -> None:
    before = open_store(machine).published()

    def kill(stage: str, done: int, total: int) -> None:
        if stage == "Embedding":
            holder = lock_holder(machine)
            assert holder is not None
            os.kill(holder.pid, signal.SIGKILL)

    with pytest.raises(KnowledgeError, match=r"ended without a result \(exit status -9\)"):
        build_index_apart(machine, progress=kill)
    assert open_store(machine).published() == before
    assert build_index_apart(machine).published


def test_it_ends_with_the_bot_that_started_it(machine: Settings) -> None:
    before = open_store(machine).published()
    bot = subprocess.Popen(
        [sys.executable, "-c", STARTED_AND_WAITING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert bot.stdin is not None
    assert bot.stdout is not None
    bot.stdin.write(pickle.dumps(machine))
    bot.stdin.flush()
    assert int(bot.stdout.readline()) not in (bot.pid, os.getpid())
    bot.kill()
    bot.communicate()
    with FileLock(machine.data_dir / "index.lock"):  # waits for the process, which has it until it has ended
        pass
    assert open_store(machine).published() == before
    assert build_index_apart(machine).published
