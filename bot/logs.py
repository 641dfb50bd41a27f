"""The log: one line an event on standard error, for people on a terminal and as JSON everywhere else."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
TALKATIVE = ("alembic", "httpx", "chromadb")  # these tell of their everyday work at the level INFO


def configure_logging(*, secrets: Iterable[str] = (), level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Sends structlog's and the standard library's log (discord.py's too) through one pipeline to `stream`.

    None of `secrets` shows up in a line, not even inside a traceback. Without `stream`, it is standard error.
    """
    stream = stream or sys.stderr
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*common, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(terminal=stream.isatty()),
                _hide(secrets),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *common,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _renderers(*, terminal: bool) -> list[Processor]:
    if terminal:
        # The plain traceback: the decorated one prints local variables, what people wrote among them.
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _hide(secrets: Iterable[str]) -> Processor:
    """A last processor that blots out `secrets`, as they are and as JSON and `repr` write them."""
    spellings = {spelling for secret in secrets for spelling in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1])}

    def hide(_logger: WrappedLogger, _method: str, line: EventDict) -> str:
        text = str(line)
        for spelling in sorted(filter(None, spellings), key=len, reverse=True):
            text = text.replace(spelling, HIDDEN)
        return text

    return hide
