"""A running bot takes up a version that another process published, and its event loop never stands still for it."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import simcord

from bot.ask.queue import QuestionQueue
from bot.bootstrap import tunewise
from bot.client import SECONDS_BETWEEN_REFRESHES, Tunewise
from bot.settings import Settings
from knowledge.base import KnowledgeBase
from knowledge.evaluate import load_golden
from knowledge.index import build_index, rollback
from knowledge.store import open_store
from knowledge.version import Pointer
from tests.discord.world import shown

ROOT = Path(__file__).parents[2]
KEEL = "# Boats\n\n## What is a keel?\n\nA keel keeps a boat upright.\n"
QUESTION = "What is a keel?"


def a_machine(settings: Settings, folder: Path) -> Settings:
    """A machine of its own, with the model and without documents."""
    documents, data, off_topic = folder / "documents", folder / "data", folder / "off_topic.txt"
    documents.mkdir()
    data.mkdir()
    off_topic.write_text("how do I tune a guitar\n")
    (data / "models").symlink_to(settings.data_dir / "models")
    return settings.model_copy(update={"data_dir": data, "knowledge_dir": documents, "off_topic_file": off_topic})


# Invariant 4: whichever process publishes


def index_in_another_process(machine: Settings) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "knowledge", "index"],
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT),
            "DATA_DIR": str(machine.data_dir),
            "KNOWLEDGE_DIR": str(machine.knowledge_dir),
            "OFF_TOPIC_FILE": str(machine.off_topic_file),
        },
        cwd=machine.data_dir,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


@pytest.fixture
def machine(settings: Settings, tmp_path: Path) -> Settings:
    """A machine with one document, indexed."""
    machine = a_machine(settings, tmp_path)
    (machine.knowledge_dir / "boats.md").write_text(KEEL)
    build_index(machine)
    return machine


@pytest.fixture
async def simcord_bot(machine: Settings) -> AsyncIterator[Tunewise]:
    """The bot as bootstrap builds it, with all its real parts."""
    async with tunewise(machine, shard_count=1) as bot:
        yield bot


# The refresh reads a version from disk; on a busy machine that may take longer than SimCord's five seconds.
@pytest.mark.simcord(settle_timeout=30)
async def test_a_version_that_another_process_published_answers_within_one_refresh(
    simcord_env: simcord.Env, simcord_bot: Tunewise, machine: Settings
) -> None:
    guild = simcord_env.create_guild("Harbour")
    channel, alice = guild.create_text_channel("general"), guild.add_member(simcord_env.create_user("alice"))

    async def answer() -> str:
        return shown((await alice.slash(channel, "ask", question=QUESTION)).response)

    before = simcord_bot.knowledge.version
    assert "upright" in await answer()

    (machine.knowledge_dir / "boats.md").write_text(KEEL.replace("upright", "steady"))
    index_in_another_process(machine)
    assert simcord_bot.knowledge.version == before

    await simcord_env.advance_time(SECONDS_BETWEEN_REFRESHES + 1)
    assert simcord_bot.knowledge.version == open_store(machine).published() != before
    text = await answer()
    assert "steady" in text
    assert "upright" not in text


@pytest.mark.simcord(settle_timeout=30)
async def test_a_version_that_went_back_is_taken_up_as_well(
    simcord_env: simcord.Env, simcord_bot: Tunewise, machine: Settings
) -> None:
    first = simcord_bot.knowledge.version
    (machine.knowledge_dir / "boats.md").write_text(KEEL.replace("upright", "steady"))
    second = build_index(machine).version
    await simcord_env.advance_time(SECONDS_BETWEEN_REFRESHES + 1)
    assert simcord_bot.knowledge.version == second

    assert rollback(machine).version == first
    await simcord_env.advance_time(SECONDS_BETWEEN_REFRESHES + 1)
    assert simcord_bot.knowledge.version == first


ANSWER_ALL_THE_TIME = """
import json, pickle, sys
from knowledge.base import KnowledgeBase
base, last = KnowledgeBase.open(pickle.load(sys.stdin.buffer)), None
while True:
    base.refresh()
    answer = base.ask("What is a keel?")
    now = (answer.version, answer.kind, answer.text)
    if now != last:
        print(json.dumps(now), flush=True)
    last = now
