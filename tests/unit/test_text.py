"""Text for Discord: what a person or a document writes can do no harm, and splitting loses nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.text import defuse, escape, shorten, split, unescape, visible

PROSE = st.text(alphabet=st.sampled_from("ab .!?\n-*1[]`é😀"), max_size=600)
CODE = st.builds(lambda code: f"\n```python\n{code}\n```\n", st.text(alphabet="xyz =\n", max_size=300))
MARKDOWN = st.lists(st.one_of(PROSE.map(lambda text: text.replace("```", "`")), CODE), max_size=8).map("".join)


def _letters(text: str) -> str:
    return re.sub(r"\s|`{3,}(?:python)?", "", text)


@given(MARKDOWN, st.integers(40, 400))
@example("```" + "x" * 200, 50)
@example("`" * 100, 40)
def test_pieces_stay_under_the_limit(text: str, limit: int) -> None:
    assert all(0 < len(piece) <= limit for piece in split(text, limit))


@given(MARKDOWN, st.integers(60, 400))
def test_splitting_loses_no_text(text: str, limit: int) -> None:
    assert _letters("\n".join(split(text, limit))) == _letters(text)


@given(MARKDOWN, st.integers(60, 400))
def test_every_piece_closes_its_code_fences(text: str, limit: int) -> None:
    assert all(len(re.findall(r"`{3,}", piece)) % 2 == 0 for piece in split(text, limit))


def test_a_cut_code_block_is_reopened_in_its_language() -> None:
    code = "\n".join(f"line_{number} = {number}" for number in range(20))

    first, second, *_ = split(f"```python\n{code}\n```", 150)

    assert first.endswith("\n```")
    assert second.startswith("```python\nline_")


def test_a_code_block_that_fits_one_piece_is_not_cut() -> None:
    block = "```python\nprint('whole')\n```"

    pieces = split("Some words that come before the code. " * 3 + "\n" + block, 130)

    assert pieces[-1] == block


def test_prose_splits_after_a_sentence_and_its_marker() -> None:
    pieces = split("Prompting needs no training run [1]. " * 5, 80)

    assert all(piece.endswith("[1].") for piece in pieces)


def test_lists_split_between_items() -> None:
    pieces = split("\n".join(f"- item {number} says something. And more." for number in range(8)), 120)

    assert all(piece.startswith("- item") for piece in pieces)


def test_a_limit_too_short_for_fences_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 40"):
        split("text", 39)


@given(st.text(), st.integers(2, 100))
def test_shortening_fits_one_line(text: str, limit: int) -> None:
    short = shorten(text, limit)

    assert len(short) <= limit
    assert "\n" not in short


@pytest.mark.parametrize(
    "hostile",
    ["@everyone", "@here", "<@123>", "<@&5>", "<#9>", "# heading", "-# small", "[a](https://evil.example)",
     "**bold**", "||spoiler||", "> quote", "```\ncode",
     "- item", "1. item", "https://evil.example", "</ask:1>"],
)  # fmt: skip
def test_what_a_person_writes_is_shown_literally(hostile: str) -> None:
    shown = escape(hostile)

    unescaped = re.sub(r"\\[^\w\s]", "", shown)
    assert not re.search(r"@everyone|@here|<[@#/]|^\s*#|^-|\]\(|\*\*|\|\||^>|```|://|^\d+\.", unescaped)


@given(st.text())
def test_escaped_text_stays_on_one_line_and_pings_nobody(text: str) -> None:
    shown = escape(f"{text}@everyone\n<@1>")

    assert "\n" not in shown
    assert "@everyone" not in shown
    assert not re.search(r"(?<!\\)<@", shown)


def test_documents_keep_their_emphasis_and_code() -> None:
    markdown = "**Cost** is low [1].\n```python\n# a comment\nprint('[a](b)')\n```"

    assert defuse(markdown) == markdown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("See [the paper](https://arxiv.org/abs/1).", "See the paper (https://arxiv.org/abs/1)."),
        ("## Heading", r"\## Heading"),
        ("-# small", r"\-# small"),
        ("> # quoted", r"> \# quoted"),
        ("Ask @everyone.", "Ask @\u200beveryone."),
        ("Ask <@12>.", "Ask <\u200b@12>."),
        ("A statement [1] (see below).", "A statement [1] (see below)."),
    ],
)
def test_documents_cannot_ping_or_mask_links_or_shout(markdown: str, shown: str) -> None:
    assert defuse(markdown) == shown


def test_invisible_characters_are_removed_and_joined_emoji_kept() -> None:
    assert visible("a\u200bb\u202ec\x00 👩\u200d🔬") == "abc 👩\u200d🔬"


@given(st.text())
def test_what_was_escaped_reads_back(text: str) -> None:
    line = " ".join(visible(text).split())
    assert unescape(escape(line)) == line
