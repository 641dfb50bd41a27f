"""Attacks as a person sees them answered: nothing pings, invites or hides where a link leads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from bot.settings import Settings
from knowledge.base import KnowledgeBase
from knowledge.embed import Embedder
from knowledge.index import build_index
from knowledge.store import open_store
from tests.attacks import OURS
from tests.chat_server import ChatServer, Scripted, chat_server, first_sentences, worded_by
from tests.discord.world import Server, custom_id, shown

LIVE = re.compile(
    r"@everyone|@here|(?<!\\)<(?:[@#:/]|a:|t:)"  # a mention, an emoji, a command, a time
    r"|(?<!\\)\]\(|(?<!\\)<https?:"  # a link behind other words
    r"|[\u202a-\u202e\u2060-\u2069\U000e0000-\U000e007f]",  # what nobody sees
    re.IGNORECASE,
)
LINK = re.compile(r"https?://|discord\.gg/|discord(?:app)?\.com/invite", re.IGNORECASE)
SECTION = "What does a fine-tuning run cost?"
DOCUMENT = f"""# Cost

## {SECTION}

A fine-tuning run costs [less](https://evil.example/hidden), see https://evil.example/open, @everyone.

<@123456789012345678> A fine-tuning run costs hours on <#42>, see </nuke:42>.

# A fine-tuning run costs\u200b a GPU\u202e for <t:0:R>
"""

pytestmark = pytest.mark.parametrize("bot_settings", [{"cooldown_questions": 1000}], indirect=True)


@pytest.fixture(scope="module")
def model() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


@pytest.fixture
def chat_settings(settings: Settings, model: ChatServer, tmp_path: Path) -> Settings:
    return worded_by(model, settings, data_dir=tmp_path, chat_retries=0, chat_tokens_per_day=0)


@pytest.fixture
def knowledge(settings: Settings, chat_settings: Settings, embedder: Embedder) -> KnowledgeBase:
    """The project's knowledge with the scripted chat model, or a document that is an attack itself."""
    return KnowledgeBase(chat_settings, open_store(settings), embedder)


def obeying(attack: str, prompt: str) -> str:
    return f"{first_sentences(1)(prompt)} {attack.rstrip('.')} [1]. {attack}"


@pytest.mark.parametrize("kind", OURS)
async def test_an_attack_alone_and_with_a_question_shows_nothing_live(
    kind: str, server: Server, model: ChatServer
) -> None:
    server.env.settle_timeout = 60.0
    for attack in OURS[kind]:
        model.will(Scripted(partial(obeying, attack)))
        for question in (attack, f"What does LoRA change in a model? {attack}"):
            result = await server.alice.slash(server.channel, "ask", question=question)
            text = shown(result.response)
            assert LIVE.findall(text) == [], question
            assert LINK.findall(text) == [], question


async def test_what_an_attack_asks_alone_is_refused_without_a_word_of_its_own(server: Server) -> None:
    for kind in ("links", "invites"):
        for attack in OURS[kind]:
            result = await server.alice.slash(server.channel, "ask", question=attack)
            assert "My documents do not cover that question." in shown(result.response)


class TestADocument:
    """One that mentions, masks links and hides text, in sentences that answer the question."""

    @pytest.fixture
    def chat_settings(self, chat_settings: Settings, settings: Settings) -> Settings:
        """Settings for an index of that document."""
        folder = chat_settings.data_dir
        (folder / "documents").mkdir()
        (folder / "documents" / "cost.md").write_text(DOCUMENT, encoding="utf-8")
        (folder / "models").symlink_to(settings.data_dir.resolve() / "models")
        found = chat_settings.model_copy(update={"knowledge_dir": folder / "documents"})
        build_index(found)
        return found

    @pytest.fixture
    def knowledge(self, chat_settings: Settings, embedder: Embedder) -> KnowledgeBase:
        """That document with the scripted chat model."""
        return KnowledgeBase(chat_settings, open_store(chat_settings), embedder)

    @pytest.mark.parametrize(
        "scripted", [Scripted(first_sentences(3)), Scripted(status=500)], ids=["model", "documents"]
    )
    async def test_is_shown_with_nothing_live_and_no_link_behind_other_words(
        self, scripted: Scripted, server: Server, model: ChatServer
    ) -> None:
        server.env.settle_timeout = 60.0
        model.will(scripted)
        result = await server.alice.slash(server.channel, "ask", question=SECTION)
        assert result.response is not None
        sources = await server.alice.click(result.response, custom_id=custom_id(result.response, "Sources"))
        for text in (shown(result.response), shown(sources.response)):
            assert LIVE.findall(text) == []
            assert "evil.example/hidden" not in text
        assert "evil.example/open" in shown(sources.response)
