"""What a server chose for itself and for its channels."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "server_settings",
        sa.Column("server_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("channel_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("place", sa.String(16)),
        sa.Column("listens", sa.String(16)),
        sa.Column("language", sa.String(8)),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("server_settings")
