"""A conversation as people have one: by reply, in direct messages, by the button; what was said is Discord's memory."""

from __future__ import annotations

import discord
import pytest
import simcord

from bot.bootstrap import tunewise
from bot.client import Knowledge
from bot.records import Records
from bot.settings import Settings
from tests.discord.world import COVERED, Server, buttons, pass_time, shown

COST = "What does prompt engineering cost?"
AND_FINE_TUNING = "What does fine-tuning cost?"


def understood(message: discord.Message | simcord.ResponseMessage | None) -> str:
    """How the bot says that it understood the question; "" where it says nothing."""
    marked = [line for line in shown(message).split("\n") if line.startswith("-# Understood as: ")]
    return marked[0].removeprefix("-# Understood as: ").replace("\\", "") if marked else ""


async def test_a_reply_to_an_answer_goes_on_from_it(server: Server) -> None:
    await server.alice.send(server.channel, f"{server.bot} {COST}")

    await server.alice.send(server.channel, f"{server.bot} and fine-tuning?", reply_to=server.answers[-1])

    assert shown(server.answers[-1]).startswith("**and fine-tuning?**")
    assert understood(server.answers[-1]) == AND_FINE_TUNING
    assert "training" in shown(server.answers[-1])


async def test_anybody_may_go_on_from_an_answer_also_from_that_of_a_command(server: Server) -> None:
    answer = await server.alice.slash(server.channel, "ask", question=COST)
    assert answer.response is not None

    await server.bob.send(server.channel, f"{server.bot} and fine-tuning?", reply_to=answer.response)

    assert understood(server.answers[-1]) == AND_FINE_TUNING


async def test_a_chain_of_replies_is_remembered(server: Server) -> None:
    await server.alice.send(server.channel, f"{server.bot} What is fine-tuning?")
    for question in ("how is it different from pre-training?", "and which one costs more?"):
        await server.alice.send(server.channel, f"{server.bot} {question}", reply_to=server.answers[-1])

    assert understood(server.answers[-1]) == "which one costs more, fine-tuning or pre-training?"


async def test_a_restart_forgets_nothing(server: Server, bot_settings: Settings, knowledge: Knowledge) -> None:
    await server.alice.send(server.channel, f"{server.bot} What is fine-tuning?")
    await server.alice.send(server.channel, f"{server.bot} What is RAG?", reply_to=server.answers[-1])
    records = await Records.open(bot_settings.records_url)
    async with tunewise(bot_settings, knowledge=knowledge, records=records, shard_count=1) as fresh_bot:
        await server.env.restart_bot(fresh_bot)

        await server.alice.send(server.channel, f"{server.bot} can I use both together?", reply_to=server.answers[-1])

        assert understood(server.answers[-1]) == "can I use fine-tuning and RAG together?"
    await records.close()


async def test_an_unrelated_reply_is_answered_as_if_nothing_had_been_said(server: Server) -> None:
    await server.alice.send(server.channel, f"{server.bot} What is LoRA?")
    await server.alice.send(server.channel, f"{server.bot} {COST}", reply_to=server.answers[-1])
    alone = await server.bob.slash(server.channel, "ask", question=COST)

    assert shown(server.answers[1]) == shown(alone.response)


async def test_a_mention_that_is_no_reply_starts_anew(server: Server) -> None:
    await server.alice.send(server.channel, f"{server.bot} {COST}")
    await server.alice.send(server.channel, f"{server.bot} and fine-tuning?")

    assert understood(server.answers[-1]) == ""


async def test_a_reply_to_a_persons_words_takes_them_as_said(server: Server) -> None:
    asked = await server.bob.send(server.channel, f"{server.bot} {COST}")

    await server.alice.send(server.channel, f"{server.bot} and fine-tuning?", reply_to=asked)

    assert understood(server.answers[-1]) == AND_FINE_TUNING


async def test_direct_messages_go_on_by_themselves(server: Server) -> None:
    await server.alice.send_dm(COST)
    await server.alice.send_dm("thanks!")
    await server.alice.send_dm("and fine-tuning?")

    assert understood(server.alice.user.dm_channel.last_message) == AND_FINE_TUNING


