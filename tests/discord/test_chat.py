"""Answers that a chat model words, as people see them grow: a real client, a scripted server, a simulated Discord."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import Settings
from knowledge.base import KnowledgeBase
from knowledge.embed import Embedder
from knowledge.store import open_store
from tests.chat_server import ChatServer, Scripted, chat_server, first_sentences, worded_by
from tests.discord.world import COVERED, Server, buttons, shown

LIE = "Fine-tuning costs 17 dollars at OpenAI [1]."
QUIET_NOTE = "The chat model could not answer just now"


@pytest.fixture(scope="module")
def model() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


@pytest.fixture
def knowledge(settings: Settings, embedder: Embedder, model: ChatServer, tmp_path: Path) -> KnowledgeBase:
    """The project's knowledge with the scripted chat model."""
    changed = worded_by(model, settings, data_dir=tmp_path, chat_timeout=1.0, chat_retries=0)
    return KnowledgeBase(changed, open_store(settings), embedder)


async def test_an_answer_settles_into_the_layout_of_every_answer(server: Server, model: ChatServer) -> None:
    model.will(Scripted(first_sentences(2)))

    result = await server.alice.slash(server.channel, "ask", question=COVERED)

    text = shown(result.response)
    assert "[1]" in text
    assert QUIET_NOTE not in text
    assert "✍" not in text
    assert "Sources" in buttons(result.response)
    assert len(server.answers) == 1


async def test_only_what_is_verified_is_ever_sent(server: Server, model: ChatServer) -> None:
    model.will(Scripted(lambda prompt: f"{LIE} {first_sentences(2)(prompt)} {LIE}", pieces=12))

    await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    sent = [str(entry.json) for entry in server.env.http_requests if entry.json]
    assert any("✍" in request for request in sent)
    assert not any("17 dollars" in request for request in sent)
    assert "[1]" in shown(server.answers[-1])


@pytest.mark.parametrize(
    "scripted",
    [
        Scripted(status=429),
        Scripted(status=500),
        Scripted(first_sentences(2), stall=True),
        Scripted(first_sentences(2), cut=True),
        Scripted(raw=b"\x00garbage\n\n"),
        Scripted("NOT COVERED"),
    ],
    ids=["rate limited", "down", "stalls", "cut off", "garbage", "refuses"],
)
async def test_whoever_asks_a_model_that_fails_gets_the_documents_words_and_one_quiet_note(
    scripted: Scripted, server: Server, model: ChatServer
) -> None:
    model.will(scripted)

    await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    (answer,) = server.answers
    assert shown(answer).count(QUIET_NOTE) == 1
    assert "[1]" in shown(answer)
    assert "Sources" in buttons(answer)


async def test_a_part_that_discord_refuses_costs_nothing_but_itself(server: Server, model: ChatServer) -> None:
    model.will(Scripted(first_sentences(3), pieces=12))
    server.env.inject_error("POST", f"/channels/{server.channel.id}/messages", status=500, code=0, message="down")

    await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    assert "[1]" in shown(server.answers[-1])
