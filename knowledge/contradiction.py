"""What passages deny: another approach, a negation too many or too few, the opposite word, things the other way round.

Each check looks at one way in which a sentence can say something else than its passages in nearly the same words, and
returns what it found, or None.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from itertools import permutations

from knowledge.clauses import Case, Word, approach_of, approaches_in, directed, sides, without_approaches
from knowledge.lexical import words
from knowledge.thesaurus import Lexicon


def other_approach(case: Case) -> str | None:
    """What is said of an approach is not said there of another one only."""
    for part in case.parts:
        near = case.aligned(part)
        of_both = len(approaches_in(part.text)) > 1
        if not part.about or (of_both and any(approach_of(sentence.text) == part.about for sentence in near)):
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
            return f"approach: {part.about}, {' '.join(sorted(elsewhere))}"
        of_own, of_rival = (
            max((len([stem for stem in said if case.lexicon.means(stem, c.all_stems)]) for c in group), default=0)
            for group in (
                [c for c in case.evidence.clauses if c.about in ("", part.about)],
                [c for c in case.evidence.clauses if c.about not in ("", part.about)],
            )
        )
        if of_rival >= 2 and of_rival > of_own + 1:
            return f"approach: {part.about}, its words are of another"
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
            return f"denial: not {' '.join(known)}"
        asserted = frozenset(word.stem for word in part.words if not word.denied)
        for group in _denied_groups(there):
            only = [stem for stem in group if case.lexicon.means(stem, asserted) and stem not in asserted_there]
            if (
                only
                and not asserted.isdisjoint(group)
                and 2 * len(only) >= len(group)
                and not any(case.lexicon.means(stem, denied) for stem in group)
            ):
                return f"denial: {' '.join(only)}"
    return None


def other_degree(case: Case) -> str | None:
    """More of something there is not less of it here, and more of one approach not of the other."""
    for part in case.parts:
        for word in (word for word in part.words if word.degree):
            there = [w for clause in case.aligned_clauses(part) for w in clause.words if w.degree]
            signs = {other.degree for other in there if other.stem == word.stem}
            if signs and word.degree not in signs:
                return f"degree: {word.text}"
            if not part.about or signs:
                continue
            rival = [c for s in case.evidence.sentences for c in s.clauses if c.about not in ("", part.about)]
            if any(w.degree == word.degree and case.lexicon.means(word.stem, {w.stem}) for c in rival for w in c.words):
                return f"degree: {word.text}, of another approach"
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
                return f"opposite: {stem}, {' '.join(sorted(against))}"
        bound = [pair for clause in there for pair in _bound(case.lexicon, clause.text)]
        for stem, noun in _bound(case.lexicon, part.text):
            others = {other for other, its in bound if its == noun}
            if case.lexicon.opposites(stem) & others and not case.lexicon.means(stem, others):
                return f"opposite: {stem} {noun}"
    return None


def crossing(case: Case) -> str | None:
    """Two things that a sentence sets side by side keep what is said of each."""
    for kind, *ours in directed(case.claim, case.lexicon):
        for sentence in case.evidence.sentences:
            for other, *theirs in directed(sentence.text, case.lexicon):
                if kind == other and _turned_round(ours, theirs):
                    return f"crossing: {kind}"
    here = [without_approaches(side, case.lexicon) for side in sides(case.claim, case.lexicon)]
    if len(here) < 2:
        return None
    names = frozenset(word.stem for part in case.parts for word in part.words if word.name)
    whole = max(case.parts, key=lambda part: len(part.words))
    for sentence in case.aligned(whole):
        there = sides(sentence.text, case.lexicon)
        for first, second in permutations(here, 2):
            crossed = _crossed(case.lexicon, first, second, there, names)
            if crossed:
                return f"crossing: {crossed}"
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


def _turned_round(here: Sequence[frozenset[str]], there: Sequence[frozenset[str]]) -> bool:
    (first, second), (before, behind) = here, there
    return bool(first & (behind - before) and second & (before - behind)) and not second & (behind - before)


def _crossed(
    lexicon: Lexicon,
    first: frozenset[str],
    second: frozenset[str],
    there: Sequence[frozenset[str]],
    names: frozenset[str],
) -> str:
    """Words of two sides that stand the other way round `there`; "" where none do."""

    at = {stem: [n for n, side in enumerate(there) if stem in side] for stem in first | second}
    for here, other in ((u, v) for u in sorted(first - second) for v in sorted(second - first)):
        from_, to = at[here], at[other]
        if len(from_) != 1 or len(to) != 1 or from_ == to:
            continue
        anchors = _living_at(lexicon, to, first - {here}, there)
        mixed = _living_at(lexicon, from_, second - {other}, there)
        alone = sum(len(at[stem]) == 1 for stem in second) == 1
        residents = _living_at(lexicon, from_, first - {here}, there)
        named = here in names and other in names and names.issuperset(residents) and len(anchors) > 1
        if anchors and (mixed or named or (alone and len(anchors) > len(residents))):
            return f"{here}, {other}"
    return ""


def _living_at(lexicon: Lexicon, home: list[int], stems: Set[str], there: Sequence[frozenset[str]]) -> list[str]:
    """Those of `stems` that only this side of a sentence has, in whatever words."""
    return [stem for stem in stems if [n for n, side in enumerate(there) if lexicon.means(stem, side)] == home]


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
