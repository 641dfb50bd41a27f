"""Documents and proposals that are written for a maintainer."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.authoring import document_text, file_name, read_upload, write_new
from knowledge.errors import KnowledgeError, UnreadableFileError
from knowledge.evaluate import Section, load_golden
from knowledge.load import load_file, load_off_topic
from knowledge.proposals import propose_golden, propose_off_topic
from knowledge.split import split_document
from knowledge.types import Document

DAY = date(2026, 11, 24)
line = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=80).filter(str.strip)


def loaded(folder: Path, text: str) -> Document:
    (folder / "new.md").write_text(text, encoding="utf-8")
    return load_file(folder / "new.md", "new.md")


def test_a_document_is_read_back_with_its_title_sources_date_and_questions(tmp_path: Path) -> None:
    text = document_text(
        'QLoRA: "quantized"',
        "QLoRA trains adapters on a 4-bit model.",
        questions=["What is QLoRA?", "qlora -- explain", "What is QLoRA?"],
        sources=["Dettmers et al., 2023"],
        updated=DAY,
    )
    document = loaded(tmp_path, text)
    assert (document.title, document.updated) == ('QLoRA: "quantized"', "2026-11-24")
    assert document.sources == ("Dettmers et al., 2023",)
    (chunk,) = split_document(document)
    assert "QLoRA trains adapters on a 4-bit model." in chunk.sentences
    assert chunk.asked == ('QLoRA: "quantized"', "What is QLoRA?", "qlora explain")


def test_the_questions_belong_to_the_first_section_that_has_text(tmp_path: Path) -> None:
    body = "# QLoRA\n\n## How it works\n\nIt quantizes.\n\n## Cost\n\nLittle.\n"
    document = loaded(tmp_path, document_text("QLoRA", body, questions=["what is qlora"], sources=[], updated=DAY))
    asked = {chunk.section: chunk.asked for chunk in split_document(document)}
    assert asked == {"How it works": ("How it works", "what is qlora"), "Cost": ("Cost",)}


@given(title=line, questions=st.lists(line, max_size=4), source=line)
def test_whatever_is_typed_makes_a_readable_document(
    title: str, questions: list[str], source: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = document_text(" ".join(title.split()), "Bread is baked.", questions=questions, sources=[source], updated=DAY)
    document = loaded(tmp_path_factory.getbasetemp(), text)
    assert len(document.sources) == 1
    assert any("Bread is baked." in chunk.text for chunk in split_document(document))


@given(st.text())
def test_a_file_name_is_safe_everywhere(title: str) -> None:
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?\.md", file_name(title))


@pytest.mark.parametrize(
    ("title", "name"),
    [("What is QLoRA?", "what-is-qlora.md"), ("../../etc/passwd", "etc-passwd.md"), ("微调", "document.md")],
)
def test_a_file_is_called_after_its_title(title: str, name: str) -> None:
    assert file_name(title) == name


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    names = [write_new(tmp_path, "qlora.md", str(number)) for number in range(3)]
    assert names == ["qlora.md", "qlora-2.md", "qlora-3.md"]
    assert [(tmp_path / name).read_text() for name in names] == ["0", "1", "2"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"missing cannot be written .*KNOWLEDGE_DIR"):
        write_new(tmp_path / "missing", "qlora.md", "")


def test_an_upload_is_read_like_a_file_of_the_folder() -> None:
    document = read_upload("Notes.HTML", b"<h1>Bread</h1><p>Bread is baked.</p>")
    assert (document.title, document.markdown.split()[-1]) == ("Bread", "baked.")
    with pytest.raises(UnreadableFileError, match=r"notes\.pdf is damaged"):
        read_upload("notes.pdf", b"no pdf")


def test_an_upload_of_another_kind_is_refused_with_the_kinds_that_can_be_read() -> None:
    with pytest.raises(UnreadableFileError, match=r"photo\.png .*\.md"):
        read_upload("photo.png", b"\x89PNG")


def test_golden_proposals_are_golden_questions_and_added_once(tmp_path: Path) -> None:
    golden = tmp_path / "questions.yaml"
    golden.write_text('refused:\n  - question: "Is it raining?"\n')
    section = Section("qlora.md", "What is QLoRA?")
    assert propose_golden(golden, ["What: QLoRA?", "is it raining?"], section) == (tmp_path / "proposals.yaml", 1)
    assert propose_golden(golden, ["What: QLoRA?", "Why 'QLoRA'?"], section)[1] == 1
    proposed = load_golden(tmp_path / "proposals.yaml")
    assert [(each.question, each.sections) for each in proposed] == [
        ("What: QLoRA?", (section,)),
        ("Why 'QLoRA'?", (section,)),
    ]


def test_off_topic_proposals_are_lines_and_added_once(tmp_path: Path) -> None:
    off_topic = tmp_path / "off_topic.txt"
    off_topic.write_text("tune a guitar\n")
    path, new = propose_off_topic(off_topic, ["Tune a guitar", "# tune\na car", "tune a car"])
    assert (path.name, new) == ("off_topic.proposals.txt", 1)
    assert propose_off_topic(off_topic, ["tune a car"])[1] == 0
    assert load_off_topic(path) == ["tune a car"]
