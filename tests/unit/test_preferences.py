"""What counts in a channel: its own choice, then the server's, then the default; how often the records are asked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.records import Preferences, RecordsError
from bot.records.servers import WHOLE_SERVER, Servers
from bot.server.preferences import DEFAULT, SECONDS_KEPT, InForce, ServerPreferences, in_force

SERVER, CHANNEL, THREAD = 1, 2, 3
choices = st.builds(
    Preferences,
    st.sampled_from([None, "channel", "thread"]),
    st.sampled_from([None, "addressed", "questions", "everything"]),
    st.sampled_from([None, "en", "de"]),
)


@given(st.lists(choices, max_size=3))
def test_the_nearest_choice_of_each_kind_counts(nearest_first: list[Preferences]) -> None:
    found = in_force(*nearest_first)

    for kind in Preferences.__slots__:
        chosen = [getattr(each, kind) for each in nearest_first if getattr(each, kind) is not None]
        assert getattr(found, kind) == (chosen[0] if chosen else getattr(DEFAULT, kind))


class CountingServers(Servers):
    """One server's choices in memory; counts how often they are read."""

    def __init__(self, chosen: Mapping[int, Preferences]) -> None:
        self.chosen, self.reads, self.broken = dict(chosen), 0, False

    async def find(self, server_id: int) -> Mapping[int, Preferences]:
        self.reads += 1
        if self.broken:
            raise RecordsError("The database is gone.", "Start it.")
        return dict(self.chosen) if server_id == SERVER else {}

    async def choose(self, server_id: int, channel_id: int, preferences: Preferences) -> None:
        self.chosen[channel_id] = preferences


@pytest.fixture
def servers() -> CountingServers:
    return CountingServers({WHOLE_SERVER: Preferences("thread", None, "de"), CHANNEL: Preferences("channel")})


async def test_a_thread_counts_as_its_channel(servers: CountingServers) -> None:
    preferences = ServerPreferences(servers)

    assert await preferences.of(SERVER, THREAD, CHANNEL) == InForce("channel", "addressed", "de")
    assert await preferences.of(SERVER, THREAD, 99) == InForce("thread", "addressed", "de")
    assert await preferences.of(None) == DEFAULT


async def test_the_records_are_asked_once_in_a_while_and_after_a_choice(servers: CountingServers) -> None:
    now = 0.0
    preferences = ServerPreferences(servers, clock=lambda: now)
    for _ in range(5):
        await preferences.of(SERVER, CHANNEL)
    assert servers.reads == 1

    await preferences.choose(SERVER, CHANNEL, Preferences("thread"))
    assert (await preferences.of(SERVER, CHANNEL)).place == "thread"
    assert servers.reads == 2

    now = SECONDS_KEPT
    await preferences.of(SERVER, CHANNEL)
    assert servers.reads == 3


async def test_where_the_records_fail_the_defaults_count(servers: CountingServers) -> None:
    servers.broken = True
    preferences = ServerPreferences(servers)

    assert await preferences.of(SERVER, CHANNEL) == DEFAULT
    await preferences.of(SERVER, CHANNEL)
    assert servers.reads == 1
