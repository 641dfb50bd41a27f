"""Alembic's entry: migrates on the connection, and in the transaction, that `Records.open` hands over."""

from alembic import context

from bot.records.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
