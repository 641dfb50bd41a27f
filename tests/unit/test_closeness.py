"""Denials by closeness: a claim that comes closer to its passages without its "not" was not denied there."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import pytest

from knowledge.clauses import Case, clauses, read
from knowledge.closeness import Vectors, denial_by_closeness
from knowledge.lexical import Analyzer, words
from knowledge.thesaurus import Lexicon
from knowledge.types import Chunk

LEXICON = Lexicon(Analyzer("english"))


def by_words(texts: Sequence[str]) -> Vectors:
    """An embedding that sees nothing but words."""
    vectors = np.zeros((len(texts), 512), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in words(text):
            vectors[row, zlib.crc32(word.encode()) % 512] += 1
    normal: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return normal


def case(claim: str, *sentences: str) -> Case:
    passage = Chunk("id", "d.md", "Title", "Section", ("Title",), " ".join(sentences), sentences, "prose", 0)
    return Case(claim, tuple(clauses(claim, LEXICON)), read([passage], LEXICON), LEXICON)


@pytest.mark.parametrize(
    ("claim", "there"),
    [
        ("A merged adapter does not change the latency.", "A merged adapter changes the latency."),
        (
            "It is small, and loading it does not take the base model.",
            "It is small, and loading it takes the base model.",
        ),
        ("The test set may contain training examples.", "The test set may not contain training examples."),
    ],
)
def test_a_denial_too_many_or_too_few_is_found(claim: str, there: str) -> None:
    assert denial_by_closeness(case(claim, there), by_words) is not None
    assert denial_by_closeness(case(there, there), by_words) is None


def test_without_a_denial_anywhere_there_is_nothing_to_find() -> None:
    there = "Prompt caching reuses the start of a prompt."
    assert denial_by_closeness(case("Caching reuses the start of a prompt.", there), by_words) is None


def test_without_passages_there_is_nothing_to_compare_with() -> None:
    assert denial_by_closeness(case("It does not change."), by_words) is None
