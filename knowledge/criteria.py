"""What /recommend asks and what each answer weighs: `criteria.toml`, read and checked."""

from __future__ import annotations

import base64
import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from knowledge.errors import KnowledgeError
from knowledge.patterns import Location, check_pattern, put_words_in

RecommendationKey = Literal["prompt_engineering", "combine", "fine_tuning"]
# In the order from prompts to training: a higher score never recommends an earlier one.
RECOMMENDATIONS: tuple[RecommendationKey, ...] = ("prompt_engineering", "combine", "fine_tuning")
UNKNOWN = "unknown"
UNKNOWN_LABEL = "I don't know"
MAX_QUESTIONS = 20  # so many answers fit into the 100 characters of a button's custom_id
CODE_CHARACTERS = 3

Answers = Mapping[str, str]


def _is_place(text: str) -> str:
    document, _, heading = text.partition("#")
    if not (document and heading):
        raise ValueError(f"{text!r} is no section; write document.md#Heading")
    return text


_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
_Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
_Pattern = Annotated[str, AfterValidator(check_pattern)]
_Place = Annotated[str, AfterValidator(_is_place)]


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Backing(_Value):
    """A sentence of the documents: `section` is document.md#Heading, `quote` stands in it word for word."""

    section: _Place
    quote: _Text

    @property
    def document(self) -> str:
        """The path of the document."""
        return self.section.partition("#")[0]


class Option(Backing):
    """One answer. `weight` counts towards fine-tuning where positive, towards prompt engineering where negative.

    `when` says when an answer that holds fine-tuning back will have changed. `says` are patterns and `at_least` is a
    number by which a description of a project states the answer.
    """

    key: _Key
    label: _Label
    weight: int = Field(ge=-1000, le=1000)
    when: str = ""
    says: tuple[_Pattern, ...] = ()
    at_least: float | None = Field(None, alias="from")


class Measure(_Value):
    """The quantity in a description that answers a question: what kind it is, and patterns around it ("#")."""

    of: Literal["number", "time", "money"]
    says: tuple[_Text, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_patterns(self) -> Measure:
        for pattern in self.says:
            if pattern.count("#") != 1:
                raise ValueError(f"{pattern!r} must hold one #, where the {self.of} stands")
            check_pattern(pattern.replace("#", "1").replace("@", "a day"))
        return self


class Question(_Value):
    """One criterion, with two to 24 answers ("I don't know" is one more and weighs nothing)."""

    key: _Key
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    why: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]
    options: tuple[Option, ...] = Field(alias="option", min_length=2, max_length=24)
    measure: Measure | None = None

    def option(self, key: str) -> Option | None:
        """The option with this key; None for "I don't know" and for what is no option."""
        return next((option for option in self.options if option.key == key), None)


class Advice(Backing):
    """What is said beside a recommendation where every question in `when` has one of the answers named."""

    kind: Literal["retrieval", "contradiction", "caution"]
    when: dict[str, tuple[str, ...]] = Field(min_length=1)
    text: _Text

    def applies(self, answers: Answers) -> bool:
        """Whether the answers ask for it."""
        return all(answers.get(question) in options for question, options in self.when.items())


class Step(Backing):
    """Something to do in the next week."""

    text: _Text


class Outcome(Backing):
    """What a recommendation means, its first steps, and when to look again."""

    key: RecommendationKey
    label: _Label
    summary: _Text
    review: _Text
    steps: tuple[Step, ...] = Field(alias="step", min_length=1)


class Bands(_Value):
    """From which score on the recommendation is `combine`, and from which `fine_tuning`."""

    combine: int
    fine_tuning: int


class Criteria(_Value):
    """Everything that /recommend knows. Raises pydantic's ValidationError where a value is of the wrong form."""

    bands: Bands
    questions: tuple[Question, ...] = Field(alias="question", min_length=1, max_length=MAX_QUESTIONS)
    advice: tuple[Advice, ...] = ()
    outcomes: tuple[Outcome, ...] = Field(alias="recommendation")

    def question(self, key: str) -> Question | None:
        """The question with this key."""
        return next((question for question in self.questions if question.key == key), None)

    def outcome(self, key: RecommendationKey) -> Outcome:
        """What that recommendation means."""
        return next(outcome for outcome in self.outcomes if outcome.key == key)

    def backings(self) -> Iterator[Backing]:
        """Every sentence of the documents that something here rests on."""
        for question in self.questions:
            yield from question.options
        yield from self.advice
        for outcome in self.outcomes:
            yield outcome
            yield from outcome.steps

    @property
    def digest(self) -> str:
        """Six characters that change with anything in these criteria."""
        return _short_hash(self.model_dump_json(), 6)


def answer_code(question: str, option: str) -> str:
    """Three characters that stand for this answer wherever it is in the file, for places with little room."""
    return _short_hash(f"{question}={option}", CODE_CHARACTERS)


def codes(criteria: Criteria) -> dict[str, tuple[str, str]]:
    """Every answer, "I don't know" too, by its code."""
    return {
        answer_code(question.key, option): (question.key, option)
        for question in criteria.questions
        for option in (*(option.key for option in question.options), UNKNOWN)
    }


