"""What /knowledge shows of the index: values in, Components V2 layouts out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import discord
from discord import ui

from bot.ask.layout import AMBER, GREEN, messages
from bot.maintain.access import user_id_of, with_mentions
from bot.maintain.buttons import (
    CancelButton,
    DismissButton,
    Page,
    PageButton,
    PublishAnywayButton,
    RollBackButton,
)
from bot.maintain.index import IndexedDocument, Status, Versions
from bot.maintain.report import AskedAgain
from bot.maintain.runs import Progress
from bot.records import Change
from bot.replies import Illustrated
from bot.text import escape, shorten
from knowledge.gate import FirstPassage, Scores, Worse
from knowledge.index import IndexReport, LockHolder, RollbackReport
from knowledge.version import Manifest

RED = discord.Colour.from_rgb(196, 82, 72)
REPORT_NAME = "what-would-change.md"
BLOCKS = 12
DOCUMENTS_ON_A_PAGE = 10
CHANGES_ON_A_PAGE = 8
MAX_PATHS = 10
MAX_WORSE = 8
MAX_QUOTE = 160
NOBODY_YET = "Nobody from Discord yet. `/knowledge versions` says who published what."
SCORES = {
    "recall_at_5": "right section in the first five",
    "answered": "answered",
    "abstained": "refused where it has to be",
}


def progress(title: str, now: Progress, run_id: str) -> ui.LayoutView:
    """How far the work is, with a button to end it."""
    share = min(now.done / now.total, 1) if now.total else 0
    bar = "▰" * math.floor(share * BLOCKS) + "▱" * (BLOCKS - math.floor(share * BLOCKS))
    count = f" · {now.done:,} of {now.total:,}" if now.total > 1 else ""
    text = f"**{escape(title)}**\n{bar} {share:.0%}\n-# {escape(now.stage)}{count}"
    return messages([text], AMBER, [CancelButton(run_id)])[0]


def cancelling(user_id: int) -> ui.LayoutView:
    """That the work ends at its next step."""
    return messages([f"**Cancelling**, as <@{user_id}> asked. What is published stays."], AMBER)[0]


def busy(holder: LockHolder | None) -> str:
    """Who changes the index, and since when."""
    if holder is None:
        return "Somebody was changing the index a moment ago. Please try again."
    since = when(holder.since, "R")
    return (
        f"**Somebody else is at it.** {person(holder.by)} began to change the index {since}. Wait until that has"
        " finished, then try again."
    )


def report(
    found: IndexReport, *, dry_run: bool = False, by: int | None = None, offer_force: bool = True
) -> list[ui.LayoutView]:
    """What a run did, or would do: the difference, the scores, the questions that got worse, and what to do now."""
    title, colour = _outcome(found, dry_run=dry_run)
    who = f"<@{by}> · " if by else ""
    blocks = [
        f"{title}\n-# {who}{found.documents:,} documents, {found.chunks:,} chunks · {found.seconds:.1f} s",
        _difference(found),
    ]
    if found.rebuild and found.embedded:
        blocks.append(f"Everything was embedded anew: {escape(found.rebuild)}.")
    if found.after is not None:
        blocks.append(_scores(found.before, found.after))
    if found.refused:
        blocks.append(f"⛔ {escape(found.refused)}")
    blocks += [_worse(each) for each in found.worse[:MAX_WORSE]]
    if len(found.worse) > MAX_WORSE:
        blocks.append(f"-# and {len(found.worse) - MAX_WORSE} more questions that got worse.")
    blocks += [f"-# Skipped: {escape(shorten(item.reason, 300))}" for item in found.skipped[:5]]
    blocks += [f"-# {with_mentions(escape(note))}" for note in found.notes]
    # What is refused before it is scored is refused whatever the reason.
    may_force = offer_force and found.refused and found.after is not None and not dry_run
    row = [PublishAnywayButton()] if may_force else []
    return messages([block for block in blocks if block], colour, row)


def _outcome(found: IndexReport, *, dry_run: bool) -> tuple[str, discord.Colour]:
    version = f"version {escape(found.version)}" if found.version else "nothing"
    if dry_run:
        return "**Dry run**: this is what has changed. Nothing was published.", AMBER
    if found.published and found.forced:
        return f"**Published, although it answers worse**: {version}.", AMBER
    if found.published:
        return f"**Published**: {version}.", GREEN
    if found.refused:
        return f"**Not published.** {version[:1].upper() + version[1:]} keeps serving.", RED
    if found.notes:  # the documents are those of a version that was rolled back
        return f"**Nothing was published.** {version[:1].upper() + version[1:]} keeps serving.", AMBER
    return f"**Nothing to publish.** {version[:1].upper() + version[1:]} is up to date.", GREEN


def _difference(found: IndexReport) -> str:
    lines = [
        *_paths("+", found.files.added),
        *_paths("~", found.files.changed),
        *_paths("-", found.files.removed),
    ]
    chunks = found.chunk_changes
    counts = (
        f"-# {found.files.unchanged} documents unchanged · chunks: {chunks.added} added, {chunks.changed} changed, "
        f"{chunks.removed} removed, {chunks.unchanged} unchanged"
    )
    return "\n".join([f"```diff\n{chr(10).join(lines)}\n```" if lines else "", counts]).strip()


def _paths(sign: str, paths: Sequence[str]) -> list[str]:
    more = [f"{sign} and {len(paths) - MAX_PATHS} more"] if len(paths) > MAX_PATHS else []
    return [f"{sign} {shorten(path, 80).replace('`', '')}" for path in paths[:MAX_PATHS]] + more


def _scores(before: Scores | None, after: Scores) -> str:
    width = max(len(name) for name in SCORES.values())
    head = f"{f'{after.questions} golden questions':{width}}  before    new"
    rows = [f"{name:{width}}  {_share(before, key):>6} {_share(after, key):>6}" for key, name in SCORES.items()]
    return "```\n" + "\n".join([head, *rows]) + "\n```"


def _share(scores: Scores | None, key: str) -> str:
    return _number(getattr(scores, key) if scores is not None else None)


def _number(share: float | None) -> str:
    return "–" if share is None else f"{share:.3f}"


def _worse(each: Worse) -> str:
    return (
        f"**{escape(shorten(each.question, MAX_QUOTE))}** ({escape(each.problem)})\n"
        f"- before: {_first(each.before)}\n- now: {_first(each.after)}"
    )


def _first(passage: FirstPassage | None) -> str:
    if passage is None:
        return "nothing was found"
    return f"{escape(shorten(str(passage.section), 100))}: “{escape(shorten(passage.text, MAX_QUOTE))}”"


def versions(found: Versions) -> list[ui.LayoutView]:
    """The versions that are kept."""
    if not found.manifests:
        return messages(["**Nothing has been published yet.** Run `/knowledge reindex`."], AMBER)
    return messages([_version(manifest, found) for manifest in found.manifests], GREEN)


def _version(manifest: Manifest, found: Versions) -> str:
    published = found.pointer is not None and found.pointer.version == manifest.version
    withdrawn = found.pointer is not None and manifest.version in found.pointer.withdrawn
    marks = " · ".join(
        mark
        for mark, holds in (
            ("**published**", published),
            ("rolled back", withdrawn),
            (f"forced: {escape(shorten(manifest.reason, 150)) or 'no reason given'}", bool(manifest.forced)),
        )
        if holds
    )
    changes = " ".join(
        f"{sign}{len(paths)}"
        for sign, paths in (("+", manifest.added), ("~", manifest.changed), ("−", manifest.removed))
        if paths
    )
    scores = manifest.scores or {}
    shares = " · ".join(f"{name} {_number(scores.get(key))}" for key, name in SCORES.items())
    made = f"{escape(manifest.embedding_model or '?')} ({escape(manifest.fingerprint)})"
    shape = ", ".join(f"{key} {value}" for key, value in manifest.shape.items())
    return (
        f"**{escape(manifest.version)}**{' · ' if marks else ''}{marks}\n"
        f"{when(manifest.created)} by {person(manifest.by)} · {len(manifest.documents)} documents, "
        f"{manifest.chunks:,} chunks{f' · {changes}' if changes else ''}\n"
        f"-# {shares if manifest.scores else 'not scored'}\n"
        f"-# {made} · {escape(shorten(shape, 200))}"
    )


def status(found: Status, open_gaps: int, chat: str = "") -> list[ui.LayoutView]:
    """What is published, whether the documents have changed since, who is at work, and what the `chat` model did."""
    blocks = []
    if found.holder is not None:
        blocks.append(f"⏳ {person(found.holder.by)} began to change the index {when(found.holder.since, 'R')}.")
    if found.pointer is None or found.manifest is None:
        blocks.append("**Nothing has been published yet.** Run `/knowledge reindex`.")
    else:
        moved = found.pointer.moved or found.manifest.created
        blocks.append(
            f"**Published: {escape(found.manifest.version)}**\n{when(moved)} by "
            f"{person(found.pointer.by or found.manifest.by)} · {len(found.manifest.documents)} documents, "
            f"{found.manifest.chunks:,} chunks"
        )
    if found.changes is None:
        blocks.append(f"⚠️ {escape(found.problem)}")
    else:
        has_changed = found.changes.added + found.changes.changed + found.changes.removed
        verdict = "The documents have changed since:" if has_changed else "The documents have not changed since."
        blocks.append(f"{verdict}\n{_difference(found.changes)}")
        if found.changes.refused:
            blocks.append(f"⛔ {escape(found.changes.refused)}")
        if found.changes.rebuild:
            blocks.append(f"Everything will be embedded anew: {escape(found.changes.rebuild)}.")
    if open_gaps:
        questions = "question waits" if open_gaps == 1 else "questions wait"
        blocks.append(f"{open_gaps:,} {questions} for knowledge: `/knowledge gaps`")
    if chat:
        blocks.append("\n".join(["**Chat model**", *map(escape, chat.splitlines())]))
    return messages(blocks, GREEN)


def confirm_rollback(target: Manifest, published: str) -> ui.LayoutView:
    """Asks once more before an older version answers."""
    text = (
        f"**Answer from version {escape(target.version)} again?**\nIt is of {when(target.created)} by "
        f"{person(target.by)}: {len(target.documents)} documents, {target.chunks:,} chunks. It takes the place of "
        f"{escape(published)}, which stays for `/knowledge rollback`. The documents are not touched."
    )
    return messages([text], AMBER, [RollBackButton(target.version), DismissButton()])[0]


def rolled_back(found: RollbackReport, user_id: int) -> ui.LayoutView:
    """That an older version answers."""
    text = (
        f"**Rolled back** by <@{user_id}>: version {escape(found.version)} of {when(found.created)} answers now, in "
        f"the place of {escape(found.previous)}.\n-# {found.documents} documents, {found.chunks:,} chunks · "
        f"{found.seconds:.2f} s · Until the documents change, `/knowledge reindex` leaves it so."
    )
    return messages([text], GREEN)[0]


def dismissed() -> ui.LayoutView:
    """That everything is as it was."""
    return messages(["Everything stays as it is."], GREEN)[0]


def documents(found: Sequence[IndexedDocument], version: str, page: int) -> ui.LayoutView:
    """A page of the documents that are indexed."""
    pages = max(1, math.ceil(len(found) / DOCUMENTS_ON_A_PAGE))
    page = min(page, pages - 1)
    lines = [
        f"- **{escape(shorten(each.title, 60))}** · {escape(shorten(each.path, 60))}\n"
        f"  {each.chunks} {'chunk' if each.chunks == 1 else 'chunks'} · "
        f"{each.updated or 'no longer in the folder'} · cited {each.cited:,} {'time' if each.cited == 1 else 'times'}"
        for each in found[page * DOCUMENTS_ON_A_PAGE :][:DOCUMENTS_ON_A_PAGE]
    ]
    title = f"**{len(found)} documents** in version {escape(version)}, the most cited first"
    blocks = [title, "\n".join(lines) or "There are none.", *_page_number(page, pages)]
    return messages(blocks, GREEN, _turns("documents", page, pages))[0]


def log(changes: Sequence[Change], total: int, page: int) -> ui.LayoutView:
    """A page of the log."""
    pages = max(1, math.ceil(total / CHANGES_ON_A_PAGE))
    lines = [_change(change) for change in changes]
    blocks = ["**Who changed the knowledge**", "\n".join(lines) or NOBODY_YET, *_page_number(page, pages)]
    return messages(blocks, GREEN, _turns("log", page, pages))[0]


def _change(change: Change) -> str:
    who = f"<@{change.user_id}>" if change.user_id else "somebody who had their id deleted"
    version = f" · {escape(shorten(change.version, 40))}" if change.version else ""
    detail = f"\n  {escape(shorten(change.detail, 100))}" if change.detail else ""
    return f"- {when(change.at)} {who} {escape(shorten(change.action, 60))}{version}{detail}"


def asked_again(found: AskedAgain) -> ui.LayoutView:
    """How many answers would change, with the report as a file."""
    counts = "\n".join(f"- {count} {kind}" for kind, count in found.counts.items())
    text = f"**{found.asked} questions were asked again** of the version that the documents would make now."
    view = Illustrated({REPORT_NAME: found.markdown.encode()} if counts else {})
    blocks = [text, counts or "No answer would change."]
    view.add_item(ui.Container(*(ui.TextDisplay[Any](block) for block in blocks), accent_colour=GREEN))
    return view.add_item(ui.File(f"attachment://{REPORT_NAME}")) if counts else view


def _page_number(page: int, pages: int) -> list[str]:
    return [f"-# Page {page + 1} of {pages}"] if pages > 1 else []


def _turns(page: Page, number: int, pages: int) -> list[ui.Item[Any]]:
    if pages == 1:
        return []
    return [
        PageButton(page, max(number - 1, 0), "<", disabled=number == 0),
        PageButton(page, number + 1, ">", disabled=number == pages - 1),
    ]


def person(name: str) -> str:
    """Somebody who is named in the index: of Discord a mention, which pings nobody, of elsewhere their name."""
    user_id = user_id_of(name)
    return f"<@{user_id}>" if user_id else escape(shorten(name, 60)) or "somebody"


def when(moment: datetime | str, style: str = "f") -> str:
    """A time as each reader's own clock shows it."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return f"<t:{int(moment.timestamp())}:{style}>"