"""


def test_several_processes_go_forward_and_back_with_the_pointer_and_answer_all_the_time(machine: Settings) -> None:
    """Every answer that differs from the one before is told; one that fails or abstains would be among them."""
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", ANSWER_ALL_THE_TIME],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(2)
    ]
    for reader in readers:
        assert reader.stdin is not None
        pickle.dump(machine, reader.stdin)
        reader.stdin.flush()

    def next_answers() -> set[tuple[str, str, str]]:
        return {tuple(json.loads(reader.stdout.readline())) for reader in readers if reader.stdout is not None}

    def texts(version: str | None, word: str) -> None:
        (answer,) = next_answers()
        assert answer[:2] == (version, "answer")
        assert word in answer[2]

    try:
        first = open_store(machine).published()
        texts(first, "upright")
        (machine.knowledge_dir / "boats.md").write_text(KEEL.replace("upright", "steady"))
        index_in_another_process(machine)
        second = open_store(machine).published()
        assert second != first
        texts(second, "steady")
        rollback(machine)
        texts(first, "upright")
        rollback(machine, second)
        texts(second, "steady")
        assert [reader.poll() for reader in readers] == [None, None]
    finally:
        for reader in readers:
            reader.kill()
            reader.communicate()


# Invariant 3: the loop, on a real clock

# The invariant says 50 ms. A test machine runs other things on its two cores, and time that the system takes from this
# process looks like a blocked loop (up to 50 ms were seen here), so this is far above it; what really blocks is still
# found: a refresh on the loop takes 360 ms, and the questions one after another about as much.
LONGEST_GAP = 0.25


@asynccontextmanager
async def watchdog() -> AsyncIterator[list[float]]:
    """Measures, while the block runs, how late the loop comes back to a task that sleeps, in seconds."""
    late: list[float] = []

    async def watch() -> None:
        while True:
            due = time.perf_counter() + 0.005
            await asyncio.sleep(0.005)  # nothing is waited for: how late this returns is what is measured
            late.append(time.perf_counter() - due)

    task = asyncio.create_task(watch())
    await asyncio.sleep(0)
    yield late
    await asyncio.sleep(0.01)  # so that a block at the very end is seen too
    task.cancel()


@pytest.fixture
def project(settings: Settings, tmp_path: Path) -> Settings:
    """A machine of its own with the project's documents, indexed: as much to load as a real bot has."""
    machine = a_machine(settings, tmp_path)
    shutil.copytree(settings.knowledge_dir, machine.knowledge_dir, dirs_exist_ok=True)
    shutil.copy(settings.off_topic_file, machine.off_topic_file)
    version = open_store(settings).published()
    assert version is not None
    index = machine.data_dir / "index"
    shutil.copytree(settings.data_dir / "index" / "versions" / version, index / "versions" / version)
    open_store(machine).publish(Pointer(version))
    return machine


async def test_questions_and_a_refresh_leave_the_event_loop_free(project: Settings) -> None:
    knowledge = KnowledgeBase.open(project)
    before = knowledge.version
    (project.knowledge_dir / "boats.md").write_text(KEEL)
    build_index(project)
    questions = [golden.question for golden in load_golden(project.golden_file)[:50]]
    queue = QuestionQueue(knowledge.ask, workers=2, limit=50)

    async def told(ahead: int) -> None:
        assert ahead > 0

    async with watchdog() as late:
        refresh = asyncio.create_task(asyncio.to_thread(knowledge.refresh))
        answers = await asyncio.gather(*(queue.ask(question, told) for question in questions))
        refreshed = await refresh
    queue.close()

    assert refreshed is True
    assert knowledge.version != before
    assert [answer.question for answer in answers] == questions
    assert max(late) < LONGEST_GAP


async def test_the_watchdog_sees_a_refresh_on_the_event_loop(project: Settings) -> None:
    knowledge = KnowledgeBase.open(project)
    (project.knowledge_dir / "boats.md").write_text(KEEL)
    build_index(project)
    async with watchdog() as late:
        started = time.perf_counter()
        assert knowledge.refresh()
        blocked = time.perf_counter() - started
    assert max(late) > 0.9 * blocked


def test_a_version_that_was_taken_up_searches_as_one_that_was_opened_anew(machine: Settings) -> None:
    running = KnowledgeBase.open(machine)
    (machine.knowledge_dir / "boats.md").write_text(f"{KEEL}\n## What is a mast?\n\nA mast carries the sails.\n")
    (machine.knowledge_dir / "bread.md").write_text("# Bread\n\n## What is dough?\n\nDough is flour and water.\n")
    build_index(machine)
    assert running.refresh()
    opened = KnowledgeBase.open(machine)
    for question in (QUESTION, "What carries the sails?", "what is duogh", "flour", "How do I tune a guitar?"):
        assert running.retriever.search(question) == opened.retriever.search(question)
