"""A document's Markdown into chunks that follow its structure: sections, lists, table rows, code."""

from __future__ import annotations

import hashlib
import html
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from knowledge.sentences import split_sentences
from knowledge.types import Chunk, ChunkKind, Document

CHUNK_CHARACTERS = 900  # all-MiniLM-L6-v2 reads 256 word pieces, about this much English
WHOLE_ITEM_CHARACTERS = 300  # a list item up to here is one sentence, a lead-in up to here is repeated

_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": 100}).enable("table")  # the parser drops what is nested deeper
_PARAGRAPH_GAP = "\n\n"
_HIDDEN_HTML = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_ASKED = re.compile(r"<!--\s*asked:(.*?)-->", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<[!?][^<>]*>")
_BACKTICKS = re.compile("`+")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")
# Over the second of two columns, these say nothing that the value beneath does not.
_EMPTY_HEADERS = frozenset(("", "value", "description", "meaning", "definition", "explanation", "details", "answer"))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text that stays together. `gap` stands between it and the piece before, in the same chunk."""

    text: str
    sentences: tuple[str, ...]
    gap: str = _PARAGRAPH_GAP
    is_code: bool = False

    def __len__(self) -> int:
        return len(self.gap) + len(self.text)


@dataclass(frozen=True, slots=True)
class _Group:
    """Pieces that share chunks; each of these begins with the lead-in, if there is one."""

    kind: ChunkKind
    pieces: Sequence[_Piece]
    lead_in: Sequence[_Piece] = ()
    cells: tuple[tuple[str, str], ...] = ()


def split_document(document: Document) -> list[Chunk]:
    """The chunks of `document`, in its order; none where it holds nothing but headings."""
    chunks: list[Chunk] = []
    seen: Counter[str] = Counter()
    for heading_path, nodes in _sections(document):
        asked = (heading_path[-1], *_asked(nodes))
        for group in _groups(nodes):
            for kind, pieces in _share_out(group):
                chunk = _chunk(document, heading_path, kind, pieces, position=len(chunks))
                seen[chunk.id] += 1
                repetition = f"-{seen[chunk.id]}" if seen[chunk.id] > 1 else ""
                chunks.append(replace(chunk, id=chunk.id + repetition, asked=asked, cells=group.cells))
                asked = ()
    return chunks


_LIKE_HEADING = re.compile(r"^ {0,3}(?:#(?:[ \t].*)?|=+[ \t]*)$", re.MULTILINE)  # `# Title`, or `===` below it


def first_heading(markdown: str) -> str:
    """The text of the first level-one heading near the top of `markdown`; empty where there is none."""
    top = markdown[:20_000]
    # What looks like one mostly is one, and what follows it need not be parsed to know that.
    for like in _LIKE_HEADING.finditer(top):
        for opening, inline in itertools.pairwise(_parse(top[: like.end()])):
            if opening.type == "heading_open" and opening.tag == "h1" and opening.level == 0:
                return " ".join(inline.content.split())
    return ""


def _asked(nodes: Sequence[SyntaxTreeNode]) -> Iterator[str]:
    """The lines of a section's comments `<!-- asked: ... -->`: other ways to ask what the section answers."""
    for node in nodes:
        for comment in _ASKED.findall(node.content) if node.type == "html_block" else ():
            yield from filter(None, (" ".join(line.split()) for line in comment.splitlines()))


def _chunk(
    document: Document,
    heading_path: tuple[str, ...],
    kind: ChunkKind,
    pieces: Sequence[_Piece],
    position: int,
) -> Chunk:
    text = _join(pieces)
    sentences = tuple(sentence for piece in pieces for sentence in piece.sentences) or (text,)
    identity = "\0".join((document.path, *heading_path, text)).encode(errors="surrogatepass")
    slug = _NOT_IN_SLUG.sub("-", document.path.rpartition("/")[2].rpartition(".")[0].lower())[:12].strip("-")
    return Chunk(
        id=f"{slug or 'file'}-{hashlib.blake2s(identity, digest_size=10).hexdigest()}",
        document=document.path,
        title=document.title,
        section=heading_path[-1],
        heading_path=heading_path,
        text=text,
        sentences=sentences,
        kind=kind,
        position=position,
    )


# From Markdown to sections and groups


def _parse(markdown: str) -> list[Token]:
    """The block tokens of `markdown`; the content of the inline ones is reduced to plain text."""
    tokens = _MARKDOWN.parse(markdown)
    for token in tokens:
        if token.type == "inline":
            text = "".join(_plain(token.children or ()))
            token.content = "\n".join(line for raw in text.split("\n") if (line := " ".join(raw.split())))
            token.children = None
    return tokens


def _plain(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        match token.type:
            case "text" | "text_special":
                yield token.content
            case "code_inline":
                ticks = _longer_than(token.content, "`", shortest=1)
                padding = " " if len(ticks) > 1 else ""
                yield f"{ticks}{padding}{token.content}{padding}{ticks}"
            case "softbreak":
                yield " "
            case "hardbreak":
                yield "\n"
            case "html_inline" if token.content.lower().startswith("<br"):
                yield "\n"
            case "image":
                yield from _plain(token.children or ())


def _sections(document: Document) -> Iterator[tuple[tuple[str, ...], list[SyntaxTreeNode]]]:
    """Each heading's path with the nodes that stand under it, up to the next heading."""
    own_title = document.title.removesuffix(f" ({document.path})")  # load.py appends it to a title that two share
    headings: list[tuple[int, str]] = []
    nodes: list[SyntaxTreeNode] = []
    for node in SyntaxTreeNode(_parse(document.markdown)).children:
        if node.type != "heading":
            nodes.append(node)
            continue
        yield (document.title, *(text for _, text in headings)), nodes
        nodes = []
        level, text = int(node.tag[1]), _line(node)
        while headings and headings[-1][0] >= level:
            headings.pop()
        if text and not (level == 1 and text.casefold() == own_title.casefold()):
            headings.append((level, text))
    yield (document.title, *(text for _, text in headings)), nodes


def _groups(nodes: Sequence[SyntaxTreeNode]) -> Iterator[_Group]:
    """A section's prose with its short lists and code, then each long list, then each table row."""
    prose: list[_Piece] = []
    apart: list[_Group] = []
    previous = ""
    for node in nodes:
        if node.type == "table":
            apart.extend(_rows(node))
        elif node.type in ("bullet_list", "ordered_list"):
            items = list(_pieces(node))
            lead_in = [prose.pop()] if previous == "paragraph" and items and _is_lead_in(prose) else []
            if sum(map(len, lead_in + items)) > CHUNK_CHARACTERS:
                apart.append(_Group("item", items, lead_in))
            elif items:
                prose.append(_glue(lead_in + items))
        else:
            prose.extend(_pieces(node))
        previous = node.type
    if prose:
        yield _Group("prose", prose)
    yield from apart


def _is_lead_in(prose: Sequence[_Piece]) -> bool:
    return bool(prose) and prose[-1].text.endswith(":") and len(prose[-1]) <= WHOLE_ITEM_CHARACTERS


# From nodes to pieces


def _pieces(node: SyntaxTreeNode) -> Iterator[_Piece]:
    match node.type:
        case "paragraph" | "heading":
            yield from _sentence_pieces(_content(node))
        case "fence" | "code_block":
            yield from _code_pieces(node.content, node.info)
        case "html_block":
            text = html.unescape(_TAG.sub(" ", _HIDDEN_HTML.sub(" ", node.content)))
            yield from _sentence_pieces(" ".join(text.split()))
        case "bullet_list" | "ordered_list":
            yield from _item_pieces(node, indent="")
        case "table":
            yield from itertools.chain.from_iterable(row.pieces for row in _rows(node))
        case _:
            yield from itertools.chain.from_iterable(map(_pieces, node.children))


def _sentence_pieces(text: str, gap: str = _PARAGRAPH_GAP, mark: str = "") -> Iterator[_Piece]:
    """A piece for each sentence; `gap` and `mark` (a bullet, a number) stand before the first."""
    end = 0
    for sentence in split_sentences(text):
        start = text.index(sentence, end)
        yield from _whole(sentence, text[end:start] or gap, "" if end else mark)
        end = start + len(sentence)


def _whole(sentence: str, gap: str = _PARAGRAPH_GAP, mark: str = "") -> Iterator[_Piece]:
    """The sentence as one piece, or cut between words where no chunk could hold it."""
    start = 0
    while len(sentence) - start > CHUNK_CHARACTERS:
        space = sentence.rfind(" ", start + 1, start + CHUNK_CHARACTERS)
        end = space if space > 0 else start + CHUNK_CHARACTERS
        part = sentence[start:end].strip()
        yield _Piece(mark + part, (part,), gap)
        start, gap, mark = end, " ", ""
    part = sentence[start:].strip()
    yield _Piece(mark + part, (part,), gap)


def _item_pieces(list_node: SyntaxTreeNode, indent: str) -> Iterator[_Piece]:
    for item in list_node.children:
        mark = f"{item.info}{item.markup} " if list_node.type == "ordered_list" else "- "
        for node in item.children:
            if node.type in ("bullet_list", "ordered_list"):
                yield from _item_pieces(node, indent + "  ")
            elif node.type == "paragraph":
                text = _content(node)
                is_whole = "\n" not in text and len(text) <= WHOLE_ITEM_CHARACTERS
                if text:
                    yield from (_whole if is_whole else _sentence_pieces)(text, f"\n{indent}", mark)
                mark = ""
            else:
                yield from _pieces(node)


def _code_pieces(code: str, language: str) -> Iterator[_Piece]:
    """The code within fences; where it is long, parts of whole lines, each within its own."""
    ticks = _longer_than(code, "`", shortest=3)
    opening = ticks + language.strip().partition(" ")[0]
    part: list[str] = []
    size = 0
    for line in code.rstrip("\n").split("\n"):
        for start in range(0, max(len(line), 1), CHUNK_CHARACTERS):
            stretch = line[start : start + CHUNK_CHARACTERS]
            if part and size + len(stretch) > CHUNK_CHARACTERS:
                yield _Piece("\n".join((opening, *part, ticks)), (), is_code=True)
                part, size = [], 0
            part.append(stretch)
            size += len(stretch) + 1
    if any(line.strip() for line in part):
        yield _Piece("\n".join((opening, *part, ticks)), (), is_code=True)


def _rows(table: SyntaxTreeNode) -> Iterator[_Group]:
    """Each row, as one piece, unless no chunk could hold it."""
    header, *rows = [[_line(cell) for cell in row.children] for part in table.children for row in part.children]
    if not rows and any(header):
        yield _Group("row", tuple(_whole(" | ".join(header))))
    for row in rows:
        if any(row):
            cells = tuple(zip(header, row, strict=True))
            yield _Group("row", tuple(_whole(_row_sentence(header, row))), cells=cells)


def _row_sentence(header: Sequence[str], row: Sequence[str]) -> str:
    """A row as a statement: "Cost – Prompting: low; Tuning: high." or, of two columns, "LoRA: ...".

    >>> _row_sentence(["Aspect", "Prompting", "Tuning"], ["Cost", "Low", "High"])
    'Cost – Prompting: Low; Tuning: High.'
    """
    names, values = list(header), [value.rstrip(".;") for value in row]
    if len(names) == 2 and all(values) and names[1].casefold() in _EMPTY_HEADERS:
        return _with_stop(f"{values[0].rstrip(':')}: {values[1]}")
    subject = values[0].rstrip(":") if len(names) > 1 else ""
    pairs = list(zip(names, values, strict=True))[1 if len(names) > 1 else 0 :]
    statement = "; ".join(f"{name.rstrip(':')}: {value}" if name else value for name, value in pairs if value)
    return _with_stop(" – ".join(part for part in (subject, statement) if part))


def _with_stop(statement: str) -> str:
    return statement if statement.endswith(("!", "?", "…")) else f"{statement}."


# From pieces to chunks


def _share_out(group: _Group) -> Iterator[tuple[ChunkKind, Sequence[_Piece]]]:
    """The group's pieces in chunks of about equal size, ended with a paragraph or item if one ends near."""
    lead_in = list(group.lead_in)
    limit = CHUNK_CHARACTERS - sum(map(len, lead_in))
    rest = sum(map(len, group.pieces))
    start = 0
    while start < len(group.pieces):
        end = _chunk_end(group.pieces, start, rest, limit)
        pieces = group.pieces[start:end]
        code = sum(len(piece) for piece in pieces if piece.is_code)
        size = sum(map(len, pieces))
        yield "code" if code > size / 2 else group.kind, lead_in + list(pieces)
        lead_in = [replace(piece, sentences=()) for piece in lead_in]  # repeated to be read, but found once
        start, rest = end, rest - size


def _chunk_end(pieces: Sequence[_Piece], start: int, rest: int, limit: int) -> int:
    """The index after the last piece of the chunk that begins at `start`, with `rest` characters to place."""
    if rest <= limit:
        return len(pieces)
    target = rest / math.ceil(rest / (0.9 * limit))  # borders seldom lie where a chunk is just full
    best_end, best_cost = start + 1, math.inf
    size = 0
    for end in range(start + 1, len(pieces)):
        size += len(pieces[end - 1])
        if size > limit:
            break
        cost = abs(size - target) / target + (0 if pieces[end].gap.startswith("\n") else 0.3)
        if size < target / 2:
            best_end = end  # for want of a later one
        elif cost < best_cost:
            best_end, best_cost = end, cost
    return best_end


def _join(pieces: Sequence[_Piece]) -> str:
    return "".join(piece.gap + piece.text for piece in pieces).strip("\n ")


def _glue(pieces: Sequence[_Piece]) -> _Piece:
    sentences = tuple(sentence for piece in pieces for sentence in piece.sentences)
    return _Piece(_join(pieces), sentences, pieces[0].gap)


# Text


def _content(node: SyntaxTreeNode) -> str:
    """The plain text of a node that holds one inline token."""
    return "\n".join(child.content for child in node.children)


def _line(node: SyntaxTreeNode) -> str:
    return " ".join(_content(node).split())


def _longer_than(text: str, tick: str, shortest: int) -> str:
    """A run of ticks that no run in `text` could close."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    return tick * max(shortest, longest + 1)
