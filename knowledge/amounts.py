"""Amounts as people write them: "a few thousand", "2-3 weeks", "10.000", "under $5k", "300 tickets a day".

Each is a range, because people are vague: "a few hundred" is 300 to 500, and whoever cuts at 1,000 can tell, whoever
cuts at 400 cannot. The numbers of a text are found once and masked, so that patterns around them stay short and fast.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

_UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"]
_UNITS += ["fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_EXACT = {"zero": 0, "half a": 0.5, "half an": 0.5, "one and a half": 1.5}
_EXACT |= {word: value for value, word in enumerate(_UNITS, 1)} | {word: 10 * n for n, word in enumerate(_TENS, 2)}
_VAGUE = {
    "a few": (3, 5), "few": (3, 5), "a couple of": (2, 3), "a couple": (2, 3), "couple of": (2, 3), "couple": (2, 3),
    "several": (3, 8), "a handful of": (3, 9), "a handful": (3, 9), "handful of": (3, 9), "dozens of": (24, 90),
    "tens of": (20, 90), "hundreds of": (200, 900), "thousands of": (2e3, 9e3), "millions of": (2e6, 9e6),
    "billions of": (2e9, 9e9),
}  # fmt: skip
_TIMES = {"dozen": 12, "hundred": 1e2, "k": 1e3, "thousand": 1e3, "m": 1e6, "mio": 1e6, "million": 1e6}
_TIMES |= {"bn": 1e9, "billion": 1e9}
_DAYS = {"day": 1, "week": 7, "fortnight": 14, "sprint": 14, "month": 30, "quarter": 90, "year": 365}
_PERIODS = {"second": 1 / 86_400, "sec": 1 / 86_400, "minute": 1 / 1_440, "min": 1 / 1_440, "hour": 1 / 24} | _DAYS

_ABOVE = r"more than|over|above|at least|upwards of|north of"
_BELOW = r"less than|fewer than|under|below|at most|up to|no more than|not more than|max(?:imum)?(?: of)?"
_ABOUT = r"(?:about|around|roughly|approximately|approx\.?|ca\.?|circa|some|maybe|perhaps|nearly|almost|only|just|~) ?"


def _either(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_DIGITS = r"(?>[1-9]\d{0,2}(?:[.,'][0-9]{3})+(?![\d])|\d{1,15}(?:[.,]\d{1,15})?)"
_WORDS = rf"{_either(_VAGUE)}|(?:{'|'.join(_TENS)})[- ](?:{'|'.join(_UNITS[:9])})|{_either(_EXACT)}"
# "A" counts only in "a dozen", and "one" not in "one of us".
_COUNT = rf"(?:{_DIGITS}|(?:{_WORDS})\b(?! of (?:us|our|my|the|them|these|those)\b)|an?(?= (?:{_either(_TIMES)})\b))"
_SCALE = rf"(?:[ -]?(?:(?:{_either(_TIMES)})\b|(?:thousand|million|billion)s\b(?: of)?)){{0,2}}"
_NUMBER = re.compile(
    rf"(?<![\w.,%-])(?:(?P<bound>{_ABOVE}|{_BELOW}) )?(?:{_ABOUT}){{0,2}}(?P<between>between )?(?P<sign>[$€£] ?)?"
    rf"(?P<low>{_COUNT})(?P<low_scale>{_SCALE})"
    rf"(?:(?(between) and | ?(?:-|–|to|or) ?)(?P<high>{_COUNT})(?P<high_scale>{_SCALE}))?"
    r"\+?(?P<of> of(?= ))?(?!\d| ?%| percent)"
)
_MARK = "\x1f"  # stands for each character of a number, so that all places in the text stay what they are
_SIGN = "\x1e"  # the same for an amount that is marked with a currency in front of it
_CURRENCY = r"(?:dollars?|euros?|usd|eur|pounds|gbp|bucks)\b"
# What "#" stands for in a pattern, by what is measured, and "@".
QUANTITIES = {
    "number": rf"(?<!{_MARK})(?P<quantity>{_MARK}++)(?! ?(?:[$€£]|{_CURRENCY}))",
    "time": (
        rf"(?<!{_MARK})(?:about |almost )?(?P<quantity>{_MARK}++|an?)[ -](?P<unit>{_either(_DAYS)})s?\b"
        r"(?! (?:ago|of|old|worth))"
    ),
    "money": (
        rf"(?<![{_MARK}{_SIGN}])(?P<quantity>{_SIGN}++|{_MARK}++(?= ?(?:[$€£]|{_CURRENCY})))"
        rf"(?: ?(?:[€$£]|{_CURRENCY}))?+"
        rf"(?! ?(?:per|/|an?|each) ?(?:{_MARK}+ ?)?"
        r"(?:calls?|requests?|query|tokens?|hour|answer|document|ticket|user|seat)\b)"
        rf"(?P<monthly> ?(?:(?:a|per|each|every) |/ ?)month\b)?"
    ),
}
PERIOD = rf"(?:(?:a|an|per|each|every) |/ ?)(?P<period>{_either(_PERIODS)})\b|(?P<daily>daily)\b"


class Range(NamedTuple):
    """From `low` to `high`, both included."""

    low: float
    high: float

    def times(self, factor: float) -> Range:
        """The range with both ends multiplied."""
        return Range(self.low * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a text: `masked` is the text with marks in their places, `at` what each is, by where it starts."""

    masked: str
    at: Mapping[int, Range]

    def measure(self, match: re.Match[str]) -> Range:
        """The quantity that an expression of QUANTITIES matched: a number (a day, with PERIOD), days, or money.

        Money a month is from one month's to a year's.
        """
        groups = match.groupdict()
        found = self.at.get(match.start("quantity"), Range(1, 1))  # "a week"
        if groups.get("unit"):
            return found.times(_DAYS[groups["unit"]])
        if groups.get("period"):
            return found.times(1 / _PERIODS[groups["period"]])
        if groups.get("monthly"):
            return Range(found.low, found.high * 12)
        return found


