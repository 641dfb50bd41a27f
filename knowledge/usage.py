"""What a chat model was used for today, counted in a file of DATA_DIR that every process shares."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from knowledge.settings import KnowledgeSettings

FILE = "chat-usage.json"


@dataclass(frozen=True, slots=True)
class Usage:
    """A day's use (UTC): questions put to the model, those that it answered, why the others were not, and all tokens.

    Tokens of questions that are being answered are counted as what they may cost at most.
    """

    day: str
    questions: int = 0
    answered: int = 0
    tokens: int = 0
    fallbacks: Mapping[str, int] = field(default_factory=dict)


def summary(usage: Usage, tokens_a_day: int) -> str:
    """A day's use as a sentence for the operator."""
    of_all = f" of {tokens_a_day:,}" if tokens_a_day else ""
    said = f"Today: {usage.answered} of {usage.questions} questions answered, {usage.tokens:,}{of_all} tokens."
    reasons = ", ".join(f"{kind} {number}" for kind, number in sorted(usage.fallbacks.items()))
    return f"{said} The documents' own words for the rest: {reasons}." if reasons else said


def of_today(settings: KnowledgeSettings) -> str:
    """The chat model and its use today, for whoever asks for the status; "" where there is none."""
    if not settings.chat_model:
        return ""
    usage = UsageLog(settings.data_dir, settings.chat_tokens_per_day).read()
    return f"{settings.chat_model}\n{summary(usage, settings.chat_tokens_per_day)}"


class UsageLog:
    """Counts use in `data_dir` and keeps it within `tokens_a_day` (0: no limit). Safe across threads and processes."""

    def __init__(self, data_dir: Path, tokens_a_day: int, today: Callable[[], str] | None = None) -> None:
        self._file = data_dir / FILE
        self._tokens_a_day = tokens_a_day
        self._today = today or (lambda: datetime.now(UTC).date().isoformat())

    def read(self) -> Usage:
        """Today's use."""
        try:
            stored = json.loads(self._file.read_text(encoding="utf-8"))
            usage = Usage(**stored)
        except (FileNotFoundError, ValueError, TypeError):  # not there yet, or written by another version
            return Usage(self._today())
        return usage if usage.day == self._today() else Usage(self._today())

    def reserve(self, tokens: int) -> bool:
        """Count a question that may cost `tokens`; False, and only that it was asked, where that is over the budget."""
        allowed = True

        def change(usage: Usage) -> Usage:
            nonlocal allowed
            allowed = not self._tokens_a_day or usage.tokens + tokens <= self._tokens_a_day
            return replace(usage, questions=usage.questions + 1, tokens=usage.tokens + tokens * allowed)

        self._change(change)
        return allowed

    def settle(self, reserved: int, spent: int, fallback: str = "") -> None:
        """Count what a question has cost instead of what was reserved, and why it was not answered, if it was not."""

        def change(usage: Usage) -> Usage:
            fallbacks = dict(usage.fallbacks)
            if fallback:
                fallbacks[fallback] = fallbacks.get(fallback, 0) + 1
            tokens = max(usage.tokens - reserved, 0) + spent
            return replace(usage, answered=usage.answered + (not fallback), tokens=tokens, fallbacks=fallbacks)

        self._change(change)

    def _change(self, change: Callable[[Usage], Usage]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._file.with_suffix(".lock")):
            temporary = self._file.with_suffix(".new")
            temporary.write_text(json.dumps(asdict(change(self.read()))), encoding="utf-8")
            temporary.replace(self._file)
