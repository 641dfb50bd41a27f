"""/recommend, as a person goes through it: clicks, second thoughts, a restart in the middle, other people's clicks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from discord import ui

from bot.bootstrap import tunewise
from bot.client import Knowledge
from bot.recommend import layout
from bot.records import Records
from bot.settings import Settings
from knowledge.criteria import load_criteria
from knowledge.recommend import interview as questions_asked
from knowledge.recommend import recommend
from tests.discord.world import COVERED, Server, buttons, custom_id, shown

SHIPPED: Path = Settings.model_fields["criteria_file"].default
CRITERIA = load_criteria(SHIPPED)
DESCRIPTION = "We sort emails with 10,000 labelled emails at hand, and it has to be live by Friday."
PROJECT = {
    "specialization": "narrow",
    "examples": "many",
    "accuracy": "demanding",
    "deadline": "months",
    "budget": "moderate",
    "expertise": "some",
    "stability": "stable",
    "tasks": "one",
    "volume": "high",
    "facts": "nothing",
    "privacy": "normal",
    "access": "weights",
    "tried": "plateau",
}

Message = simcord.ResponseMessage | discord.Message | None


async def begin(server: Server, project: str = "", **options: Any) -> simcord.InteractionResult:
    if project:
        options["project"] = project
    return await server.alice.slash(server.channel, "recommend", **options)


async def press(server: Server, message: Message, label: str, by: simcord.MemberActor | None = None) -> Any:
    assert message is not None
    return await (by or server.alice).click(message, custom_id=custom_id(message, label))


def asked(message: Message) -> str:
    """The key of the question that the message shows."""
    text = shown(message)
    (key,) = [question.key for question in CRITERIA.questions if f"### {question.text}" in text]
    return key


def label_of(key: str, option: str) -> str:
    question = CRITERIA.question(key)
    assert question is not None
    found = question.option(option)
    return found.label if found else "I don't know"


async def answer(server: Server, message: Message, project: Mapping[str, str]) -> simcord.InteractionResult:
    """Answers the question that is shown as this project would."""
    key = asked(message)
    result: simcord.InteractionResult = await press(server, message, label_of(key, project[key]))
    return result


def is_question(message: Message) -> bool:
    return "### " in shown(message) and "I don't know" in buttons(message)


async def finish(server: Server, result: Any, project: Mapping[str, str]) -> Any:
    """Clicks through all questions; the last result of it."""
    for _ in CRITERIA.questions:
        if not is_question(result.response):
            return result
        result = await answer(server, result.response, project)
    return result


def items(message: Message) -> list[ui.Item[Any]]:
    real = message.message if isinstance(message, simcord.ResponseMessage) else message
    assert real is not None
    return list(ui.LayoutView.from_message(real).walk_children())


async def test_a_person_clicks_through_and_gets_a_recommendation_in_the_same_message(server: Server) -> None:
    first = await begin(server)
    assert first.ephemeral
    assert asked(first.response) == questions_asked(CRITERIA, PROJECT)[0]

    end = await finish(server, first, PROJECT)

    text = shown(end.response)
    assert "## Fine-tuning" in text
    assert "Confidence: high" in text
    for part in ("**Why**", "**What would change this**", "**In the next week**", "**When to look again**"):
        assert part in text
    assert end.response is not None
    assert first.response is not None
    assert end.response.id == first.response.id


async def test_the_questions_are_those_that_can_still_matter_in_the_order_of_what_they_tell(server: Server) -> None:
    result, seen = await begin(server), []
    while is_question(result.response):
        seen.append(asked(result.response))
        result = await answer(server, result.response, PROJECT)
    assert seen == list(questions_asked(CRITERIA, PROJECT))


async def test_the_result_has_a_picture_with_alternative_text_and_a_record_to_download(server: Server) -> None:
    end = await finish(server, await begin(server, DESCRIPTION), PROJECT)
    end = await press(server, end.response, "That's right, go on")
    end = await finish(server, end, PROJECT)

    (gallery,) = [item for item in items(end.response) if isinstance(item, ui.MediaGallery)]
    assert gallery.items[0].description is not None
    assert "The weights add up to" in gallery.items[0].description
    real = end.response.message
    files = {attachment.filename: await attachment.read() for attachment in real.attachments}
    assert files[layout.CHART].startswith(b"\x89PNG")
    record = files[layout.RECORD].decode()
    assert record.startswith("# Decision: ")
    assert DESCRIPTION in record


async def test_what_a_description_states_is_shown_to_be_changed_before_going_on(server: Server) -> None:
    review = await begin(server, DESCRIPTION)
    text = shown(review.response)
    assert "**Many, more than 1,000**" in text
    assert "**Within days**" in text
    assert "10,000 labelled emails" in text
    (select,) = [item for item in items(review.response) if isinstance(item, ui.Select)]
    deadline = next(option.value for option in select.options if "When must it work?" in option.label)

    assert review.response is not None
    again = await server.alice.select(review.response, [deadline], custom_id=select.custom_id)
    assert asked(again.response) == "deadline"
    after = await press(server, again.response, label_of("deadline", "weeks"))
    result = await press(server, after.response, "Show the result")

    assert "Your project: We sort emails" in shown(result.response)
    expected = recommend(CRITERIA, {"examples": "many", "deadline": "weeks"})
    assert f"## {expected.outcome.label}" in shown(result.response)


async def test_a_description_that_states_nothing_leads_to_the_first_question(server: Server) -> None:
    result = await begin(server, "something with pirates")
    assert is_question(result.response)
    assert "Your project: something with pirates" in shown(result.response)


async def test_back_asks_the_last_question_again_and_start_over_forgets_all(server: Server) -> None:
    first = await begin(server)
    first_key = asked(first.response)
    second = await answer(server, first.response, PROJECT)
    second_key = asked(second.response)
    third = await answer(server, second.response, PROJECT)

    back = await press(server, third.response, "Back")
    assert asked(back.response) == second_key
    over = await press(server, back.response, "Start over")
    assert asked(over.response) == first_key
    assert "▰" not in shown(over.response)


async def test_i_dont_know_goes_on(server: Server) -> None:
    result = await begin(server)
    first = asked(result.response)
    result = await press(server, result.response, "I don't know")
    assert asked(result.response) != first


async def test_the_interview_goes_on_after_a_restart(
    server: Server, bot_settings: Settings, knowledge: Knowledge
) -> None:
    result = await answer(server, (await begin(server, "A project by the sea")).response, PROJECT)
    records = await Records.open(bot_settings.records_url)
    async with tunewise(bot_settings, knowledge=knowledge, records=records, shard_count=1) as fresh:
        await server.env.restart_bot(fresh)

        end = await finish(server, result, PROJECT)

        assert "## Fine-tuning" in shown(end.response)
        assert "Your project: A project by the sea" in shown(end.response)
    await records.close()


async def test_somebody_elses_click_is_refused_kindly_and_changes_nothing(server: Server) -> None:
    first = await begin(server, private=False)
    text = shown(first.response)

    refused = await press(server, first.response, "I don't know", by=server.bob)

    assert refused.ephemeral
    assert "somebody else's" in shown(refused.response)
    assert shown(first.response) == text
    own = await press(server, refused.response, "Start my own", by=server.bob)
    assert own.ephemeral
    assert is_question(own.response)


async def test_the_result_is_shared_once_and_everybody_can_read_the_reasons_and_start_their_own(
    server: Server,
) -> None:
    end = await finish(server, await begin(server), PROJECT)

    shared = await press(server, end.response, "Share the result")
    again = await press(server, end.response, "Share the result")

    assert not shared.ephemeral
    assert "alice asked what fits their project" in shown(shared.response)
    assert "shared already" in shown(again.response)
    assert buttons(shared.response) == ["All reasons and sources", "Decide about my project"]
    reasons = await press(server, shared.response, "All reasons and sources", by=server.bob)
    assert reasons.ephemeral
    assert "in order of weight" in shown(reasons.response)
    own = await press(server, shared.response, "Decide about my project", by=server.bob)
    assert is_question(own.response)


async def test_an_answer_is_changed_from_the_result(server: Server) -> None:
    end = await finish(server, await begin(server), PROJECT)
    (select,) = [item for item in items(end.response) if isinstance(item, ui.Select)]
    access = next(option.value for option in select.options if "trained at all" in option.label)

    again = await server.alice.select(end.response, [access], custom_id=select.custom_id)
    changed = await press(server, again.response, label_of("access", "closed"))

    assert "## Prompt engineering" in shown(changed.response)


@pytest.mark.parametrize("bot_settings", [{"criteria_file": Path("criteria.toml")}], indirect=True)
async def test_criteria_that_changed_in_the_middle_are_told_and_answers_that_apply_are_kept(
    server: Server, bot_settings: Settings
) -> None:
    first = await begin(server)
    second = await answer(server, first.response, PROJECT)
    change(bot_settings.criteria_file, 'key = "weeks"', 'key = "a_few_weeks"')

    stale = await answer(server, second.response, PROJECT)

    assert "My questions have changed since" in shown(stale.response)
    assert "1 of your answers still applies" in shown(stale.response)
    on = await press(server, stale.response, "Start again with these")
    assert asked(on.response) == asked(second.response)


@pytest.fixture(autouse=True)
def _own_criteria(bot_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a test names a criteria file, it is a copy of the shipped one in the test's own folder."""
    if not bot_settings.criteria_file.is_absolute():
        monkeypatch.chdir(tmp_path)
        bot_settings.criteria_file.write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")


