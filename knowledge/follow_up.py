"""What a question means after the ones before it: "and for LoRA?" is a question only to those who heard the first.

Rules of English, no model: which words show that something is left out, and what of the questions before fills the
place. A question that shows none of them stands alone, whatever was asked before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.lexical import words

MAX_TURNS = 6
MAX_NAME_WORDS = 4
# So many telling words make a question that stands alone, and so many before a pronoun hold what it points at.
ENOUGH_ALONE = 5
ENOUGH_BEFORE = 3

_OPENING = re.compile(
    r"(?:(?:thanks|thank you|thx|ok(?:ay)?|great|cool|nice|hm+|well|alright|right|i see|got it|and|so|but|also|then|or"
    r"|plus)\b[\s,.!:-]*)+",
    re.IGNORECASE,
)
_CONNECTIVE = re.compile(r"\b(?:and|so|but|also|then|or|plus)\b", re.IGNORECASE)
_CLOSING = re.compile(r"[\s,]*\b(?:then|though|tho|pls|please|too|as well|either)\s*[?.!]*$", re.IGNORECASE)
_FRAGMENT = re.compile(r"(?:(?:what|how) about|(?:the )?same (?:for|with)|for|with|in)\s+", re.IGNORECASE)
_ASKS = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could|will|would|should|shall"
    r"|may|might|must|has|have|had|isn't|aren't|don't|doesn't|can't|tell|explain|give|show|describe|what's|whats"
    r"|how's|who's|where's)\b",
    re.IGNORECASE,
)
_BARE = frozenset(
    """
    why how what when where who which not so is are was does do did can could would should that this it they these those
    really sure more example examples explain elaborate detail details mean means tell show give me us you your we i a
    an the for to in on of about please be by much many long come exactly reason reasons and but else
    """.split()  # noqa: SIM905  (a word list reads better as text)
)
_PLAIN = frozenset(
    {"my", "our", "use", "using", "get", "make", "need", "have", "know", "want", "good", "work", "works"}
)
_AUXILIARY = r"(?:is|are|was|were|do|does|did|can|could|will|would|should|may|might|must|has|have|had)"
_OTHER_ONE = re.compile(
    r"\bthe (?:other|second|alternative)(?: (?:one|approach|way|method|option|side))?\b", re.IGNORECASE
)
# Pronouns that point back. "that" and "this" do so as subject or object, not in "know that my prompt is good".
_POINTS_BACK = re.compile(
    r"\b(?:(?:this|that|these|those|such an?|the same) (?:one|ones|approach|approaches|method|methods|technique"
    r"|techniques|way|case|context|problem|thing|things|kind)\b"
    r"|(?:that|an?)(?: \w+)? ones?\b(?!-)|one(?=\s*(?:[?.!,]|$))"
    r"|(?:both of )?them\b|they\b|its?\b|their\b"
    r"|(?:(?<=\bdoes )|(?<=\bis )|(?<=\bcan )|(?<=\bdo ))(?:that|this)\b"
    rf"|(?:that|this|these|those)(?=\s*(?:[?.!,]|$)| (?:{_AUXILIARY}|also|works?|means?|costs?)\b))",
    re.IGNORECASE,
)
# "it" that points at nothing, or at the model that is spoken to.
_EMPTY_IT = re.compile(
    r"\bworth it\b|\b(?:is|was|be|does|did|would|will|can|it's|make|makes|made|could|should) it"
    r"(?= (?:ever |really |still |usually )?(?:possible|worth|better to|ok to|okay to|enough to|hard to|easy to|good to"
    r"|make sense|takes?|cost (?:me|us)? ?to|a good idea to|legal to|safe to|necessary to|necessary for|true that)\b)"
    r"|\bit (?:is|was|takes?|makes sense|depends)\b(?= (?:worth|possible|better|to)\b)|\bit called when\b"
    r"|\b(?:tell|telling|told|ask|asking|asked) it\b.*",
    re.IGNORECASE,
)
_MADE_SO = re.compile(r"(?<=\b(?:make|made) )it(?= \w+er\b)|(?<=\bmaking )it(?= \w+er\b)", re.IGNORECASE)
_CLAUSE_END = re.compile(r",|;|:|[.?!](?=\s)|\b(?:and|but|that (?:i|we|you|they)|because|so)\b", re.IGNORECASE)
_COMPARES = re.compile(
    r"\bwhich (?:one|of)\b|\bdifferences?\b|\b(?:cheaper|better|best|faster|easier|simpler|safer|quicker|harder|worse"
    r"|slower|more|less|other|another|alternatives?|instead|else|both|either|neither)\b",
    re.IGNORECASE,
)
_BOTH = re.compile(r"\b(?:both(?: of them)?|the two(?: of them)?|either(?: one)?)\b", re.IGNORECASE)
_JOINS = re.compile(r"\s*(?:,|and|or|vs\.?|versus)\s*", re.IGNORECASE)
_COMPARATIVE = re.compile(
    r"\b(?:cheaper|better|faster|easier|simpler|safer|quicker|harder|worse|slower)\b", re.IGNORECASE
)
# What "why?" or "how?" may ask of a topic.
_OF_NOTHING = {"why": "Why should I use {}", "how": "How does {} work", "when": "When should I use {}"}
_ELSE = re.compile(r"\b(?:instead|else|another|alternatives?)\b", re.IGNORECASE)
_HAS_TWO = re.compile(r"\b(?:than|vs\.?|versus|between|or|compared)\b", re.IGNORECASE)
_DEFINES = re.compile(
    r"(?:what(?:'s|s| is| are| was)|define|explain)\s+(?:an?\s+|the\s+)?"
    r"((?:(?!\b(?:difference|of|for|in)\b).)+?)(?:,.*)?[\s?.!]*$",
    re.IGNORECASE | re.DOTALL,
)
_APPROACHES = {
    "prompt engineering": re.compile(r"(?:\b(?:an?|the) )?\bprompt(?:s|ing)?(?: engineering)?\b", re.IGNORECASE),
    "fine-tuning": re.compile(
        r"(?:\b(?:an?|the) )?\bfine[- ]?tun(?:e|es|ed|ing)\b(?:(?<=ed) (?:models?|weights))?", re.IGNORECASE
    ),
}


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a question names a topic, and the words that do it."""

    start: int
    end: int
    text: str


