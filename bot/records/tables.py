"""The tables of the records. About a person they hold one thing: the id beside a vote, a subscription or a change."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time on every database; SQLite keeps no time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """`value` as an aware UTC time."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


metadata = MetaData()

answers = Table(
    "answers",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("question", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("version", String(64), nullable=False),
    Column("citations", JSON, nullable=False),
    Column("suggestions", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("closest", JSON(none_as_null=True)),
    Index("answers_by_time", "created_at"),
)

votes = Table(
    "votes",
    metadata,
    Column("answer_id", String(16), ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("value", SmallInteger, CheckConstraint("value IN (1, -1)", name="votes_value"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("answer_id", String(16), ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
)

gap_decisions = Table(
    "gap_decisions",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("decision", String(16), nullable=False),
    Column("gap_id", String(16), nullable=False),
    Column("document", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("gap_decisions_by_gap", "gap_id"),
)

changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("user_id", BigInteger),
    Column("action", String(40), nullable=False),
    Column("version", String(64), nullable=False),
    Column("detail", Text, nullable=False),
)

server_settings = Table(
    "server_settings",
    metadata,
    Column("server_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, primary_key=True, autoincrement=False),  # 0: the whole server
    Column("place", String(16)),
    Column("listens", String(16)),
    Column("language", String(8)),
)