def change(file: Path, before: str, after: str) -> None:
    """Edits the file, and makes sure that its time differs: some file systems count in coarse steps."""
    text = file.read_text(encoding="utf-8")
    assert before in text
    changed_at = file.stat().st_mtime_ns + 1_000_000_000
    file.write_text(text.replace(before, after), encoding="utf-8")
    os.utime(file, ns=(changed_at, changed_at))


@pytest.mark.parametrize("bot_settings", [{"criteria_file": Path("criteria.toml")}], indirect=True)
async def test_a_changed_weight_counts_from_the_next_interview_on_and_a_wrong_file_changes_nothing(
    server: Server, bot_settings: Settings
) -> None:
    change(bot_settings.criteria_file, "combine = 3", "combine = -1000")
    first = await begin(server)
    result = await press(server, (await press(server, first.response, "I don't know")).response, "Show the result")
    assert "## Prompt first, then fine-tune" in shown(result.response)

    change(bot_settings.criteria_file, "weight = 7", 'weight = "heavy"')
    assert is_question((await begin(server)).response)


async def test_the_menu_of_a_message_takes_its_text_as_the_project(server: Server) -> None:
    message = await server.bob.send(server.channel, DESCRIPTION)

    result = await server.alice.context_menu(server.channel, "Help me decide about this", message)

    assert result.ephemeral
    assert "**Within days**" in shown(result.response)


async def test_a_button_under_answers_begins_an_interview(server: Server) -> None:
    answered = await server.alice.slash(server.channel, "ask", question=COVERED)

    result = await press(server, answered.response, "Help me decide", by=server.bob)

    assert result.ephemeral
    assert is_question(result.response)


async def test_a_project_that_nothing_helps_is_told_what_does(server: Server) -> None:
    result = await begin(server, "Our prices change daily and the bot must know them.")
    result = await press(server, result.response, "That's right, go on")
    result = await press(server, result.response, "Show the result")
    assert "🔎 Facts that change this often need retrieval" in shown(result.response)


async def test_markup_and_mentions_in_a_description_stay_text(server: Server) -> None:
    result = await begin(server, "# Hi @everyone <@1> [x](https://evil.example) **b** no deadline")
    text = shown(result.response)
    assert "@everyone" not in text
    assert "](https://" not in text
