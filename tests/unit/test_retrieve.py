"""A question finds the section that answers it, however it is spelt and whatever an author listed."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import astuple
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.settings import Settings
from knowledge.base import KnowledgeBase
from knowledge.index import build_index
from knowledge.retrieve import PASSAGES, Retrieval
from knowledge.types import Answer

LISTED = """## {heading}
<!-- asked:
what keeps a boat upright?
why does a boat not fall over?
what is the fin below a boat for?
-->

A keel keeps a boat upright.
"""
PLAIN = "## {heading}\n\nA rudder steers a boat.\n"

Corpus = Callable[..., KnowledgeBase]


@pytest.fixture
def corpus(settings: Settings, tmp_path: Path) -> Corpus:
    """Makes the knowledge base of a few documents: file names and their Markdown."""

    def make(documents: dict[str, str], off_topic: str = "") -> KnowledgeBase:
        home = Path(tempfile.mkdtemp(dir=tmp_path))
        folder, data, off_topic_file = home / "documents", home / "data", home / "off_topic.txt"
        folder.mkdir()
        data.mkdir()
        (data / "models").symlink_to(settings.data_dir / "models")
        for name, markdown in documents.items():
            (folder / name).write_text(markdown, encoding="utf-8")
        off_topic_file.write_text(off_topic, encoding="utf-8")
        changes = {"knowledge_dir": folder, "data_dir": data, "off_topic_file": off_topic_file}
        machine = settings.model_copy(update=changes)
        build_index(machine)
        return KnowledgeBase.open(machine)

    return make


def found(knowledge: KnowledgeBase, question: str) -> Retrieval:
    return knowledge.retriever.search(question)


def best_section(knowledge: KnowledgeBase, question: str) -> str:
    return found(knowledge, question).passages[0].chunk.section


def quotes(answer: Answer) -> list[str]:
    return [citation.quote for citation in answer.citations]


# The passages


def test_passages_are_the_best_first_and_one_of_each_section(knowledge: KnowledgeBase) -> None:
    passages = found(knowledge, "What does fine-tuning cost?").passages
    assert len(passages) == PASSAGES
    assert all(better.score >= worse.score for better, worse in pairwise(passages))
    assert len({(passage.chunk.document, passage.chunk.heading_path) for passage in passages}) == PASSAGES


def test_a_passage_is_as_good_as_its_best_sentence(knowledge: KnowledgeBase) -> None:
    for passage in found(knowledge, "What is few-shot prompting?").passages:
        assert tuple(sentence.text for sentence in passage.sentences) == passage.chunk.sentences
        assert passage.score == max(sentence.score for sentence in passage.sentences)


def test_as_many_passages_as_asked_for(knowledge: KnowledgeBase) -> None:
    whole = found(knowledge, "What is LoRA?").passages
    assert knowledge.retriever.search("What is LoRA?", limit=3).passages == whole[:3]


def test_a_section_is_found_by_the_question_that_its_author_listed(knowledge: KnowledgeBase) -> None:
    listed = [chunk for chunk in knowledge.retriever.chunks if len(chunk.asked) > 1][::10]
    assert len(listed) > 10
    for chunk in listed:
        sections = [passage.chunk.section for passage in found(knowledge, chunk.asked[1]).passages[:3]]
        assert chunk.section in sections


def test_of_two_sentences_about_a_thing_the_one_with_a_year_answers_when(corpus: Corpus) -> None:
    knowledge = corpus(
        {"ship.md": "The ship Vasa was launched in Stockholm by its builders. The ship Vasa was launched in 1627.\n"}
    )
    sentences = found(knowledge, "When was the ship Vasa launched?").passages[0].sentences
    assert sentences[1].score > sentences[0].score


# Listed questions


@pytest.mark.parametrize("question", ["what steers a boat?", "how is a boat steered?", "what does a rudder do?"])
def test_a_section_without_listed_questions_is_not_at_a_disadvantage(corpus: Corpus, question: str) -> None:
    knowledge = corpus({"keel.md": LISTED.format(heading="Keels"), "rudder.md": PLAIN.format(heading="Rudders")})
    assert best_section(knowledge, question) == "Rudders"
    assert quotes(knowledge.ask(question))[0] == "A rudder steers a boat."


def test_listed_questions_find_their_section_by_words_that_it_does_not_hold(corpus: Corpus) -> None:
    knowledge = corpus({"keel.md": LISTED.format(heading="Keels"), "rudder.md": PLAIN.format(heading="Rudders")})
    answer = knowledge.ask("which fin is underneath a boat?")
    assert quotes(answer)[0] == "A keel keeps a boat upright."


# Spelling


def test_a_misspelt_question_finds_what_the_right_spelling_finds(knowledge: KnowledgeBase) -> None:
    misspelt = knowledge.ask("dose finetunning stop halucinations")
    assert quotes(misspelt) == quotes(knowledge.ask("dose finetuning stop hallucinations"))
    assert quotes(knowledge.ask("does fine-tuning stop hallucinations"))[0] in quotes(misspelt)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("prompt enginering", "prompt engineering"),
        ("overfiting", "overfitting"),
        ("finetunning", "finetuning"),
        ("What is instuction tuning?", "What is instruction tuning?"),
        ("fine tunning", "fine tuning"),
    ],
)
def test_a_misspelt_word_is_read_as_the_documents_word(knowledge: KnowledgeBase, written: str, meant: str) -> None:
    retrieval = found(knowledge, written)
    assert retrieval.question == written
    # A compound may be written apart, with a hyphen or as one word.
    assert re.sub(r"[ -]", "", retrieval.read_as) == re.sub(r"[ -]", "", meant)


@pytest.mark.parametrize("question", ["which bank is best?", "a boast about my guitar", "raining cats, 25 °C", "naïve"])
def test_a_real_word_is_never_changed(knowledge: KnowledgeBase, question: str) -> None:
    assert found(knowledge, question).read_as == question


# The evidence


def test_a_question_in_the_documents_own_words_has_all_the_evidence(knowledge: KnowledgeBase) -> None:
    heading = "What is zero-shot prompting?"
    evidence = found(knowledge, heading).evidence
    # Not 1: with the model's 8-bit arithmetic, a vector depends a little on the batch that it was made in.
    assert evidence.question_similarity > 0.97
    assert evidence.known == pytest.approx(1)
    assert evidence.chunk_coverage == pytest.approx(1)


def test_words_that_the_documents_do_not_have_are_evidence_against(knowledge: KnowledgeBase) -> None:
    clear, strange = (found(knowledge, question).evidence for question in ("tokens", "tokens xylophone quixotic"))
    assert strange.known < clear.known
    assert strange.chunk_coverage < clear.chunk_coverage
    assert strange.sentence_coverage < clear.sentence_coverage


def test_a_question_near_an_off_topic_one_is_answered_with_less_confidence(corpus: Corpus) -> None:
    documents = {"guide.md": "A model is tuned with examples.\n"}
    question = "how do I tune my guitar?"
    without, with_it = corpus(documents), corpus(documents, off_topic="# music\nhow do I tune a guitar\n")
    assert found(without, question).evidence.off_topic_similarity == 0
    assert found(with_it, question).evidence.off_topic_similarity > 0.8
    assert with_it.ask(question).confidence < without.ask(question).confidence


@hypothesis_settings(max_examples=60, deadline=None)
@given(question=st.text(max_size=300))
def test_any_text_has_passages_and_evidence_within_bounds(knowledge: KnowledgeBase, question: str) -> None:
    retrieval = found(knowledge, question)
    assert len(retrieval.passages) == PASSAGES
    assert all(0 <= value <= 1.001 for value in astuple(retrieval.evidence))
    assert all(0 <= passage.score <= 1.001 for passage in retrieval.passages)


# Small indexes


@pytest.fixture
def one_sentence(corpus: Corpus) -> KnowledgeBase:
    """The smallest index there is."""
    return corpus({"boats.md": "A keel keeps a boat upright.\n"})


@pytest.mark.parametrize("question", ["What keeps a boat upright?", "what does a keel do", "keel"])
def test_an_index_of_one_sentence_answers_with_it(one_sentence: KnowledgeBase, question: str) -> None:
    answer = one_sentence.ask(question)
    assert (answer.kind, answer.text) == ("answer", "A keel keeps a boat upright. [1]")


@pytest.mark.parametrize("question", ["Who won the world cup of 1998?", "how do I bake bread?", "😀", "of the", ""])
def test_an_index_of_one_sentence_abstains_and_suggests_what_it_has(one_sentence: KnowledgeBase, question: str) -> None:
    answer = one_sentence.ask(question)
    assert answer.kind == "abstain"
    assert answer.suggestions
    assert [one_sentence.ask(suggestion).kind for suggestion in answer.suggestions] == ["answer"]


def test_scores_and_evidence_stay_within_bounds_where_nothing_is_alike(one_sentence: KnowledgeBase) -> None:
    retrieval = found(one_sentence, "who won the world cup")
    assert all(0 <= value <= 1 for value in astuple(retrieval.evidence))
    assert all(0 <= passage.score <= 1 for passage in retrieval.passages)


def test_documents_in_another_script_answer_in_it(corpus: Corpus) -> None:
    knowledge = corpus({"boats.md": "# 船\n\n龙骨使船保持直立。\n"})
    assert knowledge.ask("龙骨使船保持直立").text == "龙骨使船保持直立。 [1]"
