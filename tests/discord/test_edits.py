"""One answer a question: it follows the question's edits within a minute and its deletion, also over a restart."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import discord
import pytest

from bot.bootstrap import tunewise
from bot.client import Knowledge
from bot.records import Records
from bot.settings import Settings
from knowledge.types import Answer
from tests.discord.world import COVERED, Server, pass_time, shown

OTHER = "What is few-shot prompting?"

Restart = Callable[[], AbstractAsyncContextManager[None]]


@pytest.fixture
def restarted(server: Server, bot_settings: Settings, knowledge: Knowledge) -> Restart:
    """Inside of it another process of the bot runs."""

    @asynccontextmanager
    async def restart() -> AsyncIterator[None]:
        await server.env.advance_time(1)  # else both start in the same moment
        records = await Records.open(bot_settings.records_url)
        async with tunewise(bot_settings, knowledge=knowledge, records=records, shard_count=1) as fresh_bot:
            await server.env.restart_bot(fresh_bot)
            yield
        await records.close()

    return restart


async def test_the_answer_follows_the_edit_of_its_question(server: Server) -> None:
    question = await server.alice.send(server.channel, f"{server.bot} {COVERED}")
    (before,) = server.answers

    await server.alice.edit(question, f"{server.bot} {OTHER}")

    (after,) = server.answers
    assert after.id == before.id
    assert shown(after).startswith(f"**{OTHER}**")


async def test_the_answer_in_direct_messages_follows_too(server: Server) -> None:
    question = await server.alice.send_dm(COVERED)

    await server.alice.user.edit(question, OTHER)

    (answer,) = [m for m in server.alice.user.dm_channel.history() if m.author == server.env.bot.user]
    assert OTHER in shown(answer)


async def test_an_edit_after_a_minute_changes_nothing(server: Server) -> None:
    question = await server.alice.send(server.channel, f"{server.bot} {COVERED}")
    await server.env.advance_time(61)

    await server.alice.edit(question, f"{server.bot} {OTHER}")

    (answer,) = server.answers
    assert COVERED in shown(answer)


async def test_an_edit_that_adds_the_mention_is_answered(server: Server) -> None:
    question = await server.alice.send(server.channel, COVERED)
    assert server.answers == []

    await server.alice.edit(question, f"{server.bot} {COVERED}")

    (answer,) = server.answers
    assert answer.reference is not None
    assert answer.reference.message_id == question.id


@pytest.mark.parametrize("bot_settings", [{"cooldown_questions": 1}], indirect=True)
async def test_an_edit_is_no_new_question_to_the_cooldown(server: Server) -> None:
    question = await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    await server.alice.edit(question, f"{server.bot} {OTHER}")

    assert OTHER in shown(server.answers[0])


async def test_the_answer_goes_with_its_question(server: Server) -> None:
    question = await server.alice.send(server.channel, f"{server.bot} {COVERED}")
    await server.bob.send(server.channel, f"{server.bot} {OTHER}")

    await server.alice.delete(question)

    (left,) = server.answers
    assert OTHER in shown(left)


async def test_a_deleted_answer_is_not_mourned(server: Server) -> None:
    question = await server.alice.send(server.channel, f"{server.bot} {COVERED}")
    await server.answers[0].delete()

    await server.alice.delete(question)

    assert server.answers == []


async def test_after_a_restart_an_edit_still_finds_its_answer(server: Server, restarted: Restart) -> None:
    question = await server.alice.send(server.channel, f"{server.bot} {COVERED}")
    async with restarted():
        await server.alice.edit(question, f"{server.bot} {OTHER}")

        (answer,) = server.answers
        assert OTHER in shown(answer)


async def test_after_a_restart_the_answer_still_goes_with_its_question(server: Server, restarted: Restart) -> None:
    question = await server.alice.send(server.channel, f"{server.bot} {COVERED}")
    await server.bob.send(server.channel, f"{server.bot} {OTHER}")
    async with restarted():
        await server.alice.delete(question)

        (left,) = server.answers
        assert OTHER in shown(left)


async def test_deleting_old_or_other_messages_asks_discord_for_nothing(server: Server, restarted: Restart) -> None:
    old = await server.alice.send(server.channel, f"{server.bot} {COVERED}")
    await pass_time(server, minutes=61)
    async with restarted():
        other = await server.alice.send(server.channel, "lunch?")
        before = len(server.env.http_requests)

        await server.alice.delete(old)
        await server.alice.delete(other)

        assert [entry.path for entry in server.env.http_requests[before:]] == []


@dataclass
class HeldKnowledge:
    """The real knowledge, whose first answer a test holds back."""

    real: Knowledge
    asked: list[str] = field(default_factory=list)
    may_answer: threading.Event = field(default_factory=threading.Event)

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def ask(self, question: str, after: Sequence[str] = ()) -> Answer:
        self.asked.append(question)
        self.may_answer.wait(20)
        return self.real.ask(question, after)


class TestWhileItIsAnswered:
    """What happens to a question before its answer is there."""

    @pytest.fixture
    def knowledge(self, knowledge: Knowledge) -> HeldKnowledge:
        return HeldKnowledge(knowledge)

    async def ask(self, server: Server, knowledge: HeldKnowledge) -> discord.Message:
        with pytest.raises(TimeoutError):
            await server.alice.send(server.channel, f"{server.bot} {COVERED}")
        assert knowledge.asked == [COVERED]
        (question,) = [m for m in server.channel.history() if m.author.id == server.alice.id]
        return question

    @pytest.mark.simcord(settle_timeout=0.3)
    async def test_an_edit_leads_to_one_answer(self, server: Server, knowledge: HeldKnowledge) -> None:
        question = await self.ask(server, knowledge)
        with pytest.raises(TimeoutError):
            await server.alice.edit(question, f"{server.bot} {OTHER}")

        knowledge.may_answer.set()
        await server.env.settle(timeout=5)

        (answer,) = server.answers
        assert OTHER in shown(answer)

    @pytest.mark.simcord(settle_timeout=0.3)
    async def test_a_deletion_leaves_no_answer(self, server: Server, knowledge: HeldKnowledge) -> None:
        question = await self.ask(server, knowledge)
        with pytest.raises(TimeoutError):
            await server.alice.delete(question)

        knowledge.may_answer.set()
        await server.env.settle(timeout=5)

        assert server.answers == []


async def test_discord_is_told_by_a_nonce_that_a_request_sent_again_is_the_same_answer(server: Server) -> None:
    question = await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    (sent,) = [entry.json for entry in server.env.http_requests if entry.path.endswith("/messages")]
    assert isinstance(sent, dict)
    assert (sent["nonce"], sent["enforce_nonce"]) == (f"{question.id}-0", True)