def find_numbers(text: str) -> Numbers:
    """The numbers of a text in lower case with single spaces."""
    at: dict[int, Range] = {}

    def mask(match: re.Match[str]) -> str:
        at[match.start()] = _number(match.groupdict())
        return (_SIGN if match["sign"] else _MARK) * len(match[0])

    return Numbers(_NUMBER.sub(mask, text), at)


def _number(groups: dict[str, str | None]) -> Range:
    low, scale = _count(groups["low"] or ""), _scale(groups["low_scale"])
    found = low.times(scale)
    if groups["high"]:
        high, high_scale = _count(groups["high"]), _scale(groups["high_scale"])
        shared = scale == 1 and low.low <= high.high  # "2 to 3 thousand", but not "500 to 2 thousand"
        found = Range(low.low * (high_scale if shared else scale), high.high * high_scale)
    bound = groups["bound"]
    if bound and re.fullmatch(_ABOVE, bound):
        return Range(found.low * 1.001, found.high * 1.001)
    if bound:
        return Range(found.low * 0.999, found.high * 0.999)
    return found


def _count(words: str) -> Range:
    if words in _VAGUE:
        return Range(*_VAGUE[words])
    if words in ("a", "an"):
        return Range(1, 1)
    if words in _EXACT:
        return Range(_EXACT[words], _EXACT[words])
    if words[0].isdigit():
        # 10,000 and 10.000 are ten thousand; 2.5 and 2,5 are two and a half.
        plain = re.sub(r"[.,'](?=\d{3}(?:\D|$))", "", words) if words[0] != "0" else words
        value = float(plain.replace(",", "."))
    else:
        value = sum(_EXACT[word] for word in re.split("[- ]", words))
    return Range(value, value)


def _scale(words: str | None) -> float:
    factor = 1.0
    for word in re.findall(r"[a-z]+", words or ""):
        factor *= _TIMES.get(word.removesuffix("s"), 1.0)
    return factor
