"""Proposals: what Discord suggests for the golden questions and the off-topic list, in files that a maintainer reviews.

Nothing reads these files but people: an entry counts once somebody has moved it to GOLDEN_FILE or OFF_TOPIC_FILE.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from knowledge.errors import KnowledgeError
from knowledge.evaluate import Section, load_golden
from knowledge.load import load_off_topic

GOLDEN_HEAD = """\
# Golden questions that maintainers proposed from Discord. Move what you accept to the golden questions beside this
# file, and take it out of its document's `asked` comment: a question that is in the textbook examines nothing.

answerable:
"""
OFF_TOPIC_HEAD = """\
# Questions that maintainers took off the list of gaps as not our topic. Move what you accept to the off-topic ones.
"""


def propose_golden(golden_file: Path, questions: Iterable[str], section: Section) -> tuple[Path, int]:
    """Add `questions`, which `section` answers, to the proposals beside `golden_file`; the file, how many were new.

    Raises KnowledgeError where the file cannot be read or written.
    """
    path = golden_file.with_name("proposals.yaml")
    known = {each.question.casefold() for file in (golden_file, path) if file.exists() for each in load_golden(file)}
    new = [question for question in dict.fromkeys(questions) if question.casefold() not in known]
    entries: list[dict[str, Any]] = [
        {"question": question, "style": "asked", "sections": [str(section)]} for question in new
    ]
    _append(path, GOLDEN_HEAD, _indented(entries) if entries else "")
    return path, len(new)


def propose_off_topic(off_topic_file: Path, questions: Iterable[str]) -> tuple[Path, int]:
    """Add `questions` to the proposals beside `off_topic_file`; the file, and how many of them were new.

    Raises KnowledgeError where the file cannot be read or written.
    """
    path = off_topic_file.with_name(f"{off_topic_file.stem}.proposals.txt")
    known = {line.casefold() for file in (off_topic_file, path) if file.exists() for line in load_off_topic(file)}
    lines = dict.fromkeys(" ".join(question.split()).lstrip("# ") for question in questions)
    new = [line for line in lines if line and line.casefold() not in known]
    _append(path, OFF_TOPIC_HEAD, "".join(f"{line}\n" for line in new))
    return path, len(new)


def _indented(entries: Sequence[Mapping[str, Any]]) -> str:
    text = yaml.safe_dump(list(entries), sort_keys=False, allow_unicode=True, width=1_000_000)
    return "".join(f"  {line}\n" for line in text.splitlines())


def _append(path: Path, head: str, text: str) -> None:
    if not text:
        return
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text if file.tell() else head + text)
    except OSError as error:
        raise KnowledgeError(
            f"The proposals {path} cannot be written ({error.strerror}). Ask the operator to make its folder writable."
        ) from error
