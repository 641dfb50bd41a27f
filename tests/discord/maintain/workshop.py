"""A small knowledge of its own for the tests of maintaining: three documents, their golden questions and an index."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import simcord

from bot.settings import Settings
from knowledge.index import IndexReport
from knowledge.index_process import build_index_apart
from tests.discord.world import Server

KEEL = "What is a keel?"
YEAST = "What does yeast do?"
SAFFRON = "How is saffron harvested?"
SAFFRON_TOO = "how do people harvest saffron"
WORLD_CUP = "Who won the football world cup in 1998?"

DOCUMENTS = {
    "boats.md": """---
title: Boats
updated: 2026-01-02
---

# Boats

## What is a keel?

A keel is the long fin under a boat that keeps the boat upright.

## What is a mast?

A mast is the tall pole on a boat that carries the sails.
""",
    "bread.md": """# Bread

## What does yeast do?

Yeast eats the sugar in dough and makes the gas that lets bread rise.

## What is sourdough?

Sourdough is bread that rises with wild yeast and bacteria instead of baker's yeast.
""",
    "tea.md": """# Tea

## What is green tea?

Green tea is tea whose leaves are heated soon after picking, so that they do not oxidize.
""",
}
GOLDEN = """answerable:
  - {question: "what does the fin below a boat do", sections: ["boats.md#What is a keel?"]}
  - {question: "which pole carries the sails", sections: ["boats.md#What is a mast?"]}
  - {question: "why does bread rise", sections: ["bread.md#What does yeast do?"]}
  - {question: "how is green tea made", sections: ["tea.md#What is green tea?"]}
refused:
  - {question: "who won the tennis match yesterday"}
"""
SAFFRON_FORM = {
    "title": "Saffron",
    "text": "## How is saffron harvested?\n\nSaffron is harvested by hand: people pick the flowers at dawn and pluck"
    " the three red stigmas of each saffron flower.",
    "source": "Notes of a farmer, 2025",
    "questions": f"{SAFFRON}\n{SAFFRON_TOO}",
}


@dataclass(frozen=True)
class Workshop:
    """A server with a maintainer, another one by role, and a stranger who may press everything that Discord shows."""

    server: Server
    settings: Settings
    maintainer: simcord.MemberActor
    second: simcord.MemberActor
    stranger: simcord.MemberActor

    @property
    def channel(self) -> simcord.ChannelHandle:
        return self.server.channel

    async def knowledge(
        self, name: str, by: simcord.MemberActor | None = None, **options: object
    ) -> simcord.InteractionResult:
        """What `/knowledge NAME` gives."""
        return await (by or self.maintainer).slash(self.channel, f"knowledge {name}", **options)

    async def ask(self, question: str, by: simcord.MemberActor | None = None) -> simcord.ResponseMessage:
        """The message that answers a question of alice's."""
        result = await (by or self.server.alice).slash(self.channel, "ask", question=question)
        assert result.response is not None
        return result.response


def write_workshop(folder: Path) -> None:
    """The files of the knowledge."""
    (folder / "documents").mkdir(parents=True)
    for name, text in DOCUMENTS.items():
        (folder / "documents" / name).write_text(text)
    (folder / "golden").mkdir()
    (folder / "golden" / "questions.yaml").write_text(GOLDEN)
    (folder / "off_topic.txt").write_text("how do I tune a guitar\n")


def workshop_settings(folder: Path, maintainers: set[int]) -> Settings:
    """Settings of that folder; ids may be added to `maintainers` later."""
    return Settings.model_construct(
        data_dir=folder / "data",
        knowledge_dir=folder / "documents",
        golden_file=folder / "golden" / "questions.yaml",
        off_topic_file=folder / "off_topic.txt",
        maintainer_ids=maintainers,
        cooldown_questions=1_000,
    )


def people(server: Server, maintainers: set[int]) -> tuple[simcord.MemberActor, ...]:
    """A maintainer by their id, one by a role, and a stranger whom Discord lets use every command."""
    may_manage = server.guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    librarians = server.guild.create_role("librarians", permissions=discord.Permissions(manage_guild=True))
    maintainer, second, stranger = (
        server.guild.add_member(server.env.create_user(name), roles=[role])
        for name, role in (("mona", may_manage), ("rolf", librarians), ("sam", may_manage))
    )
    maintainers |= {maintainer.id, librarians.id}
    return maintainer, second, stranger


def lose_the_mast(workshop: Workshop) -> None:
    """Takes a section away that a golden question asks for."""
    boats = workshop.settings.knowledge_dir / "boats.md"
    boats.write_text(boats.read_text().partition("## What is a mast?")[0])


class Pause:
    """Holds a build up when it embeds, until it is cancelled or let go."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def build(self, *arguments: Any, **options: Any) -> IndexReport:
        progress, cancelled = options["progress"], options["cancelled"]

        def step(stage: str, done: int, total: int) -> None:
            progress(stage, done, total)
            if stage == "Embedding":
                while not cancelled() and not self.over.wait(0.01):
                    pass

        return build_index_apart(*arguments, **options | {"progress": step})
