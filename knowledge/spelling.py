"""How a misspelt word of a question is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from knowledge.lexical import Reading


class Spelling:
    """Reads a misspelt word as the word of the documents that it most likely stands for."""

    def __init__(self, readings: Iterable[Reading], is_word: Callable[[str], bool]) -> None:
        vocabulary: set[str] = set()
        compounds: dict[str, str] = {}
        for reading in readings:
            vocabulary.update(reading.words)
            compounds.update((compound.replace("-", ""), compound) for compound in reading.compounds)
        # "finetuning" is how people write what the documents call "fine-tuning".
        self._readings = {word: word for word in sorted(vocabulary) if len(word) > 3 and word.isalpha()} | compounds
        self._is_word = is_word

    def correct(self, word: str) -> str:
        """The word of the documents within one edit of `word` (two from eight letters on), or `word` as it is.

        A word that the language has (one that the embedding model's vocabulary holds) is never changed: "bank" is not
        "rank".
        """
        written = word.lower()
        if written in self._readings:
            reading = self._readings[written]
            return word if reading == written else reading
        if len(written) < 4 or not written.isalpha() or self._is_word(written):
            return word
        allowed = 1 if len(written) < 8 else 2
        near = process.extract(
            written, self._readings.keys(), scorer=DamerauLevenshtein.distance, score_cutoff=allowed, limit=None
        )
        # Of the nearest, one with the same first letter: hardly anyone mistypes that.
        found = min(near, key=lambda match: (match[1], match[0][0] != written[0]), default=None)
        return word if found is None else self._readings[str(found[0])]
