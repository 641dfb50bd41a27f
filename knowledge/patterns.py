"""The patterns of `criteria.toml`: regular expressions with a few signs that keep them short, and lists of words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from knowledge.amounts import PERIOD

Location = tuple[str | int, ...]

# A word that a pattern leaves open does not turn its meaning round: "prompts \w+ work" is not "prompts never work".
_OPEN_WORD = r"(?!(?:not|never|no|nor|hardly|barely|cannot|longer|without|anything|\w{2,7}n't)\b)\w"
_SIGN = re.compile(r"\[[^\]]*\]|\\w\+ |\\.| \?|~ ?| |#|@")


def compile_pattern(text: str, quantity: str = "") -> re.Pattern[str]:
    r"""What a pattern means, for a text in lower case whose white space is single spaces.

    A space may follow a colon, "~" is up to three words, and `\w+` with a space after it is any word but a denial. In a
    measure, "#" is the quantity (an expression of knowledge/amounts.py) and "@" is "a day", "per week" and so on.
    """

    def meaning(sign: re.Match[str]) -> str:
        match sign[0]:
            case "~" | "~ ":
                return rf"(?:{_OPEN_WORD}[\w'/-]{{0,30}} ){{0,3}}?"
            case r"\w+ ":
                return rf"{_OPEN_WORD}{{1,40}} "
            case " ":
                return ":? "
            case " ?":
                return "(?::? )?"
            case "#" if quantity:
                return f"(?:{quantity})"
            case "@" if quantity:
                return f"(?:{PERIOD})"
            case as_it_is:
                return as_it_is

    body = re.sub(r"(?<!\\)\((?!\?)", "(?:", _SIGN.sub(meaning, text))  # a group that is remembered costs time
    return re.compile(rf"(?<![\w'])(?:{body})(?!\w)")


def check_pattern(text: str) -> str:
    """The pattern as it is. Raises ValueError, with a sentence, where it is none or could never match or never end."""
    if re.search(r"(?<!\\)[A-Z]", text):
        raise ValueError(f"{text!r} must be in lower case, as the text that it is looked for in")
    if re.search(r"\)[*+]", text):
        raise ValueError(f"{text!r} repeats a group without end, which can take minutes; write {{0,3}} for * or +")
    try:
        compile_pattern(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression ({error})") from error
    return text


def put_words_in(criteria: dict[str, Any]) -> Iterator[tuple[Location, str]]:
    """Puts the lists under [words] into the patterns that name them ("{texts}"); yields where one is not there."""
    words = criteria.pop("words", {})
    for number, question in enumerate(criteria.get("question", [])):
        yield from _put(words, question.get("measure", {}).get("says", []), ("question", number, "measure", "says"))
        for place, option in enumerate(question.get("option", [])):
            yield from _put(words, option.get("says", []), ("question", number, "option", place, "says"))


def _put(words: dict[str, str], patterns: list[str], where: Location) -> Iterator[tuple[Location, str]]:
    for number, pattern in enumerate(patterns):
        for name in re.findall(r"\{([a-z_]+)\}", pattern):
            if name not in words:
                yield where, f"there is no {name!r} under [words]"
            patterns[number] = patterns[number].replace(f"{{{name}}}", f"(?:{words.get(name, '')})")
