"""Sentences taken apart for checking: clauses, content words, what is denied, and the approach that they speak of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from knowledge.lexical import words
from knowledge.quantities import Quantity, quantities
from knowledge.thesaurus import Lexicon
from knowledge.types import Chunk

# A clause ends where another begins to say something of its own, or where two things are set side by side.
_CLAUSE_BORDER = re.compile(
    r"\s*[;:()—]\s*|\s+–\s+|,\s+|\s+(?=(?:while|whereas|but|because|since|although|though|(?<!rather )than|instead of"
    r"|rather than|to (?:that|those) of|and|or|if|when|so that|unless|which|who)\b)",
    re.IGNORECASE,
)
# Where two things are set against each other.
_CONTRAST = re.compile(
    r"\s*;\s*|,?\s+(?:while|whereas|but|(?<!rather )than|instead of|rather than|compared with"
    r"|even (?:if|though|when)|(?:to|over) (?:that|those) of|over|(?<=,\s)and)\s+",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\s*\([^()]*\b(?:19|20)\d\d[^()]*\)")  # (Hu et al., 2021)
_CLAUSE_START = re.compile(r",\s|\bthat\b")
_CLAUSE_END = re.compile(r"[,;:]\s|\b(?:because|since|while|whereas|but)\b")
_LOWER = r"\b(?:less|fewer|lower|worse|smaller|shorter|cheaper|slower|rarer|weaker)\b[^.;]*?\bthan\b"
_DIRECTIONS = {  # and whether the first thing is the sentence's subject
    "outdoes": (
        re.compile(r"\b(?:outperform|surpass|exceed|beat|outdo|outscore|outweigh)\w*\b(?! by\b)", re.IGNORECASE),
        True,
    ),
    "copies": (re.compile(r"\b(?:imitate|reproduce|mimic|copy|copie)s?\b", re.IGNORECASE), True),
    "less than": (re.compile(_LOWER, re.IGNORECASE), True),
    "more than": (re.compile(rf"(?!.*{_LOWER})(?<!rather )\bthan\b", re.IGNORECASE), True),
    "over": (re.compile(r"\bover\b|\bto (?:that|those) of\b", re.IGNORECASE), True),
    "instead": (re.compile(r"\b(?:rather than|instead of)\b|(?:,| and| but) not\b", re.IGNORECASE), False),
    "to": (re.compile(r"(?<=\w) to (?=(?:about |up to )?\d)", re.IGNORECASE), False),
    "with": (re.compile(r"\bwith\b", re.IGNORECASE), False),
}
NEARLY = 0.75
_NEAR = 3
_AS_IT_IS = re.compile(r"\b(?:exactly )?as (?:they are|they were|it is|it was)\b", re.IGNORECASE)
_UN = re.compile(r"un(?!der|i)((?:[a-z]{4,})(?:ed|able|ful))")
_TOKEN = re.compile(r"[^\W_]+(?:['’.&/+#-][^\W_]+)*[+#]?")
_NEGATORS = frozenset(
    """
    not no never none nobody nothing neither nor without cannot can't won't don't doesn't didn't isn't aren't wasn't
    weren't couldn't shouldn't wouldn't hasn't haven't hadn't unable lack lacks instead rather impossible fail fails
    failed failing
    """.split()  # noqa: SIM905  (a word list reads better as text)
)
# "rather than X" and "instead of X" deny X.
_DENYING_PAIRS = {"rather": "than", "instead": "of", "fail": "to", "fails": "to", "failed": "to", "failing": "to"}
_DEGREES = {"more": 1, "most": 1, "less": -1, "fewer": -1, "least": -1}
_NEGATED_WORDS = 5
_SAYS_SOMETHING = 3
_SHORT_REACH = {"no": 3, "without": 3}
APPROACHES = {
    "prompting": re.compile(r"\b(?:prompt(?:s|ed|ing)?|(?:few|zero)-shot|in-context learning)\b", re.IGNORECASE),
    "fine-tuning": re.compile(r"\b(?:fine-?\s?tun(?:e|es|ed|ing)|finetun\w+|tuned|adapters?)\b", re.IGNORECASE),
    "retrieval": re.compile(r"\b(?:RAG|retrieval(?:-augmented generation)?)\b"),
}
_APPROACH_WORDS = frozenset(
    """
    prompt prompts prompted prompting engineering fine tuning tuned tune finetuning rag retrieval
    """.split()  # noqa: SIM905  (a word list reads better as text)
)


@dataclass(frozen=True, slots=True)
class Word:
    """A content word: its stem, whether it is denied where it stands, and whether it is written as a name.

    `degree` is 1 where "more" or "most" goes with it, -1 for "less", "fewer" and "least". `initial`: it opens the
    sentence, so that its capital says nothing.
    """

    text: str
    stem: str
    denied: bool
    name: bool
    initial: bool
    degree: int = 0


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence, its content words, the stems of all its words, and the approach that it speaks of.

    `about` is "" where it speaks of none, or of several.
    """

    text: str
    start: int
    words: tuple[Word, ...]
    all_stems: frozenset[str]
    about: str

    @property
    def stems(self) -> frozenset[str]:
        """The stems of its content words."""
        return frozenset(word.stem for word in self.words)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage."""

    text: str
    clauses: tuple[Clause, ...]
    stems: frozenset[str]
    quantities: tuple[Quantity, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What passages say; `context` are the stems of the headings that it stands under."""

    text: str
    sentences: tuple[Sentence, ...]
    context: frozenset[str]
    words: frozenset[str]

    @property
    def clauses(self) -> list[Clause]:
        """The clauses of all sentences."""
        return [clause for sentence in self.sentences for clause in sentence.clauses]

    @property
    def stems(self) -> frozenset[str]:
        """The stems of all words, those of the headings too."""
        return self.context.union(*(sentence.stems for sentence in self.sentences))


