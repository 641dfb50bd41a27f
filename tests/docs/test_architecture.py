"""The rules of the architecture: who may import what, and what the running bot never loads."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import Settings

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "sentence_transformers", "transformers"}
ONLY_WITH_A_CHAT_MODEL = {"langchain", "langchain_core", "langchain_openai", "openai", "langsmith", "tiktoken"}
MEETS_DISCORD = {
    "bot/client.py",
    "bot/playground.py",
    "bot/replies.py",
    "bot/ask/answered.py",
    "bot/ask/history.py",
    "bot/ask/messages.py",
}
MEETS_DISCORD_IN_A_FEATURE = {"cog.py", "layout.py", "buttons.py"}


def imports(path: Path) -> set[str]:
    """The top-level names of all that a file imports, inside functions and for types too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "." * node.level)
    return {name.partition(".")[0] for name in names}


IMPORTS = {
    path.relative_to(ROOT).as_posix(): imports(path)
    for package in ("bot", "knowledge")
    for path in sorted((ROOT / package).rglob("*.py"))
}


def importers(*names: str) -> set[str]:
    """The files of bot/ and knowledge/ that import one of the names."""
    return {file for file, imported in IMPORTS.items() if imported & set(names)}


def test_knowledge_imports_neither_the_bot_nor_discord() -> None:
    assert {file for file in importers("bot", "discord") if file.startswith("knowledge/")} == set()


def test_only_the_edges_of_the_bot_import_discord() -> None:
    elsewhere = {
        file
        for file in importers("discord") - MEETS_DISCORD
        if not (file.count("/") in {2, 3} and Path(file).name in MEETS_DISCORD_IN_A_FEATURE)
    }
    assert elsewhere == set()


@pytest.mark.parametrize(
    "library",
    [
        ("chromadb",),
        (
            "langchain",
            "langchain_core",
            "langchain_chroma",
            "langchain_text_splitters",
            "langchain_openai",
            "langsmith",
        ),
        ("torch", "sentence_transformers", "transformers"),
        ("onnxscript", "onnx"),
        ("bm25s", "Stemmer"),
        ("alembic",),
        ("typst",),
    ],
    ids=lambda names: str(names[0]),
)
def test_a_large_library_is_met_in_one_place(library: tuple[str, ...]) -> None:
    places = {file for file in importers(*library) if not file.startswith("bot/records/migrations/")}
    assert len(places) == 1, f"{library[0]} is imported by {sorted(places) or 'no file'}"


def test_a_bot_that_answers_has_loaded_neither_torch_nor_sentence_transformers(settings: Settings) -> None:
    script = """
import sys
import bot.bootstrap, bot.client
from bot.settings import Settings
from knowledge.base import KnowledgeBase
from knowledge.settings import load_settings
assert KnowledgeBase.open(load_settings(Settings, None)).ask("What is fine-tuning?").kind == "answer"
print(*sys.modules)
"""
    run = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"DATA_DIR": str(settings.data_dir)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    loaded = {module.partition(".")[0] for module in run.stdout.split()}
    assert loaded & (HEAVY | ONLY_WITH_A_CHAT_MODEL) == set()
    assert "onnxruntime" in loaded
