"""What ARCHITECTURE.md and the decisions name exists, and every module is on the map."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "ARCHITECTURE.md"
NAME = re.compile(r"((?:bot|knowledge|tests|benchmarks)/[\w/]+\.py)(?:::([\w.]+))?")
NAMED = sorted(
    {
        match.groups(default="")
        for page in (PAGE, *(ROOT / "docs" / "decisions").glob("*.md"))
        for match in NAME.finditer(page.read_text(encoding="utf-8"))
    }
)
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for package in ("bot", "knowledge")
    for path in (ROOT / package).rglob("*.py")
    if path.name != "__init__.py" and "migrations" not in path.parts
)


@cache
def defined(file: str) -> frozenset[str]:
    """The functions, classes and methods of a file, a method as `Class.method`."""
    names: set[str] = set()
    for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = (each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
            names.update(f"{node.name}.{method.name}" for method in methods)
    return frozenset(names)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_what_the_page_names_exists(file: str, name: str) -> None:
    assert (ROOT / file).is_file()
    assert not name or name in defined(file)


def test_every_invariant_is_there_with_a_test_or_a_word_that_it_has_none() -> None:
    invariants = PAGE.read_text(encoding="utf-8").partition("## Invariants")[2].partition("\n## ")[0]
    entries = re.split(r"^\d+\. ", invariants, flags=re.MULTILINE)[1:]
    assert len(entries) == 10
    assert all("::test_" in entry or "No test" in entry for entry in entries)


def test_every_module_is_on_the_map() -> None:
    code_map = PAGE.read_text(encoding="utf-8").partition("## Code map")[2].partition("\n## ")[0]
    assert [module for module in MODULES if f"`{module}`" not in code_map] == []
