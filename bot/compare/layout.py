"""What /compare shows: one aspect, or all of them with their picture, within Discord's limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.ask.layout import GREEN, MAX_MESSAGE, sources_line, welcome
from bot.compare.buttons import AllButton, AspectSelect
from bot.compare.choice import MAX_CHOICES
from bot.compare.picture import FILE_NAME, alternative, name
from bot.replies import Illustrated
from bot.text import defuse, escape, shorten
from knowledge.compare import Approach, Aspect, Side
from knowledge.types import Citation

MAX_NAME = 100
MAX_SIDES = 2_000  # characters of all that the tables say of one aspect
MAX_STATEMENT = 400
SQUARES: dict[Approach, str] = {"prompting": "🟩", "tuning": "🟨", "other": "🟦"}  # as in the picture
NO_COMPARISON = (
    "The documents that I know now have no table that sets prompt engineering and fine-tuning side by side, so"
    " there is nothing to show. I may know the answer to a question all the same:"
)
NO_EXPLANATION = "-# The documents say no more about it than their table does."


def one(aspect: Aspect, aspects: Sequence[Aspect], explanation: Sequence[Citation], note: str = "") -> ui.LayoutView:
    """What the tables say of `aspect` for each approach, one under the other, then its explanation and the sources."""
    blocks = [f"### {escape(shorten(aspect.name, MAX_NAME))}", *([f"-# {note}"] if note else []), _sides(aspect)]
    room = MAX_MESSAGE - sum(map(len, blocks))
    explained = list(explanation)
    while len("".join(explaining := _explaining(aspect, explained))) > room:
        explained.pop()
    view = ui.Container[Any](*map(ui.TextDisplay, blocks), accent_colour=GREEN)
    view.add_item(ui.Separator())
    for text in explaining:
        view.add_item(ui.TextDisplay(text))
    if len(aspects) > 1:
        view.add_item(ui.ActionRow(AspectSelect(aspects, shown=aspect)))
    view.add_item(ui.ActionRow(AllButton()))
    return ui.LayoutView(timeout=None).add_item(view)


def overview(aspects: Sequence[Aspect], picture: bytes | None, note: str = "") -> ui.LayoutView:
    """All of `aspects` (at least one), as `picture` with an alternative text; without one, as text."""
    both = (escape(shorten(name(aspects, approach), MAX_NAME)) for approach in ("prompting", "tuning"))
    view = Illustrated({} if picture is None else {FILE_NAME: picture})
    view.add_item(ui.TextDisplay(f"### {' vs. '.join(both)}"))
    if note:
        view.add_item(ui.TextDisplay(f"-# {note}"))
    if picture is None:
        view.add_item(ui.TextDisplay(defuse(alternative(aspects))))
    else:
        shown = discord.MediaGalleryItem(f"attachment://{FILE_NAME}", description=alternative(aspects))
        view.add_item(ui.MediaGallery(shown))
    if len(aspects) > MAX_CHOICES:
        rest = len(aspects) - MAX_CHOICES
        view.add_item(ui.TextDisplay(f"-# {rest} more aspects are not in this list. Type their names after /compare."))
    return view.add_item(ui.ActionRow(AspectSelect(aspects)))


def nothing() -> ui.LayoutView:
    """That there is no comparison, over questions to ask instead."""
    return welcome(NO_COMPARISON)


def _sides(aspect: Aspect) -> str:
    count = sum(len(side.statements) for side in aspect.sides)
    limit = min(MAX_STATEMENT, MAX_SIDES // count)
    return "\n".join(_side(side, limit) for side in aspect.sides)


def _side(side: Side, limit: int) -> str:
    lines = [
        f"{defuse(shorten(statement.text, limit))} {' '.join(f'[{marker}]' for marker in statement.markers)}"
        for statement in side.statements
    ]
    return "\n".join([f"{SQUARES[side.approach]} **{escape(shorten(side.name, MAX_NAME))}**", *lines])


def _explaining(aspect: Aspect, explanation: Sequence[Citation]) -> list[str]:
    """The explanation, a paragraph a section, and a line of thin print that names the source of each marker."""
    paragraphs: dict[int, list[str]] = {}
    for citation in explanation:
        paragraphs.setdefault(citation.marker, []).append(f"{defuse(citation.quote)} [{citation.marker}]")
    text = "\n\n".join(" ".join(sentences) for sentences in paragraphs.values())
    return [text or NO_EXPLANATION, sources_line([*aspect.rows, *explanation])]
