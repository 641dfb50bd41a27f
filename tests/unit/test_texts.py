"""The bot's own texts in another language: all of them, nothing else, and within Discord's limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import discord
import pytest
from discord import app_commands, ui
from hypothesis import given
from hypothesis import strategies as st

from bot import errors
from bot.ask import cog, layout, messages
from bot.ask.buttons import FollowUpForm
from bot.ask.question import EXAMPLES, read
from bot.compare import layout as compare_layout
from bot.help import layout as help_layout
from bot.privacy import layout as privacy_layout
from bot.records import Person, Preferences, RecordsError, StoredAnswer, VoteResult
from bot.records.people import PersonalChange, PersonalSubscription, PersonalVote
from bot.records.servers import WHOLE_SERVER
from bot.server import cog as server_cog
from bot.server import layout as server_layout
from bot.texts import translated, wordings
from knowledge.answer import ABSTENTION
from knowledge.errors import KnowledgeError
from knowledge.generate import NOTES
from knowledge.types import Answer
from tests.unit.test_layout import ANSWER

GERMAN = wordings("de")
QUESTION = "What is cheaper?"
REFUSED = Answer(
    QUESTION, "abstain", ABSTENTION, 0.1, (), (), "v1", suggestions=EXAMPLES, understood="What costs less?"
)


class DiscordError(Exception):
    """An error with Discord's code."""

    def __init__(self, code: int) -> None:
        self.code = code


def texts(view: ui.LayoutView) -> Iterator[str]:
    """All that a person reads in `view`."""
    for each in view.walk_children():
        item = each.item if isinstance(each, ui.DynamicItem) else each
        if isinstance(item, ui.TextDisplay):
            yield item.content
        elif isinstance(item, ui.Button):
            yield item.label or ""
        elif isinstance(item, ui.Select | ui.ChannelSelect):
            yield item.placeholder or ""
        if isinstance(item, ui.Select):
            yield from (text or "" for option in item.options for text in (option.label, option.description))


def said() -> Iterator[str]:
    """What the bot says in its own words, each of its texts at least once."""
    stored = [
        StoredAnswer("id", QUESTION, "answer", "Text.", sure, "v1", (), (), datetime.now(UTC))
        for sure in (0.99, 0.8, 0.7, 0.1)
    ]
    chosen = {WHOLE_SERVER: Preferences(), 7: Preferences(listens="questions")}
    views = [
        *layout.answer(ANSWER, "AbC_-1234567"),
        *(view for note in NOTES.values() for view in layout.answer(replace(ANSWER, note=note), None)),
        layout.writing(replace(ANSWER, text="")),
        *layout.answer(REFUSED, "AbC_-1234567"),
        *(view for each in stored for view in layout.sources(each)),
        layout.clarify(QUESTION, EXAMPLES),
        *(layout.waiting(ahead) for ahead in (1, 2)),
        *(layout.vote(VoteResult(value, 1, 1)) for value in (1, -1, None)),
        *(layout.subscription(subscribed) for subscribed in (True, False)),
        help_layout.overview([], [app_commands.ContextMenu(name="Ask", callback=_menu)], {}),
        server_layout.of_server({}, reads=True),
        server_layout.of_server(chosen, reads=False),
        *(server_layout.of_channel(7, chosen, reads=False, is_forum=is_forum) for is_forum in (True, False)),
        compare_layout.nothing(),
        *(privacy_layout.overview(_person(count)) for count in (0, 1, 2)),
        privacy_layout.confirm(_person(1)),
        privacy_layout.forgotten(),
        privacy_layout.export(1, _person(1)),
    ]
    for view in views:
        yield from texts(view)
    yield from (read(raw, bot_id=1).text for raw in ("hi", "thanks", "<@1>", " ", "🔥" * 40, "why " * 300))
    failures = [
        *(DiscordError(code) for code in (errors.UNKNOWN_INTERACTION, errors.MISSING_ACCESS, 1)),
        KnowledgeError("no"),
        RecordsError("no", "no"),
        RuntimeError("no"),
    ]
    yield from (errors.explain(error) for error in failures)
    yield from (f"⚠️ {errors.explain(error)} (id a1b2c3)" for error in failures)
    yield from (cog.ANSWER_GONE, cog.NO_TEXT, cog.QUEUE_FULL, messages.UNREADABLE, server_cog.NOT_ALLOWED)
    yield "That was quick! Give me 3 s, then ask again."
    yield "That command has changed. Restart Discord (Ctrl+R) to get the new one."
    yield "-# Discord had stopped waiting, so the answer comes as a message (id a1b2c3)."
    yield from ("All aspects", "Look at an aspect", "Look at another aspect", compare_layout.NO_EXPLANATION)
    yield "-# “speed” is not among the aspects. These are all that I can compare."
    yield "-# “speed” is not among the aspects. This one comes closest."
    form = FollowUpForm()
    yield form.title
    yield from (item.text for item in form.walk_children() if isinstance(item, ui.Label))


def _person(count: int) -> Person:
    """Somebody beside whose id so many things of each kind are stored."""
    now = datetime.now(UTC)
    return Person(
        votes=(PersonalVote(QUESTION, 1, now),) * count,
        subscriptions=(PersonalSubscription(QUESTION, now),) * count,
        changes=(PersonalChange("index", "v1", now),) * count,
    )


async def _menu(_interaction: discord.Interaction, _message: discord.Message) -> None: ...


# What a view shows of the question, of the documents and of Discord itself.
FOREIGN = re.compile(
    rf"\*\*{re.escape(QUESTION)}\*\*|{'|'.join(map(re.escape, EXAMPLES))}|Prompts cost little \[1\]\.|-# \[1\] .*"
    r"|English|Deutsch|\*\*Commands\*\*|- <#7>: .*|"
)


def test_every_text_of_the_bot_has_its_german() -> None:
    lines = {line for text in said() if translated(text, "de") == text for line in text.split("\n")}
    assert [line for line in sorted(lines) if not FOREIGN.fullmatch(line)] == []


def test_no_german_stands_for_a_text_that_the_bot_does_not_say() -> None:
    pieces = {piece for text in said() for piece in (text, *text.split("\n"))}
    patterns = {key: re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(key))) for key in GERMAN}
    unused = [key for key, pattern in patterns.items() if not any(pattern.fullmatch(piece) for piece in pieces)]
    assert unused == []


@pytest.mark.parametrize("english", GERMAN)
def test_the_german_has_the_same_gaps(english: str) -> None:
    assert sorted(re.findall(r"\{\w+\}", GERMAN[english])) == sorted(re.findall(r"\{\w+\}", english))


def test_labels_stay_within_discords_limits() -> None:
    assert len(translated("Follow up", "de")) <= 45
    labels = ("Sources", "Follow up", "Tell me when you know", "Back to the server", "All aspects")
    assert max(len(translated(label, "de")) for label in labels) <= 80
    options = [label for names in server_layout.OPTIONS.values() for label in names.values()]
    assert max(len(translated(f"As for the server: {label}", "de")) for label in options) <= 100


def test_a_sentence_within_a_sentence_is_translated_too() -> None:
    sentence = errors.explain(RuntimeError("no"))
    assert translated(f"⚠️ {sentence} (id a1b2c3)", "de") == f"⚠️ {GERMAN[sentence]} (id a1b2c3)"


@given(st.text())
def test_in_english_nothing_changes(text: str) -> None:
    assert translated(text, "en") == text


@given(st.text())
def test_what_the_bot_does_not_say_itself_stays_as_it_is(text: str) -> None:
    quoted = f"“{text}” [1]"
    assert translated(quoted, "de") == quoted
