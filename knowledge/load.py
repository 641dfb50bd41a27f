"""Files of the knowledge folder into documents: each is read, cleaned and normalised to Markdown."""

from __future__ import annotations

import datetime
import io
import itertools
import math
import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import charset_normalizer
import mammoth  # type: ignore[import-untyped]
import yaml
from bs4 import BeautifulSoup
from bs4.dammit import EncodingDetector
from markdownify import ATX, MarkdownConverter
from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError

from knowledge.errors import KnowledgeError
from knowledge.split import first_heading
from knowledge.types import Document, Skipped

LARGEST_FILE = 10_000_000  # bytes


class UnreadableFileError(KnowledgeError):
    """A file that cannot become a document; the message is the reason."""


# The folder


def load_folder(folder: Path) -> tuple[list[Document], list[Skipped]]:
    """The documents of `folder` and its subfolders, and what could not be read and why, both ordered by path.

    Hidden files and files of other kinds are ignored. Raises KnowledgeError if the folder cannot be read.
    """
    if not folder.is_dir():
        raise KnowledgeError(f"{folder} is not a folder. Set KNOWLEDGE_DIR (or --source) to the folder of documents.")
    documents: list[Document] = []
    skipped: list[Skipped] = []
    for path, name, problem in _files(folder.resolve()):
        try:
            if problem:
                raise UnreadableFileError(problem)
            documents.append(load_file(path, name))
        except UnreadableFileError as error:
            skipped.append(Skipped(name, str(error)))
    titles = Counter(document.title.casefold() for document in documents)
    documents = [
        replace(document, title=f"{document.title} ({document.path})")
        if titles[document.title.casefold()] > 1
        else document
        for document in documents
    ]
    return sorted(documents, key=lambda each: each.path), sorted(skipped, key=lambda each: each.path)


