"""What a server chose: where answers go, which messages are answered, and in which language the bot speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.records.database import Database
from bot.records.tables import server_settings

Place = Literal["channel", "thread"]
Listens = Literal["addressed", "questions", "everything"]
Language = Literal["en", "de"]

WHOLE_SERVER = 0  # in place of a channel's id


@dataclass(frozen=True, slots=True)
class Preferences:
    """What was chosen for a server, or for one of its channels; None: nothing, so what stands above it counts.

    `place`: where the answer to a message goes. `listens`: which messages are answered, only those that address the
    bot, every question, or everything. `language` is that of the bot's own texts.
    """

    place: Place | None = None
    listens: Listens | None = None
    language: Language | None = None


class Servers:
    """The preferences of servers. Every method raises RecordsError when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, server_id: int) -> Mapping[int, Preferences]:
        """What was chosen, by the id of a channel, or WHOLE_SERVER."""
        own = server_settings.c.server_id == server_id
        columns = (server_settings.c.channel_id, *(server_settings.c[name] for name in Preferences.__slots__))
        async with self._database.transaction() as connection:
            return {row[0]: Preferences(*row[1:]) for row in await connection.execute(select(*columns).where(own))}

    async def choose(self, server_id: int, channel_id: int, preferences: Preferences) -> None:
        """Keeps what is chosen for the channel (or WHOLE_SERVER) in place of what was."""
        place = (server_settings.c.server_id == server_id) & (server_settings.c.channel_id == channel_id)
        values = {name: getattr(preferences, name) for name in Preferences.__slots__}
        async with self._database.transaction() as connection:
            if not any(astuple(preferences)):
                await connection.execute(delete(server_settings).where(place))
                return
            # Two people may choose at once, so the row may be there or not: only the database can tell.
            upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            await connection.execute(
                upsert(server_settings)
                .values(server_id=server_id, channel_id=channel_id, **values)
                .on_conflict_do_update(index_elements=["server_id", "channel_id"], set_=values)
            )

    async def forget(self, server_id: int) -> None:
        """Deletes all that the server chose."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(server_settings).where(server_settings.c.server_id == server_id))
