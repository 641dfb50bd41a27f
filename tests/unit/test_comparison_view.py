"""What /compare shows of a comparison: choices, texts within Discord's limits, and a picture that cuts nothing."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.compare import layout
from bot.compare import picture as picture_module
from bot.compare.buttons import AspectSelect
from bot.compare.choice import find, matching
from bot.compare.picture import MAX_ALTERNATIVE, MAX_ASPECTS, alternative, contents, picture
from knowledge.compare import Aspect, Side, Statement
from knowledge.types import Citation

WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen"


def an_aspect(name: str = "Cost", *sides: tuple[str, str], rows: int = 1) -> Aspect:
    """An aspect whose sides are given by name and statement."""
    named = sides or (("Prompt engineering", "Low: no training run"), ("Fine-tuning", "High"))
    approaches = {"Prompt engineering": "prompting", "Fine-tuning": "tuning"}
    return Aspect(
        name,
        tuple(Side(side, approaches.get(side, "other"), (Statement(text, (1,)),)) for side, text in named),  # type: ignore[arg-type]
        tuple(Citation(1 + row, f"{row}.md", "A title", "A section", "A row.", "A row.") for row in range(rows)),
    )


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


# What was typed


def test_names_that_begin_with_what_is_typed_come_first() -> None:
    aspects = [an_aspect(name) for name in ("Running cost", "Skill", "Cost")]

    assert [aspect.name for aspect in matching(aspects, " cOs")] == ["Cost", "Running cost"]
    assert matching(aspects, "x") == []


def test_there_are_never_more_choices_than_discord_lists() -> None:
    assert len(matching([an_aspect(f"Aspect {number}") for number in range(40)], "")) == 25


@pytest.mark.parametrize(
    ("typed", "found"),
    [("cost", "Cost"), ("COSTS", "Cost"), ("running", "Running cost"), ("skil", "Skill"), ("sklil", "Skill")],
)
def test_the_aspect_that_is_meant_is_found(typed: str, found: str) -> None:
    aspect = find([an_aspect(name) for name in ("Running cost", "Skill", "Cost")], typed)

    assert aspect is not None
    assert aspect.name == found


@pytest.mark.parametrize("typed", ["price", "🔥", "  ", "\0"])
def test_what_is_no_aspect_is_not_guessed(typed: str) -> None:
    assert find([an_aspect("Cost"), an_aspect("Skill")], typed) is None


def test_a_long_name_is_found_by_what_discord_lists() -> None:
    aspect = an_aspect("word " * 40)
    [choice] = AspectSelect([aspect]).item.options

    assert len(choice.label) <= 100
    assert find([an_aspect(), aspect], choice.label) == aspect


# The picture


def test_a_picture_is_as_wide_as_a_phone_shows_it_in_two_pixels_a_point() -> None:
    assert opened(picture((an_aspect(),))).width == 2 * 350


@pytest.mark.parametrize("text", [WORD, f"https://example.org/{'a' * 80}?q=1", "ein Wort " * 30, "漢" * 60, "W" * 200])
@pytest.mark.parametrize("side", [0, 1])
def test_long_text_wraps_and_is_not_cut(text: str, side: int) -> None:
    short = an_aspect("Cost", ("Prompt engineering", "Low"), ("Fine-tuning", "High"))
    texts = ["Low", "High"]
    texts[side] = text
    long = an_aspect("Cost", ("Prompt engineering", texts[0]), ("Fine-tuning", texts[1]))

    shown, reference = opened(picture((long,))), opened(picture((short,)))

    assert shown.height > reference.height
    background = reference.getpixel((350, reference.height // 2))
    for left, right in ((344, 352), (672, 696)):  # the gap between the columns, and the margin
        colours = shown.crop((left, 150, right, shown.height - 70)).getcolors()
        assert colours is not None
        assert [colour for _, colour in colours] == [background]


@pytest.mark.parametrize("text", ['#panic("no")', "]", '"', "$x^2$ *bold* _it_", "<label> @ref", "// gone"])
def test_text_of_the_documents_never_becomes_markup(text: str) -> None:
    said = contents([an_aspect(text, (text, text), ("Fine-tuning", text))])["aspects"][0]

    assert (said["name"], said["pair"][1]["text"], said["others"][0]["text"]) == (text, text, text)
    shown = opened(picture((an_aspect(text, ("Prompt engineering", text), ("Fine-tuning", text)),)))
    assert len(set(shown.convert("L").tobytes())) > 10


def test_the_same_comparison_is_drawn_once_however_many_ask_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[object] = []

    def render(template: Path, data: dict[str, Any]) -> bytes:
        drawn.append(data)
        return b"png"

    monkeypatch.setattr(picture_module, "render", render)
    picture_module._draw.cache_clear()

    with ThreadPoolExecutor(8) as threads:
        pictures = set(threads.map(lambda _: picture((an_aspect("Once"),)), range(40)))

    assert (pictures, len(drawn)) == ({b"png"}, 1)
    picture((an_aspect("Another"),))
    assert len(drawn) == 2
    picture_module._draw.cache_clear()


def test_a_third_approach_and_a_missing_side_are_shown() -> None:
    aspect = an_aspect("Facts", ("Fine-tuning", "Frozen"), ("Retrieval", "Fresh"))

    said = contents([aspect])

    assert [head["name"] for head in said["heads"]] == ["Prompt engineering", "Fine-tuning"]
    assert [cell["text"] for cell in said["aspects"][0]["pair"]] == ["–", "Frozen"]
    assert [(cell["name"], cell["text"]) for cell in said["aspects"][0]["others"]] == [("Retrieval", "Fresh")]
    assert "Facts: – | Frozen | Retrieval: Fresh." in alternative([aspect])
    assert picture((aspect,)).startswith(b"\x89PNG")


def test_where_a_table_has_several_kinds_of_an_approach_each_cell_names_its_own() -> None:
    kinds = tuple(Side(kind, "tuning", (Statement("High", (1,)),)) for kind in ("LoRA tuning", "Full fine-tuning"))
    aspect = Aspect("Cost", kinds, an_aspect().rows)

    said = contents([aspect])

    assert [head["name"] for head in said["heads"]] == ["Prompt engineering", "Fine-tuning"]
    assert [cell["name"] for cell in said["aspects"][0]["pair"]] == ["", "LoRA tuning"]
    assert [cell["name"] for cell in said["aspects"][0]["others"]] == ["Full fine-tuning"]


def test_more_aspects_than_a_picture_holds_are_counted() -> None:
    aspects = [an_aspect(f"Aspect {number}") for number in range(MAX_ASPECTS + 3)]

    assert len(contents(aspects)["aspects"]) == MAX_ASPECTS
    assert contents(aspects)["note"].startswith("And 3 more aspects.")


# Discord's limits

TEXT = st.text(max_size=1_500) | st.sampled_from(["*" * 900, "@everyone " * 90, "[" * 300, "# a\n" * 60, WORD * 20])
NAME = TEXT.filter(lambda name: any(map(str.isalnum, name)))  # as compare() promises
SIDES = st.lists(
    st.builds(
        Side,
        TEXT,
        st.sampled_from(["prompting", "tuning", "other"]),
        st.lists(st.builds(Statement, TEXT, st.just((1, 2))), min_size=1, max_size=4).map(tuple),
    ),
    min_size=1,
    max_size=5,
).map(tuple)
CITATIONS = st.lists(st.builds(Citation, st.integers(1, 9), TEXT, TEXT, TEXT, TEXT, TEXT), min_size=1, max_size=5).map(
    tuple
)
ASPECTS = st.lists(st.builds(Aspect, NAME, SIDES, CITATIONS), min_size=1, max_size=4, unique_by=lambda a: a.key)


def assert_within_limits(view: ui.LayoutView) -> None:
    items: list[ui.Item[Any]] = list(view.walk_children())
    texts = [item.content for item in items if isinstance(item, ui.TextDisplay)]
    assert len(items) <= 40
    assert all(texts)
    assert sum(map(len, texts)) <= 4_000
    for item in items:
        if isinstance(item, ui.MediaGallery):
            assert 1 <= len(item.items[0].description or "") <= MAX_ALTERNATIVE
        inner = item.item if isinstance(item, ui.DynamicItem) else item
        if isinstance(inner, ui.Select):
            assert 1 <= len(inner.options) <= 25
            assert len({option.value for option in inner.options}) == len(inner.options)
            assert all(1 <= len(option.label) <= 100 for option in inner.options)


@given(st.data())
def test_every_view_of_any_comparison_is_within_discords_limits(data: st.DataObject) -> None:
    aspects, explanation = data.draw(ASPECTS), data.draw(CITATIONS)
    note = data.draw(st.text(max_size=300))

    assert_within_limits(layout.one(aspects[0], aspects, explanation, note))
    assert_within_limits(layout.overview(aspects, b"png", note))
    assert_within_limits(layout.overview(aspects, None, note))


def test_an_explanation_that_is_too_long_loses_its_end_and_never_a_marker_or_its_source() -> None:
    aspect = an_aspect()
    quotes = [f"Sentence {number} {'is long ' * 60}." for number in range(1, 20)]
    explanation = [Citation(2, "a.md", "A", "B", quote, quote) for quote in quotes]

    view = layout.one(aspect, [aspect], explanation)

    text = "\n".join(item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay))
    assert "Sentence 1 " in text
    assert "Sentence 19 " not in text
    assert text.count(". [2]") == text.count("Sentence ")
    assert "-# [2] A › B" in text


def test_forty_aspects_are_listed_as_far_as_discord_lists() -> None:
    aspects = [an_aspect(f"Aspect {number}") for number in range(40)]

    for view in (layout.one(aspects[0], aspects, []), layout.overview(aspects, b"png"), layout.overview(aspects, None)):
        assert_within_limits(view)
    texts = [item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)]
    assert "-# 15 more aspects are not in this list. Type their names after /compare." in texts


def test_without_an_explanation_it_is_said() -> None:
    view = layout.one(an_aspect(), [an_aspect()], [])

    texts = [item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)]
    assert any("no more about it" in text for text in texts)
    assert not any(isinstance(item, discord.ui.Select) for item in view.walk_children())