def load_off_topic(file: Path) -> list[str]:
    """The off-topic questions of a file, a line each; lines with # in front are comments. Raises KnowledgeError."""
    try:
        lines = (line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(
            f"The off-topic questions in {file} (OFF_TOPIC_FILE) cannot be read: {error}. "
            "Set OFF_TOPIC_FILE to a text file with a question a line."
        ) from error
    return list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def load_file(path: Path, name: str) -> Document:
    """The document in the file at `path`, called `name`; raises UnreadableFileError with the reason."""
    try:
        data = _read(path, name)
        document = _READERS[path.suffix.lower()](data, name)
    except UnreadableFileError:
        raise
    except OSError as error:
        raise UnreadableFileError(f"{name} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # a damaged file makes its parser raise anything, and the other files count
        kind = path.suffix.lstrip(".").upper()
        raise UnreadableFileError(f"{name} is damaged or not really a {kind} file ({error}).") from error
    if not document.markdown.strip():
        raise UnreadableFileError(f"{name} holds no text.")
    return replace(document, title=document.title or first_heading(document.markdown) or _readable(name))


def _files(root: Path) -> Iterator[tuple[Path, str, str]]:
    """Each file of a known kind with its name below `root`, and what is wrong with it; files before links."""
    problems: list[tuple[Path, str, str]] = []
    links: list[Path] = []

    def name_of(path: Path) -> str:
        return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")

    def unreadable(error: OSError) -> None:
        where = Path(error.filename)
        if where == root:
            raise KnowledgeError(
                f"The folder {root} cannot be read: {error.strerror}. Check its permissions."
            ) from error
        problems.append((where, name_of(where), f"The folder {name_of(where)} cannot be read: {error.strerror}."))

    loaded: set[Path] = set()
    for place, folders, files in os.walk(root, onerror=unreadable):
        links += [Path(place, each) for each in folders if Path(place, each).is_symlink() and each[0] != "."]
        folders[:] = sorted(each for each in folders if each[0] != ".")
        for path in (Path(place, each) for each in sorted(files) if each[0] != "."):
            if path.suffix.lower() not in _READERS:
                continue
            if path.is_symlink():
                links.append(path)
            else:
                loaded.add(path)
                yield path, name_of(path), ""
    yield from problems
    for link in sorted(links):
        problem = _link_problem(link, root, loaded)
        if problem is not None:
            yield link, name_of(link), problem.format(name=name_of(link))


def _link_problem(link: Path, root: Path, loaded: set[Path]) -> str | None:
    """Why the link is not followed, empty where it is; None where its target is loaded anyhow."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
        return "{name} is a link that leads nowhere."
    if not target.is_relative_to(root):
        return "{name} is a link that leads out of the knowledge folder. Put a copy of the file there instead."
    if target in loaded or target.is_dir():
        return None
    loaded.add(target)
    return ""


def _read(path: Path, name: str) -> bytes:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableFileError(f"{name} is not a regular file.")
    if status.st_size > LARGEST_FILE:
        raise UnreadableFileError(
            f"{name} is larger than {LARGEST_FILE // 1_000_000} MB. Split it into files by topic."
        )
    data = path.read_bytes()
    if not data.strip():
        raise UnreadableFileError(f"{name} is empty.")
    return data


def _readable(name: str) -> str:
    words = " ".join(re.split(r"[\s_-]+", Path(name).stem)).strip() or name
    return words[0].upper() + words[1:]


# Characters

# Controls, zero-width and direction marks, surrogates, tags: unseen, they hide text or break a search.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def _clean(text: str) -> str:
    return _INVISIBLE.sub("", unicodedata.normalize("NFC", _LINE_END.sub("\n", text)))


def _decode(data: bytes, name: str, declared: str | None = None) -> str:
    """The text of `data`: by its byte order mark, as UTF-8, as declared, else as what is likeliest."""
    marked = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    if marked or b"\0" not in data:
        for encoding in (marked,) if marked else ("utf-8", declared or "utf-8"):
            try:
                return _clean(data.decode(encoding))
            except (UnicodeDecodeError, LookupError):
                continue
        # Asked about all encodings at once, charset-normalizer takes short Western texts for Polish ones.
        western = charset_normalizer.from_bytes(data, cp_isolation=["cp1252", "latin_1"]).best()
        guess = western or charset_normalizer.from_bytes(data).best()
        if guess is not None:
            return _clean(str(guess))
    raise UnreadableFileError(f"{name} is not text but binary content. Save it as UTF-8 text.")


# Markdown and its front matter

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


def _read_markdown(data: bytes, name: str) -> Document:
    text = _decode(data, name)
    match = _FRONT_MATTER.match(text)
    if match is None:
        if re.match(r"---[ \t]*\n\w+:", text):
            raise UnreadableFileError(f"{name}, line 1: the front matter is not closed. End it with a line `---`.")
        return Document(name, "", text)
    return Document(name, **{"title": "", "markdown": text[match.end() :]} | _front_matter(match[1], name))


def _front_matter(text: str, name: str) -> dict[str, Any]:
    loader = yaml.SafeLoader(text)
    values: dict[str, Any] = {}
    line = 2  # the YAML begins below the line `---`, and its marks count from 0
    try:
        root = loader.get_single_node()
        if root is None:
            return values
        if not isinstance(root, yaml.MappingNode):
            raise UnreadableFileError(f"{name}, line {line}: the front matter has no `name: value` lines.")
        for key_node, value_node in root.value:
            line = key_node.start_mark.line + 2
            key, value = loader.construct_object(key_node), loader.construct_object(value_node, deep=True)
            if key in ("title", "summary", "sources", "updated"):
                values[key] = _field(key, value, f"{name}, line {line}")
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else line
        raise UnreadableFileError(f"{name}, line {line}: the front matter is no YAML ({error.problem}).") from error
    except ValueError as error:  # what YAML takes for a date and is none: `updated: 2025-02-30`
        raise UnreadableFileError(f"{name}, line {line}: the front matter has a wrong value ({error}).") from error
    return values


def _field(key: str, value: object, place: str) -> str | tuple[str, ...]:
    if key == "sources":
        entries = [value] if isinstance(value, str) else value or []
        if isinstance(entries, list) and all(isinstance(entry, str) for entry in entries):
            return tuple(" ".join(_clean(entry).split()) for entry in entries)
        raise UnreadableFileError(
            f"{place}: `sources` must be a list of texts. Put quotes around one that has a colon in it."
        )
    if key == "updated" and isinstance(value, datetime.date):
        return value.isoformat()[:10]
    if value is None or isinstance(value, str):
        return " ".join(_clean(value or "").split())
    raise UnreadableFileError(f"{place}: `{key}` must be text, not {value!r}. Put quotes around it.")


# HTML and DOCX


def _read_html(data: bytes, name: str) -> Document:
    declared = EncodingDetector.find_declared_encoding(data, is_html=True)
    return _html_document(_decode(data, name, declared), name)


def _read_docx(data: bytes, name: str) -> Document:
    html = mammoth.convert_to_html(
        io.BytesIO(data),
        style_map="p[style-name='Title'] => h1:fresh",
        convert_image=mammoth.images.img_element(lambda image: {}),
    ).value
    return _html_document(_clean(html), name)


def _html_document(html: str, name: str) -> Document:
    soup = BeautifulSoup(html, "html.parser")
    title = " ".join(soup.title.get_text().split()) if soup.title and not soup.h1 else ""
    for element in soup(["head", "script", "style", "nav", "noscript", "template", "iframe", "svg", "button", "form"]):
        element.decompose()
    for picture in soup("img"):
        picture.replace_with(str(picture.get("alt") or ""))
    converter = MarkdownConverter(heading_style=ATX, table_infer_header=True, escape_misc=True, strip=["a"])
    markdown = converter.convert_soup(soup)
    return Document(name, title, _clean(markdown))


# Plain text: headings and paragraphs without marks, tables with pipes

_SEPARATOR_ROW = re.compile(r"\|?[ :]*-[-: ]*(\|[-: ]*)+")
_LIST_ITEM = re.compile(r"(?P<indent> *)(?P<mark>[-*+•▪◦‣·]|\d{1,3}[.)]) +(?P<text>\S.*)")
_MARKDOWN_SIGN = re.compile(r"[\\*_\[\]<&|]")
_UNDERLINE = re.compile(r"=+|-{3,}")
_UNWRAPPED = 100  # a longer line is a whole paragraph
_HEADING_CHARACTERS, _HEADING_WORDS = 100, 14


def _read_text(data: bytes, name: str) -> Document:
    lines = [line.rstrip() for line in _decode(data, name).expandtabs(4).split("\n")]
    blocks: list[str] = []
    at = 0
    while at < len(lines):
        rows = _table_rows(lines, at)
        if rows:
            blocks.append(_table(rows))
        elif _is_heading(lines, at):
            blocks.append(f"\n{'##' if any(blocks) else '#'} {_escape(lines[at].strip())}\n")
        else:
            blocks.append(_markdown_line(lines[at]) + ("\n" if len(lines[at]) > _UNWRAPPED else ""))
        at += len(rows) or 1
    return Document(name, "", "\n".join(blocks).strip("\n"))


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
        return len(below) > _UNWRAPPED or is_shorter or bool(_LIST_ITEM.match(below) or _table_rows(lines, at + 1))
    following = next((index for index in range(at + 1, len(lines)) if lines[index].strip()), len(lines))
    if following == len(lines):
        return len(before) > _UNWRAPPED  # the last line, right under a paragraph: its section is missing
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
        and not _LIST_ITEM.match(line)
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
    return "\n" + "\n".join(f"| {' | '.join(map(_escape, row))} |" for row in cells) + "\n"


def _markdown_line(line: str) -> str:
    item = _LIST_ITEM.fullmatch(line)
    if item is None:
        return _escape(line.strip())
    mark = item["mark"] if item["mark"][0].isdigit() else "-"
    return f"{item['indent']}{mark} {_escape(item['text'])}"


def _escape(text: str) -> str:
    return _MARKDOWN_SIGN.sub(r"\\\g<0>", text)


# PDF: lines with the size and weight of their letters, but no paragraphs

_PAGE_NUMBER = re.compile(r"(page )?\d{1,4}(( of |/)\d{1,4})?", re.IGNORECASE)
_BROKEN_WORD = re.compile(r"(\w+)-\Z")


class _Style(NamedTuple):
    size: float
    is_bold: bool


class _Line(NamedTuple):
    text: str
    style: _Style


def _read_pdf(data: bytes, name: str) -> Document:
    reader = PdfReader(io.BytesIO(data))
    try:
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableFileError(f"{name} is protected by a password. Save a copy without it.")
    except DependencyError as error:
        raise UnreadableFileError(f"{name} is encrypted. Save a copy that is not.") from error
    lines = [line for page in reader.pages for line in _without_page_number(_page_lines(page))]
    if not lines:
        raise UnreadableFileError(f"{name} holds no text, perhaps pictures of it. Run text recognition over it.")
    return Document(name, "", _lines_to_markdown(lines))


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
            " ".join(_clean("".join(part for part, _ in line).replace("\x7f", "•")).split()),
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
        return stands_out and len(line.text) <= _UNWRAPPED and any(map(str.isalpha, line.text))

    levels = sorted({line.style for line in lines if is_heading(line)}, reverse=True)
    blocks: list[str] = []
    open_style: _Style | None = None  # of the block that the next line may continue
    for line in lines:
        item = _LIST_ITEM.fullmatch(line.text)
        style = line.style if is_heading(line) else body
        if style == open_style and not item:
            blocks[-1] = _joined(blocks[-1], _escape(line.text), hyphenated)
        else:
            mark = "#" * min(levels.index(style) + 1, 6) + " " if style != body else ""
            blocks.append(mark + _markdown_line(line.text))
        ends = style == body and len(line.text) < 0.85 * width and line.text.endswith(tuple('.!?:”"'))
        open_style = None if ends else style
    return "\n\n".join(blocks)


def _joined(text: str, line: str, hyphenated: set[str]) -> str:
    """The paragraph with its next line; a broken word is mended, unless it has its hyphen elsewhere too."""
    broken, rest = _BROKEN_WORD.search(text[-50:]), re.match(r"[^\W\d_]+", line)
    if not broken or not rest or not rest[0][0].islower():
        return f"{text} {line}"
    return text + line if f"{broken[1]}-{rest[0]}".lower() in hyphenated else text[:-1] + line


_READERS: dict[str, Callable[[bytes, str], Document]] = {
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".txt": _read_text,
    ".html": _read_html,
    ".htm": _read_html,
    ".pdf": _read_pdf,
    ".docx": _read_docx,
}
