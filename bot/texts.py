"""The bot's own texts in the language that a server chose; every other text stays as it is."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path

from bot.records.servers import Language

FILES: dict[Language, str] = {"de": "german.toml"}  # English is what the code says
_GAP = re.compile(r"\\\{(\w+)\\\}")
OWN = "sentence"  # what fills this gap is a text of the bot as well


def translated(text: str, language: Language) -> str:
    """`text`, or each line of it that the bot says by itself, in `language`.

    What is not one of the bot's own texts, such as a quotation or a question, is returned as it is.
    """
    if language not in FILES or not text:
        return text
    whole = _one(text, language)
    if whole is not None:
        return whole
    return "\n".join(_one(line, language) or line for line in text.split("\n"))


def _one(text: str, language: Language) -> str | None:
    """`text` in `language` where it is one of the bot's own texts."""
    texts = wordings(language)
    if text in texts:
        return texts[text]
    for pattern, wording in _patterns(language):
        if match := pattern.fullmatch(text):
            gaps = match.groupdict()
            return wording.format(**gaps | {name: translated(gaps[name], language) for name in gaps if name == OWN})
    return None


@lru_cache
def wordings(language: Language) -> dict[str, str]:
    """The bot's own texts in `language`, by their English wording."""
    return tomllib.loads((Path(__file__).parent / FILES[language]).read_text(encoding="utf-8"))


@lru_cache
def _patterns(language: Language) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The texts with gaps, as patterns that find what stands in them."""
    return tuple(
        (re.compile(_GAP.sub(r"(?P<\1>.+)", re.escape(english))), wording)
        for english, wording in wordings(language).items()
        if "{" in english
    )