class Topics:
    """What the documents are about: their titles and short headings, found in questions whatever their ending."""

    def __init__(self, names: Iterable[str]) -> None:
        # "Retrieval-augmented generation (RAG)" is two names.
        split = (part for name in names if not name.endswith("?") for part in name.rstrip(")").split(" ("))
        found = {tuple(map(_root, words(name))) for name in split}
        self._names = {name for name in found if 0 < len(name) <= MAX_NAME_WORDS}

    def hold(self, name: str) -> bool:
        """Whether `name` is one of them."""
        return tuple(map(_root, words(name))) in self._names

    def mentions(self, text: str) -> list[Mention]:
        """The topics that `text` names, in order, the longest name where several begin."""
        approaches = [
            Mention(*match.span(), match.group()) for each in _APPROACHES.values() for match in each.finditer(text)
        ]
        tokens = list(_WORD.finditer(text))
        roots = [_root(token.group().lower()) for token in tokens]
        named = []
        for first in range(len(tokens)):
            for length in range(MAX_NAME_WORDS, 0, -1):
                if tuple(roots[first : first + length]) in self._names and first + length <= len(tokens):
                    start, end = tokens[first].start(), tokens[first + length - 1].end()
                    named.append(Mention(start, end, text[start:end]))
                    break
        longest: list[Mention] = []
        for mention in sorted([*approaches, *named], key=lambda each: each.start - each.end):
            if all(mention.end <= other.start or other.end <= mention.start for other in longest):
                longest.append(mention)
        return sorted(longest, key=lambda mention: mention.start)


def stand_alone(question: str, previous: Sequence[str], topics: Topics) -> str:
    """`question` as somebody would ask it who had not asked the `previous` ones, the oldest first, before.

    It is returned as it is where it stands alone already, or where nothing before it fills its gap.
    """
    before: list[str] = []
    for turn in [*previous[-MAX_TURNS:], question]:
        before.append(_after(turn, before, topics) if before else turn)
    return before[-1]


def core(question: str) -> str:
    """`question` without the words around it that only join it to what was said: "ok, and ...", "... though?"."""
    return _Asked.read(question).core


