"""Help: what the bot can do, read from its own commands."""
