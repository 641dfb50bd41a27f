"""Subscriptions: who wants to be told when a question that was refused can be answered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, select

from bot.records.database import Database
from bot.records.tables import answers, subscriptions


@dataclass(frozen=True, slots=True)
class Subscription:
    """A person's id, and the refused question that they asked or met."""

    user_id: int
    answer_id: str
    question: str


class Subscriptions:
    """Who waits for which answer. Every method raises RecordsError when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def toggle(self, answer_id: str, user_id: int) -> bool | None:
        """Subscribes the person, or takes their subscription back; whether they are subscribed now.

        None: the records do not hold that answer.
        """
        own = (subscriptions.c.answer_id == answer_id) & (subscriptions.c.user_id == user_id)
        async with self._database.transaction() as connection:
            known = await connection.scalar(select(answers.c.id).where(answers.c.id == answer_id).with_for_update())
            if known is None:
                return None
            removed = await connection.execute(delete(subscriptions).where(own))
            if removed.rowcount:
                return False
            now = datetime.now(UTC)
            await connection.execute(insert(subscriptions).values(answer_id=answer_id, user_id=user_id, at=now))
            return True

    async def count(self, answer_ids: Collection[str]) -> int:
        """How many people wait for an answer to one of these."""
        people = select(func.count(subscriptions.c.user_id.distinct()))
        async with self._database.transaction() as connection:
            return await connection.scalar(people.where(subscriptions.c.answer_id.in_(answer_ids))) or 0

    async def take(self, answer_ids: Collection[str]) -> list[Subscription]:
        """One subscription a person, and all of them are gone afterwards: whoever takes them tells each person once."""
        chosen = subscriptions.c.answer_id.in_(answer_ids)
        query = (
            select(subscriptions.c.user_id, subscriptions.c.answer_id, answers.c.question)
            .join(answers, answers.c.id == subscriptions.c.answer_id)
            .where(chosen)
            .order_by(subscriptions.c.at.desc())
            .with_for_update(of=subscriptions)
        )
        async with self._database.transaction() as connection:
            found = [Subscription(*row) for row in await connection.execute(query)]
            await connection.execute(delete(subscriptions).where(chosen))
        latest = {subscription.user_id: subscription for subscription in reversed(found)}
        return sorted(latest.values(), key=lambda subscription: subscription.user_id)
