"""Numbers in prose: figures, words, fractions and scales, with the unit that they count."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_ONES = {
    word: number
    for number, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen""".split()  # noqa: SIM905  (a word list reads better as text)
    )
}
_TENS = {
    word: number * 10
    for number, word in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 2)
}
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12.0}
_SUFFIXES = {"k": 1e3, "m": 1e6, "b": 1e9}
_PARTS = {
    "half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10,
    "hundredth": 100, "thousandth": 1000,
}  # fmt: skip
_TIMES = {"twice": 2.0, "double": 2.0, "doubles": 2.0, "doubled": 2.0, "triple": 3.0, "thrice": 3.0}
_UNITS = {
    "%": "percent", "percent": "percent", "per cent": "percent", "percentage point": "point", "point": "point",
    "bit": "bit", "byte": "byte", "kb": "kb", "kilobyte": "kb", "mb": "mb", "megabyte": "mb", "gb": "gb",
    "gigabyte": "gb", "tb": "tb", "terabyte": "tb", "millisecond": "ms", "ms": "ms", "second": "second",
    "minute": "minute", "hour": "hour", "day": "day", "week": "week", "month": "month", "year": "year",
    "time": "times", "times": "times", "fold": "times",
}  # fmt: skip
_WORD = "|".join(sorted([*_ONES, *_TENS], key=len, reverse=True))
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_NUMBER = re.compile(
    rf"""
    (?<![\w.])(?<![A-Z]-)(?<!of\ the\ )(?:
        (?P<figure>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?(?:e[-+]?\d+)?)(?P<suffix>[kKMB]\b)?
      | (?:(?P<count>one|two|three|four|a)[- ])?(?P<part>{"|".join(_PARTS)})s?\b
      | (?P<words>(?:{_WORD})(?:[- ](?:{_WORD}))?)\b
      | (?P<times>{"|".join(_TIMES)})\b
      | (?=(?:{"|".join(_SCALES)})\b)
    )
    (?P<scale>(?:[- ]?(?:{"|".join(_SCALES)})\b)*)
    (?:[- ]?(?P<unit>{_UNIT})s?(?!\w))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BARE_UNIT = re.compile(
    r"\b(?:((?:kilo|mega|giga|tera)byte|[kmgt]b|millisecond|minute|hour|day|week|month|year)s?|(hour|week|month|year)ly"
    r"|(dai)ly)\b",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s*(?:to|or|and|-|–)\s*(?:about\s+)?", re.IGNORECASE)
_FACTOR = re.compile(r"\bfactor of $", re.IGNORECASE)
_RATIO_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text: its value, the unit behind it ("" where none that is known), and where it stands."""

    value: float
    unit: str
    start: int
    end: int
    text: str

    def agrees_with(self, other: Quantity) -> bool:
        """Whether `other` says this number, and of the same unit where this one has a unit."""
        near = abs(self.value - other.value) <= _RATIO_TOLERANCE * max(abs(self.value), abs(other.value), 1.0)
        return near and self.unit in ("", other.unit)


def quantities(text: str) -> list[Quantity]:
    """The numbers of `text`, in order. "One" is none (it stands for people and things), nor is a bare "third"."""
    found = []
    for match in _NUMBER.finditer(text):
        value = _value(match)
        if value is None:
            continue
        unit = _UNITS.get((match["unit"] or "").lower(), "")
        if match["times"] or _FACTOR.search(text, 0, match.start()):
            unit = "times"
        found.append(Quantity(value, unit, match.start(), match.end(), match.group().strip()))
    for number in range(len(found) - 1, 0, -1):
        first, second = found[number - 1 : number + 1]
        if not first.unit and _RANGE.fullmatch(text, first.end, second.start):
            found[number - 1] = replace(first, unit=second.unit)  # "50 to 100 GB"
    return found


def units(text: str) -> frozenset[str]:
    """The units of size and time that `text` names, with a number or without one."""
    found = (match.group(match.lastindex or 0).lower() for match in _BARE_UNIT.finditer(text))
    return frozenset("day" if unit == "dai" else _UNITS[unit] for unit in found)


def _value(match: re.Match[str]) -> float | None:
    scale = 1.0
    for word in re.findall(r"[a-z]+", match["scale"].lower()):
        scale *= _SCALES[word]
    if match["figure"]:
        suffix = _SUFFIXES.get((match["suffix"] or "").lower(), 1.0)
        return float(match["figure"].replace(",", "")) * suffix * scale
    if match["words"]:
        value = sum(_ONES.get(word, _TENS.get(word, 0)) for word in re.split("[- ]", match["words"].lower()))
        return None if value == 1 and scale == 1 else float(value) * scale
    if match["times"]:
        return _TIMES[match["times"].lower()]
    if match["part"]:
        part, count = match["part"].lower(), (match["count"] or "").lower()
        if not count and part != "half":
            return None  # "third" alone is a place in a row, "quarter" a season
        return float(_ONES.get(count, 1)) / _PARTS[part] * scale
    return scale if scale > 1 else None
