"""`python -m benchmarks.answers`: writes docs/answers.md, golden questions with what the bot answers now."""

from __future__ import annotations

import hashlib
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from knowledge.base import KnowledgeBase
from knowledge.errors import KnowledgeError
from knowledge.evaluate import GoldenQuestion, Section, load_golden, score
from knowledge.settings import KnowledgeSettings, SettingsError, load_settings
from knowledge.types import Answer

TARGET = Path(__file__).parents[1] / "docs" / "answers.md"
ANSWERABLE, REFUSED = 48, 12
INTRODUCTION = f"""# What the bot answers

{ANSWERABLE + REFUSED} of the golden questions with the answer, the sources and the confidence that the bot gives now:
{ANSWERABLE} that the documents cover, then {REFUSED} that they do not. `make answers` writes this page.
"""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")


def main() -> int:
    """Ask and write the page; 1 with a sentence where that cannot be done."""
    try:
        settings = load_settings(KnowledgeSettings)
        golden = choose(load_golden(settings.golden_file))
        knowledge = KnowledgeBase.open(settings)
    except (KnowledgeError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    answers = [knowledge.ask(question.question) for question in golden]
    TARGET.write_text(page(golden, answers), encoding="utf-8")
    wrong = sum(not is_as_expected(question, answer) for question, answer in zip(golden, answers, strict=True))
    print(f"{TARGET.name} has {len(answers)} answers; {wrong} are not what the golden questions expect.")
    return 0


def choose(golden: Sequence[GoldenQuestion]) -> list[GoldenQuestion]:
    """ANSWERABLE questions spread over the documents, then REFUSED others; the same from the same file."""
    by_document: defaultdict[str, list[GoldenQuestion]] = defaultdict(list)
    # By digest: a fair mix of the file's parts that stays the same when questions are added elsewhere.
    for question in sorted(golden, key=_digest):
        by_document[question.sections[0].document if question.sections else ""].append(question)
    refused = by_document.pop("", [])[:REFUSED]
    turns = zip_longest(*(by_document[document] for document in sorted(by_document)))
    spread = [question for turn in turns for question in turn if question is not None]
    return sorted(spread[:ANSWERABLE], key=lambda question: question.sections[0].document) + refused


def page(golden: Sequence[GoldenQuestion], answers: Sequence[Answer]) -> str:
    """The page as Markdown."""
    lines = [INTRODUCTION]
    part = None
    for number, (question, answer) in enumerate(zip(golden, answers, strict=True), 1):
        now = question.sections[0].document if question.sections else "Not covered"
        if now != part:
            lines.append(f"## {now}\n")
            part = now
        lines += entry(number, question, answer)
    return "\n".join(lines)


def entry(number: int, question: GoldenQuestion, answer: Answer) -> Iterator[str]:
    """The lines of one question."""
    yield f"### {number}. {plain(question.question)}\n"
    yield "".join(f"> {line}".rstrip() + "\n" for line in answer.text.splitlines())
    for marker, section in dict.fromkeys(
        (citation.marker, Section(citation.document, citation.section)) for citation in answer.citations
    ):
        link = f"../knowledge/documents/{section.document}"
        yield f"- [{marker}] [{plain(section.heading)}]({link})"
    for suggestion in answer.suggestions:
        yield f"- suggests: {plain(suggestion)}"
    yield f"- confidence {answer.confidence:.2f}"
    if not is_as_expected(question, answer):
        expected = " or ".join(f"`{section}`" for section in question.sections) or "a refusal"
        yield f"- **not as expected**: {expected}"
    yield ""


def is_as_expected(question: GoldenQuestion, answer: Answer) -> bool:
    """Whether a covered question cites a right section, and one that is not covered is refused."""
    outcome = score(question, answer)
    return bool(outcome.cited) if question.sections else not outcome.answered


def plain(text: str) -> str:
    """`text` as Markdown that shows it as it is."""
    return _MARKDOWN.sub(r"\\\1", text)


def _digest(question: GoldenQuestion) -> bytes:
    return hashlib.sha256(question.question.encode()).digest()


if __name__ == "__main__":
    sys.exit(main())
