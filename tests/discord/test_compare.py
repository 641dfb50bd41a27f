"""/compare: one aspect or all of them, from whatever the version that serves now holds."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from discord import ui

from bot.bootstrap import tunewise
from bot.client import Knowledge, Tunewise
from bot.compare import picture as picture_module
from bot.pictures import render
from bot.records import Records
from bot.settings import Settings
from knowledge.base import KnowledgeBase
from knowledge.index import build_index
from tests.discord.world import Server, buttons, shown

Message = discord.Message | simcord.ResponseMessage | None
OVERVIEW = "### Prompt engineering vs. Fine-tuning"


def items(message: Message) -> list[ui.Item[ui.LayoutView]]:
    assert message is not None
    real = message.message if isinstance(message, simcord.ResponseMessage) else message
    return list(ui.LayoutView.from_message(real).walk_children())


def options(message: Message) -> dict[str, str]:
    """What the select offers: values by label."""
    return {
        option.label: option.value for item in items(message) if isinstance(item, ui.Select) for option in item.options
    }


def alternative(message: Message) -> str:
    """The alternative text of the picture."""
    (gallery,) = [item for item in items(message) if isinstance(item, ui.MediaGallery)]
    return gallery.items[0].description or ""


async def picture_of(message: Message) -> bytes:
    assert message is not None
    real = message.message if isinstance(message, simcord.ResponseMessage) else message
    (attachment,) = real.attachments
    assert attachment.filename == "comparison.png"
    return await attachment.read()


async def compare(server: Server, *, private: bool = False, **given: str) -> simcord.ResponseMessage:
    result = await server.alice.slash(server.channel, "compare", private=private, **given)
    assert result.ephemeral is private
    assert result.response is not None
    return result.response


# One aspect


async def test_the_aspects_complete_what_is_typed_those_that_begin_with_it_first(server: Server) -> None:
    async def completed(typed: str) -> list[str]:
        return [c["name"] for c in await server.alice.autocomplete(server.channel, "compare", "aspect", typed)]

    assert await completed("cos") == ["Cost"]
    assert await completed("E") == [
        "Expertise",
        "Definition",
        "Use case",
        "Flexibility",
        "Performance",
        "Deployment time",
    ]
    assert await completed("TIME") == ["Deployment time"]
    assert len(await completed("")) == 8
    assert await completed("guitar") == []


async def test_one_aspect_shows_both_sides_an_explanation_and_where_each_stands(
    server: Server, knowledge: KnowledgeBase
) -> None:
    text = shown(await compare(server, aspect="Cost"))

    aspect = next(aspect for aspect in knowledge.comparison if aspect.name == "Cost")
    assert text.startswith("### Cost\n🟩 **Prompt engineering**\nLow: no training run [1]\n🟨 **Fine-tuning**\nHigh: ")
    for citation in knowledge.explain(aspect):
        assert f"{citation.quote} [{citation.marker}]" in text
        assert citation.section in text.replace("\\", "")
    assert "-# [1] Prompt engineering and fine-tuning compared › How do prompt" in text


@pytest.mark.parametrize(
    ("typed", "aspect"), [("cost", "Cost"), ("time", "Deployment time"), ("flexibel", "Flexibility"), ("price", "Cost")]
)
async def test_free_text_finds_the_aspect_it_means(server: Server, typed: str, aspect: str) -> None:
    text = shown(await compare(server, aspect=typed))

    assert text.startswith(f"### {aspect}")
    assert ("comes closest" in text) is (typed in {"flexibel", "price"})


async def test_free_text_that_is_no_aspect_gets_all_of_them(server: Server) -> None:
    hostile = "@everyone [guitar](https://evil.example) **now**"
    message = await compare(server, aspect=hostile)

    text = shown(message)
    assert OVERVIEW in text
    assert "is not among the aspects" in text
    assert "@everyone" not in text
    assert "](http" not in text
    assert len(options(message)) == 8


# All aspects


async def test_all_aspects_are_a_picture_with_an_alternative_text_that_tells_them(
    server: Server, knowledge: KnowledgeBase
) -> None:
    message = await compare(server)

    assert OVERVIEW in shown(message)
    assert (await picture_of(message)).startswith(b"\x89PNG")
    told = alternative(message)
    for aspect in knowledge.comparison:
        assert aspect.name in told
        assert all(side.statements[0].text in told for side in aspect.sides)
    assert list(options(message)) == [aspect.name for aspect in knowledge.comparison]


async def test_a_private_comparison_is_shown_to_nobody_else(server: Server) -> None:
    await compare(server, private=True)
    await compare(server, private=True, aspect="Cost")


async def test_where_the_picture_cannot_be_drawn_its_text_is_shown(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "compare.typ"
    broken.write_text("#panic()")
    monkeypatch.setattr("bot.compare.picture.TEMPLATE", broken)
    picture_module._draw.cache_clear()

    message = await compare(server)

    assert "Cost: Low: no training run" in shown(message)
    assert len(options(message)) == 8


async def test_explaining_and_drawing_leave_the_event_loop_free(
    server: Server, knowledge: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[str, str] = {}

    def watched(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def watch(*given: Any) -> Any:
            threads[name] = threading.current_thread().name
            return work(*given)

        return watch

    picture_module._draw.cache_clear()
    monkeypatch.setattr(picture_module, "render", watched("draw", render))
    monkeypatch.setattr(knowledge, "explain", watched("explain", knowledge.explain))

    await compare(server)
    await compare(server, aspect="Cost")

    assert threads["explain"].startswith("question")
    assert threads["draw"] != threading.main_thread().name


# From one view to another


async def test_selecting_an_aspect_and_all_aspects_change_the_persons_own_message(server: Server) -> None:
    message = await compare(server)

    await server.alice.select(message, [options(message)["Expertise"]])
    (now,) = server.answers
    assert shown(now).startswith("### Expertise")
    assert now.attachments == []
    assert "Expertise" not in options(now)

    await server.alice.click(now, label="All aspects")
    (now,) = server.answers
    assert OVERVIEW in shown(now)
    assert await picture_of(now) == await picture_of(message)


async def test_another_persons_click_shows_it_to_them_alone(server: Server) -> None:
    message = await compare(server)

    result = await server.bob.select(message, [options(message)["Cost"]])

    assert result.ephemeral
    assert shown(result.response).startswith("### Cost")
    (unchanged,) = server.answers
    assert OVERVIEW in shown(unchanged)

    assert result.response is not None
    again = await server.bob.click(result.response, label="All aspects")
    assert again.followups == []
    assert OVERVIEW in shown(result.response.message)


async def test_the_select_works_after_a_restart(server: Server, bot_settings: Settings, knowledge: Knowledge) -> None:
    message = await compare(server)
    records = await Records.open(bot_settings.records_url)
    async with tunewise(bot_settings, knowledge=knowledge, records=records, shard_count=1) as fresh_bot:
        await server.env.restart_bot(fresh_bot)

        await server.alice.select(message, [options(message)["Cost"]])
        (now,) = server.answers
        assert shown(now).startswith("### Cost")
    await records.close()


async def test_in_a_direct_message_the_select_changes_the_message(server: Server) -> None:
    await server.alice.send_dm("hello")
    result = await server.alice.user.slash("compare")
    assert result.response is not None

    await server.alice.user.select(result.response, [options(result.response)["Cost"]])

    assert shown(server.alice.user.dm_channel.last_message).startswith("### Cost")


async def test_compare_is_in_the_help(server: Server) -> None:
    result = await server.alice.slash(server.channel, "help")

    assert "compare" in shown(result.response)


class TestOtherDocuments:
    """What is shown follows the documents that are indexed."""

    GERMAN = (
        "# Vergleich\n\n## Überblick\n\n| Merkmal | Prompt-Engineering | Fine-Tuning | RAG |\n|---|---|---|---|\n"
        '| Übergröße & „Maß“ | #panic("no") ] | @everyone $x$ *b* | <@1> |\n| 日本語 | 😀 | ÄÖÜß |  |\n'
    )

    @pytest.fixture
    def machine(self, settings: Settings, tmp_path: Path) -> Settings:
        documents, data = tmp_path / "documents", tmp_path / "index"
        documents.mkdir()
        data.mkdir()
        (data / "models").symlink_to(settings.data_dir / "models")
        (documents / "tables.md").write_text(self.GERMAN, encoding="utf-8")
        (tmp_path / "off_topic.txt").write_text("how do I tune a guitar\n")
        return settings.model_copy(
            update={"data_dir": data, "knowledge_dir": documents, "off_topic_file": tmp_path / "off_topic.txt"}
        )

    @pytest.fixture
    def knowledge(self, machine: Settings) -> KnowledgeBase:
        build_index(machine)
        return KnowledgeBase.open(machine)

    async def publish(self, machine: Settings, knowledge: KnowledgeBase, markdown: str) -> None:
        (machine.knowledge_dir / "tables.md").write_text(markdown, encoding="utf-8")
        await asyncio.to_thread(build_index, machine)
        assert await asyncio.to_thread(knowledge.refresh)

    async def test_other_languages_other_columns_and_hostile_text_are_shown_as_they_are(self, server: Server) -> None:
        choices = await server.alice.autocomplete(server.channel, "compare", "aspect", "übergr")
        assert [choice["name"] for choice in choices] == ["Übergröße & „Maß“"]

        message = await compare(server, aspect=choices[0]["value"])
        text = shown(message)
        assert '#panic("no") ]' in text
        assert "**RAG**" in text
        assert "@everyone" not in text
        assert "<@1>" not in text
        assert message.message.mentions == []
        assert "no more about it" in text

        everything = await compare(server)
        assert '#panic("no") ]' in alternative(everything)
        assert (await picture_of(everything)).startswith(b"\x89PNG")

    async def test_a_new_version_changes_table_picture_and_list(
        self, server: Server, machine: Settings, knowledge: KnowledgeBase
    ) -> None:
        before = await compare(server)
        await self.publish(machine, knowledge, self.GERMAN.replace("日本語", "Kosten").replace("ÄÖÜß", "teuer"))

        after = await compare(server)
        assert await picture_of(before) != await picture_of(after)
        assert "teuer" in alternative(after)
        assert list(options(after)) == ["Übergröße & „Maß“", "Kosten"]

        await server.alice.select(before, [options(before)["日本語"]])
        gone = server.answers[0]
        assert "that aspect is gone" in shown(gone)
        assert await picture_of(gone) == await picture_of(after)

    async def test_without_a_comparison_it_is_said_kindly(
        self, server: Server, machine: Settings, knowledge: KnowledgeBase
    ) -> None:
        before = await compare(server)
        await self.publish(machine, knowledge, "# Boats\n\n## What is a keel?\n\nA keel keeps a boat upright.\n")

        after = await compare(server, aspect="Cost")
        assert "no table that sets prompt engineering and fine-tuning side by side" in shown(after)
        assert buttons(after) != []
        assert await server.alice.autocomplete(server.channel, "compare", "aspect", "") == []

        await server.alice.select(before, [options(before)["日本語"]])
        assert "no table" in shown(server.answers[0])

    async def test_a_single_aspect_needs_no_list_of_others(
        self, server: Server, machine: Settings, knowledge: KnowledgeBase
    ) -> None:
        await self.publish(machine, knowledge, "| | Prompting | Fine-tuning |\n|---|---|---|\n| Cost | low | |\n")

        message = await compare(server, aspect="Cost")
        assert options(message) == {}
        assert "low" in shown(message)


class TestFullQueue:
    """While more people ask than the bot takes."""

    @pytest.fixture
    def bot_settings(self, bot_settings: Settings) -> Settings:
        return bot_settings.model_copy(update={"max_questions_in_flight": 0})

    @pytest.fixture
    async def simcord_bot(
        self, bot_settings: Settings, knowledge: Knowledge, records: Records
    ) -> AsyncIterator[Tunewise]:
        async with tunewise(bot_settings, knowledge=knowledge, records=records, shard_count=1) as bot:
            yield bot

    async def test_an_explanation_waits_in_line_like_a_question(self, server: Server) -> None:
        message = await compare(server)

        result = await server.alice.select(message, [options(message)["Cost"]])

        assert "ask again in a minute" in shown(*result.followups)
        (unchanged,) = server.answers
        assert OVERVIEW in shown(unchanged)
