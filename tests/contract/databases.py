"""What the tests of the records share: an answer, a password, and a look into a database."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from knowledge.types import Answer, Citation

PASSWORD = "s3cret-p4ssword"  # noqa: S105  (of a server that lives as long as these tests)
ANSWER = Answer(
    question="What does fine-tuning cost?",
    kind="answer",
    text="Fine-tuning needs labelled data [1].",
    confidence=0.91,
    citations=(
        Citation(
            1, "cost.md", "Cost", "Data", "Fine-tuning needs labelled data.", "Fine-tuning needs labelled data. ..."
        ),
    ),
    passages=(),
    version="v1",
    suggestions=("What does prompting cost?",),
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def look_at(url: str, read: Callable[[Connection], Any]) -> Any:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(read)
    await engine.dispose()
    return found
