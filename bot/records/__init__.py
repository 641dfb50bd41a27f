"""What the bot remembers, in SQLite or Postgres: answers, votes, subscriptions, changes, what servers chose."""

from bot.records.changes import Change
from bot.records.database import RecordsError
from bot.records.gaps import Closest, Decided, Gap
from bot.records.people import Person
from bot.records.records import Records, StoredAnswer, UnknownAnswerError, VoteResult
from bot.records.servers import Preferences
from bot.records.subscriptions import Subscription

__all__ = [
    "Change",
    "Closest",
    "Decided",
    "Gap",
    "Person",
    "Preferences",
    "Records",
    "RecordsError",
    "StoredAnswer",
    "Subscription",
    "UnknownAnswerError",
    "VoteResult",
]