async def test_direct_messages_of_another_hour_are_another_conversation(server: Server) -> None:
    await server.alice.send_dm(COST)
    await pass_time(server, minutes=31)
    await server.alice.send_dm("and fine-tuning?")

    assert understood(server.alice.user.dm_channel.last_message) == ""


async def test_a_history_that_may_not_be_read_leaves_the_question_alone(server: Server) -> None:
    await server.alice.send_dm(COST)
    server.env.inject_error("GET", "/channels/*/messages", status=403, code=50001)

    await server.alice.send_dm("and what is RAG?")

    assert "[1]" in shown(server.alice.user.dm_channel.last_message)


async def test_the_button_asks_for_the_next_question_and_goes_on(server: Server) -> None:
    answer = await server.alice.slash(server.channel, "ask", question=COST)
    assert answer.response is not None

    form = await server.bob.click(answer.response, label="Follow up")
    result = await server.bob.submit_modal(form, {"tw:follow-up-question": "and fine-tuning?"})

    assert not result.ephemeral
    assert understood(result.response) == AND_FINE_TUNING
    assert "Follow up" in buttons(result.response)


async def test_a_follow_up_of_a_private_answer_is_private(server: Server) -> None:
    answer = await server.alice.slash(server.channel, "ask", question=COST, private=True)
    assert answer.response is not None

    form = await server.alice.click(answer.response, label="Follow up")
    result = await server.alice.submit_modal(form, {"tw:follow-up-question": "and fine-tuning?"})

    assert result.ephemeral
    assert understood(result.response) == AND_FINE_TUNING


async def test_a_form_that_was_open_during_a_restart_still_asks(
    server: Server, bot_settings: Settings, knowledge: Knowledge
) -> None:
    answer = await server.alice.slash(server.channel, "ask", question=COST)
    assert answer.response is not None
    form = await server.alice.click(answer.response, label="Follow up")
    records = await Records.open(bot_settings.records_url)
    async with tunewise(bot_settings, knowledge=knowledge, records=records, shard_count=1) as fresh_bot:
        await server.env.restart_bot(fresh_bot)

        result = await server.alice.submit_modal(form, {"tw:follow-up-question": "and fine-tuning?"})

        assert understood(result.response) == AND_FINE_TUNING
    await records.close()


# A question that is not clear


async def test_an_unclear_question_is_asked_back_once_with_buttons_that_carry_on(server: Server) -> None:
    await server.alice.send(server.channel, f"{server.bot} is it better?")

    (asked_back,) = server.answers
    assert "What do you mean?" in shown(asked_back)
    assert 2 <= len(buttons(asked_back)) <= 3

    result = await server.alice.click(asked_back, label=buttons(asked_back)[-1])
    assert "Which is better, prompt engineering or fine-tuning?" in shown(result.response)
    assert "[1]" in shown(result.response)


async def test_the_answer_to_what_the_bot_asked_back_fills_the_gap(server: Server) -> None:
    await server.alice.send(server.channel, f"{server.bot} is it expensive?")

    await server.alice.send(server.channel, f"{server.bot} fine-tuning", reply_to=server.answers[-1])

    assert understood(server.answers[-1]) == "is fine-tuning expensive?"
    assert "[1]" in shown(server.answers[-1])


@pytest.mark.parametrize("again", ["is it better?", "what about that?"])
async def test_nobody_is_asked_back_twice(server: Server, again: str) -> None:
    await server.alice.send(server.channel, f"{server.bot} is it better?")

    await server.alice.send(server.channel, f"{server.bot} {again}", reply_to=server.answers[-1])

    assert len(server.answers) == 2
    assert "What do you mean?" not in shown(server.answers[-1])


async def test_a_clear_question_is_answered_at_once(server: Server) -> None:
    await server.alice.send(server.channel, f"{server.bot} which is cheaper?")
    await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    assert not any("What do you mean?" in shown(answer) for answer in server.answers)
