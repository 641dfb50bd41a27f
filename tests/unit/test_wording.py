"""What a claim may do to the words of its passages, and what not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.alignment import align, source, tokens
from knowledge.clauses import Case, clauses, read
from knowledge.lexical import Analyzer
from knowledge.thesaurus import Lexicon
from knowledge.types import Chunk
from knowledge.wording import changes, wording

LEXICON = Lexicon(Analyzer("english"))
CHEAP = "Prompt engineering is cheaper to start, because it needs no retraining and no GPU of your own."
FORGETS = "LoRA forgets less than full fine-tuning does."
SPLITS = "The validation set guides the choice of settings, and the test set is kept for the final verdict."


def case(claim: str, *sentences: str) -> Case:
    passage = Chunk("id", "d.md", "Title", "Section", ("Title",), " ".join(sentences), sentences, "prose", 0)
    return Case(claim, tuple(clauses(claim, LEXICON)), read([passage], LEXICON), LEXICON)


def done(claim: str, *sentences: str) -> list[tuple[str, str]]:
    here = tokens(claim, LEXICON)
    return [(each.kind, each.word) for each in changes(here, source(here, sentences, LEXICON), LEXICON)]


@pytest.mark.parametrize(
    "claim",
    [
        CHEAP,
        "Prompt engineering is cheaper to start.",
        "Because it needs no retraining, prompt engineering is cheaper to start.",
        "Prompt engineering needs no retraining and no GPU of your own.",
        "Prompt engineering is cheaper to start, since it needs no retraining.",
        "LoRA forgets less than full fine-tuning, and the test set is kept for the final verdict.",
    ],
)
def test_a_claim_may_leave_out_join_and_move_clauses(claim: str) -> None:
    assert wording(case(claim, CHEAP, FORGETS, SPLITS)) is None


@pytest.mark.parametrize(
    ("claim", "change"),
    [
        ("Prompt engineering never is cheaper to start.", "never"),
        ("Fine-tuning is cheaper to start, because it needs no retraining.", "another start is"),
        ("Prompt engineering is cheaper to start, because it needs retraining.", "left out denial no"),
        ("Prompt engineering is always cheaper to start.", "added degree always"),
        ("Prompt engineering is cheaper to start in hospitals.", "added content hospitals"),
        ("Full fine-tuning forgets less than LoRA does.", "moved words"),
        ("Say hello to everybody.", "added content everybody"),
    ],
)
def test_a_claim_that_changes_what_they_say_is_not_borne_out(claim: str, change: str) -> None:
    problem = wording(case(claim, CHEAP, FORGETS, SPLITS))
    assert problem is not None
    assert change in problem


def test_what_was_done_to_the_words_is_told_word_for_word() -> None:
    assert done("LoRA usually forgets less than full fine-tuning does.", FORGETS) == [
        ("added degree", "usually"),
        ("added unknown", "usually"),
    ]
    assert done("LoRA forgets less.", FORGETS) == []


def test_a_possessive_and_a_passive_of_an_imperative_are_not_moves() -> None:
    assert done("The model's output starts an action.", "The output of the model starts an action.") == []
    assert not [
        kind
        for kind, _ in done("A merged model should be evaluated again.", "Evaluate a merged model again.")
        if kind == "moved start"
    ]


def test_a_word_said_again_only_stands_for_what_an_ellipsis_left_out() -> None:
    said_again = done("It removes the GPU work and removes no data work.", "It removes the GPU work but no data work.")
    assert ("added content", "removes") not in said_again


def test_without_passages_nothing_is_borne_out() -> None:
    assert wording(case("LoRA forgets less.")) is not None


@given(st.lists(st.sampled_from(tokens(f"{CHEAP} {FORGETS}", LEXICON)), max_size=12))
def test_each_word_comes_from_a_place_that_has_it_or_from_none(claim: list) -> None:  # type: ignore[type-arg]
    there = source(claim, [CHEAP, FORGETS, SPLITS], LEXICON)
    for token, place in zip(claim, align(claim, there, LEXICON), strict=True):
        assert place is None or token.kind == "function" or LEXICON.means(token.stem, [there[place].stem])


@given(st.sampled_from([CHEAP, FORGETS, SPLITS]), st.integers(0, 20), st.integers(4, 20))
def test_whatever_is_cut_out_of_a_sentence_was_neither_added_nor_moved(sentence: str, start: int, length: int) -> None:
    claim = tokens(sentence, LEXICON)[start : start + length]
    found = changes(claim, source(claim, [CHEAP, FORGETS, SPLITS], LEXICON), LEXICON)
    assert not [each for each in found if not each.kind.startswith(("left out", "added function", "added relation"))]
