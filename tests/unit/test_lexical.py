"""Texts become terms, terms score texts, and a misspelt word is read as the word that it stands for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein

from knowledge.embed import Embedder
from knowledge.errors import KnowledgeError
from knowledge.lexical import Analyzer, with_bigrams, words
from knowledge.spelling import Spelling
from knowledge.term_index import TermIndex

terms = st.text("abcde", min_size=1, max_size=3)
texts = st.lists(st.lists(terms, max_size=8), min_size=1, max_size=8)


def coverage_of(texts: list[list[str]]) -> TermIndex:
    return TermIndex(texts, k1=0, b=0)


# Words


def test_words_are_in_lower_case_and_without_punctuation() -> None:
    assert words("Few-shot prompting (GPT-4), v2.0!") == ["few", "shot", "prompting", "gpt", "4", "v2", "0"]


def test_accents_and_what_follows_an_apostrophe_do_not_count() -> None:
    found = words("Naïve Bayes' models don't fit; it’s a café's")
    assert found == ["naive", "bayes", "models", "don", "fit", "it", "a", "cafe"]


def test_letters_that_imitate_a_font_are_read_as_plain_ones() -> None:
    assert words("𝗙𝗶𝗻𝗲-𝘁𝘂𝗻𝗶𝗻𝗴 ﬁne ＬｏＲＡ") == ["fine", "tuning", "fine", "lora"]


@given(st.text())
def test_any_text_has_words_in_lower_case(text: str) -> None:
    assert all(word and word == word.lower() for word in words(text))


# Terms


def test_forms_of_a_word_are_one_term() -> None:
    assert len({*Analyzer("english").stems("tuned tuning tunes Tune")}) == 1


def test_stop_words_and_what_people_say_around_a_question_are_no_terms() -> None:
    assert Analyzer("english").stems("Hey guys, could you please tell me the") == []


def test_a_repeated_word_stays_repeated_and_in_order() -> None:
    assert Analyzer("english").stems("prompt, model, prompt") == ["prompt", "model", "prompt"]


def test_another_language_has_stop_words_of_its_own() -> None:
    assert Analyzer("german").stems("die Modelle und das Modell") == ["modell", "modell"]


def test_a_language_that_is_not_supported_is_refused_with_the_supported_ones() -> None:
    with pytest.raises(KnowledgeError, match=r"LANGUAGE=klingon is not supported\. Choose one of: .*english"):
        Analyzer("klingon")


def test_bigrams_are_the_pairs_of_neighbours() -> None:
    assert with_bigrams(["fine", "tune", "cost"]) == ["fine", "tune", "cost", "fine tune", "tune cost"]
    assert with_bigrams([]) == []


# Coverage


@given(texts, st.lists(terms, min_size=1, max_size=5))
def test_coverage_is_1_for_a_text_with_all_terms_and_0_for_one_with_none(
    others: list[list[str]], question: list[str]
) -> None:
    full, *scores, none = coverage_of([[*question, "more"], *others, ["nothing"]]).scores(question)
    assert full == pytest.approx(1, abs=1e-5)
    assert none == 0
    assert all(0 <= score <= 1 + 1e-5 for score in scores)


@given(texts, st.lists(terms, min_size=1, max_size=5))
def test_a_term_that_no_text_holds_lowers_every_coverage(others: list[list[str]], question: list[str]) -> None:
    index = coverage_of([question, *others])
    before, after = index.scores(question), index.scores([*question, "unknown"])
    assert np.all(after[before > 0] < before[before > 0])
    assert np.all(after[before == 0] == 0)


@given(texts, st.lists(terms, min_size=1, max_size=5))
def test_how_often_a_term_is_asked_or_stands_in_a_text_does_not_count(
    others: list[list[str]], question: list[str]
) -> None:
    once = coverage_of(others).scores(question)
    assert coverage_of(others).scores(question * 2) == pytest.approx(once, abs=1e-5)
    assert coverage_of([text * 2 for text in others]).scores(question) == pytest.approx(once, abs=1e-5)


def test_a_rare_term_counts_for_more_than_a_common_one() -> None:
    index = coverage_of([["model", "rank"], ["model"], ["model"], ["prompt"]])
    assert index.weight("unknown") > index.weight("rank") > index.weight("model") > 0
    assert index.scores(["model", "rank"])[1] < 0.5 < index.scores(["model", "rank"])[0]


def test_no_terms_and_only_unknown_terms_score_nothing() -> None:
    index = coverage_of([["model"], []])
    assert index.scores([]).tolist() == [0, 0]
    assert index.scores(["unknown"]).tolist() == [0, 0]
    assert "model" in index
    assert "unknown" not in index


# BM25


@given(texts, st.lists(terms, max_size=5))
def test_bm25_is_a_share_of_the_best_score_there_can_be(others: list[list[str]], question: list[str]) -> None:
    scores = TermIndex(others, k1=1.2, b=0.75).scores(question)
    assert scores.shape == (len(others),)
    assert np.all((scores >= 0) & (scores <= 1))


def test_bm25_prefers_the_short_text_and_the_one_that_says_it_more_often() -> None:
    other = ["filler"] * 4
    short, long, often = TermIndex(
        [["rank", "a"], ["rank", *"bcdefgh"], ["rank", "rank"], other], k1=1.2, b=0.75
    ).scores(["rank"])[:3]
    assert often > short > long


@given(texts, st.lists(terms, max_size=5))
def test_bm25_is_what_its_formula_says(others: list[list[str]], question: list[str]) -> None:
    k1, b = 1.2, 0.75
    index = TermIndex(others, k1=k1, b=b)
    mean = sum(map(len, others)) / len(others) or 1
    for text, score in zip(others, index.scores(question), strict=True):
        counts = {term: text.count(term) for term in question}
        saturated = {term: n / (n + k1 * (1 - b + b * len(text) / mean)) for term, n in counts.items() if n}
        total = sum(index.weight(term) * saturated.get(term, 0) for term in counts)
        assert score == pytest.approx(total / (sum(map(index.weight, counts)) or 1), rel=1e-4)


@given(texts, terms)
def test_a_weight_is_the_inverse_document_frequency(others: list[list[str]], term: str) -> None:
    holding = sum(term in text for text in others)
    expected = math.log(1 + (len(others) - holding + 0.5) / (holding + 0.5))
    assert coverage_of(others).weight(term) == pytest.approx(expected)


# Spelling

VOCABULARY = ["tuning", "running", "hallucination", "prompt", "rank", "lora", "overfitting", "few", "gpt4"]


@pytest.fixture
def spelling(embedder: Embedder) -> Spelling:
    return Spelling(map(Analyzer("english").read, VOCABULARY), embedder.is_word)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("halucination", "hallucination"),
        ("Hallucintaion", "hallucination"),
        ("promtp", "prompt"),
        ("overfiting", "overfitting"),
        ("tunning", "tuning"),
    ],
)
def test_a_misspelt_word_is_read_as_the_nearest_word_of_the_documents(
    spelling: Spelling, written: str, meant: str
) -> None:
    assert spelling.correct(written) == meant


@pytest.mark.parametrize("word", ["bank", "Bank", "tank", "turning", "cunning", "promised", "rank", "PROMPT"])
def test_a_word_that_the_language_has_is_never_changed(spelling: Spelling, word: str) -> None:
    assert spelling.correct(word) == word


@pytest.mark.parametrize("word", ["tubing", "prompter", "prompts", "ranker"])
def test_an_inflected_form_of_a_real_word_is_a_real_word(spelling: Spelling, word: str) -> None:
    assert spelling.correct(word) == word


@pytest.mark.parametrize("word", ["fwe", "", "gtp4", "gpt5", "prmt", "zzzzzzzz", "提示词工程", "😀😀😀😀"])
def test_what_is_short_far_off_or_no_word_stays_as_it_is(spelling: Spelling, word: str) -> None:
    assert spelling.correct(word) == word


@given(st.text(st.characters(categories=["L"]), max_size=14), st.lists(terms.map(lambda term: term * 4), max_size=8))
def test_a_reading_is_the_word_itself_or_one_of_the_documents_within_two_edits(word: str, known: list[str]) -> None:
    read = Spelling(map(Analyzer("english").read, known), lambda _: False).correct(word)
    assert read == word or (read in known and DamerauLevenshtein.distance(word.lower(), read) <= 2)
