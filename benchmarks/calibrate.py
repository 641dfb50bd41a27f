"""Fits the coefficients of `knowledge/confidence.py` and prints how well they hold on questions left out of the fit.

`python -m benchmarks.calibrate` uses the golden questions on the project's documents and, where ../shared is there,
squad: its questions asked of its own articles, of half of them, and of the project's documents, so that the confidence
stays sane on text that nobody here wrote.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from knowledge.base import KnowledgeBase
from knowledge.evaluate import load_golden
from knowledge.index import build_index
from knowledge.retrieve import Evidence
from knowledge.settings import KnowledgeSettings, load_settings

SQUAD = Path(__file__).parent.parent.parent / "shared" / "eval" / "squad"
FOLDS = 10
# The golden questions are what the bot is for; squad keeps it honest elsewhere.
WEIGHTS = {"golden": 1.0, "squad asked here": 0.2, "golden asked of squad": 0.2, "squad": 0.1, "half of squad": 0.1}

Samples = list[tuple[str, bool, tuple[float, ...]]]


def main() -> None:
    """Print the fit and its figures."""
    console = Console()
    settings = load_settings(KnowledgeSettings)
    build_index(settings)
    samples = list(_samples(settings))
    groups, covered, evidence = zip(*samples, strict=True)
    features, target = np.asarray(evidence), np.asarray(covered)
    weights = np.asarray([WEIGHTS[group] for group in groups])
    held_out = _held_out(features, target, weights)
    for group in dict.fromkeys(groups):
        for wanted in (True, False):
            chosen = np.asarray([name == group for name in groups]) & (target == wanted)
            if chosen.any():
                right = ((held_out[chosen] >= 0.5) == wanted).mean()
                console.print(f"{group:24} {'answered' if wanted else 'refused':9} {right:.3f} of {chosen.sum()}")
    golden = np.asarray([name == "golden" for name in groups])
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 1.01)):
        inside = golden & (held_out >= low) & (held_out < high)
        if inside.any():
            console.print(
                f"confidence {low:.2f} to {min(high, 1):.2f}: {target[inside].mean():.2f} of {inside.sum()} covered"
            )
    model = LogisticRegression(C=100, max_iter=5_000).fit(features, target, sample_weight=weights)
    names = ", ".join(field.name for field in fields(Evidence))
    console.print(f"intercept {model.intercept_[0]:.2f}, coefficients ({names}):")
    console.print(tuple(round(float(value), 2) for value in model.coef_[0]))


def _held_out(
    features: npt.NDArray[np.float64], target: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The confidence of each sample by a model that was fitted without its fold."""
    found = np.zeros(len(target))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(features, target):
        model = LogisticRegression(C=100, max_iter=5_000)
        model.fit(features[train], target[train], sample_weight=weights[train])
        found[test] = model.predict_proba(features[test])[:, 1]
    return found


def _samples(settings: KnowledgeSettings) -> Iterable[tuple[str, bool, tuple[float, ...]]]:
    ours = KnowledgeBase.open(settings)
    golden = load_golden(settings.golden_file)
    inside = [question.question for question in golden if question.sections]
    outside = [question.question for question in golden if not question.sections]
    yield from _ask(ours, "golden", True, inside)
    yield from _ask(ours, "golden", False, outside)
    if not SQUAD.is_dir():
        return
    questions = [json.loads(line) for line in (SQUAD / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = [question["question"] for question in questions]
    yield from _ask(ours, "squad asked here", False, texts)
    articles = sorted((SQUAD / "documents").glob("*.md"))
    squad = _indexed(settings, articles)
    yield from _ask(squad, "squad", True, texts)
    yield from _ask(squad, "golden asked of squad", False, inside + outside)
    half = articles[::2]
    kept = {article.name for article in half}
    half_squad = _indexed(settings, half)
    for covered in (True, False):
        part = [question["question"] for question in questions if (question["document"] in kept) == covered]
        yield from _ask(half_squad, "half of squad", covered, part)


def _ask(base: KnowledgeBase, group: str, covered: bool, questions: Sequence[str]) -> Samples:
    return [(group, covered, astuple(base.retriever.search(question).evidence)) for question in questions]


def _indexed(settings: KnowledgeSettings, files: Sequence[Path]) -> KnowledgeBase:
    """The knowledge base of some files; its data is removed again, since all of it is read at once."""
    with tempfile.TemporaryDirectory() as folder:
        source, data = Path(folder) / "documents", Path(folder) / "data"
        source.mkdir()
        for file in files:
            (source / file.name).write_bytes(file.read_bytes())
        data.mkdir()
        (data / "models").symlink_to((settings.data_dir / "models").resolve())
        own = settings.model_copy(update={"knowledge_dir": source, "data_dir": data, "chroma_url": ""})
        build_index(own)
        return KnowledgeBase.open(own)


if __name__ == "__main__":
    main()
