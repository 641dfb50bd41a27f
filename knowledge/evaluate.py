"""Scores an index by the golden questions: is the right section cited, is what is not covered refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, NamedTuple

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from knowledge.errors import KnowledgeError
from knowledge.types import Answer, Chunk


class Section(NamedTuple):
    """The place of an answer: a document's path and one of its headings."""

    document: str
    heading: str

    def __str__(self) -> str:
        return f"{self.document}#{self.heading}"


@dataclass(frozen=True, slots=True)
class GoldenQuestion:
    """A question and the sections of which any answers it; without sections it must be refused.

    An answer to a question with `phrases` must hold one of them.
    """

    question: str
    sections: tuple[Section, ...] = ()
    phrases: tuple[str, ...] = ()
    style: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one golden question was answered.

    `rank` is the first right section's place among the distinct sections of the passages, None without one.
    `cited`: the answer cites a right section, `phrase`: it holds a phrase; None where that is not asked for. `first` is
    the chunk of the first passage.
    """

    golden: GoldenQuestion
    answered: bool
    confidence: float
    rank: int | None = None
    cited: bool | None = None
    phrase: bool | None = None
    first: Chunk | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of an index. A share, 0 to 1, is None where no question asks for it.

    `answered` is a share of the answerable questions, `abstained` of those to refuse, `cited` of the answers to
    answerable ones, `phrase` of those that name one. `left_out` questions name no document that is indexed;
    `missing_sections` are headings that the golden file names and an indexed document does not have.
    """

    outcomes: tuple[Outcome, ...]
    recall_at_1: float | None
    recall_at_5: float | None
    mrr: float | None
    answered: float | None
    abstained: float | None
    cited: float | None
    phrase: float | None
    false_answers: tuple[str, ...]
    left_out: int
    missing_sections: tuple[Section, ...]


def load_golden(path: Path) -> list[GoldenQuestion]:
    """The golden questions of a YAML file. Raises KnowledgeError naming the file and the wrong entry."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_YAML)  # noqa: S506  (a safe loader)
    except OSError as error:
        raise KnowledgeError(
            f"The golden questions {path} cannot be read ({error.strerror}). Set GOLDEN_FILE."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise KnowledgeError(f"The golden questions {path} are not valid YAML: {reason}.") from error
    try:
        file = _File.model_validate(content)
    except ValidationError as error:
        raise KnowledgeError(_wrong(path, _explained(error, content))) from error
    questions = [each.golden() for part in (file.answerable, file.refused) for each in part]
    times = Counter(each.question.casefold() for each in questions)
    repeated = [each.question for each in questions if times[each.question.casefold()] > 1]
    if repeated:
        raise KnowledgeError(_wrong(path, f"{repeated[0]!r} is in it more than once."))
    return questions


def evaluate(
    golden: Sequence[GoldenQuestion],
    ask: Callable[[str], Answer],
    chunks: Iterable[Chunk],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Ask each golden question that names a document of `chunks`, and those to refuse; score the answers.

    Raises KnowledgeError where none of the golden questions is about these documents.
    """
    indexed = {Section(chunk.document, chunk.section) for chunk in chunks}
    asked = about(golden, {section.document for section in indexed})
    if not asked:
        raise KnowledgeError(
            "None of the golden questions names a document that is indexed, so there is nothing to evaluate. "
            "Set GOLDEN_FILE to questions about these documents."
        )
    outcomes = outcomes_of(asked, ask, progress)
    named = dict.fromkeys(section for question in asked for section in question.sections)
    return replace(
        summarize(outcomes),
        left_out=len(golden) - len(asked),
        missing_sections=tuple(section for section in named if section not in indexed),
    )


def outcomes_of(
    asked: Sequence[GoldenQuestion], ask: Callable[[str], Answer], progress: Callable[[int, int], None]
) -> list[Outcome]:
    """Ask each question; how each was answered, in order."""
    outcomes = []
    for number, question in enumerate(asked):
        progress(number, len(asked))
        outcomes.append(score(question, ask(question.question)))
    progress(len(asked), len(asked))
    return outcomes


