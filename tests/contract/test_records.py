"""What the records promise, on SQLite and on a real Postgres alike."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.records import Records, RecordsError, UnknownAnswerError, VoteResult
from bot.records.tables import metadata
from tests.contract.databases import ANSWER, PASSWORD, free_port, look_at


async def test_an_answer_is_found_again_as_it_was_given(records: Records) -> None:
    answer_id = await records.remember_answer(ANSWER)
    found = await records.find_answer(answer_id)
    assert found is not None
    assert found.id == answer_id
    for field in ("question", "kind", "text", "confidence", "version", "citations", "suggestions"):
        assert getattr(found, field) == getattr(ANSWER, field)
    assert found.created_at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - found.created_at) < timedelta(minutes=1)


async def test_an_unknown_id_finds_nothing(records: Records) -> None:
    assert await records.find_answer("no-such-id") is None


async def test_ids_are_short_and_safe_in_a_custom_id(records: Records) -> None:
    ids = [await records.remember_answer(ANSWER) for _ in range(20)]
    assert len(set(ids)) == 20
    assert all(
        len(i) == 12 and set(i) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") for i in ids
    )


async def test_every_script_and_emoji_is_kept(records: Records) -> None:
    said = "Was kostet «Feinabstimmung»? 微调 👩🏽‍🔬 النص \u200f'; DROP TABLE answers; --"
    citation = replace(ANSWER.citations[0], quote=said)
    answer = replace(ANSWER, question=said, text=said, citations=(citation,), suggestions=(said,))
    found = await records.find_answer(await records.remember_answer(answer))
    assert found is not None
    assert (found.question, found.text, found.suggestions) == (said, said, (said,))
    assert found.citations == (citation,)


async def test_characters_that_a_database_refuses_are_replaced_instead_of_losing_the_answer(
    records: Records,
) -> None:
    answer = replace(ANSWER, question="null\0byte", text="half a pair \ud83d")
    found = await records.find_answer(await records.remember_answer(answer))
    assert found is not None
    assert (found.question, found.text) == ("null\ufffdbyte", "half a pair ?")


async def test_a_vote_counts_and_the_same_vote_again_withdraws_it(records: Records) -> None:
    answer_id = await records.remember_answer(ANSWER)
    assert await records.vote(answer_id, 1, 1) == VoteResult(value=1, up=1, down=0)
    assert await records.vote(answer_id, 1, 1) == VoteResult(value=None, up=0, down=0)
    assert await records.vote(answer_id, 1, 1) == VoteResult(value=1, up=1, down=0)


async def test_the_other_vote_replaces_it(records: Records) -> None:
    answer_id = await records.remember_answer(ANSWER)
    await records.vote(answer_id, 1, 1)
    assert await records.vote(answer_id, 1, -1) == VoteResult(value=-1, up=0, down=1)


async def test_each_person_and_each_answer_is_counted_apart(records: Records) -> None:
    first, second = [await records.remember_answer(ANSWER) for _ in range(2)]
    largest_snowflake = 2**63 - 1
    await records.vote(first, largest_snowflake, 1)
    assert await records.vote(first, 2, -1) == VoteResult(value=-1, up=1, down=1)
    assert await records.vote(second, 2, 1) == VoteResult(value=1, up=1, down=0)


async def test_votes_survive_reopening(url: str) -> None:
    before = await Records.open(url)
    answer_id = await before.remember_answer(ANSWER)
    await before.vote(answer_id, 1, 1)
    await before.close()
    after = await Records.open(url)
    assert await after.vote(answer_id, 2, 1) == VoteResult(value=1, up=2, down=0)
    assert await after.vote(answer_id, 1, 1) == VoteResult(value=None, up=1, down=0)
    await after.close()


async def test_an_answer_that_is_not_kept_cannot_be_voted_on(records: Records) -> None:
    with pytest.raises(UnknownAnswerError, match="no longer kept"):
        await records.vote("no-such-id", 1, 1)


async def test_votes_at_the_same_moment_are_all_counted(records: Records) -> None:
    answer_id = await records.remember_answer(ANSWER)
    await asyncio.gather(*(records.vote(answer_id, user, 1) for user in range(12)))
    double_click = await asyncio.gather(*(records.vote(answer_id, 99, 1) for _ in range(2)))
    assert {vote.value for vote in double_click} == {1, None}
    assert await records.vote(answer_id, 100, -1) == VoteResult(value=-1, up=12, down=1)


async def test_processes_that_start_at_once_all_open_a_new_database(url: str) -> None:
    program = "import asyncio, sys; from bot.records import Records\n"
    program += "async def main(): await (await Records.open(sys.argv[1])).close()\nasyncio.run(main())"
    starts = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, url, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for start in starts:
        _, errors = await start.communicate()
        assert start.returncode == 0, errors.decode()


async def test_two_opens_at_once_in_one_process_share_the_database(url: str) -> None:
    first, second = await asyncio.gather(Records.open(url), Records.open(url))
    answer_id = await first.remember_answer(ANSWER)
    assert await second.find_answer(answer_id) is not None
    await first.close()
    await second.close()


async def test_a_new_sqlite_file_can_be_opened_twice_at_once_every_time(tmp_path: Path) -> None:
    for number in range(25):  # without a lock around the switch to WAL, one pair in six failed
        url = f"sqlite+aiosqlite:///{tmp_path / str(number) / 'records.sqlite'}"
        for opened in await asyncio.gather(Records.open(url), Records.open(url)):
            await opened.close()


async def test_the_migrations_make_exactly_the_tables_that_the_code_declares(records: Records, url: str) -> None:
    differences = await look_at(url, lambda c: compare_metadata(MigrationContext.configure(c), metadata))
    assert differences == []


async def test_all_that_is_stored_about_a_person_is_an_id(records: Records, url: str) -> None:
    def columns(connection: Connection) -> dict[str, set[str]]:
        schema = inspect(connection)
        return {t: {column["name"] for column in schema.get_columns(t)} for t in schema.get_table_names()}

    assert await look_at(url, columns) == {
        "alembic_version": {"version_num"},
        "answers": {
            "id", "question", "kind", "text", "confidence", "version", "citations", "suggestions",
            "created_at", "closest",
        },
        "votes": {"answer_id", "user_id", "value", "at"},
        "subscriptions": {"answer_id", "user_id", "at"},
        "gap_decisions": {"key", "decision", "gap_id", "document", "at"},
        "changes": {"id", "at", "user_id", "action", "version", "detail"},
        "server_settings": {"server_id", "channel_id", "place", "listens", "language"},
    }  # fmt: skip


async def test_a_database_of_a_newer_tunewise_is_refused(records: Records, url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    with pytest.raises(RecordsError, match="9999"):
        await Records.open(url)


async def test_a_sqlite_file_is_safe_beside_a_crash_and_beside_other_processes(tmp_path: Path) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    async with records._database.transaction() as connection:
        pragmas = {
            name: await connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
    await records.close()
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 30_000}


async def test_an_unreachable_postgres_is_named_without_its_password() -> None:
    port = free_port()
    with pytest.raises(RecordsError) as caught:
        await Records.open(f"postgresql+asyncpg://tunewise:{PASSWORD}@127.0.0.1:{port}/records")
    assert f"127.0.0.1:{port}/records" in caught.value.problem
    assert "DATABASE_URL" in caught.value.remedy
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("tunewise:wrong-password@127.0.0.1:{port}/postgres", "password authentication failed"),
        (f"tunewise:{PASSWORD}@127.0.0.1:{{port}}/missing", '"missing" does not exist'),
        (f"tunewise:{PASSWORD}@127.0.0.1:{{port}}/postgres?sslmode=require", "SSL"),
        (f"tunewise:{PASSWORD}@127.0.0.1:{{port}}/postgres?channel_binding=require", "channel_binding"),
    ],
)
async def test_a_postgres_that_refuses_says_why(postgres: int, address: str, reason: str) -> None:
    with pytest.raises(RecordsError, match=reason) as caught:
        await Records.open("postgresql+asyncpg://" + address.format(port=postgres))
    assert "DATABASE_URL" in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert "wrong-password" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("not an address", "not the address of a database"),
        ("nosuchdatabase://localhost/records", "nosuchdatabase"),
        ("mysql://localhost/records", "asks for mysql, not for Postgres"),
    ],
)
async def test_an_address_that_means_nothing_is_an_error(url: str, reason: str) -> None:
    with pytest.raises(RecordsError, match=reason):
        await Records.open(url)


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "records.sqlite"
    file.write_text("Dear diary, " * 100)
    with pytest.raises(RecordsError, match=r"records\.sqlite.*file is not a database"):
        await Records.open(f"sqlite+aiosqlite:///{file}")


async def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.touch()
    with pytest.raises(RecordsError, match=str(file)):
        await Records.open(f"sqlite+aiosqlite:///{file / 'records.sqlite'}")
