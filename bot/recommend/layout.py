"""An interview as Discord shows it: values in, Components V2 layouts out, within every limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import discord
from discord import ui

from bot.ask.layout import AMBER, GREEN, MAX_MESSAGE, confidence, messages
from bot.recommend.buttons import DecideButton, InterviewButton, InterviewSelect
from bot.recommend.interview import Decoded, Interview, encode, question_code
from bot.replies import Illustrated
from bot.text import defuse, escape, shorten, unescape
from knowledge.cite import Sections, cite
from knowledge.criteria import UNKNOWN, UNKNOWN_LABEL, Backing, Criteria, Question, answer_code
from knowledge.describe import Stated
from knowledge.recommend import Change, Reason, Recommendation

PROJECT_ID = 7_101  # of the text that shows the project, from which a later step reads it back
PROJECT = "-# Your project: "
CHART, RECORD = "what-your-answers-weigh.png", "decision-record.md"
MAX_PROJECT = 300
MAX_QUOTE = 240
MOST_BUTTONS = 5  # options beyond these are a select
SHOWN = 3  # of each list; the decision record has all
SIDES = {"prompt_engineering": "prompts", "fine_tuning": "fine-tuning"}
ICONS = {"retrieval": "🔎", "contradiction": "⚠️", "caution": "💡"}
PRIMARY, GRAY = discord.ButtonStyle.primary, discord.ButtonStyle.secondary


def question(criteria: Criteria, interview: Interview, asked: Question, project: str) -> ui.LayoutView:
    """One question: what it means and why it matters, its answers to press, and the way back."""
    state = encode(interview, criteria)
    chosen = dict(interview.answers).get(asked.key)
    texts = [
        _progress(criteria, interview),
        f"### {defuse(asked.text)}\n{defuse(asked.why)}",
    ]
    answers = [(option.key, option.label) for option in asked.options]
    rows: list[ui.ActionRow[Any]] = []
    if len(answers) <= MOST_BUTTONS:
        for key, label in answers:
            style = PRIMARY if key == chosen else GRAY
            rows.append(
                _row(InterviewButton("answer", state, label, argument=answer_code(asked.key, key), style=style))
            )
    else:
        options = [
            discord.SelectOption(label=label, value=answer_code(asked.key, key), default=key == chosen)
            for key, label in answers
        ]
        rows.append(_row(InterviewSelect("answer", state, "Choose an answer", options)))
    navigation = [InterviewButton("answer", state, UNKNOWN_LABEL, argument=answer_code(asked.key, UNKNOWN))]
    if chosen is not None:  # shown again to be changed
        navigation.append(InterviewButton("go_on", state, "Keep it"))
    navigation += [
        InterviewButton("back", state, "Back", disabled=interview.last is None),
        InterviewButton("start_over", state, "Start over", disabled=not interview.answers),
        InterviewButton("finish", state, "Show the result", disabled=not interview.answers),
    ]
    return _card([*_project(project), *texts], [*rows, _row(*navigation)])


def review(criteria: Criteria, interview: Interview, stated: Sequence[Stated], project: str) -> ui.LayoutView:
    """What was read from a description, to be confirmed or changed before the first question."""
    state = encode(interview, criteria)
    read = "\n".join(
        f"- {defuse(each.question.text)} **{defuse(each.option.label)}**\n  -# from “{escape(shorten(each.words, 80))}”"
        for each in stated
    )
    texts = [*_project(project), f"### I read this from your description\n{read}", "Is that right? Change what is not."]
    rows = [
        _change(criteria, interview, "Change one of these"),
        _row(
            InterviewButton("go_on", state, "That's right, go on", style=PRIMARY),
            InterviewButton("start_over", state, "Start over"),
        ),
    ]
    return _card(texts, rows)


def result(
    criteria: Criteria,
    interview: Interview,
    recommendation: Recommendation,
    sections: Sections,
    project: str,
    *,
    files: Mapping[str, bytes],
    chart_text: str,
    shared_by: str = "",
) -> ui.LayoutView:
    """The recommendation with its reasons, what would change it and what to do, the chart and the decision record.

    `shared_by` is who shows it to everybody; then its buttons are for everybody as well.
    """
    outcome = recommendation.outcome
    head = [
        *([f"-# {escape(shared_by)} asked what fits their project:"] if shared_by else []),
        *_project(project),
        f"## {defuse(outcome.label)}\n{confidence(recommendation.confidence)}. {defuse(outcome.summary)}",
        *(f"{ICONS[advice.kind]} {defuse(advice.text)}" for advice in recommendation.advice),
    ]
    body = [
        _reasons(recommendation, sections),
        _listed("What speaks against it", map(_fact, recommendation.against[:SHOWN])),
        _listed("Fine-tune when", recommendation.when[:SHOWN]) if outcome.key != "fine_tuning" else [],
        _listed("What would change this", [_changed(criteria, each) for each in recommendation.changes[:SHOWN]]),
        _listed("In the next week", [defuse(step.text) for step in outcome.steps], numbered=True),
        [f"**When to look again**\n{defuse(outcome.review)}"],
        _open(criteria, recommendation),
    ]
    state = encode(interview, criteria)
    gallery = ui.MediaGallery[Any](discord.MediaGalleryItem(f"attachment://{CHART}", description=chart_text))
    record = ui.File[Any](f"attachment://{RECORD}")
    reasons = InterviewButton("reasons", state, "All reasons and sources")
    if shared_by:
        rows = [_row(reasons, DecideButton("Decide about my project"))]
    else:
        more = [InterviewButton("go_on", state, "Go on asking", style=PRIMARY)] if recommendation.next_question else []
        rows = [
            _change(criteria, interview, "Change an answer"),
            _row(
                *more,
                InterviewButton("share", state, "Share the result", style=GRAY if more else PRIMARY),
                reasons,
                InterviewButton("back", state, "Back", disabled=interview.last is None),
                InterviewButton("start_over", state, "Start over"),
            ),
        ]
    view = Illustrated(files)
    items: list[ui.Item[Any]] = [*_texts(head), gallery]
    for part in _fitting(body, MAX_MESSAGE - sum(map(len, head))):
        items += [ui.Separator(), *_texts(part)]
    items += [record, *rows]
    return view.add_item(ui.Container(*items, accent_colour=GREEN))


def reasons(recommendation: Recommendation, sections: Sections) -> list[ui.LayoutView]:
    """Every reason in order of weight, with the answer, the sentence that backs it and where that stands."""
    blocks = [f"**All reasons for “{defuse(recommendation.outcome.label)}”, in order of weight**"]
    blocks += [_reason(reason, sections) for reason in recommendation.reasons]
    if not recommendation.reasons:
        blocks.append("No answer counts for either side yet.")
    blocks += [
        _quoted(f"{ICONS[advice.kind]} {defuse(advice.text)}", advice, sections) for advice in recommendation.advice
    ]
    return messages(blocks, GREEN)


def stale(criteria: Criteria, decoded: Decoded, project: str) -> ui.LayoutView:
    """That the questions have changed since, with the offer to begin anew with the answers that still apply."""
    interview, kept = decoded.interview, len(decoded.interview.answers)
    state = encode(interview, criteria)
    lost = f" {decoded.lost} no longer {'does' if decoded.lost == 1 else 'do'}." if decoded.lost else ""
    text = (
        "### My questions have changed since\nThis interview was made with an older set of criteria."
        f" {kept} of your answers still {'applies' if kept == 1 else 'apply'}.{lost}"
    )
    row = _row(
        InterviewButton("go_on", state, "Start again with these", style=PRIMARY, disabled=not kept),
        InterviewButton("start_over", state, "Start without any"),
    )
    return _card([*_project(project), text], [row], AMBER)


def somebody_elses() -> ui.LayoutView:
    """That the interview belongs to another person, with a way to an own one."""
    text = "That interview is somebody else's, so its buttons are theirs. I will gladly ask you about your own project."
    return _card([text], [_row(DecideButton("Start my own"))])


def project_of(message: discord.Message | None) -> str:
    """The project that a message of an interview shows, as it was written; "" where it shows none."""
    for component in _components(message.components if message else ()):
        if isinstance(component, discord.TextDisplay) and component.id == PROJECT_ID:
            return unescape(component.content.removeprefix(PROJECT))
    return ""


def _components(components: Iterable[Any]) -> Iterable[Any]:
    for component in components:
        yield component
        yield from _components(getattr(component, "children", ()))


def _project(project: str) -> list[str]:
    return [f"{PROJECT}{escape(shorten(project, MAX_PROJECT))}"] if project else []


def _progress(criteria: Criteria, interview: Interview) -> str:
    done, total = len(interview.answers), len(criteria.questions)
    bar = "▰" * done + "▱" * (total - done)
    return f"-# Question {done + 1}  {bar}  I stop as soon as no answer can change the result."


def _reasons(recommendation: Recommendation, sections: Sections) -> list[str]:
    shown = [_reason(reason, sections) for reason in recommendation.reasons[:SHOWN]]
    return ["**Why**", *shown] if shown else []


def _reason(reason: Reason, sections: Sections) -> str:
    return _quoted(f"**{reason.weight}** for {SIDES[reason.points_to]} · {_fact(reason)}", reason.option, sections)


def _fact(reason: Reason) -> str:
    return f"{defuse(reason.question.text)} **{defuse(reason.option.label)}**"


def _changed(criteria: Criteria, change: Change) -> str:
    label = criteria.outcome(change.recommendation).label
    return f"{defuse(change.question.text)} **{defuse(change.option.label)}** → {defuse(label)}"


def _quoted(text: str, backing: Backing, sections: Sections) -> str:
    """`text` over the sentence that backs it and where that stands."""
    citation = cite(backing, sections)
    if citation is None:
        return text
    place = " › ".join(escape(shorten(name, 80)) for name in dict.fromkeys((citation.title, citation.section)))
    return f"{text}\n> {defuse(shorten(citation.quote, MAX_QUOTE))}\n> -# {place}"


def _listed(title: str, entries: Iterable[str], *, numbered: bool = False) -> list[str]:
    lines = [f"{f'{place}.' if numbered else '-'} {entry}" for place, entry in enumerate(entries, 1)]
    return ["\n".join([f"**{title}**", *lines])] if lines else []


def _open(criteria: Criteria, recommendation: Recommendation) -> list[str]:
    asked = criteria.question(recommendation.next_question or "")
    return [f"-# Not settled yet: what tells most next is “{defuse(asked.text)}”"] if asked else []


def _change(criteria: Criteria, interview: Interview, placeholder: str) -> ui.ActionRow[Any]:
    """Chooses an answered question to be asked again."""
    options = []
    for key, option in interview.answers:
        asked = criteria.question(key)
        if asked is not None:
            chosen = asked.option(option)
            label = chosen.label if chosen else UNKNOWN_LABEL
            options.append(
                discord.SelectOption(
                    label=shorten(asked.text, 100), description=shorten(label, 100), value=question_code(key)
                )
            )
    return _row(InterviewSelect("ask", encode(interview, criteria), placeholder, options))


def _row(*items: ui.Item[Any]) -> ui.ActionRow[Any]:
    return ui.ActionRow(*items)


def _fitting(parts: Iterable[list[str]], room: int) -> Iterator[list[str]]:
    """The parts that are not empty, the last ones left out where Discord would not take all."""
    for part in filter(None, parts):
        room -= sum(map(len, part))
        if room < 0:
            return
        yield part


def _texts(texts: Iterable[str]) -> list[ui.Item[Any]]:
    return [ui.TextDisplay(text, id=PROJECT_ID) if text.startswith(PROJECT) else ui.TextDisplay(text) for text in texts]


def _card(texts: Iterable[str], rows: Iterable[ui.Item[Any]], colour: discord.Colour = GREEN) -> ui.LayoutView:
    items = [*_texts(texts), *rows]
    return ui.LayoutView(timeout=None).add_item(ui.Container(*items, accent_colour=colour))
