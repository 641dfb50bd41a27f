"""Reads the answers that a description of a project clearly states; what it does not, it leaves open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from knowledge.criteria import Criteria, Option, Question, compile_pattern

MAX_CHARACTERS = 4_000

_CLAUSE = re.compile(
    r"(?:(?<=[a-z)\"'’%\d])[.!?](?=\s|$)|[;:\n]|,(?!\d)|\s[-–—]\s|\b(?:but|although|though|however|whereas)\b)",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:no|not|never|without|nor|neither|hardly|cannot|isn['’]?t|aren['’]?t|don['’]?t|doesn['’]?t|didn['’]?t|"
    r"haven['’]?t|hasn['’]?t|won['’]?t|can['’]?t|wasn['’]?t|lacks?|lacking)\s+(?:[\w'’-]+\s+){0,3}$",
    re.IGNORECASE,
)
_HYPOTHETICAL = re.compile(
    r"\b(?:if|could|would|might|maybe|perhaps|plan(?:ning)? to|hope|hoping|should (?:we|i)|someday|eventually|later|"
    r"unless|until|such as when|could get|want to (?:label|collect|annotate|hire)|going to (?:label|collect|annotate))"
    r"\s+(?:[\w'’-]+\s+){0,6}$",
    re.IGNORECASE,
)
_SMALL = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "ninety": 90, "dozen": 12,
}  # fmt: skip
_LARGE = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mio": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9, "hundred": 1e2}
_NUMBER = (
    r"(?P<number>(?>\d[\d,.'’]*\d|\d|\b(?:" + "|".join(_SMALL) + r")\b))"
    r"(?:\s?-?(?P<large>(?:k|m|mio|bn|thousand|million|billion|hundred)\b))?\+?"
)
_DAYS = {"hour": 1 / 24, "day": 1, "week": 7, "sprint": 14, "month": 30, "quarter": 90, "year": 365}
_PER_DAY = {"second": 86_400, "minute": 1_440, "hour": 24, "day": 1, "week": 1 / 7, "month": 1 / 30, "year": 1 / 365}
_TIME = re.compile(
    r"\b(?:in|within|next|have|has|got|deadline(?: is| of)?|due|only|just|launch(?:es)?|ship(?:s|ped)?|take)\s+"
    r"(?:in\s+)?(?:(?:about|around|roughly|the next|under|less than|only|just|some|at most|max)\s+)*"
    + _NUMBER
    + r"[\s-]+(?P<unit>hour|day|week|sprint|month|quarter|year)s?\b(?!\s+(?:ago|of|old))",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"(?:[$€£]\s?"
    + _NUMBER
    + r"|"
    + _NUMBER.replace("<number>", "<number2>").replace("<large>", "<large2>")
    + r"\s?(?:dollars|euros?|usd|eur|pounds|bucks)\b)(?!\s*(?:per|/|an?|each)\s*(?:1?,?\d*k?\s*)?"
    r"(?:call|request|query|token|million|1k|hour|answer|document|ticket|user|seat))",
    re.IGNORECASE,
)
_CALLED = (
    "calls?|chats?|claims?|classifications?|comments?|conversations?|descriptions?|documents?|e-?mails?|hits|invoices?|"
    "items?|listings?|lookups?|messages?|notes?|posts?|products?|prompts?|queries|questions?|records?|reports?|requests?|"
    "reviews?|searches|tickets?|times|transactions?|users?"
)
_CALLS = re.compile(
    _NUMBER
    + rf"\s+(?:[\w-]+\s+){{0,2}}?(?:{_CALLED})\s*(?:coming in\s+)?"
    + r"(?:(?:a|per|each|every|an)\s+|/\s?)(?P<unit>second|minute|hour|day|week|month|year)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Stated:
    """An answer that a description states, and the words that state it."""

    question: Question
    option: Option
    words: str


def read_description(criteria: Criteria, text: str) -> tuple[Stated, ...]:
    """The answers that `text` clearly states, in the criteria's order.

    What is denied, only thought of ("if", "could", "plan to") or stated in two ways is left open: a person would rather
    be asked than misread. Only the first 4,000 characters are read.
    """
    clauses = [clause for clause in _CLAUSE.split(text[:MAX_CHARACTERS]) if clause.strip()]
    found = []
    for question in criteria.questions:
        statements = [
            Stated(question, option, " ".join(words.split()))
            for clause in clauses
            for option, words in _statements(question, clause)
        ]
        if len({stated.option.key for stated in statements}) == 1:
            found.append(statements[0])
    return tuple(found)


def _statements(question: Question, clause: str) -> Iterator[tuple[Option, str]]:
    for option in question.options:
        for pattern in option.says:
            for match in _compiled(pattern).finditer(clause):
                if _is_asserted(clause, match.start()):
                    yield option, match.group()
    if question.measure is not None:
        for value, start, words in _measured(question.measure.of, clause):
            option_ = _option_from(question, value)
            if option_ is not None and _is_asserted(clause, start):
                yield option_, words


def _is_asserted(clause: str, start: int) -> bool:
    before = clause[:start]
    return not (_NEGATED.search(before) or _HYPOTHETICAL.search(before))


def _option_from(question: Question, value: float) -> Option | None:
    reached = [option for option in question.options if option.at_least is not None and value >= option.at_least]
    return max(reached, key=lambda option: option.at_least or 0.0, default=None)


def _measured(kind: str, clause: str) -> Iterator[tuple[float, int, str]]:
    """Each number of this kind in the clause (days, money, calls a day, or a count), where it starts, and its words."""
    if kind == "time":
        for match in _TIME.finditer(clause):
            yield _value(match["number"], match["large"]) * _DAYS[match["unit"].lower()], match.start(), match.group()
    elif kind == "money":
        for match in _MONEY.finditer(clause):
            number, large = match["number"] or match["number2"], match["large"] or match["large2"]
            yield _value(number, large), match.start(), match.group()
    elif kind == "calls":
        for match in _CALLS.finditer(clause):
            daily = _value(match["number"], match["large"]) * _PER_DAY[match["unit"].lower()]
            yield daily, match.start(), match.group()
    else:
        for match in _counted(kind).finditer(clause):
            yield _value(match["number"], match["large"]), match.start(), match.group()


def _value(number: str, large: str | None) -> float:
    word = number.lower()
    if word in _SMALL:
        value = float(_SMALL[word])
    else:
        plain = re.sub(r"[,'’](?=\d{3}(?!\d))|\.(?=\d{3}(?:\D|$))", "", word) if not large else word.replace(",", ".")
        value = float(re.match(r"\d+(?:\.\d+)?", plain.replace(",", ""))[0])  # type: ignore[index]  # it begins with a digit
    return value * _LARGE[large.lower()] if large else value


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return compile_pattern(pattern)


@lru_cache(maxsize=64)
def _counted(noun: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.$€£]){_NUMBER}(?:\s+(?:of\s+)?|-)(?:{noun})\b", re.IGNORECASE)
