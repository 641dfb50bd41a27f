"""Where each word of a claim comes from: the cheapest way to write it from the words of its passages.

Dynamic programming, as in edit distance with moves: a word is taken over or added, and the next one is taken over from
further on in the same sentence, or from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from knowledge.clauses import REFERENCE
from knowledge.thesaurus import Lexicon

Kind = Literal["content", "light", "number", "denial", "degree", "relation", "frame", "function"]
Costs = npt.NDArray[np.float64]

MAX_SENTENCES = 3  # that a claim is put together from

# What a word costs that the passages do not have there, and one of theirs that is passed over.
_ADDED: dict[Kind, float] = {
    "content": 1.6, "light": 1.2, "number": 2.5, "denial": 2.5, "degree": 1.5, "relation": 0.3, "frame": 0.3,
    "function": 0.12,
}  # fmt: skip
_PASSED: dict[Kind, float] = {
    "content": 0.12, "light": 0.08, "number": 0.15, "denial": 1.2, "degree": 0.4, "relation": 0.08, "frame": 0.05,
    "function": 0.02,
}  # fmt: skip
_OTHER_FORM, _SYNONYM, _OTHER_FUNCTION_WORD, _UNLIKE = 0.08, 0.5, 0.27, 9.0
_MOVE, _MOVE_AT_BORDER, _TWICE = 1.2, 0.3, 1.0
_PASSED_CLAUSES = 0.35  # at most, where the words passed over end in another clause
_MISSING_START = 1.5  # at most, for the words of a clause before the first one taken over
_STANDS_FOR_START = 0.1  # where that is "it" or "this"

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.,;:()—–?!]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word: its stem, what it does in a sentence, and the number of its sentence.

    `opens`: it is the first one of a clause. `follows` is the word before it, with its "'s".
    """

    text: str
    stem: str
    kind: Kind
    opens: bool
    sentence: int
    follows: str = ""


def tokens(text: str, lexicon: Lexicon, sentence: int = 0) -> list[Token]:
    """The words of `text`, without references and punctuation; "cannot" is two."""
    found: list[Token] = []
    opens, before = True, ""
    for match in _TOKEN.finditer(REFERENCE.sub("", text.lower().replace("’", "'"))):
        word = match.group()
        if not word[0].isalnum():
            opens = True
            continue
        for part in _plain(word):
            joins = lexicon.joins_clauses(part)
            stem = lexicon.stem(part)
            found.append(Token(part, stem, _kind(part, stem, lexicon), opens or joins, sentence, before))
            opens, before = joins, word
    return found


def _plain(word: str) -> list[str]:
    if word in {"cannot", "can't"}:
        return ["can", "not"]
    if word.endswith("n't"):
        return ["not"]
    return [word.removesuffix("'s")]


def _kind(word: str, stem: str, lexicon: Lexicon) -> Kind:
    if any(map(str.isdigit, word)):
        return "number"
    if role := lexicon.role(word):
        return role
    if lexicon.is_function_word(word):
        return "function"
    return "light" if lexicon.is_light(stem) else "content"


def source(claim: Sequence[Token], sentences: Sequence[str], lexicon: Lexicon) -> list[Token]:
    """The words of those sentences, in order, that together have most words of the claim."""
    read = [tokens(text, lexicon, number) for number, text in enumerate(sentences)]
    stems = [{token.stem for token in each} for each in read]
    wanted = {token.stem for token in claim if token.kind not in {"function", "relation"}}
    left, chosen = set(wanted), list[int]()
    while len(chosen) < min(MAX_SENTENCES, len(read)):
        best = max(
            (number for number in range(len(read)) if number not in chosen),
            key=lambda number: (
                sum(lexicon.means(stem, stems[number]) for stem in left),
                sum(lexicon.means(stem, stems[number]) for stem in wanted),
            ),
        )
        chosen.append(best)
        left -= {stem for stem in left if lexicon.means(stem, stems[best])}
    return [token for number in sorted(chosen) for token in read[number]]


def align(claim: Sequence[Token], there: Sequence[Token], lexicon: Lexicon) -> list[int | None]:
    """The place in `there` that each word of `claim` is taken over from, None where it is added, at the least cost.

    The Viterbi algorithm over the places in `there`.
    """
    width = len(there)
    taking = _taking(claim, there, lexicon)
    inside, at_border, entering = _moving(there)
    best = np.full(width + 1, np.inf)
    best[width] = 0.0  # nothing taken over yet
    steps: list[tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]] = []
    for row, token in enumerate(claim):
        ways = best[:width, None] + (at_border if token.opens else inside)
        came_from = ways.argmin(axis=0)
        cost = ways[came_from, np.arange(width)]
        first = best[width] + entering
        came_from = np.where(first < cost, width, came_from)
        taken = np.append(np.minimum(cost, first) + taking[row], np.inf)
        added = best + _ADDED[token.kind]
        steps.append((taken < added, came_from))
        best = np.minimum(taken, added)
    place = int(best.argmin())
    places: list[int | None] = [None] * len(claim)
    for row in range(len(claim) - 1, -1, -1):
        is_taken, came_from = steps[row]
        if place < width and is_taken[place]:
            places[row] = place
            place = int(came_from[place])
    return places


def _taking(claim: Sequence[Token], there: Sequence[Token], lexicon: Lexicon) -> Costs:
    costs = np.full((len(claim), len(there)), _UNLIKE)
    for row, ours in enumerate(claim):
        for column, theirs in enumerate(there):
            if ours.text == theirs.text:
                costs[row, column] = 0.0
            elif ours.stem == theirs.stem:
                costs[row, column] = _OTHER_FORM
            elif ours.kind == theirs.kind and ours.kind in {"function", "denial"}:
                costs[row, column] = _OTHER_FUNCTION_WORD
            elif not {ours.kind, theirs.kind} & {"function", "number", "denial"} and lexicon.means(
                ours.stem, [theirs.stem]
            ):
                costs[row, column] = _SYNONYM
    return costs


def _moving(there: Sequence[Token]) -> tuple[Costs, Costs, Costs]:
    """What it costs to go on from one place at another: inside a clause of the claim, at its border, and at first."""
    passed = np.cumsum([0.0, *(_PASSED[token.kind] for token in there)])
    clause = np.cumsum([token.opens for token in there])
    sentence = np.array([token.sentence for token in there])
    place = np.arange(len(there))
    between = passed[place][None] - passed[place + 1][:, None]
    between = np.where(clause[None] > clause[:, None], np.minimum(between, _PASSED_CLAUSES), between)
    onwards = (sentence[:, None] == sentence[None]) & (place[None] > place[:, None])
    start = _missing_start(there)
    same = place[:, None] == place[None]
    inside, at_border = (
        np.where(onwards, between, np.where(same, _TWICE, move + start[None])) for move in (_MOVE, _MOVE_AT_BORDER)
    )
    return inside, at_border, start / 2 + 0.1


def _missing_start(there: Sequence[Token]) -> Costs:
    """What each place costs for the words of its clause that stand before it."""
    costs, start = np.zeros(len(there)), 0
    for place, token in enumerate(there):
        if token.opens or token.sentence != there[place - 1].sentence:
            start = place
        missing = sum(_PASSED[each.kind] for each in there[start:place])
        costs[place] = _STANDS_FOR_START if stands_in(there[start:]) else min(missing, _MISSING_START)
    return costs


def stands_in(clause: Sequence[Token]) -> bool:
    """Whether a clause opens with a word that stands for something named before."""
    return any(token.text in _STAND_INS for token in clause[:2])


_STAND_INS = frozenset("it this they these that those which he she its their such one them".split())  # noqa: SIM905
