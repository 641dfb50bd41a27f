"""What a person wrote, read: a question, small talk, or something that is kindly refused with a reason."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from bot.text import visible

MAX_LENGTH = 1_000
MAX_EMOJI = 10

EXAMPLES = (
    "Should I fine-tune or write better prompts?",
    "How many examples do I need for fine-tuning?",
    "What does LoRA change in a model?",
)

_ABOUT = "I answer questions about **prompt engineering** and **fine-tuning**, and show my sources."
_GREETING = f"Hello! {_ABOUT} Ask me one, or try one of these:"
_THANKS = "You are welcome! When the next question about prompts or fine-tuning comes up, I am here. For example:"
_NO_WORDS = f"{_ABOUT} Put your question into words, or try one of these:"
_BLANK = "There are only spaces in that question. Write it in words, for example: “What is few-shot prompting?”"
_EMOJI_WALL = "I see a lot of emoji and no question that I could look up. Write it in words and I will answer."

_CUSTOM_EMOJI = re.compile(r"<a?:\w+:\d+>")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_HELLO = re.compile(
    r"(?:(?:hi+|hello+|he+y+a?|hiya|howdy|yo|sup|hola|moin|greetings|good (?:morning|afternoon|evening|day))"
    r"(?: (?:there|all|everyone|bot|tunewise))*"
    r"|ping|test|start|(?:please )?help(?: me)?(?: please)?|how are you|who are you|what are you"
    r"|what (?:can|do) you do|how do you work|how do i use (?:you|this|it))"
)
_ASKING = re.compile(
    r"(?:(?:hey|hi|hello|ok|so|and|but|guys|folks)[\s,]+)*(?:(?:what|which|who|when|where|why|how|is|are|do|does|did|can|could"
    r"|should|would|will)(?:'?s|n't)?\b(?=[^.!]*$)|(?:does )?any(?:one|body) (?:know|here)\b|what about\b|how about\b)",
    re.IGNORECASE,
)
_PRAISE = (
    r"(?:thanks|thank (?:you|u)|thx|ty|tysm|cheers|great|cool|nice|perfect|awesome|wow|ok|okay|got it"
    r"|good bot|bye|goodbye)"
)
_THANKFUL = re.compile(
    rf"(?:many )?{_PRAISE}"
    rf"(?: (?:{_PRAISE}|so much|very much|a lot|again|for (?:the|your) (?:help|answer)|that help(?:s|ed)"
    r"|answer|bot|tunewise))*"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read. `text` is the clean question, or else the sentence that answers what is none.

    `smalltalk` is answered with the sentence and example questions, `refused` with the sentence alone.
    """

    kind: Literal["question", "smalltalk", "refused"]
    text: str


def read(raw: str, *, bot_id: int) -> Reading:
    """What `raw`, as Discord delivered it, asks of the bot with this user id."""
    mention = re.compile(rf"<@!?{bot_id}>")
    text, mentions = mention.subn(" ", raw)
    text, custom_emoji = _CUSTOM_EMOJI.subn(" ", text)
    text = visible(text).strip()
    emoji = custom_emoji + sum(unicodedata.category(char) == "So" for char in text)
    letters = sum(char.isalnum() for char in text)
    if emoji > MAX_EMOJI and emoji > letters:
        return Reading("refused", _EMOJI_WALL)
    if len(text) > MAX_LENGTH:
        return Reading(
            "refused",
            f"That question has {len(text):,} characters; I read up to {MAX_LENGTH:,}."
            " Shorten it to the point that matters most.",
        )
    if not letters:
        return Reading("smalltalk", _NO_WORDS) if mentions or emoji or text else Reading("refused", _BLANK)
    return _smalltalk(text) or Reading("question", text)


def asks(text: str) -> bool:
    """Whether `text`, written to nobody in particular, is a question: by its mark or by how it begins."""
    said = " ".join(text.split())
    return said.endswith("?") or _ASKING.match(said) is not None


def _smalltalk(text: str) -> Reading | None:
    words = " ".join(_WORD.findall(text.lower()))
    if _HELLO.fullmatch(words):
        return Reading("smalltalk", _GREETING)
    if _THANKFUL.fullmatch(words):
        return Reading("smalltalk", _THANKS)
    return None
