"""From passages to an answer: the fewest sentences of the documents that answer, word for word, or an abstention."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.confidence import confidence
from knowledge.injection import is_instruction, is_stranger
from knowledge.lexical import words
from knowledge.retrieve import Retrieval
from knowledge.types import Answer, Citation, Passage

MAX_QUOTES = 3
MAX_SUGGESTIONS = 3
# A further sentence is quoted only where it is nearly as good as the best one, and no repetition of what is there.
NEARLY_AS_GOOD = 0.8
SECTION_NEARLY_AS_GOOD = 0.75
REPETITION = 0.6
# Where an author listed the questions that a section answers (it is curated), its first sentence answers them, and what
# follows elaborates: then another section's view is worth more.
OPENING_BONUS = 0.04
ELABORATION_MALUS = 0.02
# The best sentence of the best passage, wherever it stands there: other passages' openings must not crowd it out.
BEST_BONUS = 0.02
# A table row that sets both approaches side by side may be a little further from the question's words.
ROW_NEARLY_AS_GOOD = 0.7
ABSTENTION = "My documents do not cover that question."

_APPROACHES = {
    "Prompt engineering": re.compile(r"\bprompt", re.IGNORECASE),
    "Fine-tuning": re.compile(r"\bfine[- ]?tun|\btuned\b|\bLoRA\b", re.IGNORECASE),
}
_COMPARES = re.compile(
    r"\b(vs|versus|or|than|compared?|comparison|difference|differ|better|cheaper|faster|easier|both|between|instead)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Quote:
    """A sentence that may be quoted: the passage it stands in, its place there, and how well it answers.

    `curated`: the author listed the questions that its section answers.
    """

    passage: Passage
    number: int
    text: str
    score: float
    curated: bool


def compose(retrieval: Retrieval, version: str, threshold: float) -> Answer:
    """The answer that the passages give to the question, or an abstention where the confidence is below `threshold`."""
    sure = confidence(retrieval.evidence)
    quotes = _chosen(retrieval) if sure >= threshold else []
    if not quotes:
        return Answer(
            question=retrieval.question,
            kind="abstain",
            text=ABSTENTION,
            confidence=sure,
            citations=(),
            passages=retrieval.passages,
            version=version,
            suggestions=tuple(_suggestions(retrieval.passages)),
        )
    text, citations = _written(quotes)
    return Answer(
        question=retrieval.question,
        kind="answer",
        text=text,
        confidence=sure,
        citations=citations,
        passages=retrieval.passages,
        version=version,
    )


def compares_approaches(question: str) -> bool:
    """Whether `question` sets prompt engineering and fine-tuning side by side."""
    named = [name for name, pattern in _APPROACHES.items() if pattern.search(question)]
    return len(named) == len(_APPROACHES) and _COMPARES.search(question) is not None


def _chosen(retrieval: Retrieval) -> list[_Quote]:
    """The sentences to quote, best first."""
    ranked = sorted(_quotable(retrieval), key=lambda quote: -quote.score)
    chosen = _side_by_side(ranked) if compares_approaches(retrieval.read_as) else []
    least = NEARLY_AS_GOOD * max((quote.score for quote in ranked), default=0.0)
    while len(chosen) < MAX_QUOTES:
        quoted = Counter(_section(quote.passage) for quote in chosen)
        worth = [
            quote.score - (quoted[_section(quote.passage)] * ELABORATION_MALUS * quote.curated) for quote in ranked
        ]
        good = sorted((place for place in range(len(ranked)) if worth[place] >= least), key=lambda place: -worth[place])
        candidates = (ranked[place] for place in good)
        new = next((quote for quote in candidates if not any(_repeats(quote.text, old.text) for old in chosen)), None)
        if new is None:
            break
        chosen.append(new)
    return chosen


def _side_by_side(ranked: Sequence[_Quote]) -> list[_Quote]:
    """The table row and the best sentence that speak of both approaches, else the best sentence of each approach."""
    speaking = {
        name: [quote for quote in ranked if pattern.search(quote.text)] for name, pattern in _APPROACHES.items()
    }
    of_both = [quote for quote in ranked if all(quote in quotes for quotes in speaking.values())]
    best = ranked[0].score if ranked else 0.0
    rows = [quote for quote in of_both if quote.passage.chunk.kind == "row"]
    prose = [quote for quote in of_both if quote.passage.chunk.kind != "row"]
    found = [
        *(quote for quote in rows[:1] if quote.score >= ROW_NEARLY_AS_GOOD * best),
        *(quote for quote in prose[:1] if quote.score >= NEARLY_AS_GOOD * best),
    ]
    if len(found) == 2 and _repeats(found[0].text, found[1].text):
        found.pop()
    return found or list(dict.fromkeys(quotes[0] for quotes in speaking.values() if quotes))


def _quotable(retrieval: Retrieval) -> Iterator[_Quote]:
    passages = retrieval.passages
    for rank, passage in enumerate(passages):
        if passage.score < SECTION_NEARLY_AS_GOOD * passages[0].score:
            break
        curated = len(passage.chunk.asked) > 1
        # A lead-in says nothing without its list, a question answers nothing.
        said = [not (each.text.endswith((":", "?")) or is_instruction(each.text)) for each in passage.sentences]
        best = max((each.score for each, says in zip(passage.sentences, said, strict=True) if says), default=0.0)
        for number, sentence in enumerate(passage.sentences):
            # Most of a sentence's score is its chunk's, so a stranger there may have a high one.
            stranger = sentence.score < best and is_stranger(sentence.text, passage.chunk, retrieval.read_as)
            if said[number] and not stranger:
                bonus = OPENING_BONUS if curated and number == 0 else 0.0
                if rank == 0 and sentence.score == best:
                    bonus = max(bonus, BEST_BONUS)
                yield _Quote(passage, number, sentence.text, sentence.score + bonus, curated)


def _repeats(text: str, other: str) -> bool:
    mine, theirs = set(words(text)), set(words(other))
    return len(mine & theirs) >= REPETITION * min(len(mine), len(theirs)) if mine and theirs else text == other


def _written(quotes: Sequence[_Quote]) -> tuple[str, tuple[Citation, ...]]:
    """The quotes as text, those of one section together and in its order, each with the marker of its section."""
    sections = list(dict.fromkeys(_section(quote.passage) for quote in quotes))
    rank = {section: number for number, section in enumerate(sections)}
    ordered = sorted(
        quotes, key=lambda quote: (rank[_section(quote.passage)], quote.passage.chunk.position, quote.number)
    )
    citations = tuple(
        Citation(
            marker=rank[_section(quote.passage)] + 1,
            document=quote.passage.chunk.document,
            title=quote.passage.chunk.title,
            section=quote.passage.chunk.section,
            quote=quote.text,
            passage=quote.passage.chunk.text,
        )
        for quote in ordered
    )
    paragraphs: dict[int, list[str]] = {}
    for citation in citations:
        paragraphs.setdefault(citation.marker, []).append(f"{citation.quote} [{citation.marker}]")
    return "\n\n".join(" ".join(sentences) for sentences in paragraphs.values()), citations


def _section(passage: Passage) -> tuple[str, tuple[str, ...]]:
    return passage.chunk.document, passage.chunk.heading_path


def _suggestions(passages: Sequence[Passage]) -> list[str]:
    """Questions that the closest sections answer, one of each: its heading, else one that its author listed."""
    chunks = [passage.chunk for passage in passages]
    questions = [
        chunk.section if chunk.section.endswith("?") else chunk.asked[1]
        for chunk in chunks
        if chunk.section.endswith("?") or len(chunk.asked) > 1
    ]
    found = questions or [f"What do the documents say about {chunk.section}?" for chunk in chunks]
    return list(dict.fromkeys(question[0].upper() + question[1:] for question in found))[:MAX_SUGGESTIONS]
