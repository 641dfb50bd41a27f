"""The comparison as a picture, and as text for whoever does not see it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.pictures import render
from bot.text import shorten, visible
from knowledge.compare import Approach, Aspect, Side

TEMPLATE = Path(__file__).with_name("compare.typ")
FILE_NAME = "comparison.png"
PICTURES_KEPT = 4  # of 200 to 400 kB each: the versions that one process serves within a while
MAX_ASPECTS = 20
MAX_NAME = 80
MAX_STATEMENT = 300
MAX_ALTERNATIVE = 1_024  # Discord's limit
MAX_WORD = 16  # in letters; about what a column is wide
USUAL_NAMES: dict[Approach, str] = {"prompting": "Prompt engineering", "tuning": "Fine-tuning"}
NOTHING = "–"

_LONG_WORD = re.compile(rf"\S{{{MAX_WORD + 1},}}")
_PART_OF_WORD = re.compile(rf"\S{{{MAX_WORD // 2}}}(?=\S{{3}})")
_SOFT_HYPHEN = "\u00ad"
_ZERO_WIDTH_SPACE = "\u200b"

_one_at_a_time = threading.Lock()


def picture(aspects: tuple[Aspect, ...]) -> bytes:
    """The PNG that shows `aspects` (at least one) side by side; drawn once for each comparison.

    Blocks for some 50 milliseconds where it is drawn. Raises PictureError.
    """
    with _one_at_a_time:  # who comes while it is drawn waits for it, and does not draw it again
        return _draw(aspects)


@lru_cache(maxsize=PICTURES_KEPT)
def _draw(aspects: tuple[Aspect, ...]) -> bytes:
    return render(TEMPLATE, contents(aspects))


def contents(aspects: Sequence[Aspect]) -> dict[str, Any]:
    """What `compare.typ` shows of `aspects`, as JSON: the heads of the columns, a pair of cells each, and a note.

    Where tables differ in their words on an aspect, the first one's are shown.
    """
    titles = dict.fromkeys(row.title for aspect in aspects for row in aspect.rows)
    notes = [f"From: {' · '.join(titles)}"]
    if len(aspects) > MAX_ASPECTS:
        notes.insert(0, f"And {len(aspects) - MAX_ASPECTS} more aspects.")
    return {
        "heads": [
            {"approach": approach, "name": _shown(name(aspects, approach), MAX_NAME)} for approach in USUAL_NAMES
        ],
        "aspects": [
            {
                "name": _shown(aspect.name, MAX_NAME),
                "pair": [
                    _cell(sides[0] if sides else None, approach, len(sides) > 1) for approach, sides in _pairs(aspect)
                ],
                "others": [_cell(side, side.approach, True) for side in _others(aspect)],
            }
            for aspect in aspects[:MAX_ASPECTS]
        ],
        "note": _shown(" ".join(notes), MAX_STATEMENT),
    }


def alternative(aspects: Sequence[Aspect]) -> str:
    """What the picture says, in at most 1,024 characters: long statements are shortened, all alike, if they must be."""
    for limit in (MAX_STATEMENT, 150, 100, 80, 60, 40, 25):
        text = " ".join([_introduction(aspects), *(_line(aspect, limit) for aspect in aspects[:MAX_ASPECTS])])
        if len(text) <= MAX_ALTERNATIVE:
            return text
    return shorten(text, MAX_ALTERNATIVE)


def name(aspects: Sequence[Aspect], approach: Approach) -> str:
    """What the documents call the approach; the usual name where they have none, or several kinds of it."""
    kinds = [[side.name for side in aspect.sides if side.approach == approach] for aspect in aspects]
    named = [names[0] for names in kinds if names]
    return USUAL_NAMES[approach] if not named or any(len(names) > 1 for names in kinds) else named[0]


def _introduction(aspects: Sequence[Aspect]) -> str:
    return f"{name(aspects, 'prompting')} (first) compared with {name(aspects, 'tuning')} (second)."


def _line(aspect: Aspect, limit: int) -> str:
    said = [_statement(sides[0]) if sides else NOTHING for _, sides in _pairs(aspect)]
    said += [f"{side.name}: {_statement(side)}" for side in _others(aspect)]
    return f"{shorten(aspect.name, limit)}: {' | '.join(shorten(visible(text), limit) for text in said)}."


def _pairs(aspect: Aspect) -> Iterator[tuple[Approach, list[Side]]]:
    return ((approach, [side for side in aspect.sides if side.approach == approach]) for approach in USUAL_NAMES)


def _others(aspect: Aspect) -> list[Side]:
    """The sides that are not the first of either approach."""
    first = [sides[0] for _, sides in _pairs(aspect) if sides]
    return [side for side in aspect.sides if side not in first]


def _cell(side: Side | None, approach: Approach, named: bool) -> dict[str, str]:
    if side is None:
        return {"approach": approach, "name": "", "text": NOTHING}
    text = _shown(_statement(side), MAX_STATEMENT)
    return {"approach": approach, "name": _shown(side.name, MAX_NAME) if named else "", "text": text}


def _statement(side: Side) -> str:
    return side.statements[0].text


def _shown(text: str, limit: int) -> str:
    """`text` within `limit`, with places in its longest words where a line may end."""
    return _LONG_WORD.sub(_breakable, shorten(visible(text), limit))


def _breakable(long_word: re.Match[str]) -> str:
    word = long_word.group()
    return _PART_OF_WORD.sub(rf"\g<0>{_SOFT_HYPHEN if word.isalpha() else _ZERO_WIDTH_SPACE}", word)
