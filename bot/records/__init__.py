"""What the bot remembers: the answers it gave and the votes on them, in SQLite or Postgres."""

from bot.records.records import Records, RecordsError, StoredAnswer, UnknownAnswerError, VoteResult

__all__ = ["Records", "RecordsError", "StoredAnswer", "UnknownAnswerError", "VoteResult"]
