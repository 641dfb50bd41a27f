"""The log of changes: who did what to the knowledge, and which version came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, insert, select

from bot.records.database import Database, storable
from bot.records.tables import changes


@dataclass(frozen=True, slots=True)
class Change:
    """One entry. `user_id` is None once that maintainer had their id deleted."""

    at: datetime
    user_id: int | None
    action: str
    version: str
    detail: str


class Changes:
    """The entries, oldest kept longest: nothing is ever removed. Every method raises RecordsError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user_id: int, action: str, *, version: str = "", detail: str = "") -> None:
        """Logs that the person did `action`, in a few words, with what else there is to know in `detail`."""
        values = {"user_id": user_id, "action": action, "version": version, "detail": storable(detail)}
        async with self._database.transaction() as connection:
            await connection.execute(insert(changes).values(at=datetime.now(UTC), **values))

    async def page(self, number: int, size: int) -> tuple[list[Change], int]:
        """The entries of the page (0: the newest) of `size`, newest first, and how many there are in all."""
        order = (changes.c.at.desc(), changes.c.id.desc())
        columns = (changes.c.at, changes.c.user_id, changes.c.action, changes.c.version, changes.c.detail)
        query = select(*columns).order_by(*order).limit(size).offset(number * size)
        async with self._database.transaction() as connection:
            found = [Change(*row) for row in await connection.execute(query)]
            total = await connection.scalar(select(func.count()).select_from(changes))
        return found, total or 0
