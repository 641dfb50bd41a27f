"""What is stored about one person, all of it: to show, to hand out and to delete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from bot.records.database import Database
from bot.records.tables import answers, changes, subscriptions, votes


@dataclass(frozen=True, slots=True)
class PersonalVote:
    """A vote, and the question whose answer it is on (whoever asked that)."""

    question: str
    value: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PersonalSubscription:
    """A question whose answer the person wants to be told."""

    question: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PersonalChange:
    """What the person did to the knowledge as a maintainer."""

    action: str
    version: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """All that the records hold beside a person's id."""

    votes: tuple[PersonalVote, ...]
    subscriptions: tuple[PersonalSubscription, ...]
    changes: tuple[PersonalChange, ...]


class People:
    """Where the id of a person stands. Every method raises RecordsError when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, user_id: int) -> Person:
        """What is stored about the person, the newest first."""
        voted = (
            select(answers.c.question, votes.c.value, votes.c.at)
            .join(answers, answers.c.id == votes.c.answer_id)
            .where(votes.c.user_id == user_id)
            .order_by(votes.c.at.desc())
        )
        waiting = (
            select(answers.c.question, subscriptions.c.at)
            .join(answers, answers.c.id == subscriptions.c.answer_id)
            .where(subscriptions.c.user_id == user_id)
            .order_by(subscriptions.c.at.desc())
        )
        changed = (
            select(changes.c.action, changes.c.version, changes.c.at)
            .where(changes.c.user_id == user_id)
            .order_by(changes.c.at.desc())
        )
        async with self._database.transaction() as connection:
            return Person(
                votes=tuple(PersonalVote(*row) for row in await connection.execute(voted)),
                subscriptions=tuple(PersonalSubscription(*row) for row in await connection.execute(waiting)),
                changes=tuple(PersonalChange(*row) for row in await connection.execute(changed)),
            )

    async def forget(self, user_id: int) -> None:
        """Deletes the person's votes and subscriptions; in the log of changes their id becomes nobody's."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(votes).where(votes.c.user_id == user_id))
            await connection.execute(delete(subscriptions).where(subscriptions.c.user_id == user_id))
            await connection.execute(update(changes).where(changes.c.user_id == user_id).values(user_id=None))