def about(golden: Sequence[GoldenQuestion], documents: Collection[str]) -> list[GoldenQuestion]:
    """The golden questions that count for `documents`: those with a section in them, and all to be refused.

    None where no question with an answer is left: then the refusals say nothing either.
    """
    kept = []
    for question in golden:
        sections = tuple(section for section in question.sections if section.document in documents)
        if sections or not question.sections:
            kept.append(replace(question, sections=sections))
    return kept if any(question.sections for question in kept) else []


def score(golden: GoldenQuestion, answer: Answer) -> Outcome:
    """How `answer` meets what the golden question asks for."""
    answered = answer.kind == "answer"
    found = list(dict.fromkeys(Section(each.chunk.document, each.chunk.section) for each in answer.passages))
    cited = {Section(citation.document, citation.section) for citation in answer.citations}
    text = answer.text.casefold()
    holds_phrase = answered and any(phrase.casefold() in text for phrase in golden.phrases)
    return Outcome(
        golden=golden,
        answered=answered,
        confidence=answer.confidence,
        rank=next((rank for rank, section in enumerate(found, 1) if section in golden.sections), None),
        cited=not cited.isdisjoint(golden.sections) if answered and golden.sections else None,
        phrase=holds_phrase if golden.phrases else None,
        first=answer.passages[0].chunk if answer.passages else None,
    )


def summarize(outcomes: Sequence[Outcome]) -> Evaluation:
    """The scores over all `outcomes`."""
    answerable = [outcome for outcome in outcomes if outcome.golden.sections]
    refusable = [outcome for outcome in outcomes if not outcome.golden.sections]
    ranks = [outcome.rank for outcome in answerable]
    return Evaluation(
        outcomes=tuple(outcomes),
        recall_at_1=_mean(rank == 1 for rank in ranks),
        recall_at_5=_mean(rank is not None and rank <= 5 for rank in ranks),
        mrr=_mean(1 / rank if rank else 0 for rank in ranks),
        answered=_mean(outcome.answered for outcome in answerable),
        abstained=_mean(not outcome.answered for outcome in refusable),
        cited=_mean(outcome.cited for outcome in answerable if outcome.cited is not None),
        phrase=_mean(outcome.phrase for outcome in answerable if outcome.phrase is not None),
        false_answers=tuple(outcome.golden.question for outcome in refusable if outcome.answered),
        left_out=0,
        missing_sections=(),
    )


def _mean(values: Iterable[float]) -> float | None:
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else None


# The file

# The C loader reads 280 questions in 0.02 s, the other in 0.2 s; PyYAML is sometimes built without it.
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _is_place(text: str) -> str:
    document, _, heading = text.partition("#")
    if not (document and heading):
        raise ValueError(f"{text!r} is no section; write document.md#Heading")
    return text


class _Refused(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: _Text
    why: str = ""

    def golden(self) -> GoldenQuestion:
        return GoldenQuestion(self.question)


class _Answerable(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: _Text
    sections: Annotated[list[Annotated[_Text, AfterValidator(_is_place)]], Field(min_length=1)]
    phrase: _Text | list[_Text] = []
    style: str = ""

    def golden(self) -> GoldenQuestion:
        sections = tuple(Section(*place.split("#", 1)) for place in self.sections)
        phrases = (self.phrase,) if isinstance(self.phrase, str) else tuple(self.phrase)
        return GoldenQuestion(self.question, sections, phrases, self.style)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answerable: list[_Answerable] = []
    refused: list[_Refused] = []


def _wrong(path: Path, problem: str) -> str:
    return f"The golden questions {path} are wrong. {problem}"


def _explained(error: ValidationError, content: object) -> str:
    """The first problem as a sentence that names the entry."""
    problem = error.errors()[0]
    message = problem["msg"].removeprefix("Value error, ")
    match problem["loc"]:
        case (str(part), int(number), *rest):
            entry = content[part][number]  # type: ignore[index]  # pydantic has been there
            name = f" ({entry['question']!r})" if isinstance(entry, dict) and entry.get("question") else ""
            where = f", {rest[0]}" if rest else ""
            return f"Entry {number + 1} of {part}{name}{where}: {message}."
        case (str(part),):
            return f"{part}: {message}."
        case _:
            return "It must hold two lists, answerable and refused."
