"""Whatever fails, the person reads one sentence and the operator one log line, joined by an id."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

import discord
import pytest
import simcord
import structlog
from structlog.typing import EventDict

from bot.ask.cog import Ask
from bot.bootstrap import tunewise
from bot.client import Knowledge, Tunewise
from bot.records import Records
from bot.settings import Settings
from knowledge.compare import Aspect
from knowledge.errors import StoreUnreachableError
from knowledge.types import Answer, Citation
from tests.discord.world import COVERED, Server, buttons, custom_id, shown
from tests.passing import PassingKnowledge


@dataclass
class FragileKnowledge(PassingKnowledge):
    """The real knowledge until a test breaks it, or holds it up."""

    error: Exception | None = None
    may_answer: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.may_answer.set()

    def ask(self, question: str, after: Sequence[str] = ()) -> Answer:
        self.may_answer.wait(20)
        if self.error is not None:
            raise self.error
        return self.real.ask(question, after)

    def explain(self, aspect: Aspect) -> tuple[Citation, ...]:
        if self.error is not None:
            raise self.error
        return self.real.explain(aspect)

    def refresh(self) -> bool:
        if self.error is not None:
            raise self.error
        return self.real.refresh()


@pytest.fixture
def fragile(knowledge: Knowledge) -> Iterator[FragileKnowledge]:
    fragile = FragileKnowledge(knowledge)
    yield fragile
    fragile.may_answer.set()


@pytest.fixture
async def simcord_bot(bot_settings: Settings, fragile: FragileKnowledge, records: Records) -> AsyncIterator[Tunewise]:
    async with tunewise(bot_settings, knowledge=fragile, records=records, shard_count=1) as bot:
        yield bot


@pytest.fixture
def log() -> Iterator[list[EventDict]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


def the_failure(log: list[EventDict]) -> EventDict:
    (line,) = [line for line in log if line["log_level"] == "error"]
    return line


def the_id(text: str) -> str:
    match = re.search(r"\(id ([0-9a-f]{6})\)", text)
    assert match is not None, text
    return match[1]


async def test_a_failing_retrieval_ends_in_a_sentence_and_a_line_with_one_id(
    server: Server, fragile: FragileKnowledge, log: list[EventDict]
) -> None:
    fragile.error = RuntimeError("the index is gone")

    result = await server.alice.slash(server.channel, "ask", question=COVERED)

    assert "not your fault" in shown(result.response)
    line = the_failure(log)
    assert line["id"] == the_id(shown(result.response))
    assert line["error"] == "RuntimeError: the index is gone"
    assert "the index is gone" not in shown(result.response)
    assert result.followups == []


async def test_unreachable_knowledge_is_called_by_its_name(
    server: Server, fragile: FragileKnowledge, log: list[EventDict]
) -> None:
    fragile.error = StoreUnreachableError("The Chroma server at http://10.0.0.7:8000 does not answer.")

    await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    (answer,) = server.answers
    assert "cannot read my knowledge" in shown(answer)
    assert "10.0.0.7" not in shown(answer)
    assert the_failure(log)["id"] == the_id(shown(answer))


async def test_an_expired_interaction_is_answered_by_a_message(server: Server, log: list[EventDict]) -> None:
    server.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062)

    await server.alice.slash(server.channel, "ask", question=COVERED)

    (answer,) = server.answers
    assert "[1]" in shown(answer)
    assert the_failure(log)["id"] == the_id(shown(answer))


async def test_an_expired_private_question_is_answered_in_private(server: Server, log: list[EventDict]) -> None:
    server.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062)

    await server.alice.slash(server.channel, "ask", question=COVERED, private=True)

    assert server.answers == []
    assert "[1]" in shown(server.alice.user.dm_channel.last_message)


async def test_an_expired_button_is_answered_in_private(server: Server, log: list[EventDict]) -> None:
    answer = await server.alice.slash(server.channel, "ask", question=COVERED)
    assert answer.response is not None
    server.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062)

    await server.bob.click(answer.response, label="Sources")

    assert "Sources" in shown(server.bob.user.dm_channel.last_message)


async def test_where_the_bot_may_not_write_the_person_is_told_directly(server: Server, log: list[EventDict]) -> None:
    nobody_writes = discord.PermissionOverwrite(send_messages=False)
    quiet = server.guild.create_text_channel(
        "quiet",
        overwrites={server.env.bot.user: nobody_writes},  # type: ignore[dict-item]
    )

    await server.alice.send(quiet, f"{server.bot} {COVERED}")

    told = shown(server.alice.user.dm_channel.last_message)
    assert "Send Messages" in told
    assert the_failure(log)["id"] == the_id(told)


async def test_a_failed_edit_is_apologised_for_once(server: Server, log: list[EventDict]) -> None:
    server.env.inject_error("PATCH", "/webhooks/*", status=500, times=None)

    result = await server.alice.slash(server.channel, "ask", question=COVERED)

    texts = [shown(message) for message in result.followups] or [shown(result.response)]
    (apology,) = texts
    assert "did not take my answer" in apology
    assert the_failure(log)["id"] == the_id(apology)


async def test_an_answer_whose_placeholder_was_deleted_is_sent_anew(server: Server) -> None:
    server.env.inject_error("PATCH", "/webhooks/*", status=404, code=10008)

    result = await server.alice.slash(server.channel, "ask", question=COVERED)

    assert "[1]" in shown(*result.followups, *filter(None, [result.response]))


async def test_an_interaction_that_another_process_answers_is_left_to_it(server: Server, log: list[EventDict]) -> None:
    server.env.inject_error("POST", "/interactions/*/callback", status=400, code=40060)

    await server.alice.slash(server.channel, "ask", question=COVERED)

    assert server.answers == []
    assert log[-1]["event"] == "answered_elsewhere"


async def test_without_a_typing_indicator_the_answer_comes_all_the_same(server: Server) -> None:
    server.env.inject_error("POST", "/channels/*/typing", status=500)

    await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    (answer,) = server.answers
    assert "[1]" in shown(answer)


async def test_what_fails_outside_of_an_answer_is_reported_too(
    server: Server, monkeypatch: pytest.MonkeyPatch, log: list[EventDict]
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(Ask, "answer", broken)

    await server.alice.send(server.channel, f"{server.bot} {COVERED}")
    result = await server.alice.slash(server.channel, "ask", question=COVERED)

    ids = [line["id"] for line in log if line["event"] == "answer_failed"]
    assert ids == [the_id(shown(server.answers[0])), the_id(shown(result.response))]
    assert len(server.env.errors) == 2


async def test_nobody_reachable_is_at_least_logged(server: Server, log: list[EventDict]) -> None:
    server.env.inject_error("POST", "/channels/*", status=500, times=None)

    await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    assert server.answers == []
    assert log[-1]["event"] == "apology_not_delivered"
    assert log[-1]["id"] == the_failure(log)["id"]


async def test_an_answer_that_cannot_be_remembered_is_given_without_buttons(
    server: Server, records: Records, bot_settings: Settings, log: list[EventDict]
) -> None:
    _break(bot_settings)

    result = await server.alice.slash(server.channel, "ask", question=COVERED)

    assert "[1]" in shown(result.response)
    assert buttons(result.response) == []
    assert the_failure(log)["event"] == "answer_not_remembered"


async def test_a_button_whose_record_cannot_be_read_says_so(
    server: Server, bot_settings: Settings, log: list[EventDict]
) -> None:
    answer = await server.alice.slash(server.channel, "ask", question=COVERED)
    assert answer.response is not None
    _break(bot_settings)

    result = await server.alice.click(answer.response, custom_id=custom_id(answer.response, "👍"))

    assert "earlier answers" in shown(result.response)
    assert the_failure(log)["id"] == the_id(shown(result.response))


def _break(bot_settings: Settings) -> None:
    """Makes the database no database any more."""
    for file in bot_settings.data_dir.glob("records.sqlite*"):
        file.write_bytes(b"this is no database " * 300)


@pytest.mark.parametrize("bot_settings", [{"max_questions_in_flight": 1, "workers": 1}], indirect=True)
@pytest.mark.simcord(settle_timeout=0.3)
async def test_a_full_queue_refuses_kindly_and_the_first_question_is_still_answered(
    server: Server, fragile: FragileKnowledge
) -> None:
    fragile.may_answer.clear()
    with pytest.raises(TimeoutError):
        await server.alice.send(server.channel, f"{server.bot} {COVERED}")
    with pytest.raises(TimeoutError):
        await server.bob.send(server.channel, f"{server.bot} {COVERED}")

    (refusal,) = server.answers
    assert "cannot take another question" in shown(refusal)

    fragile.may_answer.set()
    await server.env.settle(timeout=5)
    assert "[1]" in shown(server.answers[-1])


@pytest.mark.parametrize("bot_settings", [{"workers": 1}], indirect=True)
@pytest.mark.simcord(settle_timeout=1.5)
async def test_who_waits_is_told_how_many_are_ahead_and_then_answered_in_the_same_message(
    server: Server, fragile: FragileKnowledge
) -> None:
    fragile.may_answer.clear()
    with pytest.raises(TimeoutError):
        await server.alice.send(server.channel, f"{server.bot} {COVERED}")
    with pytest.raises(TimeoutError):
        await server.bob.send(server.channel, f"{server.bot} {COVERED}")

    (waiting,) = server.answers
    assert "1 question is ahead of you" in shown(waiting)

    fragile.may_answer.set()
    await server.env.settle(timeout=5)
    assert ["[1]" in shown(answer) for answer in server.answers] == [True, True]


async def test_a_failing_refresh_is_logged_once_and_the_bot_answers_on(
    server: Server, fragile: FragileKnowledge, log: list[EventDict]
) -> None:
    fragile.error = StoreUnreachableError("The Chroma server does not answer.")
    await server.env.advance_time(10)
    fragile.error = None

    assert the_failure(log)["event"] == "knowledge_not_refreshed"
    result = await server.alice.slash(server.channel, "ask", question=COVERED)
    assert "[1]" in shown(result.response)


async def test_a_command_that_changed_since_discord_loaded_it_says_so(
    server: Server, simcord_env: simcord.Env, log: list[EventDict]
) -> None:
    bot = simcord_env.bot
    bot.tree.remove_command("help")  # type: ignore[attr-defined]

    result = await server.alice.slash(server.channel, "help")

    assert "has changed" in shown(result.response)
    assert simcord_env.errors
