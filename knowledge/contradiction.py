"""What passages deny: another approach, a negation too many or too few, the opposite word.

Each check looks at one way in which a sentence can say something else than its passages in nearly the same words, and
returns what it found, or None.
"""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.clauses import REFERENCE, Case, Word, approach_of, approaches_in, without_approaches
from knowledge.lexical import words
from knowledge.thesaurus import Lexicon


def other_approach(case: Case) -> str | None:
    """What is said of an approach is not said there of another one only."""
    plain = REFERENCE.sub("", case.claim)
    for part in case.parts:
        near = case.aligned(part)
        of_both = len(approaches_in(part.text)) > 1
        if (
            part.text not in plain
            or not part.about
            or (of_both and any(approach_of(sentence.text) == part.about for sentence in near))
        ):
            continue
        said = {stem for stem in without_approaches(part.stems, case.lexicon) if not case.lexicon.is_light(stem)}
        own, rival = set(case.evidence.context), set[str]()
        for clause in case.evidence.clauses:
            if len(approaches_in(clause.text)) > 1 or clause.about in ("", part.about):
                own |= clause.all_stems
            if clause.about not in ("", part.about):
                rival |= clause.all_stems
        elsewhere = {stem for stem in said if case.lexicon.means(stem, rival) and not case.lexicon.means(stem, own)}
        only_here = {stem for stem in said if case.lexicon.means(stem, own) and not case.lexicon.means(stem, rival)}
        if len(elsewhere) > len(only_here - case.evidence.context):
            return f"{part.about}, {' '.join(sorted(elsewhere))}"
    return None


def denial(case: Case) -> str | None:
    """What the claim denies, the passages deny, and the other way round."""
    for part in case.parts:
        there = [word for clause in case.aligned_clauses(part) for word in clause.words]
        denied_there = frozenset(word.stem for word in there if word.denied)
        asserted_there = frozenset(word.stem for word in there if not word.denied)
        denied = [word.stem for word in part.words if word.denied]
        known = [
            stem
            for stem in denied
            if not case.lexicon.is_light(stem) and case.lexicon.means(stem, denied_there | asserted_there)
        ]
        if known and not any(case.lexicon.means(stem, denied_there) for stem in known):
            return f"not {' '.join(known)}"
        asserted = frozenset(word.stem for word in part.words if not word.denied)
        for group in _denied_groups(there):
            only = [stem for stem in group if case.lexicon.means(stem, asserted) and stem not in asserted_there]
            if (
                only
                and not asserted.isdisjoint(group)
                and 2 * len(only) >= len(group)
                and not any(case.lexicon.means(stem, denied) for stem in group)
            ):
                return f"{' '.join(only)}"
    return None


def opposite(case: Case) -> str | None:
    """Where the claim says cheaper or first, the passages do not say dearer or last of the same."""
    here = set(case.lexicon.stems(case.claim))
    for part in case.parts:
        there = case.aligned_clauses(part)
        stems = frozenset(stem for clause in there for stem in case.lexicon.stems(clause.text))
        denied = frozenset(word.stem for word in part.words if word.denied)
        denied_there = frozenset(word.stem for clause in there for word in clause.words if word.denied)
        for stem in case.lexicon.stems(part.text):
            against = (case.lexicon.opposites(stem) & stems) - here
            if against and not case.lexicon.means(stem, stems) and (stem in denied) == bool(against & denied_there):
                return f"{stem}, {' '.join(sorted(against))}"
        bound = [pair for clause in there for pair in _bound(case.lexicon, clause.text)]
        for stem, noun in _bound(case.lexicon, part.text):
            others = {other for other, its in bound if its == noun}
            if case.lexicon.opposites(stem) & others and not case.lexicon.means(stem, others):
                return f"{stem} {noun}"
    return None


def _bound(lexicon: Lexicon, text: str) -> list[tuple[str, str]]:
    """The words of a clause that have an opposite, each with the word behind it, else with the one before it."""
    stems = [lexicon.stem(word) for word in words(text) if _counts(lexicon, word)]
    pairs = (
        (stem, stems[at + 1] if at + 1 < len(stems) else stems[at - 1])
        for at, stem in enumerate(stems)
        if lexicon.opposites(stem) and len(stems) > 1
    )
    return [(stem, noun) for stem, noun in pairs if not lexicon.is_light(noun)]


def _counts(lexicon: Lexicon, word: str) -> bool:
    return not lexicon.is_function_word(word) or bool(lexicon.opposites(lexicon.stem(word)))


def _denied_groups(there: Sequence[Word]) -> list[list[str]]:
    """The runs of denied words."""
    groups: list[list[str]] = []
    before = False
    for word in there:
        if word.denied:
            if not before:
                groups.append([])
            groups[-1].append(word.stem)
        before = word.denied
    return groups
