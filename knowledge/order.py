"""Who does what to whom: whether two things of a claim stand in each other's place.

"Training needs less memory than inference" has every word of "Inference needs less memory than training". Where a
writer only moves a part to the front, two blocks change places; where two things swap their roles, they change places
about what stays between them. And where a claim says two things, each keeps its company.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise, product

from knowledge.clauses import APPROACH_WORDS, REFERENCE, Case, content_words, pieces
from knowledge.lexical import words
from knowledge.thesaurus import Lexicon

_CLAUSE_START = re.compile(r",\s|\bthat\b")
_CLAUSE_END = re.compile(r"[,;:]\s|\b(?:because|since|while|whereas|but)\b")
_LOWER = r"\b(?:less|fewer|lower|worse|smaller|shorter|cheaper|slower|rarer|weaker)\b[^.;]*?\bthan\b"
_DIRECTIONS = {  # and whether the first thing is the sentence's subject
    "outdoes": (
        re.compile(r"\b(?:outperform|surpass|exceed|beat|outdo|outscore|outweigh)\w*\b(?! by\b)", re.IGNORECASE),
        True,
    ),
    "less than": (re.compile(_LOWER, re.IGNORECASE), True),
    "more than": (re.compile(rf"(?!.*{_LOWER})(?<!rather )\bthan\b", re.IGNORECASE), True),
    "before": (re.compile(r"\bbefore\b", re.IGNORECASE), False),
    "after": (re.compile(r"\bafter\b", re.IGNORECASE), False),
    "over": (re.compile(r"\bover\b|\bto (?:that|those) of\b", re.IGNORECASE), True),
}
# "A is beaten by B" has the order of "B beats A".
_PASSIVE = re.compile(r"\b\w+(?:ed|en|un|t|wn)\s+(?:\w+ly\s+)?by\b", re.IGNORECASE)
_SET_APART = r"\s*;\s*(?:but\s+|and\s+)?|,?\s+(?:while|whereas|but|although|though)\s+|,\s+(?=(?:if|when)\b)|,\s+and\s+"
_STATEMENT_BORDERS = (
    re.compile(_SET_APART, re.IGNORECASE),
    re.compile(rf"{_SET_APART}|\s+and\s+(?!its\b|this\b)(?=\w+(?:s|ed)\b)", re.IGNORECASE),
)
_SAYS_SOMETHING = 3  # words on either side of an "and" that joins statements and not things
_PIVOTS = frozenset(
    "than over with to from into before after without instead rather for up down".split()  # noqa: SIM905
)
_NEAR = 3  # words on either side of "before"
_LONGEST = 5  # words of a thing that is exchanged for another
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
_SHORTEST_CLAUSE = 3
_MATCHED = 0.66  # of a clause's words; with fewer it rests on something else
# "Data improves models" and "models improve with data" are one thing.
_BOTH_WAYS = frozenset("improve increase decrease grow rise fall reduce drop change raise gain".split())  # noqa: SIM905


def crossing(case: Case) -> str | None:
    """The relation ("more than", "before") of two things that the passages have the other way round."""
    for kind, *ours in _directed(case.claim, case.lexicon):
        for sentence in case.evidence.sentences:
            for other, *theirs in _directed(sentence.text, case.lexicon):
                if kind == other and _turned_round(ours, theirs):
                    return kind
    return None


def exchange(case: Case) -> str | None:
    """The first two things of the claim that stand in each other's place, by the sentence that shares most words."""
    lexicon = case.lexicon
    said = _ordered(case.claim, lexicon)
    there = [(_ordered(sentence.text, lexicon), sentence.text) for sentence in case.evidence.sentences]
    best, text = max(there, key=lambda each: sum(lexicon.means(stem, each[0]) for stem in said), default=([], ""))
    passive = bool(_PASSIVE.search(text))
    pivots, both_ways = ({lexicon.stem(word) for word in each} for each in (_PIVOTS, _BOTH_WAYS))
    for clause in dict.fromkeys((case.claim, *pieces(case.claim, _SHORTEST_CLAUSE))):
        telling = _telling(clause, lexicon)
        here = [lexicon.stem(word) for word in telling]
        matches = [(at, place) for at, place in _matches(here, best, lexicon) if said.count(here[at]) == 1]
        if len(here) < _SHORTEST_CLAUSE or len(matches) < _MATCHED * len(here):
            continue
        if bool(_PASSIVE.search(clause)) != passive:
            continue
        for parts in exchanged([place for _, place in matches]):
            first, between, second = ([here[matches[at][0]] for at in part] for part in parts)
            if _is_list([[telling[matches[at][0]] for at in part] for part in parts], clause):
                continue
            tells_apart = any(stem in pivots or not (lexicon.is_light(stem) or stem in both_ways) for stem in between)
            alike = all(map(lexicon.is_light, first)) == all(map(lexicon.is_light, second))
            if tells_apart and alike and pivots.isdisjoint(first + second):
                return f"{' '.join(first)}, {' '.join(second)}"
    return None


def company(case: Case) -> str | None:
    """Words of two statements of the claim that each go with the other statement's words in the passages."""
    lexicon = case.lexicon
    for border in _STATEMENT_BORDERS:
        ours = _statements(case.claim, border, lexicon)
        theirs = [part for each in case.evidence.sentences for part in _statements(each.text, border, lexicon)]
        for first, second in pairwise(ours):
            alone = [
                [stem for stem in sorted(one - other) if not lexicon.is_light(stem)]
                for one, other in ((first, second), (second, first))
            ]
            shared = [_shared(alone, pair, lexicon) for pair in combinations(theirs, 2)]
            most = max((sum(map(len, each)) for each in shared), default=0)
            for each in shared:
                if all(each) and sum(map(len, each)) == most:
                    return f"{each[0][0]}, {each[1][0]}"
    return None


