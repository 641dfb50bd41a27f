"""Plain text to Markdown: headings and paragraphs without marks, tables with pipes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

_SEPARATOR_ROW = re.compile(r"\|?[ :]*-[-: ]*(\|[-: ]*)+")
LIST_ITEM = re.compile(r"(?P<indent> *)(?P<mark>[-*+•▪◦‣·]|\d{1,3}[.)]) +(?P<text>\S.*)")
_MARKDOWN_SIGN = re.compile(r"[\\*_\[\]<&|]")
_UNDERLINE = re.compile(r"=+|-{3,}")
UNWRAPPED = 100  # a longer line is a whole paragraph
_HEADING_CHARACTERS, _HEADING_WORDS = 100, 14


def text_to_markdown(text: str) -> str:
    """`text` as Markdown: lines that stand as headings are headings, rows with pipes a table, the rest is escaped."""
    lines = [line.rstrip() for line in text.expandtabs(4).split("\n")]
    blocks: list[str] = []
    at = 0
    while at < len(lines):
        rows = _table_rows(lines, at)
        if rows:
            blocks.append(_table(rows))
        elif _is_heading(lines, at):
            blocks.append(f"\n{'##' if any(blocks) else '#'} {escape(lines[at].strip())}\n")
        else:
            blocks.append(markdown_line(lines[at]) + ("\n" if len(lines[at]) > UNWRAPPED else ""))
        at += len(rows) or 1
    return "\n".join(blocks).strip("\n")


def _is_heading(lines: Sequence[str], at: int) -> bool:
    """Whether the line is short, has no end mark, and stands where one text ends and another begins."""
    before, line = lines[at - 1].strip() if at else "", lines[at].strip()
    below = lines[at + 1].strip() if at + 1 < len(lines) else ""
    if not _could_be_heading(line) or _UNDERLINE.fullmatch(below):  # an underlined one, Markdown itself knows
        return False
    if before and not (before.endswith(tuple(".!?:…\"”')|")) or "|" in before or _could_be_heading(before)):
        return False
    if below:
        is_shorter = len(line) < 0.6 * len(below) and not below[0].islower()
        return len(below) > UNWRAPPED or is_shorter or bool(LIST_ITEM.match(below) or _table_rows(lines, at + 1))
    following = next((index for index in range(at + 1, len(lines)) if lines[index].strip()), len(lines))
    if following == len(lines):
        return len(before) > UNWRAPPED  # the last line, right under a paragraph: its section is missing
    starts_paragraph = following + 1 < len(lines) and bool(lines[following + 1].strip())
    return at == 0 or starts_paragraph or not _could_be_heading(lines[following].strip())


def _could_be_heading(line: str) -> bool:
    return (
        len(line) <= _HEADING_CHARACTERS
        and len(line.split()) <= _HEADING_WORDS
        and any(map(str.isalpha, line))
        and not line[0].islower()
        and not line.endswith(tuple(".!:;,…"))
        and "|" not in line
        and line[0] not in '#>("“'
        and not LIST_ITEM.match(line)
    )


def _table_rows(lines: Sequence[str], at: int) -> list[list[str]]:
    """The rows of the table that begins with its header at line `at`; none where none begins there."""
    if "|" not in lines[at] or at + 1 >= len(lines) or not _SEPARATOR_ROW.fullmatch(lines[at + 1].strip()):
        return []
    table = itertools.takewhile(lambda line: "|" in line, (lines[index] for index in range(at, len(lines))))
    return [[cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")] for line in table]


def _table(rows: Sequence[Sequence[str]]) -> str:
    header, _, *body = rows
    cells = [header, ["---"] * len(header), *body]
    return "\n" + "\n".join(f"| {' | '.join(map(escape, row))} |" for row in cells) + "\n"


def markdown_line(line: str) -> str:
    """A line as Markdown: a list item stays one, all else is escaped."""
    item = LIST_ITEM.fullmatch(line)
    if item is None:
        return escape(line.strip())
    mark = item["mark"] if item["mark"][0].isdigit() else "-"
    return f"{item['indent']}{mark} {escape(item['text'])}"


def escape(text: str) -> str:
    """`text` so that Markdown shows it as it is."""
    return _MARKDOWN_SIGN.sub(r"\\\g<0>", text)
