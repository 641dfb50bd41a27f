"""Reads the answers that a description of a project clearly states; what it does not, it leaves open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from knowledge.amounts import QUANTITIES, Numbers, Range, find_numbers
from knowledge.criteria import Criteria, Option, Question
from knowledge.patterns import compile_pattern

MAX_CHARACTERS = 4_000

_TYPOS = {
    "accurracy": "accuracy", "acuracy": "accuracy", "acurate": "accurate", "alot": "a lot", "annoted": "annotated",
    "anotated": "annotated", "arent": "aren't", "bugdet": "budget", "buget": "budget", "cant": "can't",
    "catagories": "categories", "couldnt": "couldn't", "deadine": "deadline", "dedline": "deadline",
    "didnt": "didn't", "doesnt": "doesn't", "dont": "don't", "exampels": "examples", "exemples": "examples",
    "experiance": "experience", "finetune": "fine-tune", "finetuned": "fine-tuned", "finetuning": "fine-tuning",
    "hasnt": "hasn't", "havent": "haven't", "hundered": "hundred", "hundret": "hundred", "isnt": "isn't",
    "labaled": "labeled", "labeld": "labeled", "labled": "labeled", "lables": "labels",
    "machinelearning": "machine learning", "milion": "million", "millon": "million", "noone": "no one",
    "plateu": "plateau", "promt": "prompt", "promted": "prompted", "promting": "prompting", "promts": "prompts",
    "propmt": "prompt", "requirments": "requirements", "summerize": "summarize", "thier": "their",
    "thousend": "thousand", "thousends": "thousands", "tommorow": "tomorrow", "tomorow": "tomorrow",
    "trainning": "training", "wasnt": "wasn't", "wont": "won't",
}  # fmt: skip
_TYPO = re.compile(rf"\b(?:{'|'.join(_TYPOS)})\b", re.IGNORECASE)
_PLAIN = [
    (re.compile(r"[’‘´]"), "'"),
    (re.compile(r"[\"“„][^\"”“\n]{15,200}[\"”]"), "..."),  # what somebody else says
    (re.compile(r"https?://\S+"), " "),
    (re.compile(r"(?m)^[ \t]*(?:[-*•>+]|#{1,3}|\d{1,2}[.)])[ \t]+"), "\n"),  # marks of lists, quotes and headings
    (re.compile(r"[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}"), ""),
    (re.compile(r"[\u2600-\u27bf\ufe0f\u200d\U0001f000-\U0001faff]"), " "),
    # A line that was broken because it was full goes on in the next one; any other end of a line ends a statement.
    (re.compile(r"(?<=[^\n]{50})(?<![.!?:;,])\n(?=[^\s])"), " "),
    (re.compile(r"(?m)(?:^|(?<=[.!?] ))(\w+)\?\s(?=\w)"), r"\1: "),  # "Budget? Small."
    (re.compile(r"[^\S\n]+"), " "),
    (re.compile(r" ?[=|] ?"), ": "),
    (re.compile(r" ?\n[\n ]*"), "\n"),
]
_QUESTION = re.compile(
    r"(?:^|(?<=[.!?\n,;:(]))\s*(?:(?:and|but|so|or|also) )?"
    r"(?:is|are|was|do|does|did|can|could|should|would|will|has|what|when|how|why|which|who|where)\b"
    r"(?:[^.!?\n]|\.(?=\d)){0,300}\?",
    re.IGNORECASE,
)
_WORDS = r" (?:(?!(?:but|although|though|however|whereas|and|so|because)\b)\w[\w'/-]* )"  # as far as a denial reaches
_DENIED = re.compile(
    r"\b(?:no|not|never|without|nor|neither|none|hardly|cannot|\w{2,7}n't|lack(?:s|ing)?|too few|instead of|"
    rf"rather than)(?! (?:only|just)\b){_WORDS}{{0,3}}$"
)
_THOUGHT_OF = re.compile(
    r"\b(?:if|whether|unless|until|once we|when we|as soon as we|could|would|might|"
    r"may (?:get|have|be|become|need|want)|"
    r"maybe|perhaps|someday|eventually|later|soon|should (?:we|i|it)|plan(?:s|ning)? to|hop(?:e|es|ing) (?:to|for)|"
    r"will have|we'll have|i'll have|(?:we|i)'d|used to|had|lost|hir(?:e|es|ing)|looking for|recruit(?:ing)?|"
    r"reminds?|detects?|extracts?|mentions?|read that|heard|recommends?|suggests?|"
    r"(?:want|like|going|need|have|try|trying) to (?:label|collect|annotate|hire|get|find|build)|"
    r"(?:friend|boss|colleague|competitor|vendor|consultant|article|paper|blog|somebody|someone)s? (?:of \w+ )?"
    rf"(?:is|says?|said|told|claims?|thinks?|has|have|with)){_WORDS}{{0,6}}$"
)
_ENDED = re.compile(r" (?:has |have |just )?(?:left|quit)\b")
_REACH = 120  # characters before a statement in which a word can deny it


@dataclass(frozen=True, slots=True)
class Stated:
    """An answer that a description states, and the words that state it."""

    question: Question
    option: Option
    words: str


def read_description(criteria: Criteria, text: str) -> tuple[Stated, ...]:
    """The answers that `text` clearly states, in the criteria's order.

    What is asked, denied, only thought of ("if", "could", "plan to") or stated in two ways is left open: a person would
    rather be asked than misread. Only the first 4,000 characters are read.
    """
    plain = _QUESTION.sub(lambda match: "\n" * len(match[0]), _plain(text[:MAX_CHARACTERS]))
    lower = re.sub("[A-Z]+", lambda match: match[0].lower(), plain)  # str.lower() can make a text longer
    numbers = find_numbers(lower)
    found = []
    for question in criteria.questions:
        statements = [
            Stated(question, option, plain[match.start() : match.end()].strip())
            for option, match in _statements(question, lower, numbers)
            if _is_asserted(lower, match)
        ]
        if len({stated.option.key for stated in statements}) == 1:
            found.append(statements[0])
    return tuple(found)


def _plain(text: str) -> str:
    """The text without Markdown, emoji and common typos; a space between words, and a line a statement at most."""
    for pattern, replacement in _PLAIN:
        text = pattern.sub(replacement, text)
    return _TYPO.sub(lambda match: _TYPOS[match[0].lower()], text).strip()


def _statements(question: Question, text: str, numbers: Numbers) -> Iterator[tuple[Option, re.Match[str]]]:
    for option in question.options:
        if option.says:
            yield from ((option, match) for match in _compiled("|".join(option.says)).finditer(text))
    if question.measure is not None:
        for pattern in question.measure.says:
            for match in _compiled(pattern, QUANTITIES[question.measure.of]).finditer(numbers.masked):
                measured = _option_for(question, numbers.measure(match))
                if measured is not None:
                    yield measured, match


def _option_for(question: Question, quantity: Range) -> Option | None:
    """The option that the whole range lies in; None where it lies in two."""
    low, high = (
        max(
            (option for option in question.options if option.at_least is not None and option.at_least <= value),
            key=lambda option: option.at_least or 0.0,
            default=None,
        )
        for value in quantity
    )
    return low if low == high else None


def _is_asserted(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - _REACH) : match.start()]
    return not (_DENIED.search(before) or _THOUGHT_OF.search(before) or _ENDED.match(text, match.end()))


@lru_cache(maxsize=512)
def _compiled(pattern: str, quantity: str = "") -> re.Pattern[str]:
    return compile_pattern(pattern, quantity)
