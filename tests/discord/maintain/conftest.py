"""The bot over a small knowledge that tests may change, and the people who maintain it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.settings import Settings
from knowledge.base import KnowledgeBase
from knowledge.index import build_index
from tests.discord.maintain.workshop import Workshop, people, workshop_settings, write_workshop
from tests.discord.world import Server


@pytest.fixture(scope="session")
def indexed_workshop(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small knowledge and its index, to be copied."""
    folder = tmp_path_factory.mktemp("workshop")
    write_workshop(folder)
    (folder / "data").mkdir()
    (folder / "data" / "models").symlink_to(settings.data_dir.resolve() / "models")
    build_index(workshop_settings(folder, set()))
    return folder


@pytest.fixture
def maintainers() -> set[int]:
    """The ids that may change the knowledge."""
    return set()


@pytest.fixture
def bot_settings(indexed_workshop: Path, tmp_path: Path, maintainers: set[int]) -> Settings:
    """Settings of a copy of the small knowledge."""
    shutil.copytree(indexed_workshop, tmp_path / "workshop", symlinks=True)
    return workshop_settings(tmp_path / "workshop", maintainers)


@pytest.fixture
def knowledge(bot_settings: Settings) -> KnowledgeBase:
    """The small knowledge."""
    return KnowledgeBase.open(bot_settings)


@pytest.fixture
def workshop(server: Server, bot_settings: Settings, maintainers: set[int]) -> Workshop:
    """The small knowledge, and the people who meet over it."""
    server.env.settle_timeout = 60.0
    return Workshop(server, bot_settings, *people(server, maintainers))
