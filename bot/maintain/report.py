"""Which answers would change with a new version, as a report to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.text import defuse, shorten
from knowledge.types import Answer

Change = Literal["answered now", "refused now", "answered from other sections", "answered in other words"]
ORDER: tuple[Change, ...] = ("refused now", "answered now", "answered from other sections", "answered in other words")
MAX_TITLE = 200


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """How many questions were asked, how many of them change in each way, and all of it in Markdown."""

    asked: int
    counts: dict[Change, int]
    markdown: str


def changed_answers(pairs: Sequence[tuple[Answer, Answer]]) -> AskedAgain:
    """What differs between the answer of today and the new one, for each pair of these."""
    changes = [(kind, old, new) for old, new in pairs if (kind := change(old, new)) is not None]
    counts = {kind: count for kind in ORDER if (count := sum(found == kind for found, _, _ in changes))}
    summary = ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "none"
    lines = ["# What would change", "", f"{len(pairs)} questions were asked again; {summary}.", ""]
    for kind in ORDER:
        found = [(old, new) for each, old, new in changes if each == kind]
        if found:
            lines += [f"## {kind[0].upper()}{kind[1:]}", ""]
        for old, new in found:
            lines += [f"### {shorten(old.question, MAX_TITLE)}", "", *_answer("Now", old), *_answer("Then", new)]
    return AskedAgain(len(pairs), counts, "\n".join(lines))


def change(old: Answer, new: Answer) -> Change | None:
    """In which way the answer changes; None: it stays as it is."""
    if old.kind != new.kind:
        return "answered now" if new.kind == "answer" else "refused now"
    if old.kind == "abstain":
        return None
    if _sections(old) != _sections(new):
        return "answered from other sections"
    return None if old.text == new.text else "answered in other words"


def _sections(answer: Answer) -> list[tuple[str, str]]:
    return list(dict.fromkeys((citation.document, citation.section) for citation in answer.citations))


def _answer(when: str, answer: Answer) -> list[str]:
    quoted = [f"> {line}".rstrip() for line in defuse(answer.text).splitlines()]
    sources = [f"- {document} › {section}" for document, section in _sections(answer)]
    return [f"**{when}** (confidence {answer.confidence:.2f})", "", *quoted, "", *sources, *([""] if sources else [])]
