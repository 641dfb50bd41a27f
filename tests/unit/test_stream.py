"""Streams share what Discord allows in a channel, and a first edit goes before the later ones."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ask.stream import EDITS, SECONDS, Pace, Writer
from knowledge.types import Answer

ANSWER = Answer("Why?", "answer", "Because [1].", 0.9, (), (), "v1")


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=60))
def test_a_channel_never_gets_more_edits_than_discord_allows(steps: list[tuple[float, bool]]) -> None:
    clock = Clock()
    pace = Pace(clock)
    made: list[float] = []
    for seconds, first in steps:
        clock.now += seconds
        if not pace.delay(1, first=first):
            pace.note(1)
            made.append(clock.now)
        assert sum(at > clock.now - SECONDS for at in made) <= EDITS


def test_channels_do_not_wait_for_each_other() -> None:
    pace = Pace(Clock())
    for _ in range(EDITS):
        pace.note(1)
    assert pace.delay(1, first=True) > 0
    assert pace.delay(2, first=True) == 0


def parts(*texts: str) -> Callable[[Answer, Callable[[Answer], None]], Answer]:
    """A model that writes these texts, one after the other, at once."""

    def write(answer: Answer, show: Callable[[Answer], None]) -> Answer:
        for text in texts:
            show(Answer(answer.question, "answer", text, 0.9, (), (), "v1", by="model"))
        return Answer(answer.question, "answer", texts[-1], 0.9, (), (), "v1", by="model")

    return write


async def test_what_is_shown_is_never_older_than_what_was_shown_before() -> None:
    texts = [f"{number}" for number in range(50)]
    writer, shown = Writer(parts(*texts)), list[str]()

    async def show(part: Answer) -> bool:
        shown.append(part.text)
        return True

    written = await writer.write(ANSWER, 1, show)

    assert written.text == "49"
    assert shown == sorted(shown, key=int)
    assert len(shown) <= EDITS
    writer.close()


async def test_a_model_whose_first_sentence_takes_its_time_is_shown_to_be_writing() -> None:
    shown_to_write = threading.Event()

    def write(answer: Answer, show: Callable[[Answer], None]) -> Answer:
        show(replace(answer, text=""))
        assert shown_to_write.wait(10)
        return answer

    async def show(part: Answer) -> bool:
        assert part.text == ""
        shown_to_write.set()
        return True

    writer = Writer(write)
    assert await writer.write(ANSWER, 1, show) == ANSWER
    writer.close()


async def test_a_quick_one_costs_no_edit_for_that() -> None:
    writer, shown = Writer(parts("", "1", "2")), list[str]()

    async def show(part: Answer) -> bool:
        shown.append(part.text)
        return True

    assert (await writer.write(ANSWER, 1, show)).text == "2"
    assert "" not in shown
    writer.close()


async def test_where_a_part_cannot_be_shown_the_answer_comes_all_the_same() -> None:
    writer = Writer(parts("1", "2"))

    async def show(part: Answer) -> bool:
        return False

    assert (await writer.write(ANSWER, 1, show)).text == "2"
    writer.close()


async def test_a_model_that_fails_raises() -> None:
    def fail(answer: Answer, show: Callable[[Answer], None]) -> Answer:
        raise RuntimeError("failed")

    async def show(part: Answer) -> bool:
        return True

    writer = Writer(fail)
    with pytest.raises(RuntimeError, match="failed"):
        await asyncio.wait_for(writer.write(ANSWER, 1, show), 10)
    writer.close()
