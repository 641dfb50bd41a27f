"""Pictures: a Typst template and values in, a PNG out. https://typst.app/docs describes the templates' language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import font_roboto

if TYPE_CHECKING:
    from typst import Fonts

POINTS_PER_INCH = 72  # a template's lengths are points
PIXELS_PER_POINT = 2


class PictureError(Exception):
    """A picture could not be made; the message is Typst's reason."""


def render(template: Path, data: Mapping[str, Any], *, pixels_per_point: float = PIXELS_PER_POINT) -> bytes:
    """The PNG of the one page that `template` makes of `data`, with the package's font and without network.

    The template imports `/pictures.typ` (the colours, and the card that a picture stands on) and reads `data`, which
    must be fit for JSON, by `json(bytes(sys.inputs.data))`: what comes from there is text, never Typst's markup.
    Blocks for some ten milliseconds, the first picture of a process for 200: call it in a thread; any number may at
    once. Raises PictureError.
    """
    # Loaded with the first picture: most processes answer for hours before anybody asks for one.
    import typst

    try:
        compiler = typst.Compiler(
            template.read_bytes(),
            root=Path(__file__).parent,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data)},
        )
        page = compiler.compile(format="png", ppi=POINTS_PER_INCH * pixels_per_point)
    except typst.TypstError as error:
        raise PictureError(f"{template.name}: {error}") from error
    if not isinstance(page, bytes):
        raise PictureError(f"{template.name}: it makes several pages, set the page's height to auto")
    return page


@cache
def _fonts() -> Fonts:
    """Roboto, and for what it lacks (arrows, mathematics) the fonts in Typst: the same on every machine."""
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[font_roboto.font_directory])
