"""What a maintainer sees of the gaps and does about them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
import simcord

import bot.maintain.gaps.adding
from bot.maintain.access import name_of
from bot.records import Records
from knowledge.evaluate import load_golden
from knowledge.load import load_off_topic
from knowledge.lock import index_lock
from knowledge.store import open_store
from tests.discord.maintain.workshop import (
    DOCUMENTS,
    KEEL,
    SAFFRON,
    SAFFRON_FORM,
    SAFFRON_TOO,
    WORLD_CUP,
    YEAST,
    Pause,
    Workshop,
    lose_the_mast,
)
from tests.discord.world import buttons, custom_id, custom_ids, shown

TELL_ME = "Tell me when you know"


def texts(result: simcord.InteractionResult) -> str:
    """All that a person reads in the answer to what they did."""
    return shown(result.response, *result.followups)


async def open_form(workshop: Workshop) -> simcord.InteractionResult:
    """The form for the first gap."""
    page = await workshop.knowledge("gaps")
    assert page.response is not None
    return await workshop.maintainer.click(page.response, custom_id=custom_ids(page.response, "tw:gap:add:")[0])


async def test_gaps_are_grouped_by_meaning_and_the_most_asked_comes_first(workshop: Workshop) -> None:
    for question in (WORLD_CUP, SAFFRON, SAFFRON_TOO, SAFFRON):
        await workshop.ask(question)

    page = await workshop.knowledge("gaps")

    assert page.ephemeral
    text = shown(page.response)
    assert "2 gaps" in text
    assert text.index(SAFFRON) < text.index(SAFFRON_TOO) < text.index(WORLD_CUP)
    assert "Asked 3 times" in text
    assert "Closest: " in text
    assert "alice" not in text
    assert str(workshop.server.alice.id) not in text


async def test_an_answer_that_is_voted_down_is_a_gap_and_one_that_helped_is_none(workshop: Workshop) -> None:
    keel, yeast = await workshop.ask(KEEL), await workshop.ask(YEAST)
    await workshop.server.bob.click(keel, custom_id=custom_id(keel, "👎"))
    await workshop.server.bob.click(yeast, custom_id=custom_id(yeast, "👍"))

    text = shown((await workshop.knowledge("gaps")).response)

    assert KEEL in text
    assert "voted down" in text
    assert YEAST not in text


async def test_many_gaps_are_turned_page_by_page(workshop: Workshop) -> None:
    topics = ("chess openings", "volcanoes", "Beethoven", "car tyres", "tax law")
    for topic in topics:
        await workshop.ask(f"Tell me everything about {topic}")
    page = await workshop.knowledge("gaps")
    assert page.response is not None
    first = shown(page.response)
    assert "Page 1 of 2" in first

    await workshop.maintainer.click(page.response, custom_id=custom_ids(page.response, "tw:gap:page:")[1])

    second = shown(page.response)
    assert "Page 2 of 2" in second
    assert all((topic in first) != (topic in second) for topic in topics)


async def test_what_is_not_our_topic_leaves_the_list_is_proposed_and_can_be_put_back(workshop: Workshop) -> None:
    await workshop.ask(WORLD_CUP)
    page = await workshop.knowledge("gaps")
    assert page.response is not None
    (button,) = custom_ids(page.response, "tw:gap:off:")

    done = await workshop.maintainer.click(page.response, custom_id=button)

    assert "No gaps" in shown(page.response)
    (confirmation,) = done.followups
    assert confirmation.ephemeral
    assert WORLD_CUP in shown(confirmation)
    proposals = workshop.settings.off_topic_file.with_name("off_topic.proposals.txt")
    assert load_off_topic(proposals) == [WORLD_CUP]
    await workshop.ask(WORLD_CUP.lower())
    assert "No gaps" in shown((await workshop.knowledge("gaps")).response)

    await workshop.maintainer.click(confirmation, label="Undo")
    assert WORLD_CUP.lower() in shown((await workshop.knowledge("gaps")).response)


async def test_asked_again_a_gap_shows_the_answer_of_today(workshop: Workshop) -> None:
    keel = await workshop.ask(KEEL)
    await workshop.server.bob.click(keel, custom_id=custom_id(keel, "👎"))
    await workshop.ask(WORLD_CUP)
    page = await workshop.knowledge("gaps")
    assert page.response is not None
    again = {
        "keel" if "keel" in texts(result) else "cup": result
        for result in [
            await workshop.maintainer.click(page.response, custom_id=button)
            for button in custom_ids(page.response, "tw:gap:again:")
        ]
    }

    assert "the long fin under a boat" in texts(again["keel"])
    assert "Still not covered" in texts(again["cup"])
    await workshop.maintainer.click(again["keel"].followups[-1], label="Take it off the list")
    text = shown((await workshop.knowledge("gaps")).response)
    assert KEEL not in text
    assert WORLD_CUP in text


async def test_added_knowledge_is_a_document_that_answers_and_whoever_asked_is_told_once(
    workshop: Workshop, records: Records
) -> None:
    refused = await workshop.ask(SAFFRON)
    await workshop.ask(SAFFRON_TOO)
    for person in (workshop.server.alice, workshop.server.bob):
        await person.click(refused, label=TELL_ME)
    form = await open_form(workshop)

    added = await workshop.maintainer.submit_modal(form, SAFFRON_FORM)

    assert added.ephemeral
    assert "Published as saffron.md" in texts(added)
    assert "harvested by hand" in texts(added)
    document = (workshop.settings.knowledge_dir / "saffron.md").read_text()
    assert document.startswith("---\ntitle: Saffron\nsources:\n- Notes of a farmer, 2025\nupdated: 20")
    assert f"<!-- asked:\n{SAFFRON}\n{SAFFRON_TOO}\n-->" in document
    assert "harvested by hand" in shown(await workshop.ask(SAFFRON))
    assert "No gaps" in shown((await workshop.knowledge("gaps")).response)

    offers = added.followups[-1]
    assert buttons(offers) == ["Tell 2 who asked", "Propose as golden questions"]
    first = await workshop.maintainer.click(offers, label="Tell 2 who asked")
    second = await workshop.maintainer.click(offers, label="Tell 2 who asked")
    assert "Told 2 people" in texts(first)
    assert "Told 0 people" in texts(second)
    for person in (workshop.server.alice, workshop.server.bob):
        told = sorted(person.user.dm_channel.history(), key=lambda message: message.id)
        assert len(told) == 2
        assert "You asked me to tell you" in shown(told[0])
        assert "harvested by hand" in shown(told[1])
    assert await records.people.find(workshop.server.alice.id) == await records.people.find(0)

    proposed = await workshop.maintainer.click(offers, label="Propose as golden questions")
    assert "proposals.yaml" in texts(proposed)
    golden = load_golden(workshop.settings.golden_file.with_name("proposals.yaml"))
    assert {each.question for each in golden} == {SAFFRON, SAFFRON_TOO}
    assert {str(place) for each in golden for place in each.sections} == {"saffron.md#How is saffron harvested?"}
    log = shown((await workshop.knowledge("log")).response)
    assert [log.index(what) for what in ("proposed 2", "told 2", "added a document")] == sorted(
        log.index(what) for what in ("proposed 2", "told 2", "added a document")
    )


async def test_an_uploaded_file_becomes_a_document_with_its_own_text(workshop: Workshop) -> None:
    await workshop.ask(SAFFRON)
    form = await open_form(workshop)
    upload = (
        "notes.html",
        b"<h1>Notes</h1><h2>How is saffron harvested?</h2><p>Saffron is harvested by hand at dawn.</p>",
    )

    added = await workshop.maintainer.submit_modal(
        form, {"title": "Saffron notes", "file": upload, "questions": "who picks saffron"}
    )

    assert "Published as saffron-notes.md" in texts(added)
    document = (workshop.settings.knowledge_dir / "saffron-notes.md").read_text()
    assert (
        "# Saffron notes\n\n## How is saffron harvested?\n<!-- asked:\nwho picks saffron\n-->\n\nSaffron is harvested"
        in document
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"text": " "}, "neither a text nor a file"),
        ({"title": "?!"}, "has no letters"),
        ({"file": ("photo.png", b"png")}, "photo.png is of a kind that I cannot read"),
        ({"file": ("notes.pdf", b"no pdf")}, "notes.pdf is damaged"),
    ],
)
async def test_a_form_without_a_document_is_refused_and_changes_nothing(
    workshop: Workshop, changes: dict[str, Any], sentence: str
) -> None:
    await workshop.ask(SAFFRON)
    refused = await workshop.maintainer.submit_modal(await open_form(workshop), SAFFRON_FORM | changes)
    assert sentence in texts(refused)
    assert sorted(path.name for path in workshop.settings.knowledge_dir.iterdir()) == sorted(DOCUMENTS)


async def test_a_document_that_does_not_answer_the_question_is_published_and_the_gap_stays(workshop: Workshop) -> None:
    await workshop.ask(SAFFRON)
    form = await open_form(workshop)
    about_ropes = {"title": "Ropes", "text": "A rope is made of twisted strands.", "questions": "what is a rope"}

    added = await workshop.maintainer.submit_modal(form, about_ropes)

    assert "Published as ropes.md" in texts(added)
    assert "Still not covered" in texts(added)
    assert SAFFRON in shown((await workshop.knowledge("gaps")).response)


async def test_a_document_that_the_gate_refuses_is_kept_as_a_draft_and_published_for_a_reason(
    workshop: Workshop,
) -> None:
    lose_the_mast(workshop)  # by somebody else, who has not published it yet
    await workshop.ask(SAFFRON)
    form = await open_form(workshop)

    refused = await workshop.maintainer.submit_modal(form, SAFFRON_FORM)

    assert "Not published, and not lost" in texts(refused)
    assert "which pole carries the sails" in texts(refused)
    assert not (workshop.settings.knowledge_dir / "saffron.md").exists()
    draft = (workshop.settings.data_dir / "drafts" / "saffron.md").read_bytes()
    kept = refused.followups[-1]
    (file,) = kept.attachments
    assert await file.read() == draft
    assert buttons(kept) == ["Try again", "Publish anyway…"]
    assert "by hand" not in shown(await workshop.ask(SAFFRON))

    reason = await workshop.maintainer.click(kept, label="Publish anyway…")
    published = await workshop.maintainer.submit_modal(reason, {"reason": "The mast is gone on purpose."})

    assert "Published as saffron.md" in texts(published)
    assert (workshop.settings.knowledge_dir / "saffron.md").read_bytes() == draft
    assert not (workshop.settings.data_dir / "drafts" / "saffron.md").exists()
    assert "mast is gone on purpose" in shown((await workshop.knowledge("log")).response)
    again = await workshop.maintainer.click(kept, label="Try again")
    assert "draft is gone" in texts(again)


async def test_a_document_waits_as_a_draft_while_somebody_else_changes_the_index(workshop: Workshop) -> None:
    await workshop.ask(SAFFRON)
    form = await open_form(workshop)
    with index_lock(workshop.settings, name_of(workshop.second.id)):
        busy = await workshop.maintainer.submit_modal(form, SAFFRON_FORM)
    assert f"<@{workshop.second.id}> began to change the index" in texts(busy)
    assert busy.response is not None
    assert buttons(busy.response) == ["Try again"]

    published = await workshop.maintainer.click(busy.response, label="Try again")

    assert "Published as saffron.md" in texts(published)


@pytest.fixture
async def pause(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pause]:
    pause = Pause()
    monkeypatch.setattr(bot.maintain.gaps.adding, "build_index_apart", pause.build)
    yield pause
    pause.over.set()


async def test_adding_knowledge_can_be_cancelled_and_the_document_waits_as_a_draft(
    workshop: Workshop, pause: Pause
) -> None:
    await workshop.ask(SAFFRON)
    form = await open_form(workshop)
    before = open_store(workshop.settings).published()
    workshop.server.env.settle_timeout = 5.0  # by then the progress is shown, on a busy machine too
    with pytest.raises(TimeoutError):  # SimCord waits for the work to end, which the pause prevents
        await workshop.maintainer.submit_modal(form, SAFFRON_FORM)
    workshop.server.env.settle_timeout = 60.0
    (working,) = workshop.channel.history(viewer=workshop.maintainer.user)[-1:]
    assert "Adding saffron.md" in shown(working)

    await workshop.maintainer.click(working, label="Cancel")

    (kept,) = workshop.channel.history(viewer=workshop.maintainer.user)[-1:]
    assert "**Cancelled**" in shown(kept)
    assert buttons(kept) == ["Try again"]
    assert open_store(workshop.settings).published() == before
    assert not (workshop.settings.knowledge_dir / "saffron.md").exists()
    pause.over.set()
    published = await workshop.maintainer.click(kept, label="Try again")
    assert "Published as saffron.md" in texts(published)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write into any folder")
async def test_a_folder_that_may_not_be_written_is_named(workshop: Workshop) -> None:
    await workshop.ask(SAFFRON)
    form = await open_form(workshop)
    workshop.settings.knowledge_dir.chmod(0o555)
    refused = await workshop.maintainer.submit_modal(form, SAFFRON_FORM)
    workshop.settings.knowledge_dir.chmod(0o755)
    assert "cannot be written" in texts(refused)
    assert "KNOWLEDGE_DIR" in texts(refused).replace("\\", "")
    assert (workshop.settings.data_dir / "drafts" / "saffron.md").exists()


async def test_a_folder_that_is_gone_is_named_and_the_document_is_kept(workshop: Workshop) -> None:
    await workshop.ask(SAFFRON)
    form = await open_form(workshop)
    workshop.settings.knowledge_dir.rename(workshop.settings.knowledge_dir.with_name("elsewhere"))
    refused = await workshop.maintainer.submit_modal(form, SAFFRON_FORM)
    assert "KNOWLEDGE_DIR" in texts(refused).replace("\\", "")
    assert "not lost" in texts(refused)
    assert (workshop.settings.data_dir / "drafts" / "saffron.md").exists()


async def test_whoever_takes_no_direct_messages_is_counted(workshop: Workshop) -> None:
    refused = await workshop.ask(SAFFRON)
    await workshop.server.alice.click(refused, label=TELL_ME)
    added = await workshop.maintainer.submit_modal(await open_form(workshop), SAFFRON_FORM)
    workshop.server.env.inject_error("POST", "/users/@me/channels", status=403, code=50007)
    told = await workshop.maintainer.click(added.followups[-1], label="Tell 1 who asked")
    assert "Told 0 people" in texts(told)
    assert "1 could not be reached" in texts(told)


async def test_a_gap_that_somebody_else_has_dealt_with_is_gone(workshop: Workshop) -> None:
    await workshop.ask(WORLD_CUP)
    page = await workshop.knowledge("gaps")
    other = await workshop.knowledge("gaps", workshop.second)
    assert page.response is not None
    assert other.response is not None
    (button,) = custom_ids(other.response, "tw:gap:off:")
    await workshop.second.click(other.response, custom_id=button)

    for action in ("add", "off", "again"):
        (button,) = custom_ids(page.response, f"tw:gap:{action}:")
        late = await workshop.maintainer.click(page.response, custom_id=button)
        assert "not on the list any more" in texts(late), action
