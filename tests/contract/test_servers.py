"""What servers chose is kept, on SQLite and on a real Postgres alike."""

from __future__ import annotations

import asyncio

from bot.records import Preferences, Records
from bot.records.servers import WHOLE_SERVER

SERVER, OTHER, CHANNEL = 1456074443980800005, 7, 1456074443980800008


async def test_what_was_chosen_is_found_again_by_channel(records: Records) -> None:
    await records.servers.choose(SERVER, WHOLE_SERVER, Preferences(place="thread", language="de"))
    await records.servers.choose(SERVER, CHANNEL, Preferences(listens="questions"))

    assert await records.servers.find(SERVER) == {
        WHOLE_SERVER: Preferences("thread", None, "de"),
        CHANNEL: Preferences(None, "questions", None),
    }
    assert await records.servers.find(OTHER) == {}


async def test_a_later_choice_replaces_the_earlier_one_and_nothing_chosen_leaves_nothing(records: Records) -> None:
    await records.servers.choose(SERVER, CHANNEL, Preferences(listens="questions"))
    await records.servers.choose(SERVER, CHANNEL, Preferences(place="thread"))
    assert await records.servers.find(SERVER) == {CHANNEL: Preferences(place="thread")}

    await records.servers.choose(SERVER, CHANNEL, Preferences())
    assert await records.servers.find(SERVER) == {}


async def test_a_server_that_is_left_is_forgotten_and_no_other(records: Records) -> None:
    for server in (SERVER, OTHER):
        await records.servers.choose(server, WHOLE_SERVER, Preferences(language="de"))

    await records.servers.forget(SERVER)

    assert await records.servers.find(SERVER) == {}
    assert await records.servers.find(OTHER) == {WHOLE_SERVER: Preferences(language="de")}


async def test_choices_survive_reopening(url: str) -> None:
    before = await Records.open(url)
    await before.servers.choose(SERVER, CHANNEL, Preferences(listens="everything"))
    await before.close()

    after = await Records.open(url)
    assert await after.servers.find(SERVER) == {CHANNEL: Preferences(listens="everything")}
    await after.close()


async def test_choices_at_the_same_moment_leave_one(records: Records) -> None:
    choices = [Preferences(place="thread"), Preferences(place="channel")] * 5
    await asyncio.gather(*(records.servers.choose(SERVER, CHANNEL, choice) for choice in choices))

    assert (await records.servers.find(SERVER))[CHANNEL] in choices
