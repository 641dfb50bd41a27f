"""`python -m benchmarks.squad`: finding and refusing on Wikipedia articles (../shared/eval/squad)."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from knowledge.answer import compose
from knowledge.base import KnowledgeBase
from knowledge.evaluate import Section
from knowledge.index import build_index
from knowledge.retrieve import Retriever
from knowledge.settings import KnowledgeSettings, load_settings

SQUAD = Path(__file__).parents[2] / "shared" / "eval" / "squad"


@dataclass(frozen=True, slots=True)
class SquadQuestion:
    """A question, the section that answers it and the wordings of the answer."""

    question: str
    section: Section
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SquadFigures:
    """Shares of the questions. A section is right once by the place of its passage, once by that of its section."""

    passage_first: float
    passage_in_5: float
    section_in_5: float
    best_sentence: float
    quoted: float
    answered: float


def main() -> int:
    """Index the articles, ask their questions of them, and ask the same of the project's own knowledge."""
    console = Console(soft_wrap=True)
    if not SQUAD.is_dir():
        console.print(f"{SQUAD} is not there, so nothing was measured.")
        return 1
    settings = load_settings(KnowledgeSettings)
    questions = load_questions(SQUAD / "questions.jsonl")
    with tempfile.TemporaryDirectory() as folder:
        articles = open_articles(settings, Path(folder))
        figures = measure(articles.retriever, questions, settings.answer_threshold)
        passages = len(articles.retriever.chunks)
    refused = share_refused(KnowledgeBase.open(settings), questions)
    table = Table(title=f"SQuAD, {len(questions)} questions on {passages} passages", title_justify="left")
    for column in ("what", "figure", "goal"):
        table.add_column(column, justify="right" if column != "what" else "left")
    for what, figure, goal in (
        ("right passage first", figures.passage_first, "0.87"),
        ("right passage in 5", figures.passage_in_5, "0.975"),
        ("right section in 5 distinct sections", figures.section_in_5, ""),
        ("best sentence holds the answer", figures.best_sentence, "0.78"),
        ("one of the quoted ones does", figures.quoted, "0.90"),
        ("answered", figures.answered, ""),
        ("refused when asked of the Tunewise knowledge", refused, "0.98"),
    ):
        table.add_row(what, f"{figure:.3f}", goal)
    console.print(table)
    return 0


def load_questions(file: Path) -> list[SquadQuestion]:
    """The questions of a JSON Lines file."""
    entries = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return [
        SquadQuestion(entry["question"], Section(entry["document"], entry["section"]), tuple(entry["answers"]))
        for entry in entries
    ]


def open_articles(settings: KnowledgeSettings, data_dir: Path) -> KnowledgeBase:
    """A knowledge base of the articles, indexed into `data_dir` with the model that is exported already."""
    models = settings.data_dir / "models"
    if models.is_dir():
        (data_dir / "models").symlink_to(models.resolve())
    articles = settings.model_copy(
        update={"data_dir": data_dir, "knowledge_dir": SQUAD / "documents", "chroma_url": ""}
    )
    build_index(articles)
    return KnowledgeBase.open(articles)


def measure(retriever: Retriever, questions: Sequence[SquadQuestion], threshold: float) -> SquadFigures:
    """The figures of `questions` on the articles; answered is what has at least `threshold` of confidence."""
    first = in_5 = sections_in_5 = best = quoted = answered = 0
    for question in questions:
        retrieval = retriever.search(question.question)
        found = [Section(passage.chunk.document, passage.chunk.section) for passage in retrieval.passages]
        first += found[0] == question.section
        in_5 += question.section in found[:5]
        sections_in_5 += question.section in list(dict.fromkeys(found))[:5]
        sentences = [sentence for passage in retrieval.passages for sentence in passage.sentences]
        best += holds(max(sentences, key=lambda sentence: sentence.score).text, question.answers)
        answer = compose(retrieval, retriever.version, threshold=0)
        quoted += any(holds(citation.quote, question.answers) for citation in answer.citations)
        answered += answer.confidence >= threshold
    shares = (count / len(questions) for count in (first, in_5, sections_in_5, best, quoted, answered))
    return SquadFigures(*shares)


def share_refused(knowledge: KnowledgeBase, questions: Sequence[SquadQuestion]) -> float:
    """The share of `questions` that `knowledge` does not answer."""
    return sum(knowledge.ask(question.question).kind == "abstain" for question in questions) / len(questions)


def holds(text: str, answers: Sequence[str]) -> bool:
    """Whether `text` holds one of `answers`, whatever the case and the spaces."""
    plain = " ".join(text.casefold().split())
    return any(" ".join(answer.casefold().split()) in plain for answer in answers)


if __name__ == "__main__":
    sys.exit(main())