def needs_context(question: str, topics: Topics) -> bool:
    """Whether `question` points at something that it does not name: "is it better?", "what about that?"."""
    asked = _Asked.read(question)
    if topics.mentions(asked.core):
        return False
    return asked.bare or asked.pronoun is not None or _OTHER_ONE.search(asked.core) is not None


def meanings(question: str, topics: Topics) -> tuple[str, ...]:
    """The two or three complete questions that `question` may stand for when nothing was said before it.

    None where it is clear, or where the documents are not about the approaches that it could be about.
    """
    names = [name for name in _APPROACHES if topics.hold(name)]
    if len(names) < len(_APPROACHES) or not needs_context(question, topics):
        return ()
    asked = _Asked.read(question)
    compares = _COMPARATIVE.search(asked.core)
    both = [f"Which is {compares.group().lower()}, {' or '.join(names)}?"] if compares else []
    return (*(_about(asked, name) for name in names), *both)


def _about(asked: _Asked, name: str) -> str:
    """The question asked of the topic `name`."""
    if asked.pronoun and not asked.bare:
        core = f"{asked.core[: asked.pronoun.start()]}{name}{asked.core[asked.pronoun.end() :]}"
    else:
        first = next(iter(words(asked.core)), "")
        core = _OF_NOTHING.get(first, "What is {}").format(name)
    return f"{core[0].upper()}{core[1:]}?"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, read: its `core` is what is left without "ok, and ..." before and "... then?" after it.

    `joined`: such a word joins it to what was said. `fragment`: it is no sentence of its own ("for LoRA?").
    `bare`: it has no word that says what about ("why?"). `pronoun` is the word in `core` that points back.
    """

    core: str
    joined: bool
    fragment: bool
    bare: bool
    pronoun: re.Match[str] | None

    @classmethod
    def read(cls, question: str) -> _Asked:
        opening = _OPENING.match(question)
        core = question[opening.end() :] if opening else question
        closing = _CLOSING.search(core)
        core = (core[: closing.start()] if closing and closing.start() else core).strip(" ?.!,\n")
        joined = bool(opening and _CONNECTIVE.search(opening.group())) or closing is not None
        preposition = _FRAGMENT.match(core)
        rest = core[preposition.end() :] if preposition else core
        fragment = preposition is not None or (joined and not _ASKS.search(core))
        if fragment:
            core = rest
        bare = all(word in _BARE for word in words(core))
        return cls(core, joined, fragment, bare, _pronoun(core))


def _telling_words(text: str) -> list[str]:
    """The words of `text` that say what it is about, as they are written."""
    return [word.group() for word in _TOKEN.finditer(text) if word.group().lower() not in _BARE | _PLAIN]


def _pronoun(text: str) -> re.Match[str] | None:
    """The first word that points out of `text`, to something before it."""
    empty = [match.span() for match in _EMPTY_IT.finditer(text)]
    for match in _POINTS_BACK.finditer(text):
        earlier = text[: match.start()]
        ends = [end.end() for end in _CLAUSE_END.finditer(earlier)]
        said = len(_telling_words(earlier))
        within = said >= ENOUGH_BEFORE or bool(ends and _telling_words(earlier[: ends[-1]]))
        within = within or (said > 0 and _MADE_SO.match(text, match.start()) is not None)
        if not within and not any(start <= match.start() < end for start, end in empty):
            return match
    return None


def _after(question: str, turns: Sequence[str], topics: Topics) -> str:
    """`question` filled with what `turns`, each complete in itself, the newest last, were about."""
    asked, before = _Asked.read(question), turns[-1]
    core, own = asked.core, topics.mentions(asked.core)
    if len(_telling_words(core)) >= ENOUGH_ALONE:
        return question
    if not _ASKS.search(core) and (gap := _gap(before, topics)):  # the answer to what the bot asked back
        return f"{before[: gap.start()]}{core}{before[gap.end() :]}"
    if _OTHER_ONE.search(core):
        return _other(asked, before)
    if asked.fragment and own:
        return _replaced(before, core, own, topics)
    if asked.bare or (not own and _ELSE.search(core)):
        return f"{core}? ({before})" if core else question
    two = _last_two(turns, topics)
    if two and not own and _BOTH.search(core):
        return f"{_BOTH.sub(' and '.join(two), core, count=1)}?"
    if asked.pronoun and not asked.fragment:
        start, end = asked.pronoun.span()
        return f"{core[:start]}{_meant(asked.pronoun.group(), before, topics)}{core[end:]}?"
    compares = _COMPARES.search(core) and not _HAS_TWO.search(core)
    if compares and not own and (sides := two or _both_approaches(core, before)):
        return f"{core}, {' or '.join(sides)}?"
    if asked.fragment or (not own and (asked.joined or compares)) or (compares and "differen" in core.lower()):
        return f"{core}? ({_subject(before, topics)})"
    return question


def _gap(question: str, topics: Topics) -> re.Match[str] | None:
    """The pronoun in `question` that nothing said before it fills."""
    return _pronoun(question) if needs_context(question, topics) else None


def _other(asked: _Asked, before: str) -> str:
    """`before` asked of the approach that it does not name."""
    named = [name for name, pattern in _APPROACHES.items() if pattern.search(before)]
    if len(named) != 1:
        return f"{asked.core}? ({before})"
    other = next(name for name in _APPROACHES if name != named[0])
    if asked.fragment:
        return _APPROACHES[named[0]].sub(other, before)
    return f"{_OTHER_ONE.sub(other, asked.core)}?"


def _both_approaches(core: str, before: str) -> tuple[str, ...]:
    """Both approaches where `core` asks "which is cheaper?" and `before` names one of them."""
    named = any(pattern.search(before) for pattern in _APPROACHES.values())
    return tuple(_APPROACHES) if named and core.lower().startswith("which") else ()


def _replaced(before: str, core: str, own: Sequence[Mention], topics: Topics) -> str:
    """`before` with its topic replaced by the one that `core` names, one approach by the other first."""
    mentions = topics.mentions(before)
    if not mentions:
        return f"{core}? ({before})"
    approach = [each for each in mentions if _is_approach(each.text)]
    subject = _subject_mention(before, mentions)
    old = approach[0] if approach and any(_is_approach(each.text) for each in own) else subject
    return f"{before[: old.start]}{core}{before[old.end :]}"


def _is_approach(text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in _APPROACHES.values())


def _meant(pronoun: str, before: str, topics: Topics) -> str:
    """What `pronoun` stands for after `before`: "that" for all that was said, "it" for what it was said of."""
    if pronoun.lower() in {"this", "that"} and not _defined(before):
        return " ".join(_telling_words(before)) or before
    return _subject(before, topics)


def _subject(before: str, topics: Topics) -> str:
    """What `before` is about: what it asks to define, the topics behind its verb, or all its telling words."""
    if defined := _defined(before):
        return defined
    mentions = topics.mentions(before)
    if not mentions:
        return " ".join(_telling_words(before)) or before
    first = last = _subject_mention(before, mentions)
    for mention in mentions:
        if _JOINS.fullmatch(before[last.end : mention.start]):
            last = mention
    return before[first.start : last.end]


def _defined(before: str) -> str:
    defines = _DEFINES.fullmatch(before.strip())
    return defines[1] if defines and len(defines[1].split()) <= MAX_NAME_WORDS else ""


def _subject_mention(before: str, mentions: Sequence[Mention]) -> Mention:
    verb = re.search(rf"\b{_AUXILIARY}\b", before, re.IGNORECASE)
    behind = [each for each in mentions if verb and each.start >= verb.end()]
    return (behind or list(mentions))[0]


def _last_two(turns: Sequence[str], topics: Topics) -> tuple[str, ...]:
    """The two topics that were named last, in the order in which they were; () where there are not two."""
    names: dict[str, None] = {}
    for turn in reversed(turns):
        names |= dict.fromkeys(mention.text for mention in reversed(topics.mentions(turn)))
        if len(names) > 1:
            return tuple(names)[1::-1]
    return ()


def _root(word: str) -> str:
    """`word` without its ending, roughly: enough to find "fine-tuned" by the topic "Fine-tuning"."""
    return _ENDING.sub("", word) if len(word) > 4 else word


_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_ENDING = re.compile(r"(?:ations?|ates?|ated|ings?|ions?|e?s|ed|e)$")
