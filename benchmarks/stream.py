"""`python -m benchmarks.stream`: from a chat model's first token to the first edit, and the edits of ten at once.

The provider is a scripted server on 127.0.0.1 that streams as fast as a quick model does; Discord is left out: showing
costs nothing here, so the figures are what Tunewise adds.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console

from bot.ask.stream import EDITS, SECONDS, Writer
from knowledge.base import KnowledgeBase
from knowledge.embed import load_embedder
from knowledge.settings import KnowledgeSettings, load_settings
from knowledge.store import open_store
from knowledge.types import Answer
from tests.chat_server import ChatServer, Scripted, chat_server, first_sentences

QUESTION = "What does fine-tuning cost compared with prompt engineering?"
STREAMS = 10
ALONE = 5
SECONDS_A_PIECE = 0.02
PIECES = 150


def main() -> None:
    """One stream after the other, then ten in one channel."""
    settings = load_settings(KnowledgeSettings)
    console = Console(soft_wrap=True)
    with tempfile.TemporaryDirectory() as folder, chat_server() as server:
        chat = {"chat_model": "openai:scripted", "chat_base_url": server.url, "chat_tokens_per_day": 0}
        changed = settings.model_copy(update={"data_dir": Path(folder), **chat})
        knowledge = KnowledgeBase(changed, open_store(settings), load_embedder(settings))
        server.will(Scripted(first_sentences(4), pieces=PIECES, seconds_a_piece=SECONDS_A_PIECE))
        alone = [asyncio.run(streams(knowledge, server, 1))[0][0] for _ in range(ALONE)]
        console.print(
            f"First token to first edit, alone: median {statistics.median(alone):.2f} s, longest {max(alone):.2f} s"
            f" (of which the rest of the first sentence takes the model about {first_sentence_seconds(server):.2f} s)."
        )
        first, edits = asyncio.run(streams(knowledge, server, STREAMS))
        console.print(
            f"{STREAMS} at once in one channel: median {statistics.median(first):.2f} s, longest {max(first):.2f} s."
        )
        busiest = max(sum(at <= other < at + SECONDS for other in edits) for at in edits)
        seconds = max(edits) - min(edits)
        console.print(
            f"{len(edits)} edits in {seconds:.1f} s, {len(edits) / seconds:.2f} a second; at most {busiest} in"
            f" {SECONDS:g} s (Discord's limit is 5; ours is {EDITS})."
        )


def first_sentence_seconds(server: ChatServer) -> float:
    """How long the scripted model takes for its first sentence and the space behind it."""
    text = first_sentences(4)(server.prompt)
    return (text.index("]. ") + 4) / (len(text) / PIECES) * SECONDS_A_PIECE


async def streams(knowledge: KnowledgeBase, server: ChatServer, number: int) -> tuple[list[float], list[float]]:
    """The seconds from each stream's first token to its first edit, and when each edit was made."""
    writer = Writer(knowledge.write)
    extractive = await asyncio.to_thread(knowledge.ask, QUESTION)
    server.first_pieces.clear()
    first: list[float] = []
    edits: list[float] = []

    async def one() -> None:
        shown: list[float] = []

        async def show(part: Answer) -> bool:
            shown.append(time.perf_counter())
            return True

        written = await writer.write(extractive, 1, show)
        shown.append(time.perf_counter())  # the whole answer; a short one may be the first that there is room for
        edits.extend(shown)
        if written.by != "model":
            raise SystemExit(f"The chat model's answer was not used: {written.note}")
        first.append(shown[0])

    await asyncio.gather(*(one() for _ in range(number)))
    writer.close()
    began = sorted(server.first_pieces)
    return [shown - at for shown, at in zip(sorted(first), began, strict=True)], sorted(edits)


if __name__ == "__main__":
    main()
