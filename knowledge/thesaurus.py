"""Words by what they mean: which may stand for one another, and which say the opposite. thesaurus.toml lists them."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Set
from pathlib import Path

from knowledge.lexical import Analyzer, words

FILE = Path(__file__).with_suffix(".toml")


class Lexicon:
    """Words by what they mean, read with the stemmer of `analyzer`."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._same: dict[str, set[str]] = {}
        self._opposite: dict[str, set[str]] = {}
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
        for line in _lines(texts["opposite"]):
            left, right = map(self._stems, line.split("/"))
            for side, other in ((left, right), (right, left)):
                for stem in side:
                    self._opposite.setdefault(stem, set()).update(other)
        self._light = self._stems(texts["light"])

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

    def is_known(self, stem: str) -> bool:
        """Whether the word has synonyms here."""
        return stem in self._same

    def means(self, stem: str, stems: Collection[str]) -> bool:
        """Whether one of `stems` is `stem` or may stand for it."""
        return stem in stems or not self._same.get(stem, set()).isdisjoint(stems)

    def opposites(self, stem: str) -> Set[str]:
        """The stems that say the opposite."""
        return self._opposite.get(stem, set())


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]
