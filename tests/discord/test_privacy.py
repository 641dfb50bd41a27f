"""What is stored about a person is shown to them alone, handed out and deleted; who wants to be told is kept."""

from __future__ import annotations

import json

import pytest
import simcord

from bot.bootstrap import tunewise
from bot.client import Knowledge
from bot.records import Records
from bot.settings import Settings
from tests.discord.world import COVERED, NOT_COVERED, Server, buttons, custom_id, shown

TELL_ME = "Tell me when you know"


@pytest.fixture
async def abstention(server: Server) -> simcord.ResponseMessage:
    """A question of alice's that is not covered, in the channel."""
    result = await server.alice.slash(server.channel, "ask", question=NOT_COVERED)
    assert result.response is not None
    return result.response


async def test_only_an_abstention_offers_to_tell(server: Server, abstention: simcord.ResponseMessage) -> None:
    answer = await server.alice.slash(server.channel, "ask", question=COVERED)
    assert buttons(abstention)[-1] == TELL_ME
    assert TELL_ME not in buttons(answer.response)


async def test_anybody_may_ask_to_be_told_and_take_it_back(
    server: Server, abstention: simcord.ResponseMessage, records: Records
) -> None:
    answer_id = custom_id(abstention, TELL_ME).removeprefix("tw:tell:")
    promised = await server.bob.click(abstention, label=TELL_ME)
    assert promised.ephemeral
    assert "direct message" in shown(promised.response)
    assert await records.subscriptions.count([answer_id]) == 1

    taken_back = await server.bob.click(abstention, label=TELL_ME)
    assert "not write" in shown(taken_back.response)
    assert await records.subscriptions.count([answer_id]) == 0


async def test_the_wish_to_be_told_works_after_a_restart(
    server: Server, abstention: simcord.ResponseMessage, bot_settings: Settings, knowledge: Knowledge
) -> None:
    records = await Records.open(bot_settings.records_url)
    async with tunewise(bot_settings, knowledge=knowledge, records=records, shard_count=1) as fresh_bot:
        await server.env.restart_bot(fresh_bot)
        promised = await server.alice.click(abstention, label=TELL_ME)
        assert "direct message" in shown(promised.response)
    await records.close()


async def test_a_person_sees_saves_and_deletes_what_is_stored_about_them(
    server: Server, abstention: simcord.ResponseMessage, records: Records
) -> None:
    await server.alice.click(abstention, label=TELL_ME)
    await server.bob.click(abstention, label=TELL_ME)
    answer = await server.bob.slash(server.channel, "ask", question=COVERED)
    assert answer.response is not None
    await server.alice.click(answer.response, custom_id=custom_id(answer.response, "👍"))

    overview = await server.alice.slash(server.channel, "privacy")
    assert overview.ephemeral
    assert "1 vote\n- 1 question that" in shown(overview.response)

    assert overview.response is not None
    saved = await server.alice.click(overview.response, label="Save as a file")
    assert saved.response is not None
    (file,) = saved.response.attachments
    content = json.loads(await file.read())
    assert content["user_id"] == str(server.alice.id)
    assert [vote["question"] for vote in content["votes"]] == [COVERED]
    assert [waiting["question"] for waiting in content["subscriptions"]] == [NOT_COVERED]

    await server.alice.click(overview.response, label="Delete it all")
    assert await records.people.find(server.alice.id) != await records.people.find(0)
    await server.alice.click(overview.response, label="Yes, delete it all")
    assert "Nothing is stored about you" in shown(overview.response)
    assert await records.people.find(server.alice.id) == await records.people.find(0)
    assert len((await records.people.find(server.bob.id)).subscriptions) == 1


async def test_a_person_about_whom_nothing_is_stored_has_nothing_to_delete(server: Server) -> None:
    overview = await server.alice.slash(server.channel, "privacy")
    assert "Nothing." in shown(overview.response)
    assert buttons(overview.response) == ["Save as a file"]
