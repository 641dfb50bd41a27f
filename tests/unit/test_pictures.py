"""A template and values become a PNG, the same for any text, from any thread."""

from __future__ import annotations

import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.pictures import PictureError, render

BOT = Path(__file__).parents[2] / "bot"
HOSTILE = (
    '#panic("no")',
    "]",
    '"',
    "*bold* _it_ $x^2$",
    '\\ #read("/settings.py")',
    "<label> @ref",
    "// gone",
    "ÄÖß 😀",
)

Template = Callable[[str], Path]


@pytest.fixture
def template(tmp_path: Path) -> Template:
    """A template on the card, with the given body."""

    def write(body: str) -> Path:
        head = '#import "/pictures.typ": *\n#let data = json(bytes(sys.inputs.data))\n#show: card\n'
        path = tmp_path / "template.typ"
        path.write_text(head + body, encoding="utf-8")
        return path

    return write


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return int(width), int(height)


def test_a_picture_is_a_png_of_a_phones_width_in_two_pixels_a_point(template: Template) -> None:
    assert size(render(template("#data.text"), {"text": "Hello"}))[0] == 780
    assert size(render(template("#data.text"), {"text": "Hello"}, pixels_per_point=3))[0] == 1170


def test_a_picture_is_as_high_as_its_text(template: Template) -> None:
    path = template("#data.text")
    assert size(render(path, {"text": "word " * 200}))[1] > size(render(path, {"text": "word"}))[1]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_shown_literally_whatever_it_says(template: Template, text: str) -> None:
    literal = "".join(f"\\u{{{ord(char):x}}}" for char in text)

    assert render(template("#data.text"), {"text": text}) == render(template(f'#"{literal}"'), {})


def test_the_same_values_give_the_same_picture_from_any_thread(template: Template) -> None:
    path = template("#data.text")
    with ThreadPoolExecutor(4) as threads:
        pictures = list(threads.map(lambda number: render(path, {"text": str(number % 4)}), range(40)))

    assert pictures == pictures[:4] * 10


@pytest.mark.parametrize("body", ["#data.nothing", "#pagebreak()", '#import "/nowhere.typ"'])
def test_a_template_that_fails_is_named_with_the_reason(template: Template, body: str) -> None:
    with pytest.raises(PictureError, match=r"template\.typ: "):
        render(template(body), {})


def test_no_template_needs_the_network() -> None:
    templates = list(BOT.rglob("*.typ"))
    assert templates
    assert [path for path in templates if "@preview" in path.read_text(encoding="utf-8")] == []
