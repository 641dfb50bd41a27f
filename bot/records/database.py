"""The database of the records: SQLite or Postgres, opened, migrated, and every failure a sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from filelock import AsyncFileLock
from sqlalchemy import URL, Connection, event, func, make_url, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

SQLITE, POSTGRES = "sqlite+aiosqlite", "postgresql+asyncpg"
ADDRESS_REMEDY = "Write postgresql://user:password@host:5432/name, or leave it empty for SQLite in DATA_DIR."
MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x74756E65  # any number that every Tunewise takes and nobody else does ("tune")
SECONDS_TO_CONNECT = 10
ROWS_AT_ONCE = 200  # of a long result; between them the event loop does other things
SECONDS_TO_WAIT = 30  # for another process's transaction on SQLite, for one statement on Postgres


class RecordsError(Exception):
    """The database of the records failed: `problem` says what happened, `remedy` what to do now."""

    def __init__(self, problem: str, remedy: str) -> None:
        """Joins both sentences to the message."""
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class Database:
    """The open database."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Use `Database.open`, which also migrates."""
        self._engine = engine

    @classmethod
    async def open(cls, url: str) -> Database:
        """The database at `url`, an SQLAlchemy address of SQLite or Postgres, migrated to the newest schema.

        Any number of processes may open one database at once. Raises RecordsError.
        """
        engine = _create_engine(url)
        database = cls(engine)
        try:
            async with _sole_opener(engine.url), database.transaction() as connection:
                if engine.url.drivername == POSTGRES:
                    await connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
                await connection.run_sync(_migrate)
        except TypeError as error:  # from asyncpg, which takes the options of the address as arguments
            await database.close()
            raise RecordsError(
                f"The database's driver does not take an option in DATABASE_URL: {error}.",
                "Remove what the driver does not know from the part after the question mark.",
            ) from error
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements are kept together or not at all. Raises RecordsError."""
        with _explained(self._engine.url):
            async with self._engine.begin() as connection:
                yield connection

    async def close(self) -> None:
        """Closes every connection."""
        await self._engine.dispose()


def storable(text: str) -> str:
    """`text` without what a database refuses: NUL (Postgres) and halves of surrogate pairs (both)."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def _create_engine(url: str) -> AsyncEngine:
    try:
        address = make_url(url)
    except SQLAlchemyError as error:  # the address cannot be shown: nobody knows where its password is
        raise RecordsError("DATABASE_URL is not the address of a database.", ADDRESS_REMEDY) from error
    if address.drivername not in (SQLITE, POSTGRES):
        raise RecordsError(f"DATABASE_URL asks for {address.drivername}, not for Postgres.", ADDRESS_REMEDY)
    with _explained(address):
        if address.drivername == POSTGRES:
            limits = {"timeout": SECONDS_TO_CONNECT, "command_timeout": SECONDS_TO_WAIT}
            return create_async_engine(_with_ssl(address), pool_pre_ping=True, connect_args=limits)
        Path(address.database or "").parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(address, connect_args={"isolation_level": None, "timeout": SECONDS_TO_WAIT})
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_immediate)
        return engine


@asynccontextmanager
async def _sole_opener(address: URL) -> AsyncIterator[None]:
    """Keeps other processes from opening the same SQLite file: two that switch it to WAL at once fail."""
    if address.drivername == POSTGRES:
        yield
        return
    with _explained(address):
        lock = AsyncFileLock(f"{address.database}.lock", timeout=SECONDS_TO_WAIT)
        async with lock:
            yield


def _with_ssl(address: URL) -> URL:
    """`address` with libpq's `sslmode`, which every hosting company writes, under asyncpg's name for it."""
    if "sslmode" not in address.query:
        return address
    renamed = {"ssl": address.query["sslmode"]}
    return address.difference_update_query(["sslmode"]).update_query_dict(renamed)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    """Takes SQLite's write lock first: one taken halfway through a transaction fails instead of waiting."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def _explained(address: URL) -> Iterator[None]:
    """Turns what the database, its driver or Alembic raise into a RecordsError that names `address`."""
    shown = address.set(query={}).render_as_string(hide_password=True)
    try:
        yield
    except ImportError as error:
        raise RecordsError(
            f"The database {shown} needs the package {error.name}, which is not installed.",
            "Install it with: pip install 'tunewise[postgres]'.",
        ) from error
    except (SQLAlchemyError, CommandError, OSError) as error:
        raise RecordsError(f"The database {shown} cannot be used: {_cause(error)}.", _remedy(address)) from error


def _cause(error: BaseException) -> str:
    """The first line of what went wrong, in the driver's words."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig.__cause__ or error.orig
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")


def _remedy(address: URL) -> str:
    if address.drivername == SQLITE:
        return "See that its folder exists and may be written, and that the file is a database of Tunewise."
    return "See that the server runs and that DATABASE_URL has the right host, user, password and database."
