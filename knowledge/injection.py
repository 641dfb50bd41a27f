"""What in a question or a document asks or states nothing, but tells the one who answers what to say.

Prompt injection, judged by how a sentence is put and by whether it is a stranger where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from knowledge.lexical import ENGLISH_FUNCTION_WORDS, words
from knowledge.sentences import split_sentences
from knowledge.types import Chunk

# What a sentence must have in common with what stands around it, in words by their beginnings.
WORDS_IN_COMMON, BEGINNING, LONG_WORD = 2, 5, 4

_QUOTED = re.compile(r"[\"“][^\"“”]*[\"”]|(?<!\w)'[^']*'(?!\w)")
_ANSWER = re.compile(
    r"\byour (?:\w+ )?(?:answers?|repl(?:y|ies)|responses?|messages?|outputs?)(?![\w-])", re.IGNORECASE
)
_OVERRIDE = re.compile(
    r"(?:please |now )*(?:ignore|disregard|forget|override) (?:\w+ ){0,4}"
    r"(?:above|previous|prior|earlier|instructions?|rules|prompts?)\b"
    r"|(?:please |now )*(?:repeat|print|reveal|show|output|tell me) (?:\w+ ){0,3}your (?:system )?"
    r"(?:prompt|instructions|rules)\b"
    r"|(?:system|assistant|developer|user) ?:|<\|\w+\|>|\[/?INST\]",
    re.IGNORECASE,
)


def is_instruction(sentence: str) -> bool:
    """Whether `sentence` says how the answer is to be ("in your reply, ..."), or to forget what was said before."""
    bare = _QUOTED.sub("", sentence).strip()
    return not bare.endswith("?") and (_ANSWER.search(bare) is not None or _OVERRIDE.match(bare) is not None)


def is_stranger(sentence: str, chunk: Chunk, question: str) -> bool:
    """Whether `sentence` has hardly a word in common with the rest of `chunk`, its headings and `question`."""
    around = " ".join((*chunk.heading_path, *chunk.asked, chunk.text.replace(sentence, "", 1), question))
    own = _beginnings(sentence)
    return len(own & _beginnings(around)) < min(len(own), WORDS_IN_COMMON)


def without_instructions(question: str, keep: Callable[[str], bool] = lambda sentence: False) -> str:
    """What `question` asks, without its sentences that are instructions; "" where it has no others.

    `keep` tells of one whether it asks something all the same: "In your reply, explain LoRA."
    """
    sentences = split_sentences(question)
    asks = [sentence for sentence in sentences if not is_instruction(sentence) or keep(sentence)]
    return question if len(asks) == len(sentences) else " ".join(asks)


def stated(chunk: Chunk, question: str) -> Chunk:
    """`chunk` without its sentences that are instructions or, among others, strangers."""
    alone = len(chunk.sentences) == 1
    told = {each for each in chunk.sentences if is_instruction(each)}
    told |= {each for each in chunk.sentences if not alone and is_stranger(each, chunk, question)}
    if not told:
        return chunk
    text = chunk.text
    for sentence in told:
        text = text.replace(sentence, "")
    return replace(chunk, text=text, sentences=tuple(each for each in chunk.sentences if each not in told))


def _beginnings(text: str) -> set[str]:
    """How the words of `text` begin that tell something."""
    return {word[:BEGINNING] for word in words(text) if len(word) >= LONG_WORD and word not in ENGLISH_FUNCTION_WORDS}
