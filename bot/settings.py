"""Every setting of the bot: the knowledge's and Discord's, one model, built once and passed down."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from knowledge.settings import KnowledgeSettings


class Settings(KnowledgeSettings):
    """What an operator can set; `.env.example` lists the same names."""

    discord_token: SecretStr = Field(
        SecretStr(""), description="The bot's token, from the Discord developer portal, page Bot."
    )
    discord_api_url: str = Field("", description="Another server that speaks Discord's API; empty: Discord itself.")
    discord_gateway_url: str = Field("", description="Its gateway, as in ws://localhost:9000; empty: Discord's.")
    message_content_intent: bool = Field(
        False,
        description="Read messages that do not address the bot; the intent must be on in the developer portal too.",
    )
    maintainer_ids: Annotated[frozenset[int], NoDecode] = Field(
        frozenset(), description="User or role ids, comma separated, that may change the knowledge."
    )
    database_url: str = Field(
        "", description="SQLAlchemy address of the records, as in postgresql+asyncpg://...; empty: SQLite in DATA_DIR."
    )
    health_port: int = Field(0, ge=0, le=65535, description="Port of the health page (/healthz, /readyz); 0: none.")
    cooldown_questions: int = Field(5, ge=1, description="Questions that one person may ask within COOLDOWN_SECONDS.")
    cooldown_seconds: float = Field(30, ge=0, description="The time over which COOLDOWN_QUESTIONS counts; 0: no limit.")
    max_questions_in_flight: int = Field(
        50, ge=1, description="Questions that may wait for an answer at once; more are refused kindly."
    )
    workers: int = Field(2, ge=1, le=64, description="Threads that search and embed.")

    @field_validator("maintainer_ids", mode="before")
    @classmethod
    def _split_ids(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = [part.strip() for part in value.split(",") if part.strip()]
        wrong = [part for part in parts if not part.isdigit()]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is not an id; ids are numbers, separated by commas")
        return frozenset(int(part) for part in parts)

    @property
    def records_url(self) -> str:
        """The SQLAlchemy address in force: DATABASE_URL with an async driver, or SQLite in DATA_DIR."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{self.data_dir / 'records.sqlite'}"
        scheme, separator, rest = self.database_url.partition("://")
        drivers = {"postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}
        return drivers.get(scheme, scheme) + separator + rest
