"""The gate before publication: a version that answers the golden questions worse than the published one stays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.diff import digest
from knowledge.evaluate import GoldenQuestion, Outcome, Section, summarize
from knowledge.types import Chunk
from knowledge.version import Manifest, Mark


@dataclass(frozen=True, slots=True)
class Tolerances:
    """By how much each share may fall, 0 to 1."""

    recall_at_5: float
    answered: float
    abstained: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares, 0 to 1, over `questions` golden questions; None where none of them asks for it."""

    questions: int
    recall_at_5: float | None
    answered: float | None
    abstained: float | None


@dataclass(frozen=True, slots=True)
class FirstPassage:
    """The passage that came first for a question."""

    section: Section
    text: str


@dataclass(frozen=True, slots=True)
class Worse:
    """A golden question that the new version meets worse, how, and what came first then and now."""

    question: str
    problem: str
    before: FirstPassage | None
    after: FirstPassage | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the golden questions say: the scores of the published and of the new version on the same questions.

    `before` is None where there is nothing to compare with; `after` are then the scores on all questions about the
    documents, None where there are none. `refused` is the reason why the new version should not be published, empty
    where it may; `note` is what a maintainer should know about the comparison.
    """

    before: Scores | None = None
    after: Scores | None = None
    worse: tuple[Worse, ...] = ()
    refused: str = ""
    note: str = ""


def too_few_documents(before: int, after: int, share: float) -> str:
    """Why a folder of `after` documents should not replace `before` ones, empty where it may."""
    if after >= share * before:
        return ""
    return (
        f"Only {after} documents were found, fewer than {share:.0%} of the {before} that are published. Check that the "
        "folder is the right one and whole. To publish so few on purpose, set GATE_DOCUMENTS_SHARE=0 for this run."
    )


def marks(outcomes: Sequence[Outcome]) -> dict[str, Mark]:
    """What is remembered of a version's outcomes, by question."""
    return {
        outcome.golden.question: Mark(
            sections=_digest(outcome.golden.sections),
            rank=outcome.rank,
            confidence=round(outcome.confidence, 4),
            first=outcome.first.id if outcome.first else None,
        )
        for outcome in outcomes
    }


def judge(
    golden: Sequence[GoldenQuestion],
    published: Manifest | None,
    passages: Mapping[str, Chunk],
    after: Sequence[Outcome],
    *,
    threshold: float,
    allowed: Tolerances,
) -> Verdict:
    """Compare the outcomes of the new version with the marks of the published one, on the same questions.

    Left out is what cannot be compared: questions that the published version was not asked, and those that name a
    document which is not there any more. `passages` are the published version's chunks by id. A question is answered
    where its confidence is at least `threshold`.
    """
    if not after:
        return Verdict(note="No golden question names one of these documents, so no gate kept a worse version out.")
    if published is None:
        return Verdict(after=scores(after))
    sections = {question.question: question.sections for question in golden}
    pairs = []
    for new in after:
        question = new.golden.question
        then = tuple(each for each in sections[question] if each.document in published.documents)
        mark = published.marks.get(question)
        if mark and mark.sections == _digest(then) and set(then) <= set(new.golden.sections):
            answered = mark.confidence >= threshold
            old = Outcome(new.golden, answered, mark.confidence, mark.rank, first=passages.get(mark.first or ""))
            pairs.append((old, new))
    if not any(new.golden.sections for _, new in pairs):
        note = "The published version has no scores to compare with, so no gate kept a worse version out."
        return Verdict(after=scores(after), note=note)
    old_scores, new_scores = scores([old for old, _ in pairs]), scores([new for _, new in pairs])
    return Verdict(
        before=old_scores,
        after=new_scores,
        worse=tuple(_worse(old, new, problem) for old, new in pairs if (problem := _problem(old, new))),
        refused=_refusal(published.version, old_scores, new_scores, allowed),
        note=f"{left_out} golden questions are new or name a removed document, and were not compared."
        if (left_out := len(after) - len(pairs))
        else "",
    )


def scores(outcomes: Sequence[Outcome]) -> Scores:
    """The scores that the gate looks at."""
    found = summarize(outcomes)
    return Scores(len(outcomes), found.recall_at_5, found.answered, found.abstained)


def _problem(old: Outcome, new: Outcome) -> str:
    """How the question is met worse than before, empty where it is not."""
    if not new.golden.sections:
        return "answered, though it has to be refused" if new.answered and not old.answered else ""
    problems = []
    if old.answered and not new.answered:
        problems.append("not answered any more")
    if _in_5(old) and not _in_5(new):
        problems.append("no right section among the first five any more")
    return ", ".join(problems)


def _in_5(outcome: Outcome) -> bool:
    return outcome.rank is not None and outcome.rank <= 5


def _worse(old: Outcome, new: Outcome, problem: str) -> Worse:
    return Worse(new.golden.question, problem, _first_passage(old), _first_passage(new))


def _first_passage(outcome: Outcome) -> FirstPassage | None:
    first = outcome.first
    return FirstPassage(Section(first.document, first.section), first.text) if first else None


def _refusal(version: str, before: Scores, after: Scores, allowed: Tolerances) -> str:
    """The reason why the new scores are too low, empty where they are not."""
    falls = []
    for name, what in _NAMES.items():
        old, new, tolerance = getattr(before, name), getattr(after, name), getattr(allowed, name)
        # Half a billionth for the rounding of shares: 0.98 - 0.96 is more than 0.02.
        if old is not None and new is not None and old - new > tolerance + 5e-10:
            falls.append(f"{what} {new:.3f} instead of {old:.3f} (it may fall by {tolerance:g})")
    if not falls:
        return ""
    return f"It answers the golden questions worse than version {version}: {'; '.join(falls)}."


_NAMES = {
    "recall_at_5": "right section in the first five",
    "answered": "answered",
    "abstained": "refused where it has to be",
}


def _digest(sections: Sequence[Section]) -> str:
    return digest(*map(str, sections))
