"""Gaps: the questions that were not covered, or whose answer was voted down, and what maintainers decided on them.

A gap is read from the answers and the votes, so a vote that is withdrawn takes its gap along. No table says who asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records.database import ROWS_AT_ONCE, Database
from bot.records.tables import answers, gap_decisions, votes

Decision = Literal["off_topic", "covered"]
MAX_ROWS = 20_000  # of the newest; a list that nobody tends must not fill the memory


@dataclass(frozen=True, slots=True)
class Closest:
    """The section that came closest to a question, and its score (0 to 1)."""

    document: str
    title: str
    section: str
    score: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A question that the knowledge did not answer well.

    `times` counts how often it was asked in these words, `answer_ids` are the records' ids of what was said to it, the
    newest first, and `abstained` says whether it was refused at least once, else its answers were voted down.
    """

    question: str
    times: int
    last_asked: datetime
    abstained: bool
    closest: Closest | None
    answer_ids: tuple[str, ...]

    @property
    def key(self) -> str:
        """What tells this question from others."""
        return question_key(self.question)


@dataclass(frozen=True, slots=True)
class Decided:
    """What maintainers decided on some gaps; `document` is the path of what covers them, empty when off topic."""

    decision: Decision
    document: str
    gaps: tuple[Gap, ...]


def question_key(question: str) -> str:
    """A digest that is the same for the same words, whatever their case, spacing and last punctuation mark."""
    words = " ".join(question.casefold().split()).rstrip("?!. ")
    return hashlib.sha256(words.encode(errors="replace")).hexdigest()[:32]


class Gaps:
    """What the knowledge lacks. Every method raises RecordsError when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self) -> list[Gap]:
        """The gaps that no maintainer has decided on, the most asked first, among these the latest.

        A question that was covered and is a gap once more since is open again.
        """
        async with self._database.transaction() as connection:
            decisions = {row.key: row for row in await connection.execute(select(gap_decisions))}
            return await _gathered(connection, lambda key, row: _is_open(row, decisions.get(key)))

    async def decided(self, gap_id: str) -> Decided | None:
        """The decision that was taken under `gap_id`, or None where there is none (any more)."""
        query = select(gap_decisions).where(gap_decisions.c.gap_id == gap_id)
        async with self._database.transaction() as connection:
            decisions = {row.key: row for row in await connection.execute(query)}
            if not decisions:
                return None
            gaps = await _gathered(connection, lambda key, _: key in decisions)
        one = next(iter(decisions.values()))
        return Decided(one.decision, one.document, tuple(gaps))

    async def decide(self, keys: Collection[str], decision: Decision, gap_id: str, document: str = "") -> None:
        """Takes the questions with these keys off the list: for good when `off_topic`, until asked again when not.

        `gap_id`, any answer's id, finds the decision again; `document` is the path of the one that covers them.
        """
        shared = {"decision": decision, "gap_id": gap_id, "document": document, "at": datetime.now(UTC)}
        async with self._database.transaction() as connection:
            await connection.execute(delete(gap_decisions).where(gap_decisions.c.key.in_(keys)))
            if keys:
                await connection.execute(insert(gap_decisions), [{"key": key} | shared for key in sorted(set(keys))])

    async def reopen(self, gap_id: str) -> None:
        """Takes the decision under `gap_id` back: its questions are on the list again."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(gap_decisions).where(gap_decisions.c.gap_id == gap_id))


def _is_open(row: Any, decided: Any) -> bool:
    if decided is None:
        return True
    latest: datetime = max(row.created_at, row.voted_at or row.created_at)
    at: datetime = decided.at
    return decided.decision == "covered" and latest > at


async def _gathered(connection: AsyncConnection, wanted: Callable[[str, Any], bool]) -> list[Gap]:
    """A gap a question, of the answers that abstain or are voted down and that are `wanted`, by key and row.

    Its wording and closest section are those of the time it was asked last.
    """
    newest_vote = select(func.max(votes.c.at)).where((votes.c.answer_id == answers.c.id) & (votes.c.value == -1))
    voted_at = newest_vote.scalar_subquery()
    columns = (answers.c.id, answers.c.question, answers.c.kind, answers.c.closest, answers.c.created_at)
    query = (
        select(*columns, voted_at.label("voted_at"))
        .where(or_(answers.c.kind == "abstain", voted_at.is_not(None)))
        .order_by(answers.c.created_at.desc(), answers.c.id)
        .limit(MAX_ROWS)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    by_key: dict[str, list[Any]] = {}
    async with connection.stream(query) as rows:
        async for row in rows:
            key = question_key(row.question)
            if wanted(key, row):
                by_key.setdefault(key, []).append(row)
    gaps = [
        Gap(
            question=same[0].question,
            times=len(same),
            last_asked=same[0].created_at,
            abstained=any(row.kind == "abstain" for row in same),
            closest=Closest(**same[0].closest) if same[0].closest else None,
            answer_ids=tuple(row.id for row in same),
        )
        for same in by_key.values()
    ]
    return sorted(gaps, key=lambda gap: (-gap.times, -gap.last_asked.timestamp(), gap.question))
