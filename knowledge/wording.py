"""Whether a claim keeps to the wording of its passages so far that it says what they say.

What was added to their words, left out or moved is counted (alignment.py) and weighed by a logistic model. It is
strict: a claim in words of its own is not borne out, even where a reader would grant it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.alignment import Token, align, source, stands_in, tokens
from knowledge.clauses import Case
from knowledge.thesaurus import Lexicon

# Fitted on the part `fitted` of tests/golden/verification.yaml by `python -m benchmarks.fit_wording`, which also says
# what comes of it. Below zero, a claim is not borne out.
INTERCEPT = 4.49
WEIGHTS = {
    "added content": -3.68,
    "added light": -4.63,
    "added degree": -4.10,
    "added denial": -6.17,
    "added frame": -0.84,
    "added unknown": -2.94,
    "left out degree": -1.04,
    "left out denial": -7.89,
    "synonym": -2.18,
    "moved clause": -1.61,
    "moved words": -1.83,
    "moved within": -2.63,
    "moved past a start": -0.41,
}

# What is said of one thing, said of another: 2 true and 66 changed statements of `fitted` have it. Never borne out.
OTHER_SUBJECT = "another start"
_TO_BE = frozenset({"be", "is", "are", "was", "were", "been", "being"})
_TELLING = frozenset({"content", "light", "number"})
_FOREIGN = frozenset(f"added {kind}" for kind in _TELLING)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was done to the words of passages: what, and to which word."""

    kind: str
    word: str


def wording(case: Case) -> str | None:
    """What the claim changed in the wording of its passages, the heaviest first, where that is too much."""
    sentences = [sentence.text for sentence in case.evidence.sentences]
    if not sentences:
        return "no passages"
    claim = tokens(case.claim, case.lexicon)
    found = changes(claim, source(claim, sentences, case.lexicon), case.lexicon)
    kinds = Counter(change.kind for change in found)
    own_words = sum(kinds[kind] for kind in _FOREIGN)
    has_theirs = 2 * own_words < sum(token.kind in _TELLING for token in claim)
    support = INTERCEPT + sum(WEIGHTS.get(kind, 0.0) * number for kind, number in kinds.items())
    if has_theirs and not kinds[OTHER_SUBJECT] and support >= 0:
        return None
    heaviest = sorted(found, key=lambda change: (change.kind != OTHER_SUBJECT, WEIGHTS.get(change.kind, 0.0)))[:3]
    return ", ".join(f"{change.kind} {change.word}" for change in heaviest)


def changes(claim: Sequence[Token], there: Sequence[Token], lexicon: Lexicon) -> list[Change]:
    """What was done to the words of `there` to write `claim`, in its order, and then what was left out."""
    places = align(claim, there, lexicon)
    taken = {place for place in places if place is not None}
    stems = {token.stem for token in there}
    found, said = list[Change](), set[str]()
    before, at_border = None, False
    for token, place in zip(claim, places, strict=True):
        at_border |= token.opens
        if place is None:
            found += _added(token, is_repeated=token.stem in said, is_known=lexicon.means(token.stem, stems))
        else:
            if token.stem != there[place].stem and token.kind != "function":
                found.append(Change("synonym", token.text))
            if before is not None and not _goes_on(token, there, before, place):
                found.append(Change("moved clause" if at_border else "moved words", token.text))
                if there[before].sentence == there[place].sentence:
                    found.append(Change("moved within", token.text))
                if _is_another_start(place, taken, there):
                    found.append(Change("moved past a start" if at_border else OTHER_SUBJECT, token.text))
            before, at_border = place, False
        said.add(token.stem)
    return found + _left_out(taken, there)


def _added(token: Token, *, is_repeated: bool, is_known: bool) -> list[Change]:
    """A word that is not theirs, or not there. Said again, it only stands for what an ellipsis left out."""
    if is_repeated and token.kind in _TELLING:
        return []
    found = [Change(f"added {token.kind}", token.text)]
    if not is_known and token.kind not in {"function", "relation", "frame"}:
        found.append(Change("added unknown", token.text))
    return found


def _goes_on(token: Token, there: Sequence[Token], before: int, place: int) -> bool:
    """Whether `token` comes from further on in the same sentence, or stands elsewhere by grammar alone."""
    if token.follows.endswith("'s") or (there[place].opens and token.follows in _TO_BE):
        return True  # "the model's output" for "the output of the model", "must be tested" for "Test"
    return there[before].sentence == there[place].sentence and place > before


def _is_another_start(place: int, taken: set[int], there: Sequence[Token]) -> bool:
    """Whether the clause at `place` begins with something that the claim has put something else in the place of."""
    start = place
    while not there[start].opens:
        start -= 1
    if stands_in(there[start:]):
        return False
    return any(there[each].kind in _TELLING and each not in taken for each in range(start, place))


def _left_out(taken: set[int], there: Sequence[Token]) -> list[Change]:
    """The denials and degrees that were left out of clauses that something was taken from."""
    clauses, number = [], 0
    for token in there:
        number += token.opens
        clauses.append(number)
    used = Counter(clauses[place] for place in taken if there[place].kind in _TELLING)
    return [
        Change(f"left out {token.kind}", token.text)
        for place, token in enumerate(there)
        if place not in taken and used[clauses[place]] and token.kind in {"denial", "degree"}
    ]
