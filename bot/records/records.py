"""The records: what is remembered between two starts of the bot."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select

from bot.records.changes import Changes
from bot.records.database import ROWS_AT_ONCE, Database, storable
from bot.records.gaps import Gaps, question_key
from bot.records.people import People
from bot.records.servers import Servers
from bot.records.subscriptions import Subscriptions
from bot.records.tables import answers, votes
from knowledge.types import Answer, AnswerKind, Citation

VoteValue = Literal[1, -1]


class UnknownAnswerError(Exception):
    """A vote or a subscription on an answer that the records do not hold."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as it was given."""

    id: str
    question: str
    kind: AnswerKind
    text: str
    confidence: float
    version: str
    citations: tuple[Citation, ...]
    suggestions: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class VoteResult:
    """The person's vote as it stands now (None: withdrawn) and how many voted each way."""

    value: VoteValue | None
    up: int
    down: int


class Records:
    """The answers and the votes on them, and beside them `gaps`, `subscriptions`, `changes`, `people` and
    `servers`.

    Every method of these raises RecordsError when the database fails.
    """

    def __init__(self, database: Database) -> None:
        """Use `Records.open`."""
        self._database = database
        self.gaps = Gaps(database)
        self.subscriptions = Subscriptions(database)
        self.changes = Changes(database)
        self.people = People(database)
        self.servers = Servers(database)

    @classmethod
    async def open(cls, url: str) -> Records:
        """The records at `url`, an SQLAlchemy address of SQLite or Postgres, migrated to the newest schema.

        Any number of processes may open one database at once. Raises RecordsError.
        """
        return cls(await Database.open(url))

    async def remember_answer(self, answer: Answer) -> str:
        """Keeps `answer` and returns its id: 12 of A-Z, a-z, 0-9, `_` and `-`."""
        answer_id = secrets.token_urlsafe(9)
        async with self._database.transaction() as connection:
            await connection.execute(
                insert(answers).values(
                    id=answer_id,
                    question=storable(answer.question),
                    kind=answer.kind,
                    text=storable(answer.text),
                    confidence=answer.confidence,
                    version=answer.version,
                    citations=[asdict(citation) for citation in answer.citations],
                    suggestions=list(answer.suggestions),
                    closest=_closest(answer),
                    created_at=datetime.now(UTC),
                )
            )
        return answer_id

    async def find_answer(self, answer_id: str) -> StoredAnswer | None:
        """The answer with this id, or None when the records do not hold it."""
        columns = [column for column in answers.c if column.name != "closest"]
        async with self._database.transaction() as connection:
            result = await connection.execute(select(*columns).where(answers.c.id == answer_id))
            row = result.mappings().one_or_none()
        if row is None:
            return None
        values: dict[str, Any] = dict(row)
        values["citations"] = tuple(Citation(**citation) for citation in values["citations"])
        values["suggestions"] = tuple(values["suggestions"])
        return StoredAnswer(**values)

    async def latest_questions(self, limit: int) -> list[str]:
        """The last `limit` distinct questions that were asked, the newest first; wording counts, not its spacing."""
        query = select(answers.c.question).order_by(answers.c.created_at.desc()).limit(limit * 20)
        distinct: dict[str, str] = {}
        async with self._database.transaction() as connection:
            for question in await connection.scalars(query):
                distinct.setdefault(question_key(question), question)
        return list(distinct.values())[:limit]

    async def citation_counts(self) -> Counter[str]:
        """How many of the answers given cite each document, by its path."""
        counts = Counter[str]()
        async with self._database.transaction() as connection:
            query = select(answers.c.citations).where(answers.c.kind == "answer")
            async with connection.stream_scalars(query.execution_options(yield_per=ROWS_AT_ONCE)) as found:
                async for citations in found:
                    counts.update({citation["document"] for citation in citations})
        return counts

    async def vote(self, answer_id: str, user_id: int, value: VoteValue) -> VoteResult:
        """Counts the person's vote; the same vote again withdraws it, the other one replaces it.

        Raises UnknownAnswerError for an answer that the records do not hold.
        """
        own_vote = (votes.c.answer_id == answer_id) & (votes.c.user_id == user_id)
        async with self._database.transaction() as connection:
            # Locking the answer makes its votes wait for each other: a double click is two votes, in order.
            known = await connection.scalar(select(answers.c.id).where(answers.c.id == answer_id).with_for_update())
            if known is None:
                raise UnknownAnswerError("This answer is no longer kept, so nobody can vote on it.")
            previous = await connection.scalar(select(votes.c.value).where(own_vote))
            await connection.execute(delete(votes).where(own_vote))
            if previous != value:
                await connection.execute(
                    insert(votes).values(answer_id=answer_id, user_id=user_id, value=value, at=datetime.now(UTC))
                )
            counts = await connection.execute(
                select(func.count().filter(votes.c.value == 1), func.count().filter(votes.c.value == -1))
                .select_from(votes)
                .where(votes.c.answer_id == answer_id)
            )
            up, down = counts.one()
        return VoteResult(value=None if previous == value else value, up=up, down=down)

    async def close(self) -> None:
        """Closes every connection."""
        await self._database.close()


def _closest(answer: Answer) -> dict[str, Any] | None:
    """The section that came closest to the question, and its score."""
    if not answer.passages:
        return None
    best = answer.passages[0]
    chunk = best.chunk
    return {
        "document": chunk.document,
        "title": chunk.title,
        "section": chunk.section,
        "score": round(float(best.score), 4),
    }