def check_answers(criteria: Criteria, answers: Answers) -> None:
    """Raises KnowledgeError naming the first answer that is to no question, or is no option of it."""
    for key, value in answers.items():
        question = criteria.question(key)
        if question is None:
            keys = ", ".join(each.key for each in criteria.questions)
            raise KnowledgeError(f"There is no question {key!r}. The questions are: {keys}.")
        if value != UNKNOWN and question.option(value) is None:
            options = ", ".join((*(option.key for option in question.options), UNKNOWN))
            raise KnowledgeError(f"{value!r} is no answer to {key!r}. The answers are: {options}.")


def load_criteria(path: Path) -> Criteria:
    """The criteria of a TOML file. Raises KnowledgeError naming the file, the line and what is wrong there."""
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise KnowledgeError(f"The criteria {path} cannot be read ({reason}). Set CRITERIA_FILE.") from error
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(f"The criteria {path} are not valid TOML: {error}.") from error
    for location, message in put_words_in(content):
        raise _wrong(path, text, location, message)
    try:
        criteria = Criteria.model_validate(content)
    except ValidationError as error:
        problem = error.errors()[0]
        message = problem["msg"].removeprefix("Value error, ")
        raise _wrong(path, text, problem["loc"], message) from error
    for location, message in _contradictions(criteria):
        raise _wrong(path, text, location, message)
    return criteria


def _contradictions(criteria: Criteria) -> Iterator[tuple[Location, str]]:
    """What is wrong although each value is of the right form, and where."""
    if criteria.bands.combine >= criteria.bands.fine_tuning:
        yield ("bands", "fine_tuning"), "fine_tuning must begin above combine"
    if sorted(outcome.key for outcome in criteria.outcomes) != sorted(RECOMMENDATIONS):
        yield ("recommendation",), f"there must be one [[recommendation]] for each of {', '.join(RECOMMENDATIONS)}"
    yield from _repeated_keys(criteria)
    known = {(question.key, option.key) for question in criteria.questions for option in question.options}
    for number, advice in enumerate(criteria.advice):
        for answer in ((key, option) for key, options in advice.when.items() for option in options):
            if answer not in known:
                yield ("advice", number, "when"), f"{'='.join(answer)} is no answer to any question"


def _repeated_keys(criteria: Criteria) -> Iterator[tuple[Location, str]]:
    """Keys that would be taken for one another, and where."""
    places = [
        (("question", number, "option", place, "key"), question, option)
        for number, question in enumerate(criteria.questions)
        for place, option in enumerate(question.options)
    ]
    keys = [question.key for question in criteria.questions]
    for number, key in enumerate(keys):
        if key in keys[:number]:
            yield ("question", number, "key"), f"there are two questions with the key {key!r}"
    seen: dict[str, str] = {}
    for where, question, option in places:
        answer, code = f"{question.key}={option.key}", answer_code(question.key, option.key)
        if option.key == UNKNOWN:
            yield where, f"the key {UNKNOWN!r} is kept for “I don't know”"
        if code in seen:
            same = "there are two of them" if seen[code] == answer else f"it looks like {seen[code]}; rename one"
            yield where, f"{answer}: {same}"
        seen[code] = answer


def _wrong(path: Path, text: str, location: Location, message: str) -> KnowledgeError:
    line = line_of(text, location)
    name = next((str(part) for part in reversed(location) if isinstance(part, str)), "")
    return KnowledgeError(f"The criteria are wrong: {path}, line {line}, {name}: {message}.")


def line_of(text: str, location: Location) -> int:
    """The line, from 1, at which a TOML text holds the value at `location`, else the nearest thing before it."""
    wanted = _numbered(location)
    counts: dict[str, int] = {}
    best, depth = 1, 0
    inside: tuple[tuple[str, int], ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*(\[\[?)\s*([\w.]+)\s*\]", line)
        if header:
            name = header[2]
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                for other in [other for other in counts if other.startswith(f"{name}.")]:
                    del counts[other]
            parts = name.split(".")
            inside = tuple((part, counts.get(".".join(parts[: place + 1]), 0)) for place, part in enumerate(parts))
            if inside == wanted[: len(inside)] and len(inside) > depth:
                best, depth = number, len(inside)
        elif inside == wanted[: len(inside)] and len(wanted) > len(inside):
            key = re.match(r"\s*([\w-]+)\s*=", line)
            if key and key[1] == wanted[len(inside)][0]:
                return number
    return best


def _numbered(location: Location) -> tuple[tuple[str, int], ...]:
    """("question", 2, "option", 0, "key") as (("question", 2), ("option", 0), ("key", 0))."""
    pairs: list[tuple[str, int]] = []
    for part in location:
        if isinstance(part, str):
            pairs.append((part, 0))
        elif pairs:
            pairs[-1] = (pairs[-1][0], part)
    return tuple(pairs)


def _short_hash(text: str, characters: int) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:characters]
