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
SLOW = 3  # times as slow: the first sentence alone takes longer than a person should wait for something to read
PIECES = 150


def main() -> None:
    """One stream after the other, then ten in one channel."""
    settings = load_settings(KnowledgeSettings)
    console = Console(soft_wrap=True)
    with tempfile.TemporaryDirectory() as folder, chat_server() as server:
        chat = {"chat_model": "openai:scripted", "chat_base_url": server.url, "chat_tokens_per_day": 0}
        changed = settings.model_copy(update={"data_dir": Path(folder), **chat})
        knowledge = KnowledgeBase(changed, open_store(settings), load_embedder(settings))
        for times in (1, SLOW):
            pace = SECONDS_A_PIECE * times
            server.will(Scripted(first_sentences(4), pieces=PIECES, seconds_a_piece=pace))
            runs = [asyncio.run(streams(knowledge, server, 1)) for _ in range(ALONE)]
            for what, alone in (("edit", [run[0][0] for run in runs]), ("sentence", [run[1][0] for run in runs])):
                console.print(
                    f"First token to first {what}, alone: median {statistics.median(alone):.2f} s, longest"
                    f" {max(alone):.2f} s (the model ends its own after {first_sentence(server, pace):.2f} s)."
                )
        server.will(Scripted(first_sentences(4), pieces=PIECES, seconds_a_piece=SECONDS_A_PIECE))
        _, first, edits = asyncio.run(streams(knowledge, server, STREAMS))
        console.print(
            f"{STREAMS} at once in one channel: median {statistics.median(first):.2f} s, longest {max(first):.2f} s."
        )
        busiest = max(sum(at <= other < at + SECONDS for other in edits) for at in edits)
        seconds = max(edits) - min(edits)
        console.print(
            f"{len(edits)} edits in {seconds:.1f} s, {len(edits) / seconds:.2f} a second; at most {busiest} in"
            f" {SECONDS:g} s (Discord's limit is 5; ours is {EDITS})."
        )


def first_sentence(server: ChatServer, seconds_a_piece: float) -> float:
    """After how many seconds, pauses alone, the scripted model has ended its first sentence."""
    text = first_sentences(4)(server.prompt)
    return (text.index("].") + 1) // (len(text) // PIECES) * seconds_a_piece


async def streams(
    knowledge: KnowledgeBase, server: ChatServer, number: int
) -> tuple[list[float], list[float], list[float]]:
    """The seconds from each stream's first token to its first edit and to its first sentence; when edits were made."""
    writer = Writer(knowledge.write)
    extractive = await asyncio.to_thread(knowledge.ask, QUESTION)
    server.first_pieces.clear()
    first: list[float] = []
    sentences: list[float] = []
    edits: list[float] = []

    async def one() -> None:
        shown: list[tuple[float, str]] = []

        async def show(part: Answer) -> bool:
            shown.append((time.perf_counter(), part.text))
            return True

        written = await writer.write(extractive, 1, show)
        shown.append((time.perf_counter(), written.text))  # the whole; of a short answer, it may be the first edit
        edits.extend(at for at, _ in shown)
        if written.by != "model":
            raise SystemExit(f"The chat model's answer was not used: {written.note}")
        first.append(shown[0][0])
        sentences.append(next(at for at, text in shown if text))

    await asyncio.gather(*(one() for _ in range(number)))
    writer.close()
    began = sorted(server.first_pieces)
    to_first, to_sentence = (
        [shown - at for shown, at in zip(sorted(each), began, strict=True)] for each in (first, sentences)
    )
    return to_first, to_sentence, sorted(edits)


if __name__ == "__main__":
    main()
