"""Chunks follow the structure of a document and hold every word of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.split import CHUNK_CHARACTERS, first_heading, split_document
from knowledge.types import Chunk, Document


def chunks_of(markdown: str, title: str = "Guide", path: str = "guide.md") -> list[Chunk]:
    return split_document(Document(path, title, markdown))


def texts_of(markdown: str) -> list[str]:
    return [chunk.text for chunk in chunks_of(markdown)]


# Sections


def test_a_section_is_one_chunk_with_its_heading_path() -> None:
    [chunk] = chunks_of("# Guide\n\n## Cost\n\n### Prompts\n\nPrompts are cheap. They need no training.\n")
    assert chunk.heading_path == ("Guide", "Cost", "Prompts")
    assert chunk.section == "Prompts"
    assert chunk.text == "Prompts are cheap. They need no training."
    assert chunk.sentences == ("Prompts are cheap.", "They need no training.")
    assert chunk.kind == "prose"


def test_text_before_the_first_heading_belongs_to_the_title() -> None:
    first, second = chunks_of("Before.\n\n## Cost\n\nAfter.")
    assert (first.section, first.heading_path) == ("Guide", ("Guide",))
    assert second.heading_path == ("Guide", "Cost")


def test_a_level_one_heading_that_is_not_the_title_is_a_section() -> None:
    assert chunks_of("# Cost\n\n## Prompts\n\nCheap.")[0].heading_path == ("Guide", "Cost", "Prompts")


def test_the_title_is_no_section_even_where_its_path_was_appended() -> None:
    [chunk] = chunks_of("# Guide\n\nText.", title="Guide (b/guide.md)", path="b/guide.md")
    assert chunk.heading_path == ("Guide (b/guide.md)",)


def test_a_heading_closes_the_deeper_ones_before_it() -> None:
    paths = [chunk.heading_path for chunk in chunks_of("## A\n\n#### B\n\nb\n\n### C\n\nc\n\n## D\n\nd")]
    assert paths == [("Guide", "A", "B"), ("Guide", "A", "C"), ("Guide", "D")]


def test_headings_alone_give_no_chunk() -> None:
    assert chunks_of("# Guide\n\n## Empty\n\n## Also empty\n") == []


def test_positions_count_through_the_document() -> None:
    assert [chunk.position for chunk in chunks_of("a\n\n## B\n\nb\n\n## C\n\nc")] == [0, 1, 2]


# Clean text


def test_marks_are_reduced_to_what_they_mark() -> None:
    [text] = texts_of('*One* **two** [three](http://x.org "title") `four` ![five](x.png) <b>six</b> <!-- gone -->')
    assert text == "One two three `four` five six"


def test_wrapped_lines_are_joined_and_hard_breaks_kept() -> None:
    assert texts_of("one\ntwo  \nthree") == ["one two\nthree"]


def test_html_comments_scripts_and_tags_are_dropped_and_their_text_is_kept() -> None:
    assert texts_of("<!-- a\n\nb -->\n\n<div>\nKept &amp; safe\n</div>\n\n<script>x()</script>") == ["Kept & safe"]


def test_quotes_and_headings_inside_them_are_prose() -> None:
    assert texts_of("> ## Said\n>\n> A word.") == ["Said\n\nA word."]


# Tables


def test_a_row_is_a_chunk_and_a_sentence_that_names_its_columns() -> None:
    [chunk] = chunks_of(
        "| Aspect | Prompt engineering | Fine-tuning |\n|---|---|---|\n| **Cost** | Low - none. | High |"
    )
    assert chunk.kind == "row"
    assert chunk.text == "Cost – Prompt engineering: Low - none; Fine-tuning: High."
    assert chunk.sentences == (chunk.text,)
    assert chunk.cells == (("Aspect", "Cost"), ("Prompt engineering", "Low - none."), ("Fine-tuning", "High"))


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("| Term | Meaning |\n|---|---|\n| LoRA | Low-rank adaptation |", "LoRA: Low-rank adaptation."),
        ("| Model | Parameters |\n|---|---|\n| GPT-3 | 175 billion |", "GPT-3 – Parameters: 175 billion."),
        ("| | A | B |\n|---|---|---|\n| Cost | | High |", "Cost – B: High."),
        ("| X | A | B |\n|---|---|---|\n| | 1 | 2 |", "A: 1; B: 2."),
        ("| Tools |\n|---|\n| ruff |", "Tools: ruff."),
        ("Aspect | A | B |\n---|---|---|\nCost | low | high |", "Cost – A: low; B: high."),
        ("| Q | A |\n|---|---|\n| Cheap? | Is it? |", "Cheap? – A: Is it?"),
    ],
)
def test_rows_of_any_table_read_as_statements(table: str, text: str) -> None:
    assert texts_of(table) == [text]


def test_the_prose_around_a_table_stays_together() -> None:
    assert texts_of("Before.\n\n| A | B | C |\n|---|---|---|\n| 1 | 2 | 3 |\n\nAfter.") == [
        "Before.\n\nAfter.",
        "1 – B: 2; C: 3.",
    ]


# Lists


def test_a_short_list_stays_with_its_section_and_every_item_is_a_sentence() -> None:
    [chunk] = chunks_of("Some prose. Do this:\n\n1. First look. Then leap.\n2. Rest\n   - on a *chair*\n")
    assert chunk.text == "Some prose. Do this:\n1. First look. Then leap.\n2. Rest\n  - on a chair"
    assert chunk.sentences == ("Some prose.", "Do this:", "First look. Then leap.", "Rest", "on a chair")


def test_a_long_list_is_shared_out_and_its_lead_in_repeated() -> None:
    items = [f"item number {number} with words that say what it is good for" for number in range(60)]
    prose, *lists = chunks_of("Some prose. Choose one:\n\n" + "\n".join(f"- {item}" for item in items))
    assert prose.text == "Some prose."
    assert {chunk.kind for chunk in lists} == {"item"}
    assert all(chunk.text.startswith("Choose one:\n- item number") for chunk in lists)
    assert [sentence for chunk in lists for sentence in chunk.sentences] == ["Choose one:", *items]


def test_a_long_item_is_several_sentences() -> None:
    sentences = [f"Sentence {number} of this item says something that is worth its place." for number in range(6)]
    [chunk] = chunks_of("- " + " ".join(sentences))
    assert list(chunk.sentences) == sentences


# Code


def test_code_is_kept_word_for_word_and_is_no_sentence() -> None:
    [chunk] = chunks_of("Run this:\n\n```python\nx = 1\n\n  y = '*'\n```\n")
    assert chunk.text == "Run this:\n\n```python\nx = 1\n\n  y = '*'\n```"
    assert chunk.sentences == ("Run this:",)


def test_code_alone_is_one_sentence() -> None:
    [chunk] = chunks_of("~~~\na ``` b\n~~~")
    assert chunk.kind == "code"
    assert chunk.sentences == (chunk.text,) == ("````\na ``` b\n````",)


def test_long_code_is_parted_between_lines_and_each_part_has_its_fences() -> None:
    lines = [f"value_{number} = compute({number})" for number in range(100)]
    chunks = chunks_of("```python\n" + "\n".join(lines) + "\n```")
    assert all(re.fullmatch(r"```python\n(value_.*\n)+```", chunk.text) for chunk in chunks)
    assert [line for chunk in chunks for line in chunk.text.split("\n")[1:-1]] == lines


# Size


def test_a_long_section_is_shared_out_evenly_between_sentences() -> None:
    sentences = [f"Sentence {number} says something that a reader may well want to know." for number in range(40)]
    chunks = chunks_of(" ".join(sentences))
    assert [sentence for chunk in chunks for sentence in chunk.sentences] == sentences
    lengths = [len(chunk.text) for chunk in chunks]
    assert max(lengths) <= CHUNK_CHARACTERS
    assert min(lengths) > max(lengths) / 2


def test_the_border_of_a_paragraph_is_preferred() -> None:
    long, short = "This sentence is one of several. " * 18, "This one is in the next paragraph. " * 14
    assert texts_of(f"{long}\n\n{short}") == [long.strip(), short.strip()]


@pytest.mark.parametrize("text", ["x" * 5000, "many words without an end " * 300])
def test_what_no_chunk_could_hold_is_cut(text: str) -> None:
    chunks = chunks_of(text)
    assert all(len(chunk.text) <= CHUNK_CHARACTERS for chunk in chunks)
    assert "".join(chunk.text for chunk in chunks).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("unit", ["> ", "- ", "*", "[", "a  \n", "<!-- ", "| a ", "`", "## a\n", "word. ", "1. a\n"])
def test_a_large_document_of_anything_splits(unit: str) -> None:
    for chunk in chunks_of(unit * (50_000 // len(unit))):
        assert chunk.text


# Ids


def test_an_unchanged_chunk_keeps_its_id_when_others_change() -> None:
    before = chunks_of("## A\n\nFirst text.\n\n## B\n\nSecond text.")
    after = chunks_of("New start.\n\n## A\n\nFirst text, changed.\n\n## B\n\nSecond text.")
    assert before[1].id == after[2].id
    assert before[0].id != after[1].id


def test_equal_chunks_of_one_document_have_ids_of_their_own() -> None:
    assert len({chunk.id for chunk in chunks_of("## A\n\nSame.\n\n## A\n\nSame.\n\n## A\n\nSame.")}) == 3


def test_equal_documents_at_two_paths_have_ids_of_their_own() -> None:
    assert chunks_of("Same.", path="a/x.md")[0].id != chunks_of("Same.", path="b/x.md")[0].id


def test_the_first_heading_is_plain_text_and_not_one_inside_code() -> None:
    assert first_heading("```\n# no\n```\n\n## Not this\n\n# The *title* of `x`\n") == "The title of `x`"
    assert first_heading("## None\n\n> # Quoted") == ""


# Any document

WORDS = st.text(alphabet="abcdefgXYZ0123é中", min_size=1, max_size=12).map(lambda letters: f"w{letters}")
SENTENCES = st.lists(WORDS, min_size=1, max_size=40).map(lambda words: " ".join(words).capitalize() + ".")
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=8).map(" ".join)
BLOCKS = st.one_of(
    PARAGRAPHS,
    st.lists(PARAGRAPHS, min_size=1, max_size=12).map(lambda items: "\n".join(f"- {item}" for item in items)),
    st.lists(SENTENCES, min_size=1, max_size=12).map(lambda items: "Lead:\n\n" + "\n".join(f"1. {i}" for i in items)),
    st.lists(PARAGRAPHS, min_size=1, max_size=3).map(lambda parts: "\n>\n".join(f"> {part}" for part in parts)),
    PARAGRAPHS.map(lambda code: f"```\n{code}\n```"),
    st.lists(WORDS, min_size=3, max_size=3).map(lambda row: f"| h | i | j |\n|---|---|---|\n| {' | '.join(row)} |"),
    WORDS.map(lambda word: f"## {word}\n\nText."),
)
DOCUMENTS = st.lists(BLOCKS, max_size=12).map("\n\n".join)


def assert_sound(chunks: list[Chunk]) -> None:
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    assert [chunk.position for chunk in chunks] == list(range(len(chunks)))
    for chunk in chunks:
        assert re.fullmatch(r"[a-z0-9-]{1,40}", chunk.id)
        assert chunk.text == chunk.text.strip()
        assert chunk.text
        assert chunk.sentences
        assert chunk.section == chunk.heading_path[-1]
        end = 0
        for sentence in chunk.sentences:
            assert sentence.strip()
            end = chunk.text.index(sentence, end) + len(sentence)


@given(DOCUMENTS)
def test_no_word_is_lost_and_every_sentence_is_quoted_word_for_word(markdown: str) -> None:
    chunks = chunks_of(markdown)
    assert_sound(chunks)
    words = set(re.findall(r"\bw\w+", re.sub(r"## \S+", "", markdown.lower())))
    assert words <= set(re.findall(r"\bw\w+", "\n".join(chunk.text for chunk in chunks).lower()))


@given(st.text(alphabet=st.sampled_from("ab \n\t#->*_`|[]()!<&;:.1\\~=中é\u00a0")), st.text(max_size=20))
def test_any_text_at_all_gives_sound_chunks(markdown: str, path: str) -> None:
    chunks = chunks_of(markdown, path=path)
    assert_sound(chunks)
    assert split_document(Document(path, "Guide", markdown)) == chunks
