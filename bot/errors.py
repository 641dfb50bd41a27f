"""What failed: a sentence for the person who asked and a log line for the operator, joined by a short id."""

from __future__ import annotations

import secrets

import structlog

from bot.records import RecordsError
from knowledge.errors import KnowledgeError

UNKNOWN_INTERACTION = 10062
ALREADY_ACKNOWLEDGED = 40060
EXPIRED_TOKEN = {10015, 50027}  # of an interaction: it lives for 15 minutes
MISSING_ACCESS = 50001
MISSING_PERMISSIONS = 50013
CANNOT_REPLY_WITHOUT_HISTORY = 160002

log = structlog.get_logger(__name__)


class StartupError(Exception):
    """The bot cannot run; the message says why and what to do."""


class AnsweredElsewhereError(Exception):
    """Another process of this bot took the interaction; a second answer would be one too many."""


class Refusal(Exception):  # noqa: N818  # nothing failed: the message is the answer
    """What a person asked for is not done; the message is the sentence that tells them why."""


def explain(error: BaseException) -> str:
    """The sentences that tell the person who asked what happened and what to do."""
    if isinstance(error, Refusal):
        return str(error)
    code = getattr(error, "code", None)  # of a discord.HTTPException
    if code == UNKNOWN_INTERACTION:
        return "Discord stopped waiting before I could answer. Please ask again."
    if code in {MISSING_ACCESS, MISSING_PERMISSIONS, CANNOT_REPLY_WITHOUT_HISTORY}:
        return (
            "I may not answer in that channel. Ask a moderator to give me the permissions View Channel, Send"
            " Messages and Read Message History there, or ask me here."
        )
    if isinstance(code, int):
        return "Discord did not take my answer. Please ask again in a minute."
    if isinstance(error, KnowledgeError):
        return "I cannot read my knowledge right now, so I cannot answer. Please ask again in a few minutes."
    if isinstance(error, RecordsError):
        return "I cannot look up my earlier answers right now. Please try again in a few minutes."
    return "Something went wrong while I worked on that, and it is not your fault. Please try again."


def record(event: str, error: BaseException, **where: object) -> str:
    """Logs that `event` happened because of `error`, in one line, and returns the id that finds it."""
    incident = secrets.token_hex(3)
    expected = isinstance(error, Refusal)
    log.log(
        20 if expected else 40,
        event,
        id=incident,
        error=f"{type(error).__name__}: {error}",
        exc_info=None if expected else error,
        **where,
    )
    return incident
