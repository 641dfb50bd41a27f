"""Publishing from Discord: what changed is shown, what answers worse stays out, and everything can be taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import discord
import pytest
import simcord

import bot.maintain.cog
from bot.client import Knowledge
from bot.maintain import layout
from bot.maintain.access import name_of
from bot.maintain.runs import Progress
from knowledge.errors import DamagedVersionError
from knowledge.lock import index_lock
from knowledge.store import open_store
from tests.discord.maintain.workshop import KEEL, SAFFRON, YEAST, Pause, Workshop, lose_the_mast
from tests.discord.world import buttons, custom_ids, shown

MAST = "What is a mast?"
SAFFRON_DOCUMENT = "# Saffron\n\n## How is saffron harvested?\n\nSaffron is harvested by hand, flower by flower.\n"


def texts(result: simcord.InteractionResult) -> str:
    return shown(result.response, *result.followups)


def published(workshop: Workshop) -> str:
    version = open_store(workshop.settings).published()
    assert version is not None
    return version


def add_saffron(workshop: Workshop) -> None:
    (workshop.settings.knowledge_dir / "saffron.md").write_text(SAFFRON_DOCUMENT)


async def test_a_new_document_is_published_and_answers_at_once(workshop: Workshop, knowledge: Knowledge) -> None:
    add_saffron(workshop)

    result = await workshop.knowledge("reindex")

    text = texts(result)
    assert not result.ephemeral
    assert "**Published**" in text
    assert "+ saffron.md" in text
    assert f"<@{workshop.maintainer.id}>" in text
    assert "golden questions" in text
    assert knowledge.version == published(workshop)
    assert "by hand, flower by flower" in shown(await workshop.ask(SAFFRON))


async def test_when_nothing_has_changed_nothing_is_published(workshop: Workshop) -> None:
    before = published(workshop)
    assert "Nothing to publish" in texts(await workshop.knowledge("reindex"))
    assert published(workshop) == before
    assert "Nobody from Discord yet" in shown((await workshop.knowledge("log")).response)


async def test_a_dry_run_shows_the_difference_to_the_maintainer_alone(workshop: Workshop) -> None:
    add_saffron(workshop)
    before = published(workshop)
    result = await workshop.knowledge("reindex", dry_run=True)
    assert result.ephemeral
    assert "Dry run" in texts(result)
    assert "+ saffron.md" in texts(result)
    assert published(workshop) == before


async def test_what_answers_worse_is_refused_with_the_questions_and_published_only_for_a_reason(
    workshop: Workshop,
) -> None:
    before = published(workshop)
    lose_the_mast(workshop)

    refused = await workshop.knowledge("reindex")

    text = texts(refused)
    assert "**Not published.**" in text
    assert "which pole carries the sails" in text
    assert "before: boats.md" in text
    assert "~ boats.md" in text
    assert published(workshop) == before
    last = refused.followups[-1] if refused.followups else refused.response
    assert last is not None
    assert buttons(last) == ["Publish anyway…"]

    form = await workshop.second.click(last, label="Publish anyway…")
    forced = await workshop.second.submit_modal(form, {"reason": "Nobody sails here any more."})

    assert "although it answers worse" in texts(forced)
    assert published(workshop) != before
    log = shown((await workshop.knowledge("log")).response)
    assert f"<@{workshop.second.id}> published, although it answers worse" in log
    assert "Nobody sails here any more" in log
    versions = shown((await workshop.knowledge("versions")).response)
    assert "Nobody sails here any more" in versions
    assert f"by <@{workshop.second.id}>" in versions


async def test_a_reason_given_at_once_publishes_at_once(workshop: Workshop) -> None:
    before = published(workshop)
    lose_the_mast(workshop)
    assert "although it answers worse" in texts(await workshop.knowledge("reindex", force="Nobody sails."))
    assert published(workshop) != before


async def test_an_empty_folder_is_refused_in_the_words_of_the_knowledge(workshop: Workshop) -> None:
    before = published(workshop)
    for document in workshop.settings.knowledge_dir.iterdir():
        document.unlink()
    text = texts(await workshop.knowledge("reindex", force="I insist"))
    assert "holds no document" in text
    assert "(id " not in text
    assert published(workshop) == before


async def test_the_second_maintainer_is_told_who_is_at_it_and_since_when(workshop: Workshop) -> None:
    add_saffron(workshop)
    before = published(workshop)
    with index_lock(workshop.settings, name_of(workshop.second.id)):
        result = await workshop.knowledge("reindex")
        status = shown((await workshop.knowledge("status")).response)
    for text in (texts(result), status):
        assert (
            f"<@{workshop.second.id}> began to change the index <t:{int(datetime.now(UTC).timestamp()) // 1000}" in text
        )
    assert published(workshop) == before


@pytest.fixture
async def pause(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pause]:
    pause = Pause()
    monkeypatch.setattr(bot.maintain.cog, "build_index_apart", pause.build)
    yield pause
    pause.over.set()


async def test_any_maintainer_can_cancel_and_everything_stays_as_it_was(
    workshop: Workshop, knowledge: Knowledge, pause: Pause
) -> None:
    add_saffron(workshop)
    before = published(workshop)
    workshop.server.env.settle_timeout = 5.0  # by then the progress is shown, on a busy machine too
    with pytest.raises(TimeoutError):  # SimCord waits for the work to end, which the pause prevents
        await workshop.knowledge("reindex")
    workshop.server.env.settle_timeout = 60.0
    message = workshop.server.answers[-1]
    assert "Publishing the documents" in shown(message)
    assert buttons(message) == ["Cancel"]

    await workshop.second.click(message, label="Cancel")

    assert f"**Cancelled** by <@{workshop.second.id}>" in shown(workshop.server.answers[-1])
    assert published(workshop) == before == knowledge.version
    pause.over.set()
    assert "**Published**" in texts(await workshop.knowledge("reindex"))


async def test_the_work_of_a_bot_that_was_restarted_cannot_be_cancelled_and_says_so(workshop: Workshop) -> None:
    channel = workshop.server.env.bot.get_channel(workshop.channel.id)
    assert isinstance(channel, discord.TextChannel)
    message = await channel.send(view=layout.progress("Publishing", Progress("Embedding", 1, 2), "abcdef"))
    await workshop.server.env.settle()
    result = await workshop.maintainer.click(message, label="Cancel")
    assert "the bot was restarted" in texts(result)


async def test_a_rollback_is_asked_about_once_more_and_can_be_undone(workshop: Workshop, knowledge: Knowledge) -> None:
    first = published(workshop)
    add_saffron(workshop)
    await workshop.knowledge("reindex")
    second = published(workshop)

    question = await workshop.knowledge("rollback")
    assert question.ephemeral
    assert published(workshop) == second
    assert question.response is not None
    await workshop.maintainer.click(question.response, label="Leave it")
    assert published(workshop) == second

    question = await workshop.knowledge("rollback", version=first)
    assert question.response is not None
    await workshop.maintainer.click(question.response, label="Roll back")

    assert published(workshop) == first == knowledge.version
    assert f"version {first}" in shown(question.response)
    assert "by hand" not in shown(await workshop.ask(SAFFRON))
    assert "rolled back" in shown((await workshop.knowledge("log")).response)
    versions = shown((await workshop.knowledge("versions")).response)
    assert "rolled back" in versions
    assert "right section in the first five 1.000 · answered 1.000 · refused where it has to be 1.000" in versions


async def test_a_run_that_leaves_a_rollback_as_it_is_says_whose_and_how_to_go_forward(workshop: Workshop) -> None:
    add_saffron(workshop)
    await workshop.knowledge("reindex")
    question = await workshop.knowledge("rollback", workshop.second)
    assert question.response is not None
    await workshop.second.click(question.response, label="Roll back")

    text = texts(await workshop.knowledge("reindex"))

    assert f"which <@{workshop.second.id}> rolled back" in text
    assert "**Nothing was published.**" in text
    assert "Discord user" not in text
    assert "roll back to " in text


async def test_a_version_that_cannot_be_taken_up_is_named_and_its_publication_is_logged(
    workshop: Workshop, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refresh() -> None:
        raise DamagedVersionError("Version 7 is damaged.")

    add_saffron(workshop)
    monkeypatch.setattr(knowledge, "refresh", refresh)

    text = texts(await workshop.knowledge("reindex"))

    assert "Version 7 is damaged" in text
    assert "cannot answer" not in text
    assert f"<@{workshop.maintainer.id}> published" in shown((await workshop.knowledge("log")).response)


async def test_versions_are_offered_while_typing_without_the_published_one(workshop: Workshop) -> None:
    first = published(workshop)
    add_saffron(workshop)
    await workshop.knowledge("reindex")
    offered = await workshop.maintainer.autocomplete(workshop.channel, "knowledge rollback", "version", first[:5])
    assert [choice["value"] for choice in offered] == [first]
    nothing = await workshop.maintainer.autocomplete(workshop.channel, "knowledge rollback", "version", "zzz")
    assert nothing == []


async def test_a_version_that_is_not_kept_and_a_first_version_cannot_be_gone_back_to(workshop: Workshop) -> None:
    assert "no version of that name" in texts(await workshop.knowledge("rollback", version="20200101-000000-abcdef"))
    assert "no older version" in texts(await workshop.knowledge("rollback"))


async def test_status_says_what_serves_what_has_changed_and_what_waits(workshop: Workshop) -> None:
    assert "have not changed" in texts(await workshop.knowledge("status"))
    add_saffron(workshop)
    await workshop.ask(SAFFRON)
    text = texts(await workshop.knowledge("status"))
    assert published(workshop) in text.replace("\\", "")
    assert "+ saffron.md" in text
    assert "1 question waits" in text


async def test_documents_are_listed_with_chunks_date_and_citations(workshop: Workshop) -> None:
    await workshop.ask(YEAST)
    await workshop.ask(YEAST)
    await workshop.ask(KEEL)
    text = texts(await workshop.knowledge("documents"))
    assert "3 documents" in text
    assert text.index("Bread") < text.index("Boats") < text.index("Tea")
    assert "2 chunks · 2026-01-02 · cited 1 time" in text
    assert "cited 2 times" in text


async def test_ask_all_reports_which_answers_would_change_and_publishes_nothing(workshop: Workshop) -> None:
    before = published(workshop)
    assert "Nobody has asked" in texts(await workshop.knowledge("ask-all"))
    for question in (SAFFRON, MAST, KEEL, YEAST):
        await workshop.ask(question)
    assert "No answer would change" in texts(await workshop.knowledge("ask-all"))
    add_saffron(workshop)
    lose_the_mast(workshop)

    result = await workshop.knowledge("ask-all")

    assert "4 questions were asked again" in texts(result)
    assert "1 answered now" in texts(result)
    assert result.response is not None
    (file,) = result.response.attachments
    report = (await file.read()).decode()
    assert f"## Answered now\n\n### {SAFFRON}" in report
    assert "flower by flower" in report
    assert MAST in report
    assert KEEL not in report
    assert published(workshop) == before


async def test_the_log_is_turned_page_by_page(workshop: Workshop, records: Any) -> None:
    for number in range(12):
        await records.changes.add(workshop.maintainer.id, f"did thing {number}")
    page = await workshop.knowledge("log")
    assert page.response is not None
    assert "did thing 11" in shown(page.response)
    await workshop.maintainer.click(page.response, custom_id=custom_ids(page.response, "tw:know:log:1:>")[0])
    assert "did thing 0" in shown(page.response)
    assert "Page 2 of 2" in shown(page.response)
