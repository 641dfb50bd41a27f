"""`python -m benchmarks.index [DIR ...]`: the speed of indexing, beside the stack of the tutorials."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from langchain_huggingface import HuggingFaceEmbeddings
from rich.console import Console
from rich.table import Table

from benchmarks import tutorial_stack
from benchmarks.squad import SQUAD
from knowledge.index import build_index
from knowledge.load import load_folder
from knowledge.settings import KnowledgeSettings, load_settings
from knowledge.store import open_store
from knowledge.types import Document

RUNS = 2


def main(folders: Sequence[str]) -> None:
    """Index each folder from nothing with each stack in turn; default: the knowledge and, where it is, SQuAD."""
    settings = load_settings(KnowledgeSettings)
    embeddings = tutorial_stack.load_embeddings()
    embeddings.embed_query("warm")
    defaults = [settings.knowledge_dir, *([SQUAD / "documents"] if SQUAD.is_dir() else [])]
    for folder in map(Path, folders or defaults):
        compare(settings, folder, embeddings)


def compare(settings: KnowledgeSettings, source: Path, embeddings: HuggingFaceEmbeddings) -> None:
    """Print how fast both stacks index the documents of `source`; loading or exporting a model does not count."""
    documents, _ = load_folder(source)
    characters = sum(len(document.markdown) for document in documents)
    our_runs, their_runs = [], []
    with tempfile.TemporaryDirectory() as folder:
        for run in range(RUNS):
            our_runs.append(time_ours(settings, source, Path(folder, f"ours-{run}")))
            their_runs.append(time_theirs(documents, embeddings, Path(folder, f"theirs-{run}")))
    # The best run is the one that other processes disturbed least.
    passages, embedded, ours = min(our_runs, key=lambda run: run[-1])
    pieces, theirs = min(their_runs, key=lambda run: run[-1])
    table = Table(
        title=f"Indexing {source}: {len(documents)} documents, {characters:,} characters, best of {RUNS}",
        title_justify="left",
    )
    for column in ("", "seconds", "passages", "a second", "texts", "a second", "characters/s"):
        table.add_column(column, justify="right" if column else "left")
    for name, count, texts, seconds in (
        ("Tunewise", passages, embedded, ours),
        ("tutorial", pieces, pieces, theirs),
    ):
        rates = f"{seconds:.1f}", str(count), f"{count / seconds:.0f}", str(texts), f"{texts / seconds:.0f}"
        table.add_row(name, *rates, f"{characters / seconds:,.0f}")
    console = Console(soft_wrap=True)
    console.print(table)
    console.print(
        f"Tutorial: {tutorial_stack.NAME}. Tunewise embeds every sentence and every question asked, too, and takes "
        f"{ours / theirs:.2f} of its time: {(passages / ours) / (pieces / theirs):.1f} times its passages a second "
        f"(goal: 2), {(embedded / ours) / (pieces / theirs):.1f} times its texts.\n"
    )


def time_ours(settings: KnowledgeSettings, source: Path, data_dir: Path) -> tuple[int, int, float]:
    """The numbers of passages and of embedded texts, and the seconds, of a first run that finds the model exported."""
    data_dir.mkdir()
    (data_dir / "models").symlink_to((settings.data_dir / "models").resolve())
    own = settings.model_copy(update={"data_dir": data_dir, "knowledge_dir": source, "chroma_url": ""})
    report = build_index(own)
    manifest = open_store(own).versions()[0]
    return report.chunks, manifest.chunks + manifest.sentences + manifest.questions, report.seconds


def time_theirs(documents: Sequence[Document], embeddings: HuggingFaceEmbeddings, folder: Path) -> tuple[int, float]:
    """The number of pieces and the seconds."""
    started = perf_counter()
    pieces = tutorial_stack.split(documents)
    tutorial_stack.store(pieces, embeddings, folder)
    return len(pieces), perf_counter() - started


if __name__ == "__main__":
    main(sys.argv[1:])
