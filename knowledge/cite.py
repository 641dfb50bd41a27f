"""Finds the sentences that criteria rest on in the version that answers now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.criteria import Backing, Criteria, load_criteria
from knowledge.errors import KnowledgeError
from knowledge.types import Chunk, Citation

MOST_NOTES = 3

Sections = Mapping[str, Sequence[Chunk]]


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A backing that the documents no longer hold as it stands, and why, as a sentence for the maintainer."""

    backing: Backing
    reason: str


def by_section(chunks: Iterable[Chunk]) -> Sections:
    """The chunks of each section, as document.md#Heading, in their order."""
    sections: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        sections.setdefault(f"{chunk.document}#{chunk.section}", []).append(chunk)
    return sections


def cite(backing: Backing, sections: Sections, marker: int = 1) -> Citation | None:
    """The citation of the quote, else of its section's first sentence; None where the section is not indexed."""
    chunks = sections.get(backing.section)
    if not chunks:
        return None
    chunk = next((each for each in chunks if backing.quote in each.text), None)
    quote = backing.quote
    if chunk is None:
        chunk = next((each for each in chunks if each.sentences), chunks[0])
        quote = chunk.sentences[0] if chunk.sentences else chunk.text
    return Citation(marker, chunk.document, chunk.title, chunk.section, quote, chunk.text)


def unresolved(criteria: Criteria, sections: Sections) -> list[Unresolved]:
    """The backings whose section or quote is not in the index."""
    found: dict[Backing, Unresolved] = {}
    for backing in criteria.backings():
        place = Backing(section=backing.section, quote=backing.quote)
        chunks = sections.get(backing.section)
        if not chunks:
            found[place] = Unresolved(place, f"The criteria cite the section {backing.section}, which is not indexed.")
        elif not any(backing.quote in chunk.text for chunk in chunks):
            found[place] = Unresolved(
                place, f"The criteria quote “{backing.quote}”, which is not in {backing.section} any more."
            )
    return list(found.values())


def citation_notes(criteria_file: Path, chunks: Sequence[Chunk]) -> tuple[str, ...]:
    """What a new version no longer holds of that which the criteria cite, as sentences for the maintainer.

    Nothing where it holds none of the documents that they cite: then it is about something else.
    """
    try:
        criteria = load_criteria(criteria_file)
    except KnowledgeError as error:
        return (str(error),)
    documents = {chunk.document for chunk in chunks}
    if not any(backing.document in documents for backing in criteria.backings()):
        return ()
    problems = [problem.reason for problem in unresolved(criteria, by_section(chunks))]
    more = len(problems) - MOST_NOTES
    return (*problems[:MOST_NOTES], *([f"{more} more: python -m knowledge recommend --check."] if more > 0 else []))
