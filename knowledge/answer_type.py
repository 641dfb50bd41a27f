"""What kind of thing a question asks for (a date, a number, a name), and whether a sentence holds one.

Expected answer types are the classic signal of question answering systems (Li and Roth, "Learning Question
Classifiers", 2002): of two sentences about the same thing, the one with a year answers "when".
"""

from __future__ import annotations

import re
from typing import Literal

AnswerType = Literal["date", "number", "person", "place"]

_ASKS: tuple[tuple[AnswerType, re.Pattern[str]], ...] = (
    (
        "date",
        re.compile(r"\bwhen\b|\b(what|which) (year|date|month|day|century|decade|time)\b", re.IGNORECASE),
    ),
    (
        "number",
        re.compile(
            r"\bhow (many|much|long|far|old|big|large|often|high|tall|fast)\b|\bpopulation\b|\bpercentage\b"
            r"|\b(what|which) (percent|number|fraction|proportion|share|size|age|amount)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "person",
        re.compile(
            r"\bwho(m|se)?\b|\b(what|which) (king|queen|leader|general|person|man|woman|author|president|ruler)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "place",
        re.compile(
            r"\bwhere\b|\b(what|which) (country|city|town|state|region|place|area|river|sea|lake|location)\b",
            re.IGNORECASE,
        ),
    ),
)
_DATE = re.compile(
    r"\b(9\d\d|1\d{3}|20\d\d)s?\b|\bcentur|\b(January|February|March|April|May|June|July|August|September|October"
    r"|November|December)\b"
)
_NUMBER = re.compile(
    r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?"
    r"|billions?|half|third|quarter|percent)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[^.!?\s] )[A-Z][^\W\d_]+|(?<=[(\"“'])[A-Z][^\W\d_]+")


def expected_type(question: str) -> AnswerType | None:
    """The kind of thing that `question` asks for; None where it is not a date, a number or a name."""
    return next((kind for kind, pattern in _ASKS if pattern.search(question)), None)


def holds(sentence: str, kind: AnswerType, question: str) -> bool:
    """Whether `sentence` holds a thing of that kind; a name counts only where the question does not have it already."""
    if kind == "date":
        return _DATE.search(sentence) is not None
    if kind == "number":
        return _NUMBER.search(sentence) is not None
    asked = question.lower()
    return any(name.lower() not in asked for name in _NAME.findall(sentence))
