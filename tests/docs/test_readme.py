"""What the documentation tells people to type, open and set exists."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import SecretStr

from bot.doctor import invite_link
from bot.settings import Settings
from knowledge.settings import load_settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted(
    path for pattern in ("*.md", "docs/**/*.md", "knowledge/documents/**/*.md") for path in ROOT.glob(pattern)
)
COMMAND = re.compile(r"python -m (bot|knowledge) ([a-z]+)(.*)")


def tokens(markdown: str) -> list[Token]:
    """All tokens of a Markdown text, inline ones too."""
    blocks = MarkdownIt().enable("table").parse(markdown)
    return [token for block in blocks for token in (block, *(block.children or ()))]


def code(page: Path) -> list[str]:
    """What a page shows as code, a line each."""
    kinds = {"code_inline", "fence", "code_block"}
    found = (token.content for token in tokens(page.read_text(encoding="utf-8")) if token.type in kinds)
    return [line for content in found for line in content.splitlines()]


def relative_links(page: Path) -> list[str]:
    """The addresses of links and pictures that lead to a file."""
    found = (
        str(token.attrs.get("href") or token.attrs.get("src") or "")
        for token in tokens(page.read_text(encoding="utf-8"))
        if token.type in {"link_open", "image"}
    )
    return [link for link in found if not re.match(r"[a-z]+:|#", link)]


LINKS = [(page, link) for page in PAGES for link in relative_links(page)]
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
MAKE = sorted(
    {
        (page.name, target)
        for page in PAGES
        for line in code(page)
        for target in re.findall(r"\bmake ([a-z][a-z-]*)", line)
    }
)
COMMANDS = sorted({match.groups()[:2] for line in README.splitlines() for match in COMMAND.finditer(line)})
TREE = README.partition("## Where things are")[2].partition("```text\n")[2].partition("```")[0].splitlines()


@cache
def usage(module: str, *command: str) -> str:
    """The help of a module or of its command; fails where there is no such command."""
    run = subprocess.run(
        [sys.executable, "-m", module, *command, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.parametrize(("page", "link"), LINKS, ids=lambda value: str(getattr(value, "name", value)))
def test_a_link_to_a_file_leads_somewhere(page: Path, link: str) -> None:
    assert (page.parent / unquote(link.partition("#")[0])).exists()


@pytest.mark.parametrize(("page", "target"), MAKE)
def test_a_make_command_has_its_target(page: str, target: str) -> None:
    assert target in TARGETS


def test_the_targets_that_the_readme_promises_are_listed_by_make() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    promised = {"setup", "play", "run", "test", "check", "bench", "answers", "index", "clean"}
    assert promised <= set(re.findall(r"^  make ([a-z]+) ", listed, re.MULTILINE))


@pytest.mark.parametrize(("module", "command"), COMMANDS)
def test_a_command_exists_with_the_options_shown(module: str, command: str) -> None:
    shown = (match for line in README.splitlines() for match in COMMAND.finditer(line))
    rest = " ".join(match[3] for match in shown if match.groups()[:2] == (module, command))
    missing = [option for option in re.findall(r"--[a-z-]+", rest) if option not in usage(module, command)]
    assert missing == []


@pytest.mark.parametrize("module", ["bot", "knowledge"])
def test_every_command_is_in_the_readme(module: str) -> None:
    choices = re.search(r"\{(.+?)\}", usage(module))
    assert choices is not None
    assert {(module, command) for command in choices[1].split(",")} <= set(COMMANDS)


def test_the_table_of_settings_is_what_the_code_says() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \| (.+) \|$", README, re.MULTILINE)
    defaults = load_settings(Settings, None)
    assert rows == [
        (name.upper(), shown(getattr(defaults, name)), field.description)
        for name, field in Settings.model_fields.items()
    ]


def shown(default: object) -> str:
    """A default as the table shows it."""
    match default:
        case SecretStr():
            return shown(default.get_secret_value())
        case Path():
            return f"`{(ROOT / default).relative_to(ROOT)}`"
        case float():
            return f"`{default:g}`"
        case _:
            return f"`{default}`" if default or default == 0 else "empty"


def test_the_invite_link_asks_for_what_the_doctor_checks() -> None:
    assert invite_link("APPLICATION_ID") in README


@pytest.mark.parametrize("line", TREE)
def test_a_path_of_the_tree_exists(line: str) -> None:
    path = line.split()[0]
    assert (ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).is_file()
