"""What a sentence may say, and what not, of the passages that it cites. Words alone decide here: there is no model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.lexical import Analyzer
from knowledge.sentences import split_sentences
from knowledge.types import Chunk
from knowledge.verify import Verifier

TEXT = (
    "Prompt engineering is cheaper to start, because it needs no retraining and no GPU of your own. "
    "Fine-tuning takes hours to days and about 112 GB of GPU memory for a model of 7 billion parameters "
    "(Rajbhandari et al., 2019). LoRA forgets less than full fine-tuning. Guides stand at https://example.org/guide."
)
PASSAGE = Chunk(
    "id", "d.md", "Comparison", "Which is cheaper?", ("Comparison",), TEXT, tuple(split_sentences(TEXT)), "prose", 0
)
VERIFIER = Verifier(Analyzer("english"))


@pytest.mark.parametrize("sentence", PASSAGE.sentences)
def test_the_passages_own_sentences_pass(sentence: str) -> None:
    assert VERIFIER.objection(f"{sentence} [1]", [PASSAGE]) is None


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("Fine-tuning takes about 24 GB of GPU memory [1].", "number"),
        ("Fine-tuning takes 3 weeks [1].", "number"),
        ("QLoRA forgets less than full fine-tuning [1].", "name"),
        ("Fine-tuning is cheaper to start, because it needs no retraining [1].", "wording"),
        ("Prompt engineering needs retraining and a GPU of your own [1].", "wording"),
        ("Prompt engineering is not cheaper to start [1].", "wording"),
        ("Prompt engineering is more expensive to start [1].", "wording"),
        ("Full fine-tuning forgets less than LoRA [1].", "wording"),
        ("Fine-tuning takes minutes to days [1].", "number"),
        ("Prompt engineering cures headaches [1].", "wording"),
        ("See https://evil.example/free for more [1].", "address"),
        ("Join discord.gg/abc to start [1].", "address"),
        ("@everyone prompt engineering is cheaper to start [1].", "address"),
        ("<@123456789012345678> prompt engineering is cheaper to start [1].", "address"),
        ("I am free to start, because I need no retraining [1].", "voice"),
        ("[1].", "words"),
    ],
)
def test_what_the_passage_does_not_say_is_objected_to(sentence: str, reason: str) -> None:
    objection = VERIFIER.objection(sentence, [PASSAGE])
    assert objection is not None
    assert objection.startswith(reason), objection


def test_an_address_of_the_passages_may_be_named() -> None:
    assert VERIFIER.objection("Guides stand at https://example.org/guide. [1]", [PASSAGE]) is None


def test_without_passages_nothing_passes() -> None:
    assert VERIFIER.objection("Prompt engineering is cheaper to start [1].", []) is not None


@given(st.text(max_size=300))
def test_any_text_gets_a_verdict(text: str) -> None:
    VERIFIER.objection(text, [PASSAGE])
