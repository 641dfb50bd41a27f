"""The real knowledge behind a wall that tests put obstacles into: each overrides what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.client import Knowledge
from knowledge.cite import Sections
from knowledge.compare import Aspect
from knowledge.embed import Vectors
from knowledge.types import Answer, Chunk, Citation


@dataclass
class PassingKnowledge:
    """Hands everything on to the real knowledge."""

    real: Knowledge

    @property
    def version(self) -> str:
        return self.real.version

    @property
    def sections(self) -> Sections:
        return self.real.sections

    @property
    def chunks(self) -> Sequence[Chunk]:
        return self.real.chunks

    @property
    def comparison(self) -> tuple[Aspect, ...]:
        return self.real.comparison

    def ask(self, question: str, after: Sequence[str] = ()) -> Answer:
        return self.real.ask(question, after)

    def meanings(self, question: str) -> tuple[str, ...]:
        return self.real.meanings(question)

    def closest_aspect(self, typed: str) -> Aspect | None:
        return self.real.closest_aspect(typed)

    def explain(self, aspect: Aspect) -> tuple[Citation, ...]:
        return self.real.explain(aspect)

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self.real.embed(texts)

    def refresh(self) -> bool:
        return self.real.refresh()
