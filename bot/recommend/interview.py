"""An interview as a value that fits into a button's custom_id, so that no server has to remember it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from knowledge.criteria import CODE_CHARACTERS, UNKNOWN, Criteria, answer_code, codes
from knowledge.recommend import next_question

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Interview:
    """Who is asked, and their answers as (question, option), in the order in which they were given.

    The first `read` of them were read from the description of their project.
    """

    owner: int
    answers: tuple[tuple[str, str], ...] = ()
    read: int = 0

    def answer(self, question: str, option: str) -> Interview:
        """With this answer as the last one, in place of an earlier one to the same question."""
        keys = [key for key, _ in self.answers]
        read = self.read - (question in keys[: self.read])
        others = tuple(pair for pair in self.answers if pair[0] != question)
        return replace(self, answers=(*others, (question, option)), read=read)

    @property
    def last(self) -> str | None:
        """The question that was answered last, by the person themselves."""
        return self.answers[-1][0] if len(self.answers) > self.read else None

    def back(self) -> Interview:
        """Without the last answer that the person gave themselves; the same where there is none."""
        return replace(self, answers=self.answers[:-1]) if self.last is not None else self

    def start_over(self) -> Interview:
        """Without any answer."""
        return Interview(self.owner)

    def to_ask(self, criteria: Criteria) -> str | None:
        """The question that comes next, None where the recommendation is settled."""
        return next_question(criteria, dict(self.answers))


@dataclass(frozen=True, slots=True)
class Decoded:
    """An interview from a custom_id. `lost` answers are to questions or options that the criteria no longer have.

    `stale`: it was made with other criteria than today's.
    """

    interview: Interview
    stale: bool
    lost: int


def encode(interview: Interview, criteria: Criteria) -> str:
    """The interview in at most 82 characters: the criteria's digest, the owner, how many were read, the answers."""
    answers = "".join(answer_code(question, option) for question, option in interview.answers)
    return f"{criteria.digest}:{_base36(interview.owner)}:{_base36(interview.read)}{answers}"


def decode(text: str, criteria: Criteria) -> Decoded:
    """The interview that `encode` wrote, perhaps a month ago and with other criteria."""
    digest, owner, rest = text.split(":")
    known = codes(criteria)
    written = [rest[at : at + CODE_CHARACTERS] for at in range(1, len(rest), CODE_CHARACTERS)]
    kept = [(place, known[code]) for place, code in enumerate(written) if code in known]
    read = int(rest[0], 36)
    interview = Interview(int(owner, 36), tuple(answer for _, answer in kept), sum(place < read for place, _ in kept))
    return Decoded(interview, digest != criteria.digest, len(written) - len(kept))


def question_code(question: str) -> str:
    """Stands for a question where an answer's code is expected: the one of not knowing."""
    return answer_code(question, UNKNOWN)


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
