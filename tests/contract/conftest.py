"""Records on SQLite and on a real Postgres that this run starts and stops."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.records import Records
from tests.contract.databases import PASSWORD, free_port


@pytest.fixture(scope="session")
def postgres() -> Iterator[int]:
    """The port of a Postgres that this run starts and stops."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb") or (str(programs[-1]) if programs else None)
    if found is None:
        pytest.skip("no Postgres on this machine (Debian: apt-get install postgresql)")
    programs_dir = Path(found).resolve().parent
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:  # initdb refuses root
        try:
            account = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("tests run as root and there is no user 'postgres' to run Postgres as")
        as_user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    home = Path(tempfile.mkdtemp(prefix="tunewise-postgres-"))
    (home / "password").write_text(PASSWORD)
    if as_user:
        for path in (home, home / "password"):
            os.chown(path, account.pw_uid, account.pw_gid)

    def run(program: str, *arguments: str) -> None:
        log = home / "server.log"
        done = subprocess.run(
            [str(programs_dir / program), "-D", str(home / "data"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=home,
            check=False,
            timeout=60,
            **as_user,
        )
        reason = log.read_text() if log.exists() else ""
        assert done.returncode == 0, f"{program} {' '.join(arguments)} failed. {reason}"

    port = free_port()
    options = f"-h 127.0.0.1 -p {port} -k {home} -c fsync=off"
    run(
        "initdb",
        "-U",
        "tunewise",
        "-A",
        "scram-sha-256",
        "--pwfile",
        str(home / "password"),
        "-N",
        "-E",
        "UTF8",
    )
    run("pg_ctl", "-w", "-l", str(home / "server.log"), "-o", options, "start")
    try:
        yield port
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(home)


@pytest.fixture(params=["sqlite", "postgres"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'not yet there' / 'records.sqlite'}"
        return
    pytest.importorskip("asyncpg", reason="asyncpg is not installed (the extra 'postgres')")
    server = f"postgresql+asyncpg://tunewise:{PASSWORD}@127.0.0.1:{request.getfixturevalue('postgres')}"
    name = f"records_{uuid4().hex}"
    engine = create_async_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    yield f"{server}/{name}"


@pytest.fixture
async def records(url: str) -> AsyncIterator[Records]:
    opened = await Records.open(url)
    yield opened
    await opened.close()
