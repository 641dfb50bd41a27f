"""/knowledge status tells maintainers what the chat model was used for today."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.settings import Settings
from tests.chat_server import ChatServer, Scripted, chat_server, first_sentences, worded_by
from tests.discord.maintain.workshop import KEEL, YEAST, Workshop
from tests.discord.world import shown


@pytest.fixture(scope="module")
def model() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


@pytest.fixture
def bot_settings(bot_settings: Settings, model: ChatServer) -> Settings:
    """Settings of the small knowledge, whose answers the scripted chat model words."""
    return worded_by(model, bot_settings, chat_retries=0)


async def test_status_tells_what_was_answered_what_it_cost_and_why_the_rest_was_not(
    workshop: Workshop, model: ChatServer
) -> None:
    model.will(Scripted(first_sentences(1)), Scripted(status=500))
    await workshop.ask(KEEL)
    await workshop.ask(YEAST)

    text = shown((await workshop.knowledge("status")).response)

    *_, name, today = text.splitlines()
    assert name == "openai:scripted"
    assert today.startswith("Today: 1 of 2 questions answered, ")
    assert "of 500,000 tokens." in today
    assert today.endswith("The documents' own words for the rest: down 1.")
