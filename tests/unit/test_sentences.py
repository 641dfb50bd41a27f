"""Sentences end where a reader would say that they end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.sentences import split_sentences


@pytest.mark.parametrize(
    "sentence",
    [
        "Prompting suits many tasks, e.g. Summaries of long texts.",
        "It is a low-rank update, i.e. A times B.",
        "Hu et al. (2021) trained few weights, and Hu et al. froze the rest.",
        "Prompting vs. Fine-tuning is a common choice.",
        "Dr. Smith and Mr. J. R. Miller met near St. Paul.",
        "The U.S. Army uses it.",
        "See Fig. 3 and No. 5 on pp. 12 of Vol. 2.",
        "It began on Jan. 3 in the evening.",
        "It needs approx. 3.5 GB with v1.2 of the library.",
        "cf. The appendix.",
        'LoRA trains few weights (Hu et al., "LoRA", 2021).',
        "Apple sold the product. iPhone owners noticed.",
        "Serve it with a server. vLLM batches the requests.",
        "1. Collect examples.",
        "Wait ... what happened?",
        "It costs 3.50 dollars.",
        "Meta Inc. Research published it.",
    ],
)
def test_one_sentence_stays_whole(sentence: str) -> None:
    assert split_sentences(sentence) == [sentence]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Prompts are text.", "Weights are numbers."),
        ("Is it cheap?", "It is."),
        ("Stop!", "Then think."),
        ("It depends...", "Measure it."),
        ('He called it "the first shock."', "It was not the last."),
        ("It is small (about 3 GB).", "It fits."),
        ("(It is small.)", "It fits."),
        ("It was made in the U.S.", "The rest came later."),
        ("It takes 10 ms.", "Then it stops."),
        ("The answer is no.", "That is old."),
        ("It needs data, labels, etc.", "Prompts need none."),
        ("Take vitamin C.", "The rest is optional."),
        ("The scale ends at 5.", "Six is wrong."),
        ("Set it to zero.", "`temperature` is then ignored."),
        ("Costs fell.", "3 of them rose."),
        ("It works.[1]", "It is cheap."),
        ("It works. [1]", "It is cheap."),
        ("It works. (Hu et al., 2021)", "It is cheap."),
    ],
)
def test_two_sentences_are_parted(first: str, second: str) -> None:
    assert split_sentences(f"{first} {second}") == [first, second]


def test_a_line_break_ends_a_sentence() -> None:
    assert split_sentences("A title\nA sentence of text.\n\n  Another ") == [
        "A title",
        "A sentence of text.",
        "Another",
    ]


def test_nothing_has_no_sentences() -> None:
    assert split_sentences(" \n\t ") == []


@given(st.text(alphabet=st.sampled_from("aAbB.!?… \n\"')(]1[–,;:`*éÉ中")))
def test_sentences_are_stripped_parts_of_the_text_and_lose_nothing(text: str) -> None:
    end = 0
    for sentence in split_sentences(text):
        assert sentence
        assert sentence == sentence.strip()
        start = text.index(sentence, end)
        assert not text[end:start].strip()
        end = start + len(sentence)
    assert not text[end:].strip()


@pytest.mark.parametrize("unit", [".", ". ", " ", "\n", '."', "(", ". (", "a.", "A. ", "?! "])
def test_a_long_run_of_anything_loses_nothing(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())
