"""A large corpus from few articles: as many documents as wanted, of varied paragraphs."""

from __future__ import annotations

import random
import re
from pathlib import Path

from knowledge.sentences import split_sentences

PARAGRAPHS = 7  # a document; with squad's articles these make about ten chunks
_PART = re.compile(r"^## (.+?)\n\n(.+?)(?=\n## |\Z)", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"\d+")


def write_corpus(articles: Path, folder: Path, documents: int) -> None:
    """Write `documents` Markdown files to `folder`, from paragraphs of the Markdown files in `articles`.

    Each has its own title, order of sentences and numbers, so that hardly a text is the same in two of them. The same
    arguments give the same files.
    """
    parts = {path.stem: _PART.findall(path.read_text(encoding="utf-8")) for path in sorted(articles.glob("*.md"))}
    names = list(parts)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(documents):
        name = names[number % len(names)]
        first = number // len(names) * PARAGRAPHS
        chosen = [parts[name][(first + offset) % len(parts[name])] for offset in range(PARAGRAPHS)]
        text = "\n\n".join(f"## {heading}\n\n{_varied(paragraph, number)}" for heading, paragraph in chosen)
        title = f"{name.replace('_', ' ').capitalize()}, account {number}"
        (folder / f"{name}-{number:04}.md").write_text(f"# {title}\n\n{text}\n", encoding="utf-8")


def _varied(paragraph: str, number: int) -> str:
    """The paragraph with its sentences in another order and its numbers moved."""
    sentences = split_sentences(" ".join(paragraph.split()))
    random.Random(number).shuffle(sentences)
    moved = (_NUMBER.sub(lambda match: str(int(match.group()) + number), sentence) for sentence in sentences)
    return " ".join(moved)
