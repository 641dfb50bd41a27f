"""A document that a maintainer writes in Discord, from the form to the index. What publishes blocks.

It is a draft in DATA_DIR first, and stays in KNOWLEDGE_DIR only if a version with it is published: what is not
published is never lost, and never in the way of the next run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.errors import Refusal
from bot.text import escape
from knowledge.authoring import document_text, file_name, read_upload, write_new
from knowledge.errors import KnowledgeError, UnreadableFileError
from knowledge.index import IndexReport
from knowledge.index_process import build_index_apart
from knowledge.settings import KnowledgeSettings

NOTHING_WRITTEN = "There was neither a text nor a file in that form. Press Add knowledge again and give one of them."
NO_TITLE = "That title has no letters. Press Add knowledge again and call the document by what it is about."
NO_DRAFT = "That draft is gone: somebody has published it, or removed it from DATA_DIR. `/knowledge log` may say who."


@dataclass(frozen=True, slots=True)
class Publication:
    """What became of a draft: the document's name in the knowledge folder, whether it serves, and the run's report."""

    name: str
    serves: bool
    report: IndexReport


def written(texts: Mapping[str, str], upload: tuple[str, bytes] | None, today: date) -> tuple[str, str]:
    """The name and the text of the document's file, of the form's texts and the name and content of an uploaded file.

    Raises Refusal with what is missing or cannot be read.
    """
    title = " ".join(texts.get("title", "").split())
    if not any(char.isalnum() for char in title):
        raise Refusal(NO_TITLE)
    parts = [texts.get("text", "").strip()]
    sources = [line.strip() for line in texts.get("source", "").splitlines() if line.strip()]
    if upload is not None:
        try:
            document = read_upload(*upload)
        except UnreadableFileError as error:
            raise Refusal(f"{escape(str(error))} Nothing was added.") from error
        parts.append(document.markdown.strip())
        sources += [source for source in document.sources if source not in sources]
    body = "\n\n".join(part for part in parts if part)
    if not body:
        raise Refusal(NOTHING_WRITTEN)
    questions = texts.get("questions", "").splitlines()
    return file_name(title), document_text(title, body, questions=questions, sources=sources, updated=today)


def keep_draft(settings: KnowledgeSettings, name: str, text: str) -> str:
    """Write a draft; the name that it got. Raises KnowledgeError where DATA_DIR cannot be written."""
    folder = _drafts(settings)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KnowledgeError(f"{folder} cannot be made ({error.strerror}). Ask the operator.") from error
    return write_new(folder, name, text)


def draft_text(settings: KnowledgeSettings, draft: str) -> str:
    """The text of a draft. Raises Refusal where it is gone."""
    try:
        return (_drafts(settings) / draft).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise Refusal(NO_DRAFT) from error


def publish_draft(
    settings: KnowledgeSettings,
    draft: str,
    *,
    by: str,
    reason: str | None = None,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Publication:
    """Put a draft into the knowledge folder and publish; with a `reason`, even if that answers worse.

    Where it is not published, the knowledge folder is as before and the draft stays. Raises what `build_index` raises.
    """
    text = draft_text(settings, draft)
    name = write_new(settings.knowledge_dir, draft, text)
    serves = False
    try:
        report = build_index_apart(
            settings,
            force=reason is not None,
            by=by,
            reason=reason or "",
            progress=progress,
            cancelled=cancelled,
        )
        # Another run may have taken the new file along in the moment before this one: then there is nothing to publish.
        serves = report.published or not (report.refused or name in report.files.added)
    finally:
        if not serves:
            (settings.knowledge_dir / name).unlink(missing_ok=True)
    if serves:
        (_drafts(settings) / draft).unlink(missing_ok=True)
    return Publication(name, serves, report)


def _drafts(settings: KnowledgeSettings) -> Path:
    return settings.data_dir / "drafts"
