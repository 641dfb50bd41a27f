"""Files of the knowledge folder into documents: each is read, cleaned and normalised to Markdown."""

from __future__ import annotations

import datetime
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from knowledge.characters import clean, decode
from knowledge.errors import KnowledgeError, UnreadableFileError
from knowledge.plain_text import text_to_markdown
from knowledge.split import first_heading
from knowledge.types import Document, Skipped

LARGEST_FILE = 10_000_000  # bytes
READS = 3  # of a file that changes while it is read


# The folder


def load_folder(folder: Path) -> tuple[list[Document], list[Skipped]]:
    """The documents of `folder` and its subfolders, and what could not be read and why, both ordered by path.

    Hidden files and files of other kinds are ignored. Raises KnowledgeError if the folder cannot be read, or if a file
    does not stop changing: half a document must not take the place of a whole one.
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
    """The document in the file at `path`, called `name`.

    Raises UnreadableFileError with the reason, and KnowledgeError where the file does not stop changing.
    """
    try:
        data = _read(path, name)
        document = _READERS[path.suffix.lower()](data, name)
    except KnowledgeError:
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
    data = _read_whole(path, name)
    if not data.strip():
        raise UnreadableFileError(f"{name} is empty.")
    return data


def _read_whole(path: Path, name: str) -> bytes:
    """The bytes of a file that nobody writes meanwhile. Raises KnowledgeError where somebody goes on doing so."""
    for _ in range(READS):
        before = path.stat()
        data = path.read_bytes()
        after = path.stat()
        if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, len(data)):
            return data
    raise KnowledgeError(f"{name} is being written at this moment, so nothing was indexed. Try again when it is whole.")


def _readable(name: str) -> str:
    words = " ".join(re.split(r"[\s_-]+", Path(name).stem)).strip() or name
    return words[0].upper() + words[1:]


# Markdown and its front matter

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


def _read_markdown(data: bytes, name: str) -> Document:
    text = decode(data, name)
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
            return tuple(" ".join(clean(entry).split()) for entry in entries)
        raise UnreadableFileError(
            f"{place}: `sources` must be a list of texts. Put quotes around one that has a colon in it."
        )
    if key == "updated" and isinstance(value, datetime.date):
        return value.isoformat()[:10]
    if value is None or isinstance(value, str):
        return " ".join(clean(value or "").split())
    raise UnreadableFileError(f"{place}: `{key}` must be text, not {value!r}. Put quotes around it.")


# Other kinds. Their parsers are imported where they are needed: a bot starts without them.


def _read_html(data: bytes, name: str) -> Document:
    from knowledge.markup import declared_encoding, html_to_markdown

    return Document(name, *html_to_markdown(decode(data, name, declared_encoding(data))))


def _read_docx(data: bytes, name: str) -> Document:
    from knowledge.markup import docx_to_html, html_to_markdown

    return Document(name, *html_to_markdown(clean(docx_to_html(data))))


def _read_text(data: bytes, name: str) -> Document:
    return Document(name, "", text_to_markdown(decode(data, name)))


def _read_pdf(data: bytes, name: str) -> Document:
    from knowledge.pdf import pdf_to_markdown

    return Document(name, "", pdf_to_markdown(data, name))


_READERS: dict[str, Callable[[bytes, str], Document]] = {
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".txt": _read_text,
    ".html": _read_html,
    ".htm": _read_html,
    ".pdf": _read_pdf,
    ".docx": _read_docx,
}
KINDS = tuple(_READERS)