@dataclass(frozen=True, slots=True)
class Case:
    """A claim, its clauses, and the evidence that it is to be checked against."""

    claim: str
    parts: tuple[Clause, ...]
    evidence: Evidence
    lexicon: Lexicon

    def aligned(self, part: Clause) -> list[Sentence]:
        """The sentences that a clause most likely rests on: those with nearly as many of its words as the best one."""
        whole = {stem for each in self.parts for stem in each.stems}
        scores = [
            sum(self.lexicon.means(stem, sentence.stems) for stem in part.stems)
            + sum(self.lexicon.means(stem, sentence.stems) for stem in whole) / 2
            for sentence in self.evidence.sentences
        ]
        best = max(scores, default=0)
        return [
            sentence
            for sentence, score in zip(self.evidence.sentences, scores, strict=True)
            if best and score >= NEARLY * best
        ]

    def aligned_clauses(self, part: Clause) -> list[Clause]:
        """The clauses of those sentences that do not speak of another approach."""
        found = (clause for sentence in self.aligned(part) for clause in sentence.clauses)
        return [clause for clause in found if not part.about or clause.about in ("", part.about)]


def clauses(sentence: str, lexicon: Lexicon, about: str = "") -> list[Clause]:
    """The clauses of `sentence`. One that names no approach speaks of that before it; the first one, of `about`."""
    found: list[Clause] = []
    for start, text in _parts(sentence):
        content = tuple(_content(text, lexicon, initial=start == 0))
        is_label = sentence[start + len(text) :].lstrip().startswith(":")
        if (
            is_label or not found or without_approaches((word.stem for word in content), lexicon)
        ):  # else an item of a list
            about = approach_of(text) or about
        if content:
            found.append(Clause(text, start, content, frozenset(lexicon.stems(text)), about))
    return found


def sides(sentence: str, lexicon: Lexicon) -> list[frozenset[str]]:
    """The stems of what `sentence` sets side by side; one set where it sets nothing against anything.

    An "and" counts only between parts that say something each.
    """
    plain = _REFERENCE.sub("", sentence)
    found: list[frozenset[str]] = []
    weak = False
    start = 0
    for border in [*_CONTRAST.finditer(plain), None]:
        part = plain[start : border.start() if border else len(plain)]
        stems = frozenset(word.stem for word in _content(part, lexicon, initial=False))
        if found and weak and min(len(stems), len(found[-1])) < _SAYS_SOMETHING:
            found[-1] |= stems
        else:
            found.append(stems)
        if border:
            weak = border.group().strip(" ,").lower() == "and"
            start = border.end()
    return found


