"""Closeness by the embedding model: whether a claim comes closer to its passages when something in it is changed.

A vector alone hardly tells a sentence from its denial. The same sentence without its "not" does: if that is closer to
the passages, they do not deny what the claim denies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.clauses import Case, pieces

Vectors = npt.NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

_DENIED = re.compile(r"\b(?:not|no|never|none|neither|nor|without|cannot|nothing|nobody)\b", re.IGNORECASE)
_SHORTEST = 3  # words of a part that is compared for itself
_SHORTEST_THERE = 2
_NEAREST = 3  # sentences whose parts are looked at
# What denies in passages, too, where a claim may say "not".
_DENYING = re.compile(
    rf"{_DENIED.pattern}|\b(?:fail|fails|failed|lack|lacks|unable|impossible|missing|hardly|little|few)\b",
    re.IGNORECASE,
)
_ASSERTED = {
    "cannot": "can", "without": "with", "none": "all", "neither": "both", "nor": "or", "nothing": "something",
    "nobody": "somebody",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a claim is close to its passages: a cosine, and a logistic model for claims with new words.

    The model weighs the highest cosine to a sentence, how much that rises without the new word, the share of new words
    and the cosine of their clause; it was fitted on the oldest 623 statements of `tuned` in
    tests/golden/verification.yaml.
    `without_denial` is how much closer a clause must come without its denial for that to be one too many: where it
    denies more than the nearest clause of the passages, and where it does not. `with_denial` is the same for a denial
    of the passages that the claim lacks. Both lie between the true and the changed ones of `tuned` and of the first set
    of `reviewed`, see docs/experiments.md.
    """

    similarity: float = 0.45
    intercept: float = -6.6
    of_similarity: float = 8.3
    of_gain: float = -14.3
    of_share: float = -14.4
    of_clause: float = 3.5
    without_denial: tuple[float, float] = (-0.03, 0.045)
    with_denial: float = 0.02


LIMITS = Limits()


def denial_by_closeness(case: Case, embed: Embed) -> str | None:
    """A part of the claim that its nearest part of the passages only bears out without its denial, or the other way."""
    if not case.evidence.sentences:
        return None
    texts = [sentence.text for sentence in case.evidence.sentences]
    sentences, claim = embed(texts), embed([case.claim])[0]
    similar = sentences @ claim
    nearest = [texts[at] for at in (-similar).argsort(kind="stable")[:_NEAREST]]
    if _DENIED.search(case.claim):
        there = [*(part for text in nearest for part in pieces(text, _SHORTEST_THERE)), *nearest]
        vectors = embed(there)
        for part in pieces(case.claim, _SHORTEST):
            if not (undenied := _undenied(part)):
                continue
            close = vectors @ embed([part])[0]
            gain = float((vectors @ embed(undenied).T).max()) - float(close.max())
            too_many = len(_DENIED.findall(part)) > len(_DENYING.findall(there[int(close.argmax())]))
            if gain > LIMITS.without_denial[not too_many]:
                return f"not {part}"
    undenied = _undenied(nearest[0])
    if undenied and float((embed(undenied) @ claim).max()) - float(similar.max()) > LIMITS.with_denial:
        return "the passages deny it"
    return None


def distance(case: Case, new: Sequence[tuple[str, str]], embed: Embed) -> str | None:
    """What keeps the claim from being close to the passages; `new` are its new words, with their clauses."""
    sentences = embed([sentence.text for sentence in case.evidence.sentences])
    similar = sentences @ embed([case.claim])[0]
    similarity = float(similar.max())
    if similarity < LIMITS.similarity:
        return f"similarity: {similarity:.2f}"
    if not new:
        return None
    # What a word adds that the passages do not say takes the claim away from them: without it, it would be closer.
    without = [re.sub(rf"\b{re.escape(word)}\b", "", case.claim, flags=re.IGNORECASE) for word, _ in new]
    gain = float((embed(without) @ sentences[similar.argmax()]).max()) - similarity
    clause = float((embed([part for _, part in new]) @ sentences.T).max(axis=1).min())
    share = len(new) / sum(len(part.words) for part in case.parts)
    weighted = LIMITS.of_similarity * similarity + LIMITS.of_clause * clause + LIMITS.of_gain * gain
    weighted += LIMITS.intercept + LIMITS.of_share * share
    return f"words: {' '.join(word for word, _ in new)}" if weighted < 0 else None


def _undenied(text: str) -> list[str]:
    """`text` without each of its denials, and without all of them."""
    found = list(_DENIED.finditer(text))
    without = [text[: each.start()] + _asserted(each) + text[each.end() :] for each in found]
    if len(found) > 1:
        without.append(_DENIED.sub(_asserted, text))
    return [" ".join(each.split()) for each in without]


def _asserted(denial: re.Match[str]) -> str:
    return _ASSERTED.get(denial.group().lower(), "")
