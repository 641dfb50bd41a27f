"""Who may change the index: one at a time, on one machine and on several that share a Chroma server."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from threading import Barrier

import pytest
from filelock import FileLock

from bot.settings import Settings
from knowledge import lock
from knowledge.chroma import Registry
from knowledge.errors import IndexBusyError, KnowledgeError
from knowledge.index import build_index, rollback
from knowledge.lock import LockHolder, index_lock, lock_holder
from knowledge.settings import load_settings

ROOT = Path(__file__).parents[2]
HOLD_UNTIL_KILLED = """
import pickle, sys
from knowledge.lock import index_lock
with index_lock(pickle.load(sys.stdin.buffer), "bob"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(params=["one machine", "a Chroma server"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    settings = load_settings(Settings, None).model_copy(update={"data_dir": tmp_path / "data"})
    if request.param == "one machine":
        return settings
    return settings.model_copy(update={"chroma_url": empty_server(request)})


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Registry:
    """The registry of a server that holds no lease."""
    return Registry(empty_server(request))


def empty_server(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("chroma_server")
    registry = Registry(url)
    registry.delete(*registry.of_kind("lease"))
    return url


def held_by_another_process(machine: Settings) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_UNTIL_KILLED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    pickle.dump(machine, process.stdin)
    process.stdin.flush()
    assert process.stdout.readline() == b"held\n"
    return process


def end(process: subprocess.Popen[bytes], number: int) -> None:
    process.send_signal(number)
    process.communicate()


def test_nobody_holds_the_lock_of_a_machine_that_does_nothing(machine: Settings) -> None:
    assert lock_holder(machine) is None
    with index_lock(machine, "alice"):
        pass
    assert lock_holder(machine) is None


def test_a_second_maintainer_is_told_who_is_at_work_and_since_when(machine: Settings) -> None:
    with index_lock(machine, "alice"):
        holder = lock_holder(machine)
        assert holder is not None
        assert (holder.by, holder.host, holder.pid) == ("alice", socket.gethostname(), os.getpid())
        for change in (build_index, rollback):
            with pytest.raises(IndexBusyError, match=r"alice, since 2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in process"):
                change(machine)
    assert lock_holder(machine) is None


def test_a_run_that_fails_gives_the_lock_back(machine: Settings, tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="not a folder"):
        build_index(machine, source=tmp_path / "gone")
    assert lock_holder(machine) is None


def test_the_lock_of_a_process_that_was_killed_is_free(machine: Settings) -> None:
    process = held_by_another_process(machine)
    holder = lock_holder(machine)
    assert holder is not None
    assert (holder.by, holder.pid) == ("bob", process.pid)
    with pytest.raises(IndexBusyError, match="bob"), index_lock(machine, "alice"):
        pass
    end(process, signal.SIGKILL)
    assert lock_holder(machine) is None
    with index_lock(machine, "alice"):
        assert lock_holder(machine).by == "alice"  # type: ignore[union-attr]


def test_who_looks_at_the_lock_does_not_keep_others_from_it(machine: Settings) -> None:
    with ThreadPoolExecutor(4) as threads:
        looks = [threads.submit(lock_holder, machine) for _ in range(50)]
        for _ in range(5):
            with index_lock(machine, "alice"):
                pass
        assert {look.result().by for look in looks if look.result()} <= {"alice"}  # type: ignore[union-attr]


def test_two_who_look_at_once_do_not_take_each_other_for_a_maintainer(machine: Settings) -> None:
    with index_lock(machine, "alice"):
        pass
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lock_holder, [machine] * 50)) == {None}


def test_the_note_of_a_dead_process_is_not_read_while_another_one_looks(tmp_path: Path) -> None:
    machine = load_settings(Settings, None).model_copy(update={"data_dir": tmp_path, "chroma_url": ""})
    process = held_by_another_process(machine)
    end(process, signal.SIGKILL)
    with FileLock(machine.data_dir / "index.lock"):
        assert lock_holder(machine).by == "somebody"  # type: ignore[union-attr]


# Several machines


def another_machines_lease(registry: Registry, number: int, *, renewed: float, host: str = "elsewhere") -> None:
    holder = LockHolder("carol", "2026-01-01T00:00:00+00:00", host, 1)
    lease = {"number": number, "token": "t", "holder": asdict(holder), "renewed": renewed, "released": False}
    registry.put(f"lease-{number:08}", "lease", json.dumps(lease))


def on_server(registry: Registry, folder: Path) -> Settings:
    return load_settings(Settings, None).model_copy(update={"data_dir": folder, "chroma_url": registry._url})


def test_another_machine_that_is_at_work_is_named(server: Registry, tmp_path: Path) -> None:
    machine = on_server(server, tmp_path)
    another_machines_lease(server, 7, renewed=time.time())
    assert lock_holder(machine) == LockHolder("carol", "2026-01-01T00:00:00+00:00", "elsewhere", 1)
    with pytest.raises(IndexBusyError, match=r"carol.*on elsewhere"), index_lock(machine, "alice"):
        pass


def test_another_machine_that_has_been_silent_is_taken_for_dead(server: Registry, tmp_path: Path) -> None:
    machine = on_server(server, tmp_path)
    another_machines_lease(server, 7, renewed=time.time() - lock.SECONDS_TO_LIVE - 1)
    assert lock_holder(machine) is None
    with index_lock(machine, "alice"):
        assert lock_holder(machine).by == "alice"  # type: ignore[union-attr]
        assert list(server.of_kind("lease")) == ["lease-00000008"]


def test_a_run_that_was_taken_for_dead_notices_before_it_publishes(server: Registry, tmp_path: Path) -> None:
    with index_lock(on_server(server, tmp_path), "alice") as renew:
        renew(True)
        another_machines_lease(server, 2, renewed=time.time())
        with pytest.raises(IndexBusyError, match="carol"):
            renew(True)


def test_a_run_renews_its_lease_when_it_is_due(
    server: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with index_lock(on_server(server, tmp_path), "alice") as renew:
        before = server.of_kind("lease")
        renew(False)
        assert server.of_kind("lease") == before
        monkeypatch.setattr(lock, "SECONDS_BETWEEN_RENEWALS", 0.0)
        renew(False)
        assert server.of_kind("lease") != before


def test_of_machines_that_try_at_the_same_moment_one_succeeds(server: Registry) -> None:
    together = Barrier(8)

    def try_it(number: int) -> int:
        together.wait()
        holder = LockHolder(f"maintainer {number}", "2026-01-01T00:00:00+00:00", "elsewhere", 1)
        try:
            lock._HeldLease(server, holder)
        except IndexBusyError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(try_it, range(8))) == 1
