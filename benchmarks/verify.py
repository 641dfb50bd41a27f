"""`python -m benchmarks.verify`: what the verifier catches and what it takes away wrongly, and its time a sentence."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import yaml
from rich.console import Console
from rich.table import Table

from knowledge.base import KnowledgeBase
from knowledge.embed import load_embedder
from knowledge.generate import plain_sentence
from knowledge.lexical import Analyzer
from knowledge.settings import KnowledgeSettings, load_settings
from knowledge.types import Chunk
from knowledge.verify import Verifier

FILE = Path(__file__).parent.parent / "tests" / "golden" / "verification.yaml"
PARTS = ("fitted", "held_out", "free")
TRUE = "says"


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of the test set: its kind (`says`, or how it was changed) and the section it is checked against."""

    kind: str
    text: str
    document: str
    section: str


@dataclass(frozen=True, slots=True)
class Score:
    """How many statements of each kind there are, and for how many the verifier was right."""

    right: Counter[str]
    all: Counter[str]

    @property
    def caught(self) -> float:
        """The share of changed statements that were found out."""
        changed = sum(self.all.values()) - self.all[TRUE]
        return (sum(self.right.values()) - self.right[TRUE]) / changed

    @property
    def removed(self) -> float:
        """The share of true statements that were taken away."""
        return (self.all[TRUE] - self.right[TRUE]) / self.all[TRUE]

    @property
    def precision(self) -> float:
        """The share of changed statements among those that were taken away."""
        caught = sum(self.right.values()) - self.right[TRUE]
        return caught / (caught + self.all[TRUE] - self.right[TRUE])


def load_statements(part: str) -> list[Statement]:
    """The statements of a part of the test set, in its order."""

    def found() -> Iterator[Statement]:
        for document, entries in yaml.safe_load(FILE.read_text(encoding="utf-8"))[part].items():
            for entry in entries:
                for kind in entry.keys() - {"in"}:
                    yield Statement(kind, plain_sentence(entry[kind]), document, entry["in"])

    return sorted(found(), key=lambda statement: (statement.document, statement.section, statement.kind))


def chunks_of(statement: Statement, chunks: Sequence[Chunk]) -> list[Chunk]:
    """The chunks of the section that a statement is checked against."""
    return [chunk for chunk in chunks if (chunk.document, chunk.section) == (statement.document, statement.section)]


def score(
    verifier: Verifier, statements: Sequence[Statement], chunks: Sequence[Chunk]
) -> tuple[Score, list[Statement]]:
    """How often the verifier is right, and where it is not."""
    result, wrong = Score(Counter(), Counter()), []
    for statement in statements:
        passes = verifier.objection(statement.text, chunks_of(statement, chunks)) is None
        result.all[statement.kind] += 1
        result.right[statement.kind] += passes == (statement.kind == TRUE)
        if passes != (statement.kind == TRUE):
            wrong.append(statement)
    return result, wrong


def main() -> None:
    """The figures of each part of the test set, then the time."""
    settings = load_settings(KnowledgeSettings)
    chunks = KnowledgeBase.open(settings).retriever.chunks
    embedder = load_embedder(settings)
    console = Console(soft_wrap=True)
    table = Table(title="The verifier (goals: 0.95 caught, at most 0.05 removed)", title_justify="left")
    for column in ("", "true", "removed", "changed", "caught", "precision"):
        table.add_column(column, justify="right" if column else "left")
    kinds: dict[str, Score] = {}
    for part in PARTS:
        verifier = Verifier(Analyzer(settings.language), embedder.encode)
        found, _ = score(verifier, load_statements(part), chunks)
        kinds[part] = found
        changed = sum(found.all.values()) - found.all[TRUE]
        figures = (f"{found.removed:.3f}", str(changed), f"{found.caught:.3f}", f"{found.precision:.3f}")
        table.add_row(part, str(found.all[TRUE]), *figures)
    console.print(table)
    for kind in sorted({kind for found in kinds.values() for kind in found.all} - {TRUE}):
        console.print(
            f"{kind}: " + ", ".join(f"{part} {kinds[part].right[kind]}/{kinds[part].all[kind]}" for part in PARTS)
        )
    first, later = times(Verifier(Analyzer(settings.language), embedder.encode), chunks)
    console.print(f"The first sentence checked against a section: {in_milliseconds(first)}")
    console.print(f"The next ones: {in_milliseconds(later)}")


def in_milliseconds(seconds: Sequence[float]) -> str:
    """Median and 95th percentile."""
    median, p95 = statistics.median(seconds) * 1000, statistics.quantiles(seconds, n=20)[-1] * 1000
    return f"median {median:.1f} ms, p95 {p95:.1f} ms"


def times(verifier: Verifier, chunks: Sequence[Chunk]) -> tuple[list[float], list[float]]:
    """The seconds for the first sentence against a section, whose vectors are not there yet, and for the next ones."""
    first: list[float] = []
    later: list[float] = []
    seen: set[tuple[str, str]] = set()
    for statement in load_statements("fitted"):
        passages = chunks_of(statement, chunks)
        started = perf_counter()
        verifier.objection(statement.text, passages)
        place = statement.document, statement.section
        (later if place in seen else first).append(perf_counter() - started)
        seen.add(place)
    return first, later


if __name__ == "__main__":
    main()