def _shared(alone: Sequence[Sequence[str]], pair: Sequence[frozenset[str]], lexicon: Lexicon) -> list[list[str]]:
    """What each of two statements of the claim has of each one of `pair` and not of the other one."""
    here, there = pair
    return [
        [stem for stem in stems if lexicon.means(stem, one) and not lexicon.means(stem, other)]
        for stems in alone
        for one, other in ((here, there), (there, here))
    ]


def _statements(text: str, border: re.Pattern[str], lexicon: Lexicon) -> list[frozenset[str]]:
    """The stems of what `text` says between borders; an "and" is one only between parts that say something each."""
    plain = REFERENCE.sub("", text)
    found: list[frozenset[str]] = []
    weak, start = False, 0
    for end in [*border.finditer(plain), None]:
        if end and end.group().strip() == ", and" and "," in plain[start : end.start()]:
            continue  # the last one of a list
        stems = frozenset(
            lexicon.stem(word)
            for word in words(plain[start : end.start() if end else len(plain)])
            if lexicon.opposites(lexicon.stem(word)) or not lexicon.is_function_word(word)
        )
        if found and (not stems or (weak and min(len(stems), len(found[-1])) < _SAYS_SOMETHING)):
            found[-1] |= stems
        else:
            found.append(stems)
        if end:
            weak, start = end.group().strip(" ,").lower() == "and", end.end()
    return found


def _directed(sentence: str, lexicon: Lexicon) -> list[tuple[str, frozenset[str], frozenset[str]]]:
    """What `sentence` says from one thing to another: the kind of the relation, and the stems of both.

    Where one thing outdoes another, the first is the subject of the sentence; else it stands right before the relation.
    """
    plain = REFERENCE.sub("", sentence)
    found = []
    for kind, (pattern, of_subject) in _DIRECTIONS.items():
        for match in pattern.finditer(plain):
            start = max((end.end() for end in _CLAUSE_START.finditer(plain, 0, match.start())), default=0)
            before, after = (
                [word.stem for word in content_words(part, lexicon) if word.text not in APPROACH_WORDS]
                for part in (plain[start : match.start()], _CLAUSE_END.split(plain[match.end() :], maxsplit=1)[0])
            )
            found.append(
                (
                    kind,
                    frozenset(before if of_subject else before[-_NEAR:]),
                    frozenset(after if of_subject else after[:_NEAR]),
                )
            )
    return found


def _turned_round(here: Sequence[frozenset[str]], there: Sequence[frozenset[str]]) -> bool:
    (first, second), (before, behind) = here, there
    return bool(first & (behind - before) and second & (before - behind)) and not second & (behind - before)


def exchanged(places: Sequence[int]) -> Iterator[tuple[range, range, range]]:
    """The parts of `places` of which the first and the last must change places, and no more, to bring a run in order.

    A run is as short as can be with all smaller places before it and all greater ones behind it. The part in between is
    never empty, and neither of the other two too long to be one thing.
    """
    in_order = sorted(places)
    start = 0
    for end in range(1, len(places) + 1):
        part, goal = list(places[start:end]), in_order[start:end]
        if set(part) != set(goal):
            continue
        for first, second in product(range(1, _LONGEST + 1), repeat=2):
            if first + second < len(part) and part[-second:] + part[first:-second] + part[:first] == goal != part:
                yield range(start, start + first), range(start + first, end - second), range(end - second, end)
        start = end


def _telling(text: str, lexicon: Lexicon) -> list[str]:
    """The words that say something, in order; "first" and "last" do."""
    return [
        word
        for word in words(_THOUSANDS.sub("", REFERENCE.sub("", text)))
        if word in _PIVOTS
        or lexicon.opposites(lexicon.stem(word))
        or not (lexicon.is_function_word(word) or lexicon.is_light(lexicon.stem(word)))
    ]


def _ordered(text: str, lexicon: Lexicon) -> list[str]:
    """The stems of these words."""
    return [lexicon.stem(word) for word in _telling(text, lexicon)]


def _is_list(parts: Sequence[Sequence[str]], text: str) -> bool:
    """Whether the words of `parts` stand in `text` as items of a list, whose order says nothing."""
    items = [r"(?:,?[\s-]+(?:(?:and|or)\s+)?)".join(map(re.escape, part)) for part in parts]
    return re.search(r"(?:,\s+(?:(?:and|or)\s+)?|\s+(?:and|or)\s+)".join(items), text.lower()) is not None


def _matches(here: Sequence[str], there: Sequence[str], lexicon: Lexicon) -> list[tuple[int, int]]:
    """The places of the words that stand in both, in whatever words, in the order of `here`.

    Of a word that stands there several times, the place is taken that is most in order with the words that stand once.
    """
    places = {
        at: [place for place, other in enumerate(there) if other == stem]
        or [place for place, other in enumerate(there) if lexicon.means(stem, [other]) and other not in here]
        for at, stem in enumerate(here)
        if here.count(stem) == 1
    }
    sure = [(at, found[0]) for at, found in places.items() if len(found) == 1]
    matches = [
        (at, min(found, key=lambda place: sum((at < other) != (place < to) for other, to in sure)))
        for at, found in places.items()
        if found
    ]
    taken = [place for _, place in matches]
    return [(at, place) for at, place in matches if taken.count(place) == 1]
