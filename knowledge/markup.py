"""HTML and DOCX to Markdown."""

from __future__ import annotations

import io

import mammoth  # type: ignore[import-untyped]
from bs4 import BeautifulSoup
from bs4.dammit import EncodingDetector
from markdownify import ATX, MarkdownConverter

from knowledge.characters import clean

NO_CONTENT = ["head", "script", "style", "nav", "noscript", "template", "iframe", "svg", "button", "form"]


def declared_encoding(html: bytes) -> str | None:
    """The encoding that an HTML file says it has."""
    return EncodingDetector.find_declared_encoding(html, is_html=True)


def html_to_markdown(html: str) -> tuple[str, str]:
    """The page's title, where no heading has it, and its Markdown, without links and pictures."""
    soup = BeautifulSoup(html, "html.parser")
    title = " ".join(soup.title.get_text().split()) if soup.title and not soup.h1 else ""
    for element in soup(NO_CONTENT):
        element.decompose()
    for picture in soup("img"):
        picture.replace_with(str(picture.get("alt") or ""))
    converter = MarkdownConverter(heading_style=ATX, table_infer_header=True, escape_misc=True, strip=["a"])
    return title, clean(converter.convert_soup(soup))


def docx_to_html(data: bytes) -> str:
    """The text of a Word document as HTML. Raises whatever its parser does where the file is damaged."""
    html: str = mammoth.convert_to_html(
        io.BytesIO(data),
        style_map="p[style-name='Title'] => h1:fresh",
        convert_image=mammoth.images.img_element(lambda image: {}),
    ).value
    return html
