"""A folder of files of any kind becomes documents; what cannot is skipped with its reason."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from reportlab.lib.styles import getSampleStyleSheet  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]
from reportlab.platypus import Paragraph, SimpleDocTemplate  # type: ignore[import-untyped]

from knowledge.errors import KnowledgeError, UnreadableFileError
from knowledge.load import LARGEST_FILE, load_file, load_folder
from knowledge.split import split_document
from knowledge.types import Document

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def load(path: Path) -> Document:
    return load_file(path, path.name)


def reason(path: Path) -> str:
    with pytest.raises(UnreadableFileError) as caught:
        load(path)
    return str(caught.value)


def sections(document: Document) -> dict[str, str]:
    return {chunk.section: chunk.text for chunk in split_document(document)}


# The folder


def test_documents_come_in_the_order_of_their_paths_with_slashes(tmp_path: Path, write: Write) -> None:
    for name in ("b.md", "a/z.txt", "a/b/c.md", "C.MD"):
        write(name, f"Text of {name}.")
    documents, skipped = load_folder(tmp_path)
    assert [document.path for document in documents] == ["C.MD", "a/b/c.md", "a/z.txt", "b.md"]
    assert skipped == []


def test_hidden_files_and_other_kinds_are_ignored(tmp_path: Path, write: Write) -> None:
    for name in (".hidden.md", ".git/notes.md", "picture.png", "README"):
        write(name, "Text.")
    assert load_folder(tmp_path) == ([], [])


def test_one_bad_file_does_not_keep_the_others_out(tmp_path: Path, write: Write) -> None:
    write("bad.pdf", b"%PDF-1.4 nonsense")
    write("empty.md", " \n")
    write("good.md", "Text.")
    documents, skipped = load_folder(tmp_path)
    assert [document.path for document in documents] == ["good.md"]
    assert [each.path for each in skipped] == ["bad.pdf", "empty.md"]
    assert skipped[1].reason == "empty.md is empty."


def test_documents_that_share_a_title_are_told_apart_by_their_paths(tmp_path: Path, write: Write) -> None:
    write("a/notes.md", "# Notes\n\nOne.")
    write("b/notes.md", "# notes\n\nTwo.")
    write("other.md", "# Other\n\nThree.")
    titles = [document.title for document in load_folder(tmp_path)[0]]
    assert titles == ["Notes (a/notes.md)", "notes (b/notes.md)", "Other"]


@pytest.mark.parametrize("name", ["missing", "file.md"])
def test_what_is_no_folder_is_an_error_that_says_what_to_set(tmp_path: Path, write: Write, name: str) -> None:
    write("file.md", "Text.")
    with pytest.raises(KnowledgeError, match=r"is not a folder\. Set KNOWLEDGE_DIR"):
        load_folder(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_and_a_file_without_permission_are_reported(tmp_path: Path, write: Write) -> None:
    write("secret.md", "Text.").chmod(0)
    [skipped] = load_folder(tmp_path)[1]
    assert skipped.reason == "secret.md cannot be read: Permission denied."
    tmp_path.chmod(0)
    with pytest.raises(KnowledgeError, match="Check its permissions"):
        load_folder(tmp_path)


def test_links_out_of_the_folder_and_to_nowhere_are_skipped(tmp_path: Path, write: Write) -> None:
    write("outside/secret.md", "Secret.")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "file.md").symlink_to(tmp_path / "outside" / "secret.md")
    (inside / "folder").symlink_to(tmp_path / "outside")
    (inside / "lost.md").symlink_to(inside / "gone.md")
    (inside / "self.md").symlink_to(inside / "self.md")
    documents, skipped = load_folder(inside)
    assert documents == []
    assert {each.path: each.reason.split(" is a link that ")[1] for each in skipped} == {
        "file.md": "leads out of the knowledge folder. Put a copy of the file there instead.",
        "folder": "leads out of the knowledge folder. Put a copy of the file there instead.",
        "lost.md": "leads nowhere.",
        "self.md": "leads nowhere.",
    }


def test_links_within_the_folder_load_nothing_twice_and_do_not_loop(tmp_path: Path, write: Write) -> None:
    write("a/real.md", "Text.")
    write(".data/mounted.md", "Mounted.")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "again.md").symlink_to(tmp_path / "a" / "real.md")
    (tmp_path / "mounted.md").symlink_to(tmp_path / ".data" / "mounted.md")
    documents, skipped = load_folder(tmp_path)
    assert [document.path for document in documents] == ["a/real.md", "mounted.md"]
    assert skipped == []


def test_a_pipe_is_skipped_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert [each.reason for each in load_folder(tmp_path)[1]] == ["pipe.md is not a regular file."]


# Characters


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_text_of_any_usual_encoding_is_read(write: Write, encoding: str) -> None:
    text = "Café – naïve “quote” about fine-tuning."
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    assert load(write("text.md", mark + text.encode(encoding))).markdown == text


def test_text_of_other_languages_is_guessed(write: Write) -> None:
    text = "Привет мир, это текст о моделях и обучении."
    assert load(write("text.txt", text.encode("cp1251"))).markdown == text


def test_line_ends_become_line_feeds_and_unseen_characters_go(write: Write) -> None:
    document = load(write("text.md", "one\r\ntwo\rth\u200br\u00adee\x07 cafe\u0301 \U000e0041\ufeffend"))
    assert document.markdown == "one\ntwo\nthree caf\u00e9 end"


@pytest.mark.parametrize("data", [b"text \0 text", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xfe\x00"])
def test_binary_content_is_skipped(write: Write, data: bytes) -> None:
    assert reason(write("text.md", data)) == "text.md is not text but binary content. Save it as UTF-8 text."


def test_five_megabytes_are_read_and_more_than_ten_are_not(write: Write) -> None:
    assert len(load(write("large.md", "A sentence of text. " * 250_000)).markdown) == 5_000_000
    assert reason(write("huge.md", b"x" * (LARGEST_FILE + 1))).startswith("huge.md is larger than 10 MB.")


@settings(max_examples=60)
@given(st.binary(max_size=200), st.sampled_from([".md", ".txt", ".html", ".pdf", ".docx"]))
def test_any_bytes_become_a_document_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("any") / f"any{suffix}"
    path.write_bytes(data)
    documents, skipped = load_folder(path.parent)
    assert len(documents) + len(skipped) == 1
    for document in documents:
        assert document.markdown.strip()
        assert all(chunk.text for chunk in split_document(document))


# Markdown


def test_front_matter_is_taken_out_and_understood(write: Write) -> None:
    document = load(
        write(
            "guide.md",
            "---\ntitle: The guide\nsummary: >\n  What it\n  is.\nsources:\n  - A paper, 2021\n"
            "  - 'LoRA: a paper'\nupdated: 2025-03-01\nother: [1]\n---\n# Heading\n\nText.\n",
        )
    )
    assert document == Document(
        path="guide.md",
        title="The guide",
        markdown="# Heading\n\nText.\n",
        summary="What it is.",
        sources=("A paper, 2021", "LoRA: a paper"),
        updated="2025-03-01",
    )


@pytest.mark.parametrize(
    ("front_matter", "complaint"),
    [
        ("title: A\nsummary: [", "x.md, line 4: the front matter is no YAML"),
        (
            "title: A\nsources:\n  - LoRA: a paper",
            "x.md, line 3: `sources` must be a list of texts. Put quotes",
        ),
        ("title: 2024", "x.md, line 2: `title` must be text, not 2024. Put quotes around it."),
        ("title: A\nupdated: 2025-02-30", "x.md, line 3: the front matter has a wrong value"),
        ("- title", "x.md, line 2: the front matter has no `name: value` lines."),
    ],
)
def test_wrong_front_matter_is_refused_with_its_line(write: Write, front_matter: str, complaint: str) -> None:
    assert reason(write("x.md", f"---\n{front_matter}\n---\nText.")).startswith(complaint)


def test_front_matter_that_is_not_closed_is_refused(write: Write) -> None:
    assert reason(write("x.md", "---\ntitle: A\n\nText.")).startswith("x.md, line 1: the front matter is not closed.")


def test_a_rule_at_the_top_is_no_front_matter(write: Write) -> None:
    assert load(write("x.md", "---\n\nText.")).markdown == "---\n\nText."


@pytest.mark.parametrize(
    ("name", "content", "title"),
    [
        ("a.md", "---\ntitle: From matter\n---\n# From heading\n\nx", "From matter"),
        ("a.md", "Before.\n\n# From *heading*\n\nx", "From heading"),
        ("how_to-fine-tune.md", "Text.", "How to fine tune"),
        ("a.html", "<title>From  title</title><p>x</p>", "From title"),
        ("a.html", "<title>From title</title><h1>From heading</h1><p>x</p>", "From heading"),
    ],
)
def test_the_title_is_the_first_that_there_is(write: Write, name: str, content: str, title: str) -> None:
    assert load(write(name, content)).title == title


# Plain text


def test_bare_headings_and_a_pipe_table_become_sections(write: Write) -> None:
    long = "This paragraph is a single line, as an editor saves it. " * 3 + "It ends here."
    document = load(
        write(
            "article.txt",
            f"{long}\nTable of Comparison\nAspect | Prompts | Weights |\n---|---|---|\n"
            f"Cost | Low - none | High |\nUse * and <b> in AI\n{long}\nA last heading with nothing under it",
        )
    )
    assert document.title == "Article"
    assert sections(document) == {
        "Article": long,
        "Table of Comparison": "Cost – Prompts: Low - none; Weights: High.",
        "Use * and <b> in AI": long,
    }


def test_wrapped_text_with_blank_lines_keeps_its_paragraphs(write: Write) -> None:
    text = "My Notes\n\nHow it works\n\nThe first line\nthat is wrapped\nNear here, is it.\n\nAnother one.\n"
    document = load(write("notes.txt", text))
    assert document.title == "My Notes"
    assert sections(document) == {"How it works": "The first line that is wrapped Near here, is it.\n\nAnother one."}


def test_lists_of_plain_text_are_lists_and_short_lines_are_kept(write: Write) -> None:
    document = load(write("shopping.txt", "Things to buy\n• milk\n• 2 < 3 eggs\n\nAnna\n\nBert\n"))
    assert sections(document) == {"Things to buy": "- milk\n- 2 < 3 eggs\n\nAnna\n\nBert"}


# HTML


def test_html_keeps_headings_tables_lists_and_text_and_drops_the_rest(write: Write) -> None:
    document = load(
        write(
            "page.html",
            "<html><head><style>p{}</style></head><body><nav>Menu</nav><h1>Page</h1>"
            "<p>One <b>bold</b> &lt;tag&gt; <a href='x y'>link</a>.<script>x()</script></p>"
            "<h2>Costs</h2><table><tr><td>Aspect</td><td>A</td><td>B</td></tr><tr><td>Cost</td><td>low|none</td><td>high</td></tr></table>"
            "<h2>List</h2><ul><li>one<ul><li>two</li></ul></li></ul><!-- gone --></body></html>",
        )
    )
    assert sections(document) == {
        "Page": "One bold <tag> link.",
        "Costs": "Cost – A: low|none; B: high.",
        "List": "- one\n  - two",
    }


def test_html_says_its_own_encoding(write: Write) -> None:
    page = '<meta charset="iso-8859-2"><p>Zażółć gęślą jaźń</p>'.encode("iso-8859-2")
    assert load(write("page.html", page)).markdown == "Zażółć gęślą jaźń"


# DOCX


def test_docx_keeps_title_headings_lists_and_tables(tmp_path: Path) -> None:
    file = docx.Document()
    file.add_heading("The guide", level=0)
    file.add_paragraph("An introduction.")
    file.add_heading("Costs", level=2)
    table = file.add_table(rows=2, cols=3)
    for cell, text in zip(
        (*table.rows[0].cells, *table.rows[1].cells), ["Aspect", "A", "B", "Cost", "low", "high"], strict=True
    ):
        cell.text = text
    file.add_heading("Steps", level=2)
    file.add_paragraph("First.", style="List Bullet")
    path = tmp_path / "guide.docx"
    file.save(str(path))
    document = load(path)
    assert document.title == "The guide"
    assert sections(document) == {
        "The guide": "An introduction.",
        "Costs": "Cost – A: low; B: high.",
        "Steps": "- First.",
    }


def test_a_broken_docx_is_skipped(write: Write) -> None:
    assert reason(write("x.docx", b"PK\x03\x04 nonsense")).startswith("x.docx is damaged or not really a DOCX file")


# PDF


def pdf_of(*paragraphs: tuple[str, str]) -> bytes:
    file, styles = io.BytesIO(), getSampleStyleSheet()
    SimpleDocTemplate(file, pagesize=(400, 300)).build([Paragraph(text, styles[style]) for style, text in paragraphs])
    return file.getvalue()


def test_pdf_headings_and_paragraphs_survive_lines_and_pages(write: Write) -> None:
    words = "Prompting guides a model by its input and changes none of its many weights at all. " * 4
    document = load(
        write(
            "guide.pdf",
            pdf_of(
                ("Title", "A guide that has a title which is longer than a line"),
                ("BodyText", words),
                ("BodyText", "A short one."),
                ("Heading2", "Costs"),
                ("BodyText", words),
            ),
        )
    )
    assert document.title == "A guide that has a title which is longer than a line"
    assert sections(document) == {document.title: f"{words.strip()}\n\nA short one.", "Costs": words.strip()}


def test_words_that_a_pdf_breaks_are_mended_but_keep_the_hyphens_that_are_theirs(write: Write) -> None:
    file = io.BytesIO()
    canvas = Canvas(file)
    lines = [
        "1",
        "Some people say that fine-tuning is expen-",
        "sive, and that fine-",
        "tuning is slow.",
        "Page 2 of 3",
    ]
    for index, line in enumerate(lines):
        canvas.drawString(50, 700 - 14 * index, line)
    canvas.save()
    document = load(write("x.pdf", file.getvalue()))
    assert document.markdown == "Some people say that fine-tuning is expensive, and that fine-tuning is slow."


def test_a_pdf_with_a_password_is_skipped(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_of(("BodyText", "Secret.")))))
    writer.encrypt("password", algorithm="RC4-128")
    path = tmp_path / "x.pdf"
    writer.write(path)
    assert reason(path) == "x.pdf is protected by a password. Save a copy without it."


def test_a_pdf_without_text_is_skipped(tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(tmp_path / "x.pdf")
    assert reason(tmp_path / "x.pdf").startswith("x.pdf holds no text")


def test_a_broken_pdf_is_skipped(write: Write) -> None:
    assert reason(write("x.pdf", b"nonsense")).startswith("x.pdf is damaged or not really a PDF file")
