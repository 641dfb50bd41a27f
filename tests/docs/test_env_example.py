"""`.env.example` says of every setting what the code says."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from bot.settings import Settings
from knowledge.settings import SettingsError, load_settings

ROOT = Path(__file__).parents[2]
LINES = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
SETTING = re.compile(r"#?(?P<name>[A-Z_]+)=(?P<value>.*)")
FOUND = {match["name"]: match["value"] for line in LINES if (match := SETTING.fullmatch(line))}


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_it_lists_every_setting_once_and_nothing_else() -> None:
    names = [match["name"] for line in LINES if (match := SETTING.fullmatch(line))]
    assert sorted(names) == sorted(name.upper() for name in Settings.model_fields)


def test_it_loads_as_it_stands_and_changes_nothing() -> None:
    assert load_settings(Settings, ROOT / ".env.example", strict=True) == load_settings(Settings, None)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_value_shown_is_the_default(name: str, tmp_path: Path) -> None:
    default = getattr(load_settings(Settings, None), name)
    shown = FOUND[name.upper()]
    env_file = tmp_path / ".env"
    env_file.write_text(f"{name.upper()}={shown}\n")
    value = getattr(load_settings(Settings, env_file, strict=True), name)
    if isinstance(default, Path):
        value, default = ROOT / value, ROOT / default
    assert value == default
    assert shown or default in ("", frozenset()) or name == "discord_token", "a default that is not empty is shown"


def test_every_setting_has_its_comment_above_it() -> None:
    bare = [line for above, line in pairwise(LINES) if SETTING.fullmatch(line) and not above.startswith("# ")]
    assert bare == []


@pytest.mark.parametrize(
    ("misspelt", "right"),
    [("DISCORD_TOKN", "DISCORD_TOKEN"), ("CHROMA_ULR", "CHROMA_URL"), ("HEALTHPORT", "HEALTH_PORT")],
)
def test_a_misspelt_name_is_an_error_that_names_it_and_the_right_one(misspelt: str, right: str, tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("\n".join([*LINES, f"{misspelt}=1"]))
    with pytest.raises(SettingsError, match=rf"{misspelt}\b.*\b{right}\b"):
        load_settings(Settings, env_file, strict=True)


def test_a_strange_name_is_an_error_too(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("QUITE_ELSEWHERE=1\n")
    with pytest.raises(SettingsError, match=r"QUITE_ELSEWHERE.*\.env\.example"):
        load_settings(Settings, env_file, strict=True)
