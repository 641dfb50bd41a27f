"""A server's settings: where answers go, which messages are answered, in which language the bot speaks."""
