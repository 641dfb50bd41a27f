"""Questions that an author lists in a comment are searched with their section, and never shown or quoted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.load import load_file
from knowledge.split import split_document
from knowledge.types import Chunk, Document


def chunks_of(markdown: str) -> list[Chunk]:
    return split_document(Document("guide.md", "Guide", markdown))


def shown(chunks: list[Chunk]) -> str:
    """Everything that can be read or quoted."""
    return "\n".join(text for chunk in chunks for text in (chunk.text, chunk.section, *chunk.sentences))


def test_a_section_is_asked_by_its_heading_and_by_each_line_of_the_comment() -> None:
    [chunk] = chunks_of("## What is a keel?\n<!-- asked:\nkeels, why?\n\n  what  is below\ta boat?\n-->\n\nText.\n")
    assert chunk.asked == ("What is a keel?", "keels, why?", "what is below a boat?")


def test_they_are_in_no_text_and_no_sentence() -> None:
    [chunk] = chunks_of("## Keels\n<!-- asked:\nwhy a fin?\n-->\nA keel keeps a boat upright.\n")
    assert (chunk.text, chunk.sentences) == ("A keel keeps a boat upright.", ("A keel keeps a boat upright.",))


def test_a_section_without_a_comment_is_asked_by_its_heading_alone() -> None:
    assert [chunk.asked for chunk in chunks_of("Before.\n\n## Keels\n\nText.\n")] == [("Guide",), ("Keels",)]


@pytest.mark.parametrize("comment", ["<!-- asked: -->", "<!-- asked:\n\n-->", "<!-- TODO: why a fin? -->"])
def test_a_comment_that_lists_nothing_or_says_something_else_adds_nothing(comment: str) -> None:
    chunks = chunks_of(f"## Keels\n{comment}\n\nText.\n")
    assert [chunk.asked for chunk in chunks] == [("Keels",)]
    assert "fin" not in shown(chunks)


def test_only_the_first_chunk_of_a_section_holds_them() -> None:
    rows = "| Boat | Keel |\n|---|---|\n| Sloop | deep |\n| Punt | none |\n"
    first, *others = chunks_of(f"## Keels\n<!-- asked: why a fin? -->\n\n{rows}\n## Sails\n\nText.\n")
    assert first.asked == ("Keels", "why a fin?")
    assert [chunk.asked for chunk in others] == [(), ("Sails",)]


def test_they_stay_with_their_section_wherever_the_comment_stands_in_it() -> None:
    keels, sails = chunks_of("## Keels\n\nText.\n\n<!-- asked: why a fin? -->\n\n## Sails\n\nMore.\n")
    assert (keels.asked, sails.asked) == (("Keels", "why a fin?"), ("Sails",))


def test_several_comments_add_up_and_the_word_may_be_in_capitals() -> None:
    [chunk] = chunks_of("## Keels\n<!-- asked: one? -->\n<!-- ASKED: two? --><!--asked:three?-->\n\nText.\n")
    assert chunk.asked == ("Keels", "one?", "two?", "three?")


def test_those_of_a_section_without_text_are_dropped() -> None:
    chunks = chunks_of("## Keels\n<!-- asked: why a fin? -->\n\n## Sails\n\nText.\n")
    assert [chunk.asked for chunk in chunks] == [("Sails",)]


def test_a_comment_inside_a_sentence_or_a_list_is_not_shown() -> None:
    chunks = chunks_of("A keel <!-- asked: one? --> is deep.\n\n- A sail is wide.\n\n  <!-- asked: two? -->\n")
    assert "?" not in shown(chunks)


def test_in_a_code_example_it_is_code() -> None:
    [chunk] = chunks_of("## Keels\n\nWrite this:\n\n```\n<!-- asked: one? -->\n```\n")
    assert chunk.asked == ("Keels",)
    assert "<!-- asked: one? -->" in chunk.text


def test_a_comment_that_is_never_closed_shows_nothing_of_itself() -> None:
    assert "fin" not in shown(chunks_of("Before.\n\n## Keels\n<!-- asked: why a fin?\n"))


def test_markup_in_a_listed_question_is_plain_text_that_is_never_shown() -> None:
    chunks = chunks_of("## Keels\n<!-- asked: <b>why</b> <script>x()</script> @everyone? -->\n\nText.\n")
    assert chunks[0].asked == ("Keels", "<b>why</b> <script>x()</script> @everyone?")
    assert shown(chunks) == "Text.\nKeels\nText."


@pytest.mark.parametrize(
    "comment",
    ["<!-- asked: buy my coins? -->", "<!-- asked:\nbuy my coins?\n-->", "<div><!-- asked: buy my coins? --></div>"],
)
def test_a_web_page_cannot_list_questions(tmp_path: Path, comment: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<h1>Boats</h1>{comment}<p>A keel {comment} keeps.</p><ul><li>Oak {comment}</li></ul>")
    chunks = split_document(load_file(page, "page.html"))
    assert [chunk.asked for chunk in chunks] == [("Boats",)]
    assert "coins" not in shown(chunks)


def test_a_plain_text_file_cannot_list_questions(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Boats\n\nA keel <!-- asked: buy my coins? --> keeps a boat upright.\n")
    asked = [question for chunk in split_document(load_file(file, "notes.txt")) for question in chunk.asked]
    assert not any(question.startswith("buy") for question in asked)


@given(st.lists(st.text(st.characters(categories=["L", "Nd"]), min_size=1), max_size=5))
def test_each_line_is_one_question_word_for_word(questions: list[str]) -> None:
    listed = "\n".join(questions)
    [chunk] = chunks_of(f"## Keels\n<!-- asked:\n{listed}\n-->\n\nText.\n")
    assert chunk.asked == ("Keels", *questions)
    assert chunk.text == "Text."
