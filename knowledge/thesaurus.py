"""Words by what they mean and do: which may stand for one another, deny or grade. thesaurus.toml lists them."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Literal, get_args

from knowledge.lexical import Analyzer, words

FILE = Path(__file__).with_suffix(".toml")
Role = Literal["denial", "degree", "relation", "frame"]


class Lexicon:
    """Words by what they mean, read with the stemmer of `analyzer`."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._same: dict[str, set[str]] = {}
        texts = tomllib.loads(FILE.read_text(encoding="utf-8"))
        self._base = {
            form: base
            for base, _, forms in (line.partition(":") for line in _lines(texts["irregular"]))
            for form in forms.split()
        }
        for line in _lines(texts["same"]):
            group = self._stems(line)
            for stem in group:
                self._same.setdefault(stem, set()).update(group - {stem})
        self._light = self._stems(texts["light"])
        self._roles: dict[str, Role] = {word: role for role in get_args(Role) for word in texts[role].split()}
        self._joins_clauses = frozenset(texts["joins_clauses"].split())

    def _stems(self, text: str) -> set[str]:
        return {self.stem(word) for word in text.split()}

    def stem(self, word: str) -> str:
        """The stem of a word in lower case; "fell" and "fall" have one."""
        return self._analyzer.stem(self._base.get(word, word))

    def stems(self, text: str) -> list[str]:
        """The stems of all words of `text`, "the" and "more" too."""
        return [self.stem(word) for word in words(text)]

    def is_function_word(self, word: str) -> bool:
        """Whether the word (lower case) says nothing of its own."""
        return self._analyzer.is_function_word(word)

    def is_light(self, stem: str) -> bool:
        """Whether a sentence claims no more for having the word."""
        return stem in self._light

    def role(self, word: str) -> Role | None:
        """What a word in lower case does, where it denies, grades or relates what a sentence says, or frames it."""
        return self._roles.get(word)

    def joins_clauses(self, word: str) -> bool:
        """Whether a clause can begin with the word (lower case)."""
        return word in self._joins_clauses

    def means(self, stem: str, stems: Collection[str]) -> bool:
        """Whether one of `stems` is `stem` or may stand for it."""
        return stem in stems or not self._same.get(stem, set()).isdisjoint(stems)


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]
