"""The real bot on a simulated Discord, with the project's own knowledge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import simcord

from bot.bootstrap import tunewise
from bot.client import Knowledge, Tunewise
from bot.records import Records
from bot.settings import Settings
from tests.discord.world import Server


@pytest.fixture
def bot_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings for tests; a test changes some with an indirect parameter."""
    changes: dict[str, Any] = getattr(request, "param", {})
    return Settings.model_construct(**(Settings.model_construct(data_dir=tmp_path).model_dump() | changes))


@pytest.fixture
async def records(bot_settings: Settings) -> AsyncIterator[Records]:
    """Records of this test alone."""
    records = await Records.open(bot_settings.records_url)
    yield records
    await records.close()


@pytest.fixture
async def simcord_bot(bot_settings: Settings, knowledge: Knowledge, records: Records) -> AsyncIterator[Tunewise]:
    """The bot as bootstrap builds it."""
    async with tunewise(bot_settings, knowledge=knowledge, records=records, shard_count=1) as bot:
        yield bot


@pytest.fixture
def server(simcord_env: simcord.Env) -> Server:
    """Where most tests play."""
    guild = simcord_env.create_guild("Workshop")
    channel = guild.create_text_channel("general")
    alice, bob = (guild.add_member(simcord_env.create_user(name)) for name in ("alice", "bob"))
    return Server(simcord_env, guild, channel, alice, bob)
