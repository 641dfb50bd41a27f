"""New documents, as a maintainer writes them in Discord: from a title, a text and questions to a Markdown file."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import yaml

from knowledge.errors import KnowledgeError, UnreadableFileError
from knowledge.load import KINDS, load_file
from knowledge.types import Document

MAX_NAME = 60
MAX_NUMBER = 1_000  # of files with one name

_HEADINGS = re.compile(r"(?:\s*^#{1,6}[ \t].*$)*\s*", re.MULTILINE)


def document_text(title: str, markdown: str, *, questions: Iterable[str], sources: Sequence[str], updated: date) -> str:
    """The text of a document's file: front matter, the title, the questions it answers and its Markdown.

    The questions stand below the first heading that has text under it, in a comment that is searched and never quoted.
    """
    front = {"title": title, "sources": list(sources), "updated": updated.isoformat()}
    if not sources:
        del front["sources"]
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1_000_000).replace(
        f"updated: '{updated}'", f"updated: {updated}"
    )
    body = f"# {title}\n\n{_without_title(markdown.strip())}".rstrip() + "\n"
    headings = _HEADINGS.match(body)
    start = headings.end() if headings else 0
    return f"---\n{head}---\n\n{body[:start].rstrip()}\n{_asked(questions)}\n{body[start:]}"


def file_name(title: str) -> str:
    """A file name that is safe on every system: of a-z, 0-9 and hyphens, at most MAX_NAME and `.md`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_NAME].strip("-")
    return f"{words or 'document'}.md"


def write_new(folder: Path, name: str, text: str) -> str:
    """Write `text` into a new file of `folder`, called `name` or, where there is one, that and a number; its name.

    Never overwrites. Raises KnowledgeError where the folder cannot be written.
    """
    stem, suffix = Path(name).stem, Path(name).suffix
    for number in range(1, MAX_NUMBER):
        candidate = name if number == 1 else f"{stem}-{number}{suffix}"
        try:
            with (folder / candidate).open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            continue
        except OSError as error:
            raise KnowledgeError(
                f"The folder {folder} cannot be written ({error.strerror}). Ask the operator to make it writable, or "
                "to set KNOWLEDGE_DIR to a folder that is."
            ) from error
        return candidate
    raise KnowledgeError(f"{folder} holds {MAX_NUMBER} files called {stem}. Choose another title.")


def read_upload(name: str, data: bytes) -> Document:
    """The document that an uploaded file is. Raises UnreadableFileError with the reason."""
    suffix = Path(name).suffix.lower()
    if suffix not in KINDS:
        raise UnreadableFileError(f"{name} is of a kind that I cannot read. Upload one of these: {', '.join(KINDS)}.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"upload{suffix}")
        path.write_bytes(data)
        return load_file(path, name)


def _without_title(markdown: str) -> str:
    """`markdown` without the title that it begins with: the document has another."""
    first, _, rest = markdown.partition("\n")
    return rest.lstrip() if first.startswith("# ") else markdown


def _asked(questions: Iterable[str]) -> str:
    lines = dict.fromkeys(" ".join(question.replace("--", " ").split()) for question in questions)
    listed = "\n".join(line for line in lines if line)
    return f"<!-- asked:\n{listed}\n-->\n" if listed else ""
