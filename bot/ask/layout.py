"""Answers as Discord shows them: values in, Components V2 layouts out, one a message, within every limit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import discord
from discord import ui

from bot.ask.buttons import (
    MAX_LABEL,
    AskButton,
    ExampleButton,
    FollowUpButton,
    SourcesButton,
    TellMeButton,
    VoteButton,
)
from bot.ask.question import EXAMPLES
from bot.recommend.buttons import DecideButton
from bot.records import StoredAnswer, VoteResult
from bot.text import defuse, escape, shorten, split, unescape
from knowledge.types import Answer, Citation

GREEN = discord.Colour.from_rgb(88, 166, 150)
AMBER = discord.Colour.from_rgb(214, 158, 46)
MAX_MESSAGE = 3_900  # of Discord's 4,000 characters; the rest is for a note that a late answer gets
MAX_PIECE = 3_000
MAX_PIECES = 20
MAX_TITLE = 180
MAX_NAME = 100
TITLE_ID = 7_001  # of the text that shows the question, from which a later one reads it back
UNDERSTOOD = "-# Understood as: "
BEGUN = "-# ✍️ The chat model is writing. Each sentence is shown once it is checked against the documents."
CLARIFY = "What do you mean? Press one, or tell me what it is about."

_LIST_MARKER = re.compile(r"(\s*(?:[-*+]|\d+\.)\s+)?(.*)")
_CONFIDENCE = ((0.9, "high"), (0.75, "good"), (0.6, "fair"), (0.0, "low"))


def answer(answer: Answer, answer_id: str | None) -> list[ui.LayoutView]:
    """An answer or an abstention with its buttons; without an id, when it was not recorded, it has none."""
    title = _title(answer.question, answer.understood)
    text = split(defuse(answer.text), MAX_PIECE)
    if answer.kind == "abstain":
        buttons = [
            AskButton(answer_id, number, shorten(suggestion, MAX_LABEL))
            for number, suggestion in enumerate(answer.suggestions[:5] if answer_id else ())
            if answer_id
        ]
        hint = ["-# The closest that I can answer:"] if buttons else []
        tell_me = [TellMeButton(answer_id)] if answer_id else []
        return messages([title, *text, *hint], AMBER, buttons, tell_me, title=title)
    sources = sources_line(answer.citations)
    votes = (VoteButton(answer_id, "up"), VoteButton(answer_id, "down")) if answer_id else ()
    row = [SourcesButton(answer_id), FollowUpButton(), DecideButton(), *votes] if answer_id else []
    note = f"-# {escape(answer.note)}" if answer.note else ""
    return messages([title, *text, *filter(None, (sources, note))], GREEN, row, title=title)


def writing(part: Answer) -> ui.LayoutView:
    """What there is of an answer that a chat model is still writing."""
    title = _title(part.question, part.understood)
    text = [shorten(defuse(part.text), MAX_PIECE)] if part.text else []
    return messages([title, *text, "-# ✍️ …" if text else BEGUN], GREEN, title=title)[0]


def clarify(question: str, meanings: Sequence[str]) -> ui.LayoutView:
    """Asks what an unclear question means; each button asks one of its `meanings`."""
    buttons = [ExampleButton(number, shorten(meaning, MAX_LABEL)) for number, meaning in enumerate(meanings)]
    title = _title(question)
    return messages([title, CLARIFY], AMBER, buttons, title=title)[0]


def question_of(message: discord.Message) -> str:
    """The question that an answer of the bot shows, as it was understood; "" where `message` is no such answer."""
    title, _, understood = _title_of(message).partition("\n")
    if understood:  # behind "Understood as: ", in whichever language
        return unescape(understood.partition(": ")[2])
    return unescape(title.removeprefix("**").removesuffix("**"))


def _title(question: str, understood: str = "") -> str:
    title = f"**{escape(shorten(question, MAX_TITLE))}**"
    return f"{title}\n{UNDERSTOOD}{escape(shorten(understood, MAX_TITLE))}" if understood else title


def _title_of(message: discord.Message) -> str:
    """The text with which an answer begins, known by its id."""
    for component in message.components:
        if isinstance(component, discord.Container):
            for item in component.children:
                if isinstance(item, discord.TextDisplay) and item.id == TITLE_ID:
                    return item.content
    return ""


def sources(stored: StoredAnswer) -> list[ui.LayoutView]:
    """The passages that an answer quotes, the quoted sentences in bold, and how sure the answer is."""
    cited: dict[tuple[str, str], list[Citation]] = {}
    for citation in stored.citations:
        cited.setdefault((_place(citation), citation.passage), []).append(citation)
    blocks = [f"**Sources** for “{escape(shorten(stored.question, MAX_TITLE))}”"]
    for (place, passage), citations in cited.items():
        markers = _markers(citations)
        quoted = highlight(passage, [citation.quote for citation in citations])
        first, *more = split(defuse(quoted), MAX_PIECE)
        blocks += [
            f"**{markers} {place}**\n>>> {first}",
            *(f">>> {piece}" for piece in more),
        ]
    blocks.append(f"-# {confidence(stored.confidence)} · Knowledge version {escape(stored.version)}")
    return messages(blocks, GREEN)


def highlight(passage: str, quotes: Iterable[str]) -> str:
    """`passage` with each of `quotes` in bold where it stands; code stays as it is."""
    for quote in sorted(set(quotes), key=len, reverse=True):
        if quote.strip() and "`" not in quote:
            passage = passage.replace(quote, "\n".join(_bold(line) for line in quote.split("\n")), 1)
    return passage


def _bold(line: str) -> str:
    match = _LIST_MARKER.fullmatch(line)
    marker, text = (match[1] or "", match[2]) if match else ("", line)
    text = text.replace("**", "").strip()
    return f"{marker}**{text}**" if text else line


def confidence(value: float) -> str:
    """How sure the answer is, in a word and per cent."""
    word = next(word for bound, word in _CONFIDENCE if value >= bound)
    return f"Confidence: {word} ({min(value, 0.99):.0%})"  # nothing here is certain


def vote(result: VoteResult) -> ui.LayoutView:
    """What became of a vote, in one line."""
    if result.value == 1:
        return notice("👍 Thank you! Good to know that it helped.")
    if result.value == -1:
        return notice("👎 Thank you. Your vote shows the maintainers which documents to mend.")
    return notice("Your vote is withdrawn.")


def subscription(subscribed: bool) -> ui.LayoutView:
    """What became of the wish to be told."""
    if subscribed:
        return notice(
            "🔔 I will write you a direct message as soon as the documents answer this. Press again to take it back."
        )
    return notice("🔕 I will not write to you about this.")


def welcome(text: str) -> ui.LayoutView:
    """`text` over buttons that ask the example questions."""
    buttons = [ExampleButton(number, question) for number, question in enumerate(EXAMPLES)]
    return messages([text], GREEN, buttons)[0]


def notice(text: str) -> ui.LayoutView:
    """One sentence of the bot."""
    return ui.LayoutView(timeout=None).add_item(ui.TextDisplay(shorten(text, MAX_MESSAGE)))


def waiting(ahead: int) -> ui.LayoutView:
    """That others come first."""
    if ahead == 1:
        return notice("⏳ 1 question is ahead of you. Yours comes next.")
    return notice(f"⏳ {ahead} questions are ahead of you. Yours comes next.")


def sources_line(citations: Sequence[Citation]) -> str:
    """Which section each marker means, in thin print, a line a section."""
    cited: dict[str, list[Citation]] = {}
    for citation in citations:
        cited.setdefault(_place(citation), []).append(citation)
    lines = [f"-# {_markers(citations)} {place}" for place, citations in cited.items()]
    return split("\n".join(lines), MAX_PIECE)[0] if lines else ""


def _markers(citations: Iterable[Citation]) -> str:
    return " ".join(dict.fromkeys(f"[{citation.marker}]" for citation in citations))


def _place(citation: Citation) -> str:
    names = dict.fromkeys((citation.title, citation.section))
    return " › ".join(escape(shorten(name, MAX_NAME)) for name in names)


def messages(
    blocks: Sequence[str], colour: discord.Colour, *rows: Sequence[ui.Item[Any]], title: str | None = None
) -> list[ui.LayoutView]:
    """`blocks` in as few messages as hold them, in order, with `rows` of buttons under the last.

    A line stands above a block that is thin print. `title` is the block that shows the question.
    """
    packed: list[list[str]] = [[]]
    for block in blocks:
        length = sum(len(other) for other in packed[-1])
        if packed[-1] and (length + len(block) > MAX_MESSAGE or len(packed[-1]) == MAX_PIECES):
            packed.append([])
        packed[-1].append(block)
    views = []
    for texts in packed:
        buttons = [ui.ActionRow(*row) for row in rows if row and texts is packed[-1]]
        items = [item for text in texts for item in _displayed(text, is_title=text is title)]
        container = ui.Container(*items, *buttons, accent_colour=colour)
        views.append(ui.LayoutView(timeout=None).add_item(container))
    return views


def _displayed(text: str, *, is_title: bool) -> list[ui.Item[Any]]:
    display = ui.TextDisplay[Any](text, id=TITLE_ID if is_title else None)
    return [ui.Separator(), display] if text.startswith("-#") else [display]
