"""Which aspect a person means by what they typed."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from bot.text import shorten, visible
from knowledge.compare import Aspect

MAX_CHOICES = 25
MAX_NAME = 100
CLOSE_ENOUGH = 70.0  # of 100: "costs" and "flexibel" are found, "price" is not


def matching(aspects: Sequence[Aspect], typed: str) -> list[Aspect]:
    """The aspects whose name begins with what was typed, then those that hold it elsewhere; at most 25."""
    wanted = _folded(typed)
    found = [aspect for aspect in aspects if wanted in _folded(aspect.name)]
    return sorted(found, key=lambda aspect: not _folded(aspect.name).startswith(wanted))[:MAX_CHOICES]


def find(aspects: Sequence[Aspect], typed: str) -> Aspect | None:
    """The aspect of this name, else the first that matches, else the one spelt most alike; None where none is."""
    named = {_folded(choice_name(aspect)): aspect for aspect in aspects} | {_folded(a.name): a for a in aspects}
    if exact := named.get(_folded(typed)):
        return exact
    if _folded(typed) and (close := matching(aspects, typed)):
        return close[0]
    alike = process.extractOne(_folded(typed), list(named), scorer=fuzz.ratio, score_cutoff=CLOSE_ENOUGH)
    return named[alike[0]] if alike else None


def choice_name(aspect: Aspect) -> str:
    """The aspect's name as Discord lists it."""
    return shorten(visible(aspect.name), MAX_NAME)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
