"""What a server and its channels chose, ready to be asked for with every message."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.records import Preferences, RecordsError
from bot.records.servers import WHOLE_SERVER, Language, Listens, Place, Servers

log = structlog.get_logger(__name__)

SECONDS_KEPT = 30.0  # another process's change is seen after this time


@dataclass(frozen=True, slots=True)
class InForce:
    """The preferences that count in a channel."""

    place: Place = "channel"
    listens: Listens = "addressed"
    language: Language = "en"


DEFAULT = InForce()


def in_force(*nearest_first: Preferences) -> InForce:
    """The first choice of each kind, else the default."""
    chosen: dict[str, Any] = {}
    for preferences in reversed(nearest_first):
        chosen |= {
            name: getattr(preferences, name) for name in Preferences.__slots__ if getattr(preferences, name) is not None
        }
    return InForce(**chosen)


class ServerPreferences:
    """The preferences of all servers, read from the records at most twice a minute for each."""

    def __init__(self, servers: Servers, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._servers = servers
        self._clock = clock
        self._kept: dict[int, tuple[float, Mapping[int, Preferences]]] = {}

    async def of(self, server_id: int | None, *channel_ids: int) -> InForce:
        """What counts in a channel, named by its id and before it by that of the thread; None: a direct message.

        The defaults where the records fail: an answer is worth more than its place.
        """
        if server_id is None:
            return DEFAULT
        try:
            chosen = await self.chosen(server_id)
        except RecordsError as error:
            log.warning("preferences_not_read", server=server_id, error=str(error))
            self._kept[server_id] = (self._clock() + SECONDS_KEPT, {})
            return DEFAULT
        return in_force(*(chosen[place] for place in (*channel_ids, WHOLE_SERVER) if place in chosen))

    async def chosen(self, server_id: int) -> Mapping[int, Preferences]:
        """What was chosen, by the id of a channel, or WHOLE_SERVER. Raises RecordsError."""
        until, chosen = self._kept.get(server_id, (0.0, {}))
        if self._clock() >= until:
            chosen = await self._servers.find(server_id)
            self._kept[server_id] = (self._clock() + SECONDS_KEPT, chosen)
        return chosen

    async def choose(self, server_id: int, channel_id: int, preferences: Preferences) -> None:
        """Chooses for a channel, or WHOLE_SERVER. Raises RecordsError."""
        await self._servers.choose(server_id, channel_id, preferences)
        self._kept.pop(server_id, None)

    async def forget(self, server_id: int) -> None:
        """Deletes all that the server chose. Raises RecordsError."""
        await self._servers.forget(server_id)
        self._kept.pop(server_id, None)
