"""Text for Discord: it cannot ping or break the layout, and it splits where a reader would pause."""

from __future__ import annotations

import re
import unicodedata

ZERO_WIDTH_SPACE = "\u200b"

_FENCE = re.compile(r"`{3,}")
_FENCED_BLOCK = re.compile(r"`{3,}.*?(?:`{3,}|\Z)", re.DOTALL)
_FENCE_LANGUAGE = re.compile(r"[\w+#.-]*(?=\n)")
_MARKDOWN = re.compile(r"[\\`*_~|<>\[\]()#]")
_ESCAPED = re.compile(r"\\([\\`*_~|<>\[\]()#])|^\\(?=[-+]|\d+\.)")
_LEADING_MARKER = re.compile(r"^(\s*)([-+]|\d+(?=\.))")
_EVERYONE = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_INVITE = re.compile(r"(?<=\bdiscord)(?=\.gg/|\.com/invite/|app\.com/invite/)", re.IGNORECASE)
_MENTION = re.compile(r"<(?=[@#/:]|a:|id:|t:)")
_HEADING = re.compile(r"^(\s*(?:(?:>+|[-*+]|\d+\.)\s+)*)(?=-?#+\s)", re.MULTILINE)
_MASKED_LINK = re.compile(r"\[([^\[\]\n]*)\]\(\s*<?([a-z][a-z0-9+.-]*:[^\s<>()]*)>?[^()\n]*\)", re.IGNORECASE)

_PAUSES = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n(?=\s*(?:[-*+]|\d+\.)\s)"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?\])\"'”’])\s+(?=[^\s\[])"),
    re.compile(r"\s+"),
)


def shorten(text: str, limit: int) -> str:
    """`text` on one line of at most `limit` characters, cut between words, with "…", if it was longer."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip() + "…"


def escape(text: str) -> str:
    """`text` that a person wrote, as one line that is shown literally: no Markdown, no mention, no link."""
    line = " ".join(visible(text).split())
    line = _LEADING_MARKER.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\g<0>", line))
    line = _INVITE.sub(ZERO_WIDTH_SPACE, line)  # Discord makes an invitation of one without "https://" too
    return line.replace("@", "@" + ZERO_WIDTH_SPACE).replace("://", ":" + ZERO_WIDTH_SPACE + "//")


def unescape(line: str) -> str:
    """The text of which `line` is what `escape` made."""
    return _ESCAPED.sub(lambda match: match[1] or "", line.replace(ZERO_WIDTH_SPACE, ""))


def defuse(markdown: str) -> str:
    """Markdown from a document: code and emphasis stay, mentions, headings and masked links become text."""
    pieces: list[str] = []
    end = 0
    for block in _FENCED_BLOCK.finditer(markdown):
        pieces += [_defuse_prose(markdown[end : block.start()]), _break_mentions(block.group())]
        end = block.end()
    return "".join([*pieces, _defuse_prose(markdown[end:])])


def _defuse_prose(markdown: str) -> str:
    unmasked = _MASKED_LINK.sub(r"\1 (\2)", markdown)
    return _HEADING.sub(r"\1\\", _break_mentions(unmasked))


def _break_mentions(text: str) -> str:
    return _MENTION.sub("<" + ZERO_WIDTH_SPACE, _EVERYONE.sub("@" + ZERO_WIDTH_SPACE, text))


def visible(text: str) -> str:
    """`text` without what nobody sees: zero-width characters, direction marks, control characters."""
    return "".join(
        char
        for char in text
        if char in "\n\t\u200d\ufe0f" or unicodedata.category(char) not in {"Cf", "Cc", "Cs", "Co"}
    )


def split(text: str, limit: int) -> list[str]:
    """`text` in pieces of at most `limit` characters, none empty; only white space at the borders is lost.

    A piece ends at the border of a code fence, else of a paragraph, list item, line, sentence or word, the
    first of these that leaves it at least half full. A fence that is cut is closed, and opened anew, in its
    language, in the next piece.
    Raises ValueError for a limit under 40, which leaves no room to mend fences.
    """
    if limit < 40:
        raise ValueError(f"Pieces of {limit} characters are too short to split into; take at least 40.")
    pieces: list[str] = []
    rest, opening = text.strip(), ""
    while rest:
        room = limit - len(opening)
        if len(rest) <= room and not _open_fence(rest, opening):
            pieces.append(opening + rest)
            break
        room -= len("\n```")
        cut = _cut(rest, room, opening) if len(rest) > room else len(rest)
        slice_, rest = rest[:cut].rstrip(), rest[cut:].lstrip("\n" if opening else None)
        next_opening = _open_fence(slice_, opening)
        pieces.append(opening + slice_ + ("\n```" if next_opening else ""))
        opening = next_opening
        if opening and (closing := re.match(r"\s*`{3,}", rest)):
            rest, opening = rest[closing.end() :].lstrip(), ""
    return [piece for piece in pieces if piece.strip()]


def _open_fence(text: str, opening: str) -> str:
    """How the fence that is open after `text` began ("```python\\n"; "": none); `opening`: that before it."""
    for fence in _FENCE.finditer(text):
        language = _FENCE_LANGUAGE.match(text, fence.end())
        opening = "" if opening else f"```{language.group()[:20] if language else ''}\n"
    return opening


def _cut(text: str, room: int, opening: str) -> int:
    """Where to end a piece of `text` of at most `room` characters, never inside a run of backticks."""
    window = text[:room]
    if not opening and _open_fence(window, ""):
        start = [fence.start() for fence in _FENCE.finditer(window)][-1]
        closing = _FENCE.search(text, start + 3)
        fits_alone = closing is not None and closing.end() - start <= room
        if window[:start].strip() and (fits_alone or start > room // 2):
            return start
    for pause in _PAUSES:
        ends = [match.end() for match in pause.finditer(text, 0, room)]
        if ends and ends[-1] >= room // 2:
            return ends[-1]
    while room > 1 and text[room - 1] == "`" and text[room : room + 1] == "`":
        room -= 1
    return room
