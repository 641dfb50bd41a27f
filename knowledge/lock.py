"""One maintainer at a time: who changes the index now, and since when.

On one machine the operating system keeps runs apart: it frees the lock of a process that dies. Machines that share a
Chroma server keep each other out by a lease in its registry, which has to be renewed.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from knowledge.chroma import Registry
from knowledge.errors import IndexBusyError, KnowledgeError
from knowledge.settings import KnowledgeSettings

SECONDS_TO_WAIT = 0.5  # `lock_holder` takes the lock for a moment, to see whether it is free
SECONDS_BETWEEN_LOOKS = 0.02
SECONDS_BETWEEN_RENEWALS = 10.0
SECONDS_TO_LIVE = 180.0  # more than any step of a run takes; a machine that is silent for so long is taken for dead

# Says that the run is alive; `at_once`, right before something is published. Raises IndexBusyError: the lock is lost.
Renew = Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Who changes the index, since when (ISO 8601, UTC), and in which process of which machine."""

    by: str
    since: str
    host: str
    pid: int

    def __str__(self) -> str:
        since = datetime.fromisoformat(self.since)
        return f"{self.by}, since {since:%Y-%m-%d %H:%M:%S} UTC, in process {self.pid} on {self.host}"


def os_user() -> str:
    """The name of the user that runs this process, or its number where it has no name, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "somebody"


def now() -> str:
    """The time, in UTC, as ISO 8601 writes it, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def lock_holder(settings: KnowledgeSettings) -> LockHolder | None:
    """Who changes the index at this moment; None where nobody does, or whoever did is dead."""
    if settings.chroma_url:
        lease = _newest(Registry(settings.chroma_url))
        return lease.holder if lease and lease.is_alive() else None
    lock = FileLock(settings.data_dir / "index.lock")
    if not (settings.data_dir / "index.lock").exists():
        return None
    until = time.monotonic() + SECONDS_TO_WAIT
    while True:
        try:
            with lock.acquire(timeout=0):
                return None
        except Timeout:
            holder = _noted(settings.data_dir)
        if holder is not None or time.monotonic() > until:
            return holder or LockHolder("somebody", now(), socket.gethostname(), 0)
        time.sleep(SECONDS_BETWEEN_LOOKS)  # who has the lock only looks, as we do, or is about to write its note


@contextmanager
def index_lock(settings: KnowledgeSettings, by: str) -> Iterator[Renew]:
    """Keep all others from changing the index for as long as the block runs.

    Raises IndexBusyError, which names who is at it, and KnowledgeError where DATA_DIR cannot be written.
    """
    holder = LockHolder(by or os_user(), now(), socket.gethostname(), os.getpid())
    with _file_lock(settings.data_dir, holder):
        if not settings.chroma_url:
            yield lambda at_once: None
            return
        lease = _HeldLease(Registry(settings.chroma_url), holder)
        try:
            yield lease.renew
        finally:
            with suppress(KnowledgeError):  # a server that is gone takes the lease for dead later
                lease.release()


# On one machine


@contextmanager
def _file_lock(data_dir: Path, holder: LockHolder) -> Iterator[None]:
    lock, note = FileLock(data_dir / "index.lock"), _note(data_dir)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=SECONDS_TO_WAIT, poll_interval=SECONDS_BETWEEN_LOOKS)
    except Timeout as error:
        raise _busy(_noted(data_dir)) from error
    except PermissionError as error:
        raise KnowledgeError(
            f"DATA_DIR {data_dir} cannot be written. Make it writable or set DATA_DIR to another folder."
        ) from error
    except (FileExistsError, NotADirectoryError) as error:
        raise KnowledgeError(f"DATA_DIR {data_dir} is not a folder. Set DATA_DIR to a folder.") from error
    try:
        _write_note(note, holder)
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _note(data_dir: Path) -> Path:
    return data_dir / "index.lock.json"


def _write_note(note: Path, holder: LockHolder) -> None:
    """Say beside the lock who holds it; what a dead process left there is overwritten."""
    try:
        note.write_text(json.dumps(asdict(holder)), encoding="utf-8")
    except OSError as error:
        raise KnowledgeError(f"{note} cannot be written ({error.strerror}). Make room on the disk.") from error


def _noted(data_dir: Path) -> LockHolder | None:
    """Who has noted itself beside the lock; None where nobody has, or a process that is dead."""
    try:
        holder = LockHolder(**json.loads(_note(data_dir).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return None if holder.host == socket.gethostname() and not _is_running(holder.pid) else holder


def _busy(holder: LockHolder | None) -> IndexBusyError:
    who = f": {holder}" if holder else ""
    return IndexBusyError(
        f"The index is being changed at this moment{who}. Wait until that has finished, then try again."
    )


# On machines that share a Chroma server


@dataclass(frozen=True, slots=True)
class _Lease:
    """One lease of the row that all machines have had; the one with the highest number counts."""

    number: int
    token: str
    holder: LockHolder
    renewed: float  # seconds since 1970, by the holder's clock
    released: bool = False

    @property
    def record(self) -> str:
        return f"lease-{self.number:08}"

    def is_alive(self) -> bool:
        """Whether its holder is at work: its process runs on this machine, or it has renewed the lease of late."""
        if self.released:
            return False
        if self.holder.host == socket.gethostname() and not _is_running(self.holder.pid):
            return False
        return time.time() - self.renewed < SECONDS_TO_LIVE


class _HeldLease:
    """The lease of this run. Raises IndexBusyError where another machine holds one."""

    def __init__(self, registry: Registry, holder: LockHolder) -> None:
        self._registry = registry
        newest = _newest(registry)
        if newest and newest.is_alive():
            raise _busy(newest.holder)
        number = newest.number + 1 if newest else 1
        self._lease = _Lease(number, os.urandom(8).hex(), holder, time.time())
        # Two machines may try at once: the server lets one of them add the next number.
        if not registry.add(self._lease.record, "lease", _lease_text(self._lease)):
            raise _busy(None)
        self.renew(True)
        # Only those before the newest: whoever still counts from one of them must find the newest.
        registry.delete(*(record for record in registry.of_kind("lease") if record < self._lease.record))

    def renew(self, at_once: bool = False) -> None:
        """Say that this run is alive, where it has not said so for a while or `at_once`.

        Raises IndexBusyError where another machine has taken this one for dead and holds the lease now.
        """
        if not at_once and time.time() - self._lease.renewed < SECONDS_BETWEEN_RENEWALS:
            return
        newest = _newest(self._registry)
        if newest is None or newest.token != self._lease.token:
            raise _busy(newest.holder if newest else None)
        self._lease = replace(self._lease, renewed=time.time())
        self._registry.put(self._lease.record, "lease", _lease_text(self._lease))

    def release(self) -> None:
        """Give the lease back. Its record stays, so that the numbers go on."""
        self._registry.put(self._lease.record, "lease", _lease_text(replace(self._lease, released=True)))


def _newest(registry: Registry) -> _Lease | None:
    leases = registry.of_kind("lease")
    return _read_lease(leases[max(leases)]) if leases else None


def _lease_text(lease: _Lease) -> str:
    return json.dumps(asdict(lease))


def _read_lease(text: str) -> _Lease:
    values = json.loads(text)
    return _Lease(**{**values, "holder": LockHolder(**values["holder"])})


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
