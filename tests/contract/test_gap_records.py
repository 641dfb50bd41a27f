"""What the records promise about gaps, subscriptions, the log and a person's data, on SQLite and Postgres alike."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.records import Closest, Records
from bot.records.database import MIGRATIONS
from knowledge.types import Answer, Chunk, Passage
from tests.contract.databases import ANSWER

CHUNK = Chunk("c1", "cost.md", "Cost", "Data", ("Cost", "Data"), "Text.", ("Text.",), "prose", 0)


def refused(question: str, score: float = 0.31) -> Answer:
    passage = Passage(CHUNK, score, ())
    return Answer(question, "abstain", "Not covered.", 0.2, (), (passage,), "v1")


async def remember(records: Records, *questions: str) -> list[str]:
    return [await records.remember_answer(refused(question)) for question in questions]


async def test_a_refused_question_is_a_gap_with_its_closest_section(records: Records) -> None:
    (answer_id,) = await remember(records, "How do I tune my guitar?")
    (gap,) = await records.gaps.open()
    assert (gap.question, gap.times, gap.abstained) == ("How do I tune my guitar?", 1, True)
    assert gap.closest == Closest("cost.md", "Cost", "Data", 0.31)
    assert gap.answer_ids == (answer_id,)


async def test_an_answered_question_is_a_gap_only_while_a_vote_is_against_its_answer(records: Records) -> None:
    answer_id = await records.remember_answer(ANSWER)
    assert await records.gaps.open() == []
    await records.vote(answer_id, 1, -1)
    (gap,) = await records.gaps.open()
    assert (gap.question, gap.abstained, gap.closest) == (ANSWER.question, False, None)
    await records.vote(answer_id, 1, -1)
    assert await records.gaps.open() == []


async def test_the_same_words_are_one_gap_and_the_most_asked_comes_first(records: Records) -> None:
    await remember(records, "What is QLoRA?", "Is it raining", "is  it RAINING?", "Is it raining?!")
    assert [(gap.question, gap.times) for gap in await records.gaps.open()] == [
        ("Is it raining?!", 3),
        ("What is QLoRA?", 1),
    ]


async def test_what_is_not_our_topic_never_comes_back(records: Records) -> None:
    await remember(records, "Is it raining?")
    (gap,) = await records.gaps.open()
    await records.gaps.decide([gap.key], "off_topic", "g")
    await remember(records, "is it raining")
    assert await records.gaps.open() == []
    await records.gaps.reopen("g")
    assert await records.gaps.decided("g") is None
    assert len(await records.gaps.open()) == 1


async def test_what_was_covered_comes_back_when_it_is_refused_or_voted_down_again(records: Records) -> None:
    answer_id = await records.remember_answer(ANSWER)
    await records.vote(answer_id, 1, -1)
    await remember(records, "What is QLoRA?")
    await records.gaps.decide([gap.key for gap in await records.gaps.open()], "covered", "g", "new.md")
    decided = await records.gaps.decided("g")
    assert decided is not None
    assert (decided.decision, decided.document, len(decided.gaps)) == ("covered", "new.md", 2)
    assert await records.gaps.open() == []
    await records.vote(answer_id, 2, -1)
    assert [gap.question for gap in await records.gaps.open()] == [ANSWER.question]
    await remember(records, "What is QLoRA?")
    assert {gap.question for gap in await records.gaps.open()} == {ANSWER.question, "What is QLoRA?"}


async def test_a_decision_may_be_changed_and_may_be_about_nothing(records: Records) -> None:
    await remember(records, "What is QLoRA?")
    (gap,) = await records.gaps.open()
    await records.gaps.decide([gap.key, gap.key], "covered", "g")
    await records.gaps.decide([gap.key], "off_topic", "h")
    await records.gaps.decide([], "covered", "g")
    await remember(records, "What is QLoRA?")
    assert await records.gaps.open() == []


async def test_a_subscription_is_on_off_and_counted_once_a_person(records: Records) -> None:
    first, second = await remember(records, "What is QLoRA?", "How does QLoRA work?")
    assert await records.subscriptions.toggle(first, 1) is True
    assert await records.subscriptions.toggle(second, 1) is True
    assert await records.subscriptions.toggle(second, 2) is True
    assert await records.subscriptions.toggle(second, 3) is True
    assert await records.subscriptions.toggle(second, 3) is False
    assert await records.subscriptions.count([first, second]) == 2
    assert await records.subscriptions.toggle("no-such-id", 1) is None


async def test_everybody_who_waits_is_taken_once_whoever_takes_them(records: Records) -> None:
    first, second = await remember(records, "What is QLoRA?", "How does QLoRA work?")
    for person in (1, 2, 3):
        await records.subscriptions.toggle(first, person)
    await records.subscriptions.toggle(second, 1)
    taken = await asyncio.gather(*(records.subscriptions.take([first, second]) for _ in range(2)))
    assert sorted(len(people) for people in taken) == [0, 3]
    assert [(each.user_id, each.question) for people in taken for each in people] == [
        (1, "How does QLoRA work?"),
        (2, "What is QLoRA?"),
        (3, "What is QLoRA?"),
    ]
    assert await records.subscriptions.count([first, second]) == 0


async def test_the_log_is_read_a_page_at_a_time_the_newest_first(records: Records) -> None:
    for number in range(5):
        await records.changes.add(2**63 - 1, "published", version=f"v{number}", detail="null\0byte")
    page, total = await records.changes.page(1, 2)
    assert ([change.version for change in page], total) == (["v2", "v1"], 5)
    assert (page[0].user_id, page[0].action, page[0].detail) == (2**63 - 1, "published", "null\ufffdbyte")
    assert await records.changes.page(9, 2) == ([], 5)


async def test_all_that_is_stored_about_a_person_is_found_and_deleted_and_nobody_elses(records: Records) -> None:
    answer_id = await records.remember_answer(ANSWER)
    (gap_id,) = await remember(records, "What is QLoRA?")
    for person in (1, 2):
        await records.vote(answer_id, person, 1)
        await records.subscriptions.toggle(gap_id, person)
        await records.changes.add(person, "published", version="v1")
    found = await records.people.find(1)
    assert [(vote.question, vote.value) for vote in found.votes] == [(ANSWER.question, 1)]
    assert [waiting.question for waiting in found.subscriptions] == ["What is QLoRA?"]
    assert [(change.action, change.version) for change in found.changes] == [("published", "v1")]

    other = await records.people.find(2)
    await records.people.forget(1)

    assert await records.people.find(1) == replace(found, votes=(), subscriptions=(), changes=())
    assert await records.people.find(2) == other
    assert [change.user_id for change in (await records.changes.page(0, 9))[0]] == [2, None]


async def test_the_latest_questions_are_distinct_and_newest_first(records: Records) -> None:
    await remember(records, "One?", "Two?", "one?", "Three?")
    assert await records.latest_questions(2) == ["Three?", "one?"]
    assert await records.latest_questions(50) == ["Three?", "one?", "Two?"]


async def test_a_document_counts_once_for_each_answer_that_cites_it(records: Records) -> None:
    twice = replace(ANSWER, citations=(*ANSWER.citations, *ANSWER.citations))
    for answer in (twice, ANSWER, refused("What is QLoRA?")):
        await records.remember_answer(answer)
    assert await records.citation_counts() == {"cost.md": 2}


@pytest.fixture
async def url_of_the_first_release(url: str) -> str:
    """A database as the release before gaps left it, with an answer and a vote."""
    await (await Records.open(url)).close()

    def downgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        row = "'a', 'Why?', 'abstain', 'No.', 0.1, 'v0', '[]', '[]', '2026-01-01 00:00:00'"
        connection.execute(text(f"INSERT INTO answers VALUES ({row})"))  # noqa: S608  (a literal)

    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(downgrade)
    await engine.dispose()
    return url


async def test_answers_of_the_first_release_are_gaps_too(url_of_the_first_release: str) -> None:
    records = await Records.open(url_of_the_first_release)
    (gap,) = await records.gaps.open()
    assert (gap.question, gap.closest, gap.answer_ids) == ("Why?", None, ("a",))
    await records.close()
