"""What the knowledge lacks, who wants to be told, and who changed it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the closest section to answers, and three tables."""
    op.add_column("answers", sa.Column("closest", sa.JSON))
    op.create_index("answers_by_time", "answers", ["created_at"])
    op.create_table(
        "subscriptions",
        sa.Column("answer_id", sa.String(16), sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "gap_decisions",
        sa.Column("key", sa.String(32), primary_key=True),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("gap_id", sa.String(16), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("gap_decisions_by_gap", "gap_decisions", ["gap_id"])
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("changes")
    op.drop_table("gap_decisions")
    op.drop_table("subscriptions")
    op.drop_index("answers_by_time", "answers")
    op.drop_column("answers", "closest")
