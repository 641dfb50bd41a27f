"""What is installed, pinned, licensed and shipped fits together."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.settings import Settings
from tests.docs.test_architecture import IMPORTS

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
REQUIREMENTS = [Requirement(line) for lines in (PROJECT["dependencies"], *EXTRAS.values()) for line in lines]
PIN_LINES = [
    line
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
PINS = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in PIN_LINES)}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def test_the_version_is_the_newest_of_the_changelog() -> None:
    newest = re.search(r"^## \[(.+?)\] - ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == PROJECT["version"]


def test_the_license_is_mit() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("MIT License\n\nCopyright (c) 2026 Tunewise contributors\n")
    assert PROJECT["license"] == "MIT"
    assert PROJECT["license-files"] == ["LICENSE"]


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_every_requirement_is_pinned_within_its_bounds(requirement: Requirement) -> None:
    pin = PINS[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(pin)


def test_pins_are_exact_sorted_and_fit_every_build_of_torch() -> None:
    assert [line for line in PIN_LINES if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    assert sorted(PIN_LINES, key=str.upper) == PIN_LINES


def test_what_the_code_imports_is_required() -> None:
    required = {canonicalize_name(Requirement(line).name) for line in (*PROJECT["dependencies"], *EXTRAS["playground"])}
    providers = importlib.metadata.packages_distributions()
    imported = set[str]().union(*IMPORTS.values()) - sys.stdlib_module_names - {"bot", "knowledge"}
    missing = {
        name
        for name in imported
        if not required & {canonicalize_name(provider) for provider in providers.get(name, [])}
    }
    assert missing == set()


def test_the_chroma_server_is_as_old_as_its_client() -> None:
    assert COMPOSE["services"]["chroma"]["image"] == f"chromadb/chroma:{PINS[canonicalize_name('chromadb')]}"


def test_compose_starts_the_bot_alone_unless_asked_for_more() -> None:
    services = COMPOSE["services"]
    assert [name for name, service in services.items() if "profiles" not in service] == ["bot"]
    assert all(not condition["required"] for condition in services["bot"]["depends_on"].values())
    assert {name.lower() for name in services["bot"]["environment"]} <= set(Settings.model_fields)
    mounted = {volume.partition(":")[0] for service in services.values() for volume in service["volumes"]}
    assert mounted == set(COMPOSE["volumes"])


def test_the_image_copies_only_what_its_context_holds() -> None:
    context = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    copied = {name for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]}
    assert copied == context
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_has_a_python_that_tunewise_runs_on_and_a_user_of_its_own() -> None:
    python = re.search(r"^FROM python:([\d.]+)-slim$", DOCKERFILE, re.MULTILINE)
    assert python is not None
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(python[1])
    assert re.search(r"^USER (?!root)", DOCKERFILE, re.MULTILINE)


def test_ci_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
