"""The buttons under an answer work for whoever presses them, also after a restart of the bot."""

from __future__ import annotations

import pytest
import simcord

from bot.bootstrap import tunewise
from bot.client import Knowledge
from bot.records import Records
from bot.settings import Settings
from tests.discord.world import COVERED, Server, custom_id, shown


@pytest.fixture
async def answer(server: Server) -> simcord.ResponseMessage:
    """A public answer in the channel."""
    result = await server.alice.slash(server.channel, "ask", question=COVERED)
    assert result.response is not None
    return result.response


def answer_id(answer: simcord.ResponseMessage) -> str:
    return custom_id(answer, "Sources").removeprefix("tw:sources:")


async def test_sources_shows_the_quoted_passages_to_whoever_presses(
    server: Server, answer: simcord.ResponseMessage, records: Records
) -> None:
    stored = await records.find_answer(answer_id(answer))
    assert stored is not None

    result = await server.bob.click(answer, label="Sources")

    assert result.ephemeral
    text = shown(result.response, *result.followups)
    for citation in stored.citations:
        assert f"[{citation.marker}]" in text
        assert citation.section in text.replace("\\", "")
    assert "**" in text
    assert "Confidence: " in text
    assert stored.version in text.replace("\\", "")


async def test_a_vote_is_thanked_for_replaced_and_withdrawn(server: Server, answer: simcord.ResponseMessage) -> None:
    up, down = custom_id(answer, "👍"), custom_id(answer, "👎")

    thanks = await server.alice.click(answer, custom_id=up)
    replaced = await server.alice.click(answer, custom_id=down)
    withdrawn = await server.alice.click(answer, custom_id=down)

    assert thanks.ephemeral
    assert "👍" in shown(thanks.response)
    assert "👎" in shown(replaced.response)
    assert "withdrawn" in shown(withdrawn.response)


async def test_votes_are_kept(server: Server, answer: simcord.ResponseMessage, records: Records) -> None:
    await server.alice.click(answer, custom_id=custom_id(answer, "👍"))

    counted = await records.vote(answer_id(answer), server.bob.id, 1)

    assert (counted.up, counted.down) == (2, 0)


async def test_the_buttons_work_after_a_restart(
    server: Server,
    answer: simcord.ResponseMessage,
    bot_settings: Settings,
    knowledge: Knowledge,
) -> None:
    fresh_records = await Records.open(bot_settings.records_url)
    async with tunewise(bot_settings, knowledge=knowledge, records=fresh_records, shard_count=1) as fresh_bot:
        await server.env.restart_bot(fresh_bot)

        sources = await server.bob.click(answer, label="Sources")
        vote = await server.bob.click(answer, custom_id=custom_id(answer, "👎"))

        assert "Confidence" in shown(sources.response, *sources.followups)
        assert "👎" in shown(vote.response)
    await fresh_records.close()


@pytest.mark.parametrize("button", ["Sources", "👍"])
async def test_an_answer_from_an_older_database_is_explained(
    server: Server,
    answer: simcord.ResponseMessage,
    bot_settings: Settings,
    knowledge: Knowledge,
    button: str,
) -> None:
    empty = await Records.open(f"sqlite+aiosqlite:///{bot_settings.data_dir / 'new.sqlite'}")
    async with tunewise(bot_settings, knowledge=knowledge, records=empty, shard_count=1) as fresh_bot:
        await server.env.restart_bot(fresh_bot)

        result = await server.alice.click(answer, custom_id=custom_id(answer, button))

        assert "no longer have" in shown(result.response)
    await empty.close()
