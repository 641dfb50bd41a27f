"""Sentences taken apart for checking: clauses, content words, what is denied, and the approach that they speak of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

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
# Where a sentence can be cut without taking a comparison apart.
_PIECE_BORDER = re.compile(
    r"[,;:]\s+(?:and\s|but\s)?|\s(?=(?:because|since|while|whereas|although|if|when|so that|unless|and|but)\s)"
)
REFERENCE = re.compile(r"\s*\([^()]*\b(?:19|20)\d\d[^()]*\)")  # (Hu et al., 2021)
NEARLY = 0.75
# Turns of phrase that deny or assert in other words than "not", and what they say.
_PHRASES = tuple(
    (re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE), plain)
    for pattern, plain in (
        (r"(?:exactly )?as (?:they are|they were|it is|it was)", "unchanged"),
        (r"not (?:only|just|merely|simply)", "also"),
        (r"(?:nothing|none|no) (?:other than|but|more than)|nothing short of", "only"),
        (r"(?:cannot|can't|not) (?:do|work|go) without", "needs"),
        (r"(?:do|does|did|go|goes|gets? by|works?) (?:entirely )?without", "needs no"),
        (r"dispenses? with|(?:has|have) no need (?:of|for|to)", "needs no"),
        (r"(?:is|are|be|was|were) not free (?:of|from)", "has"),
        (r"(?:is|are|be|was|were) free (?:of|from)", "has no"),
        (r"anything but|far from|by no means|in no way|no longer", "not"),
        (r"without any|not any|(?:hardly|barely|scarcely) any|almost no|next to no", "no"),
    )
)
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
_NEGATED_WORDS = 5
_SHORT_REACH = {"no": 3, "without": 3}
APPROACHES = {
    "prompting": re.compile(r"\b(?:prompt(?:s|ed|ing)?|(?:few|zero)-shot|in-context learning)\b", re.IGNORECASE),
    "fine-tuning": re.compile(r"\b(?:fine-?\s?tun(?:e|es|ed|ing)|finetun\w+|tuned|adapters?)\b", re.IGNORECASE),
    "retrieval": re.compile(r"\b(?:RAG|retrieval(?:-augmented generation)?)\b"),
}
APPROACH_WORDS = frozenset(
    """
    prompt prompts prompted prompting engineering fine tuning tuned tune finetuning rag retrieval
    """.split()  # noqa: SIM905  (a word list reads better as text)
)


@dataclass(frozen=True, slots=True)
class Word:
    """A content word: its stem, whether it is denied where it stands, and whether it is written as a name.

    `initial`: it opens the sentence, so that its capital says nothing.
    """

    text: str
    stem: str
    denied: bool
    name: bool
    initial: bool


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
        content = tuple(content_words(text, lexicon, initial=start == 0))
        is_label = sentence[start + len(text) :].lstrip().startswith(":")
        if (
            is_label or not found or without_approaches((word.stem for word in content), lexicon)
        ):  # else an item of a list
            about = approach_of(text) or about
        if content:
            found.append(Clause(text, start, content, frozenset(lexicon.stems(text)), about))
        if len(approaches_in(text)) > 1:
            about = ""  # what follows may be of either
    return found


def pieces(sentence: str, shortest: int) -> list[str]:
    """The clauses of `sentence` as it stands, without sources and without those of fewer words than `shortest`.

    The sentence itself, where none is left.
    """
    plain = REFERENCE.sub("", sentence)
    borders = [0, *(border.end() for border in _PIECE_BORDER.finditer(plain)), len(plain)]
    found = [plain[start:end].strip() for start, end in pairwise(borders)]
    return [piece for piece in found if len(piece.split()) >= shortest] or [plain]


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


def content_words(text: str, lexicon: Lexicon, *, initial: bool = False) -> Iterator[Word]:
    """The words of `text` that say something of their own; `initial`: it opens a sentence."""
    found: list[Word] = []
    reach = 0
    for phrase, short in _PHRASES:
        text = phrase.sub(short, text)
    tokens = list(_TOKEN.finditer(text))
    for number, match in enumerate(tokens):
        token = match.group()
        lowered = token.lower().replace("’", "'")
        following = tokens[number + 1].group().lower() if number + 1 < len(tokens) else ""
        if lowered in _NEGATORS or lowered.endswith("n't"):
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
                    found.append(Word(piece, lexicon.stem(piece), reach > 0, name, opens and token[:1].isupper()))
                    reach = max(reach - 1, 0)
    yield from found


def is_name(token: str) -> bool:
    """Whether `token` is written as names are: a capital, or letters beside figures."""
    return token[:1].isupper() or _odd_capitals(token)


def _odd_capitals(token: str) -> bool:
    letters = [character for character in token if character.isalpha()]
    return any(map(str.isupper, token[1:])) or (bool(letters) and any(map(str.isdigit, token)))


def without_approaches(stems: Iterable[str], lexicon: Lexicon) -> frozenset[str]:
    """`stems` without those that only name an approach."""
    return frozenset(stems) - {lexicon.stem(word) for word in APPROACH_WORDS}


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
