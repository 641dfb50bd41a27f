"""Where one sentence ends and the next begins, in English prose."""

from __future__ import annotations

import re

# A border is a run of end marks, what closes with it (quotes, brackets, a citation), then white space.
_BORDER = re.compile(
    r"""
    (?<![.!?…])(?P<mark>[.!?…]++)
    (?P<close>(?:["'”’)\]»*_]
        | [ ]?\[\d{1,3}\]                              # a footnote: [1]
        | [ ]\([^()\n]{0,120}\b(?:19|20)\d\d[a-z]?\)   # a citation after the full stop: (Hu et al., 2021)
    )*+)
    (?=\s+["'“‘(\[«*_]*(?P<next>\S))
    """,
    re.VERBOSE,
)
_LAST_WORD = re.compile(r"[\w.&'’]*\Z")
_NEXT_WORD = re.compile(r"[\s\"'“‘(\[«*_]*([\w'’]+)(\.?)")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_NUMBERING = re.compile(r"(?:\d{1,3}|[a-zA-Z])")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Always followed by more of the same sentence.
_NEVER_LAST = _words("e.g i.e eg ie cf vs v viz approx ca ed eds resp incl esp")
# So are titles, but with their capital only: "in 10 ms." may well end a sentence.
_TITLES = _words(
    "Dr Mr Mrs Ms Messrs Mme Mlle Fr Prof Gen Col Lt Capt Cmdr Maj Sgt Gov Sen Rep Rev Hon Pres St Ste Mt Ft"
)
# Abbreviations only where a number follows ("No. 5", "Jan. 3"); else words that may end a sentence ("No.").
_BEFORE_NUMBER = _words(
    """no nos fig figs eq eqs sec secs art arts ch chap vol vols p pp par app tab
    jan feb mar apr jun jul aug sep sept oct nov dec"""
)
# May end a sentence: they do where the next word is one that opens sentences.
_SOMETIMES_LAST = _words("al inc ltd co corp jr sr a.m p.m ph.d m.d b.a m.a b.sc m.sc dept univ est ft")
_OPENERS = _words(
    """a an the this that these those it its he she they we you i his her their our your my there here
    who what when where which why how in on at by for from with without of to as if while although
    though since because after before during until unless once and but or so yet nor however therefore
    thus moreover furthermore instead also both each every some many most all few several such no not
    one two three another other others even only then now today later under over between among within
    despite according like unlike using use rather"""
)


def split_sentences(text: str) -> list[str]:
    """The sentences of `text`, each a stripped substring, in order, together all that is not white space.

    A line break ends a sentence, so text that is wrapped at a width must be unwrapped before.
    """
    sentences = []
    for line in text.splitlines():
        start = 0
        for border in _BORDER.finditer(line):
            if _ends_sentence(line, start, border):
                sentences.append(line[start : border.end()].strip())
                start = border.end()
        sentences.append(line[start:].strip())
    return [sentence for sentence in sentences if sentence]


def _ends_sentence(line: str, start: int, border: re.Match[str]) -> bool:
    following = border["next"]
    if following.islower() or following in ",;:)]}.!?…–—-":
        return False
    if border["mark"] != "." or border["close"]:
        return True
    word_match = _LAST_WORD.search(line, max(start, border.start() - 40), border.start())
    word = word_match[0] if word_match else ""
    if border.start() - start < 8 and _NUMBERING.fullmatch(line[start : border.start()].lstrip(" \t\"'“‘([")):
        return False  # "1. Collect examples": the number of a list item, not a sentence
    key = word.lower()
    if key in _NEVER_LAST or word in _TITLES:
        return False
    if key in _BEFORE_NUMBER:
        return not (following.isdigit() or following in "#§")
    if key in _SOMETIMES_LAST or _INITIALS.fullmatch(word):
        return _opens_sentence(line, border.end())
    return True


def _opens_sentence(line: str, position: int) -> bool:
    following = _NEXT_WORD.match(line, position)
    if following is None:
        return True
    word, stop = following.groups()
    return word.lower() in _OPENERS and not (stop and len(word) == 1)
