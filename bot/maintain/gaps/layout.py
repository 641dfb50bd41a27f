"""What /knowledge gaps shows: values in, Components V2 layouts out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from discord import ui

from bot.ask.layout import AMBER, GREEN, messages
from bot.ask.layout import answer as answer_views
from bot.maintain.gaps.adding import Publication
from bot.maintain.gaps.buttons import DraftButton, GapButton, GapPageButton
from bot.maintain.gaps.clusters import Cluster
from bot.maintain.layout import RED, report, when
from bot.replies import Illustrated
from bot.text import escape, shorten
from knowledge.types import Answer

GAPS_ON_A_PAGE = 4
WORDINGS = 3
MAX_QUESTION = 100
MAX_NAME = 50
MAX_LISTED = 8
MAX_PROBLEM = 2_000
NO_GAPS = "**No gaps.** Nothing that was refused or voted down waits for you."


def page(clusters: Sequence[Cluster], number: int) -> ui.LayoutView:
    """A page of gaps, with the buttons of each."""
    pages = max(1, math.ceil(len(clusters) / GAPS_ON_A_PAGE))
    number = min(number, pages - 1)
    shown = clusters[number * GAPS_ON_A_PAGE :][:GAPS_ON_A_PAGE]
    if not shown:
        return messages([NO_GAPS], GREEN)[0]
    gaps = "gap" if len(clusters) == 1 else "gaps"
    items: list[ui.Item[Any]] = [
        ui.TextDisplay(f"**{len(clusters)} {gaps} in the knowledge**, the most asked first"),
    ]
    for cluster in shown:
        actions = (GapButton(action, cluster.id, number) for action in ("add", "off", "again"))
        texts = (ui.TextDisplay[Any](text) for text in (_wordings(cluster), _known(cluster)))
        items += [ui.Separator(), *texts, ui.ActionRow(*actions)]
    if pages > 1:
        turns = (
            GapPageButton(max(number - 1, 0), "<", disabled=number == 0),
            GapPageButton(number + 1, ">", disabled=number == pages - 1),
        )
        items += [ui.Separator(), ui.TextDisplay(f"-# Page {number + 1} of {pages}"), ui.ActionRow(*turns)]
    return ui.LayoutView(timeout=None).add_item(ui.Container(*items, accent_colour=AMBER))


def _wordings(cluster: Cluster) -> str:
    first, *others = cluster.questions
    lines = [f"**{_question(first)}**", *(f"- {_question(other)}" for other in others[: WORDINGS - 1])]
    if len(others) >= WORDINGS:
        lines.append(f"- and {len(others) - WORDINGS + 1} more wordings")
    return "\n".join(lines)


def _known(cluster: Cluster) -> str:
    times = "once" if cluster.times == 1 else f"{cluster.times:,} times"
    why = "not covered" if cluster.abstained else "answered, and voted down"
    lines = [f"-# Asked {times}, last {when(cluster.last_asked, 'R')} · {why}"]
    if (closest := cluster.closest) is not None:
        names = dict.fromkeys((closest.title, closest.section))
        place = " › ".join(escape(shorten(name, MAX_NAME)) for name in names)
        lines.append(f"-# Closest: {place} (score {closest.score:.2f})")
    return "\n".join(lines)


def off_topic(cluster: Cluster, proposed: str) -> ui.LayoutView:
    """That the questions are off the list; `proposed` says what became of the proposal."""
    text = (
        f"**Not our topic**: off the list, for good.\n{_listed(cluster.questions)}\n-# {escape(shorten(proposed, 300))}"
    )
    return messages([text], GREEN, [GapButton("undo", cluster.id)])[0]


def undone() -> ui.LayoutView:
    """That the decision was taken back."""
    return messages(["They are on the list of gaps again. A proposal that was written stays in its file."], GREEN)[0]


def asked_again(cluster: Cluster, answer: Answer) -> list[ui.LayoutView]:
    """The answer of today, and what to do with the gap."""
    if answer.kind == "abstain":
        return [*answer_views(answer, None), messages(["**Still not covered**, so it stays on the list."], AMBER)[0]]
    text = "**Covered now?** Then take it off the list. It comes back when it is refused or voted down again."
    return [*answer_views(answer, None), messages([text], GREEN, [GapButton("covered", cluster.id)])[0]]


def covered(gap_id: str, answered: Sequence[str], refused: Sequence[str], waiting: int) -> ui.LayoutView:
    """Which questions are off the list now, which stay, and what can be done for the people who asked."""
    blocks = []
    if answered:
        blocks.append(f"**Off the list**, since they are answered now:\n{_listed(answered)}")
    if refused:
        blocks.append(f"**Still not covered**, so they stay on the list:\n{_listed(refused)}")
    if not answered:
        return messages(blocks, AMBER)[0]
    people = "1 person waits" if waiting == 1 else f"{waiting:,} people wait"
    tell = [GapButton("tell", gap_id, label=f"Tell {waiting:,} who asked")] if waiting else []
    blocks.append(f"-# {people} to be told." if waiting else "-# Nobody asked to be told.")
    return messages(blocks, GREEN, [*tell, GapButton("golden", gap_id)])[0]


def added(publication: Publication, answer: Answer | None) -> list[ui.LayoutView]:
    """That a document serves, and what is answered now."""
    version = publication.report.version or ""
    text = f"**Published as {escape(publication.name)}** in version {escape(version)}."
    if publication.report.forced:
        text += " It answers some golden questions worse; the reason is recorded."
    return [*messages([text], GREEN), *(answer_views(answer, None) if answer else [])]


def kept(problem: str, gap_id: str, draft: str, text: str, *, may_force: bool = False) -> ui.LayoutView:
    """That a document was not published, why, and that it is kept; with the document as a file."""
    view = Illustrated({draft: text.encode()})
    note = (
        f"{shorten(problem, MAX_PROBLEM)}\n**Not published, and not lost**: the document is kept as the draft"
        f" {escape(draft)}, outside the knowledge folder, so nobody's next run meets it. What was published before"
        " keeps serving."
    )
    actions = [DraftButton("retry", gap_id, draft), *([DraftButton("force", gap_id, draft)] if may_force else [])]
    view.add_item(ui.Container(ui.TextDisplay[Any](note), ui.ActionRow(*actions), accent_colour=RED))
    return view.add_item(ui.File(f"attachment://{draft}"))


def refused(publication: Publication, gap_id: str, draft: str, text: str) -> list[ui.LayoutView]:
    """What spoke against publishing a document, and that it is kept."""
    found = publication.report
    problem = "The gate refused it, for the reasons above." if found.refused else "There was nothing to publish."
    return [
        *report(found, offer_force=False),
        kept(problem, gap_id, draft, text, may_force=bool(found.refused) and found.after is not None),
    ]


def told(reached: int, missed: int) -> ui.LayoutView:
    """How many people were told."""
    lines = [f"**Told {reached:,} {'person' if reached == 1 else 'people'}** who asked, each once."]
    if missed:
        lines.append(f"{missed:,} could not be reached: they take no direct messages from me.")
    return messages(["\n".join(lines)], GREEN)[0]


def news(question: str, answer: Answer, answer_id: str | None) -> list[ui.LayoutView]:
    """What somebody who asked is told."""
    text = f"🔔 You asked me to tell you when I know: “{_question(question)}”"
    return [*messages([text], GREEN), *answer_views(answer, answer_id)]


def proposed(file: str, new: int) -> ui.LayoutView:
    """That questions wait for a review."""
    if not new:
        return messages([f"All of them are golden questions, or proposed in {escape(file)}, already."], GREEN)[0]
    questions = "question is" if new == 1 else "questions are"
    return messages([f"**{new} {questions} proposed** in {escape(file)}, for a maintainer to review."], GREEN)[0]


def _listed(questions: Sequence[str]) -> str:
    lines = [f"- {_question(question)}" for question in questions[:MAX_LISTED]]
    return "\n".join([*lines, *([f"- and {len(questions) - MAX_LISTED} more"] if len(questions) > MAX_LISTED else [])])


def _question(question: str) -> str:
    return escape(shorten(question, MAX_QUESTION))
