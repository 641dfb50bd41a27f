"""PDF to Markdown: lines with the size and weight of their letters, but no paragraphs."""

from __future__ import annotations

import io
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError

from knowledge.characters import clean
from knowledge.errors import UnreadableFileError
from knowledge.plain_text import LIST_ITEM, UNWRAPPED, escape, markdown_line

_PAGE_NUMBER = re.compile(r"(page )?\d{1,4}(( of |/)\d{1,4})?", re.IGNORECASE)
_BROKEN_WORD = re.compile(r"(\w+)-\Z")


class _Style(NamedTuple):
    size: float
    is_bold: bool


class _Line(NamedTuple):
    text: str
    style: _Style


def pdf_to_markdown(data: bytes, name: str) -> str:
    """The text of a PDF as Markdown. Raises UnreadableFileError: it is encrypted, or holds no text."""
    reader = PdfReader(io.BytesIO(data))
    try:
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableFileError(f"{name} is protected by a password. Save a copy without it.")
    except DependencyError as error:
        raise UnreadableFileError(f"{name} is encrypted. Save a copy that is not.") from error
    lines = [line for page in reader.pages for line in _without_page_number(_page_lines(page))]
    if not lines:
        raise UnreadableFileError(f"{name} holds no text, perhaps pictures of it. Run text recognition over it.")
    return _lines_to_markdown(lines)


def _without_page_number(lines: list[_Line]) -> list[_Line]:
    start = 1 if lines and _PAGE_NUMBER.fullmatch(lines[0].text) else 0
    end = -1 if len(lines) > start and _PAGE_NUMBER.fullmatch(lines[-1].text) else None
    return lines[start:end]


def _page_lines(page: PageObject) -> list[_Line]:
    fragments: list[list[tuple[str, _Style]]] = [[]]

    def visit(
        text: str, matrix: list[float], text_matrix: list[float], font: dict[str, Any] | None, size: float
    ) -> None:
        scale = math.hypot(*matrix[2:4]) * math.hypot(*text_matrix[2:4])
        style = _Style(round(size * scale), "bold" in str((font or {}).get("/BaseFont")).lower())
        for index, part in enumerate(text.split("\n")):
            if index:
                fragments.append([])
            if part.strip():
                fragments[-1].append((part, style))

    page.extract_text(visitor_text=visit)
    return [
        _Line(
            " ".join(clean("".join(part for part, _ in line).replace("\x7f", "•")).split()),
            _Style(max(style.size for _, style in line), all(style.is_bold for _, style in line)),
        )
        for line in fragments
        if line
    ]


def _lines_to_markdown(lines: Sequence[_Line]) -> str:
    letters: Counter[_Style] = Counter()
    for text, style in lines:
        letters[style] += len(text)
    body = letters.most_common(1)[0][0]
    width = max(len(text) for text, style in lines if style == body)
    hyphenated = {word.lower() for text, _ in lines for word in re.findall(r"\w+-\w+", text)}

    def is_heading(line: _Line) -> bool:
        stands_out = line.style.size > 1.1 * body.size or (line.style > body and line.style.is_bold)
        return stands_out and len(line.text) <= UNWRAPPED and any(map(str.isalpha, line.text))

    levels = sorted({line.style for line in lines if is_heading(line)}, reverse=True)
    blocks: list[str] = []
    open_style: _Style | None = None  # of the block that the next line may continue
    for line in lines:
        item = LIST_ITEM.fullmatch(line.text)
        style = line.style if is_heading(line) else body
        if style == open_style and not item:
            blocks[-1] = _joined(blocks[-1], escape(line.text), hyphenated)
        else:
            mark = "#" * min(levels.index(style) + 1, 6) + " " if style != body else ""
            blocks.append(mark + markdown_line(line.text))
        ends = style == body and len(line.text) < 0.85 * width and line.text.endswith(tuple('.!?:”"'))
        open_style = None if ends else style
    return "\n\n".join(blocks)


def _joined(text: str, line: str, hyphenated: set[str]) -> str:
    """The paragraph with its next line; a broken word is mended, unless it has its hyphen elsewhere too."""
    broken, rest = _BROKEN_WORD.search(text[-50:]), re.match(r"[^\W\d_]+", line)
    if not broken or not rest or not rest[0][0].islower():
        return f"{text} {line}"
    return text + line if f"{broken[1]}-{rest[0]}".lower() in hyphenated else text[:-1] + line
