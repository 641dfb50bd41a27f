"""Questions wait in line for a thread, are told how long the line is, and are refused when it is full."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from bot.ask.queue import QuestionQueue, QueueFullError
from knowledge.types import Answer

Answering = Callable[[str, Sequence[str]], Answer]


def an_answer(question: str) -> Answer:
    return Answer(question, "answer", "Because [1].", 0.9, (), (), "v1")


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Answering waits until this is set."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def slow(gate: threading.Event) -> Answering:
    def answer(question: str, _after: Sequence[str]) -> Answer:
        gate.wait(10)
        return an_answer(question)

    return answer


async def never_told(ahead: int) -> None:
    raise AssertionError(f"told that {ahead} are ahead")


async def test_a_question_is_answered_off_the_event_loop() -> None:
    threads: list[str] = []

    def answer(question: str, _after: Sequence[str]) -> Answer:
        threads.append(threading.current_thread().name)
        return an_answer(question)

    queue = QuestionQueue(answer, workers=1, limit=5)

    assert (await queue.ask("Why?", never_told)).question == "Why?"
    assert threads[0].startswith("question")
    queue.close()


async def test_whoever_waits_is_told_how_many_come_first(slow: Answering, gate: threading.Event) -> None:
    queue = QuestionQueue(slow, workers=1, limit=5)
    told: dict[str, int] = {}

    async def ask(question: str) -> Answer:
        async def on_wait(ahead: int) -> None:
            told[question] = ahead
            if len(told) == 2:
                gate.set()

        return await queue.ask(question, on_wait)

    answers = await asyncio.gather(*(ask(question) for question in ("first", "second", "third")))

    assert [answer.question for answer in answers] == ["first", "second", "third"]
    assert told == {"second": 1, "third": 2}
    queue.close()


async def test_a_question_too_many_is_refused_and_the_next_one_after_it_is_not(
    slow: Answering, gate: threading.Event
) -> None:
    queue = QuestionQueue(slow, workers=1, limit=1)
    first = asyncio.create_task(queue.ask("first", never_told))
    await asyncio.sleep(0)

    with pytest.raises(QueueFullError):
        await queue.ask("second", never_told)

    gate.set()
    await first
    assert (await queue.ask("third", never_told)).question == "third"
    queue.close()


async def test_a_failing_answer_raises_and_frees_its_place() -> None:
    def fail(question: str, _after: Sequence[str]) -> Answer:
        raise RuntimeError(question)

    queue = QuestionQueue(fail, workers=1, limit=1)

    for question in ("first", "second"):
        with pytest.raises(RuntimeError, match=question):
            await queue.ask(question, never_told)
    queue.close()