def directed(sentence: str, lexicon: Lexicon) -> list[tuple[str, frozenset[str], frozenset[str]]]:
    """What `sentence` says from one thing to another: the kind of the relation, and the stems of both.

    Where one thing outdoes another, the first is the subject of the sentence; else it stands right before the relation.
    """
    plain = _REFERENCE.sub("", sentence)
    found = []
    for kind, (pattern, of_subject) in _DIRECTIONS.items():
        for match in pattern.finditer(plain):
            start = max((end.end() for end in _CLAUSE_START.finditer(plain, 0, match.start())), default=0)
            before, after = (
                [word.stem for word in _content(part, lexicon, initial=False) if word.text not in _APPROACH_WORDS]
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


def approach_of(text: str) -> str:
    """The approach that `text` names first; "" where it names none."""
    places = {name: match.start() for name, pattern in APPROACHES.items() if (match := pattern.search(text))}
    return min(places, key=lambda name: places[name]) if places else ""


def approaches_in(text: str) -> frozenset[str]:
    """All approaches that `text` names."""
    return frozenset(name for name, pattern in APPROACHES.items() if pattern.search(text))


def _parts(sentence: str) -> Iterator[tuple[int, str]]:
    start = 0
    for border in _CLAUSE_BORDER.finditer(sentence):
        if sentence[start : border.start()].strip():
            yield start, sentence[start : border.start()]
        start = border.end()
    if sentence[start:].strip():
        yield start, sentence[start:]


def _content(text: str, lexicon: Lexicon, *, initial: bool) -> Iterator[Word]:
    found: list[Word] = []
    reach = degree = 0
    tokens = list(_TOKEN.finditer(_AS_IT_IS.sub("unchanged", text)))
    for number, match in enumerate(tokens):
        token = match.group()
        lowered = token.lower().replace("’", "'")
        following = tokens[number + 1].group().lower() if number + 1 < len(tokens) else ""
        if lowered in _DEGREES:
            degree = _DEGREES[lowered]
            if found and (not following or lexicon.is_function_word(following)):
                found[-1], degree = replace(found[-1], degree=degree), 0  # "forgets less of"
        elif lowered in _NEGATORS or lowered.endswith("n't"):
            if lowered not in _DENYING_PAIRS or _DENYING_PAIRS[lowered] == following:
                reach = _SHORT_REACH.get(lowered, _NEGATED_WORDS)
        else:
            opens = initial and number == 0
            name = is_name(token) and not (opens and not _odd_capitals(token))
            pieces = words(token)
            if len(pieces) == 1 and (plain := _UN.fullmatch(pieces[0])):  # "unsupported" is not supported
                found.append(Word(pieces[0], lexicon.stem(plain[1]), reach == 0, False, False))
                reach, pieces = 2, []
            for piece in pieces:
                if piece != "per" and not lexicon.is_function_word(piece):
                    found.append(
                        Word(piece, lexicon.stem(piece), reach > 0, name, opens and token[:1].isupper(), degree)
                    )
                    reach, degree = max(reach - 1, 0), 0
    yield from found


def is_name(token: str) -> bool:
    """Whether `token` is written as names are: a capital, or letters beside figures."""
    return token[:1].isupper() or _odd_capitals(token)


def _odd_capitals(token: str) -> bool:
    letters = [character for character in token if character.isalpha()]
    return any(map(str.isupper, token[1:])) or (bool(letters) and any(map(str.isdigit, token)))


def without_approaches(stems: Iterable[str], lexicon: Lexicon) -> frozenset[str]:
    """`stems` without those that only name an approach."""
    return frozenset(stems) - {lexicon.stem(word) for word in _APPROACH_WORDS}


def read(passages: Sequence[Chunk], lexicon: Lexicon) -> Evidence:
    """The evidence that `passages` are: their sentences, and the headings that these stand under."""
    sentences, context = [], ""
    for chunk in passages:
        context += " ".join(("", *chunk.heading_path, chunk.section, chunk.title))
        named = approaches_in(chunk.section)
        about = next(iter(named)) if len(named) == 1 else "" if named else approach_of(chunk.title)
        for text in chunk.sentences:
            found = tuple(clauses(text, lexicon, about))
            sentences.append(Sentence(text, found, frozenset(lexicon.stems(text)), tuple(quantities(text))))
    text = f"{context} " + " ".join(sentence.text for sentence in sentences)
    return Evidence(text, tuple(sentences), frozenset(lexicon.stems(context)), frozenset(words(text)))
