"""Answers by a chat model, through the real client of OpenAI's API and a scripted server on 127.0.0.1."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.doctor import diagnose
from bot.settings import Settings
from knowledge.__main__ import main
from knowledge.base import KnowledgeBase
from knowledge.embed import Embedder
from knowledge.errors import KnowledgeError
from knowledge.generate import RULES, tokens_of
from knowledge.settings import load_settings
from knowledge.store import open_store
from knowledge.types import Answer
from tests.chat_server import ChatServer, Scripted, chat_server, first_sentences, worded_by

QUESTION = "What does fine-tuning cost compared with prompt engineering?"
LIE = "Fine-tuning costs 17 dollars at OpenAI [1]."

Open = Callable[..., KnowledgeBase]


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


@pytest.fixture
def opened(settings: Settings, embedder: Embedder, server: ChatServer, tmp_path: Path) -> Open:
    """Opens the project's knowledge with the scripted chat model, and with the settings that a test changes."""

    def open_with(**changes: object) -> KnowledgeBase:
        defaults = {"data_dir": tmp_path, "chat_timeout": 20.0, "chat_retries": 0}
        changed = worded_by(server, settings, **defaults | changes)
        return KnowledgeBase(changed, open_store(settings), embedder)

    return open_with


def written(knowledge: KnowledgeBase, question: str = QUESTION) -> tuple[Answer, list[Answer]]:
    """The answer, and what was shown while it was written."""
    shown: list[Answer] = []
    answer = knowledge.write(knowledge.ask(question), shown.append)
    return answer, [part for part in shown if part.text]


def test_what_the_passages_carry_is_the_answer_and_cites_them_word_for_word(opened: Open, server: ChatServer) -> None:
    server.will(Scripted(first_sentences(2)))
    knowledge = opened()

    answer, shown = written(knowledge)

    assert (answer.kind, answer.by, answer.removed, answer.note) == ("answer", "model", (), "")
    assert answer.text.endswith(" [1]")
    assert answer.citations
    assert all(citation.quote in citation.passage for citation in answer.citations)
    assert shown
    assert all(answer.text.startswith(part.text) for part in shown)
    assert knowledge.usage.read().tokens == 750
    assert knowledge.usage.read().answered == 1


def test_it_is_told_when_the_model_begins_and_each_sentence_as_soon_as_it_has_ended(
    opened: Open, server: ChatServer
) -> None:
    """Before the rest of the answer has come, which waits for what was shown."""
    rest = threading.Event()
    shown: list[str] = []
    server.will(Scripted(first_sentences(1), rest=rest))

    def show(part: Answer) -> None:
        shown.append(part.text)
        if part.text:
            rest.set()

    knowledge = opened()
    answer = knowledge.write(knowledge.ask(QUESTION), show)

    assert shown == ["", answer.text]


def test_what_they_do_not_carry_is_removed_and_never_shown(opened: Open, server: ChatServer) -> None:
    server.will(Scripted(lambda prompt: f"{first_sentences(2)(prompt)} {LIE}"))

    answer, shown = written(opened())

    assert answer.by == "model"
    assert answer.removed == (LIE,)
    assert not any("17" in each.text for each in [answer, *shown])


def test_why_a_sentence_is_removed_is_in_the_log(
    opened: Open, server: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.will(Scripted(lambda prompt: f"{first_sentences(2)(prompt)} Prompt engineering is dearer in hospitals [1]."))

    with caplog.at_level("INFO", "knowledge.generate"):
        written(opened())

    (line,) = [record.getMessage() for record in caplog.records if record.name == "knowledge.generate"]
    assert line.startswith("removed: Prompt engineering is dearer in hospitals. (wording: added ")


def test_an_opening_yes_is_cut_off_since_no_passage_carries_it(opened: Open, server: ChatServer) -> None:
    honest = first_sentences(1)
    server.will(Scripted(lambda prompt: f"Yes, {honest(prompt)[:1].lower()}{honest(prompt)[1:]}"))

    answer, _ = written(opened())

    assert answer.by == "model"
    assert answer.text.startswith("Prompt engineering")


@pytest.mark.parametrize(
    "sentence",
    [
        "Prompt engineering costs working time and the tokens of every call.",
        "Prompt engineering costs working time and the tokens of every call [99].",
        "Prompt engineering costs working time and the tokens of every call [1][99].",
        "Prompt engineering costs working time, see [the guide](https://evil.example/x) [1].",
    ],
    ids=[
        "without a marker",
        "of a passage that is not there",
        "of one that is not there too",
        "with a link of its own",
    ],
)
def test_a_sentence_is_removed(sentence: str, opened: Open, server: ChatServer) -> None:
    server.will(Scripted(sentence))

    answer, shown = written(opened())

    assert (answer.by, answer.removed, shown) == ("extractive", (sentence,), [])
    assert "did not bear out" in answer.note


@pytest.mark.parametrize(
    ("scripted", "kind"),
    [
        (Scripted(status=429), "rate limited"),
        (Scripted(status=500), "down"),
        (Scripted(status=401), "key refused"),
        (Scripted(first_sentences(1), stall=True), "timeout"),
        (Scripted(stall=True), "timeout"),
        (Scripted(first_sentences(2), cut=True), "down"),
        (Scripted(first_sentences(2), finish=None), "cut off"),
        (Scripted(first_sentences(2), finish="length"), "cut off"),
        (Scripted(raw=b"data: {not json\n\n"), "failed"),
        (Scripted("NOT COVERED"), "refused"),
        (Scripted("lorem ipsum " * 10), "unsupported"),
        (Scripted("So it goes on and on [1]. " * 1000), "endless"),
        (Scripted(""), "unsupported"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whatever_fails_the_documents_answer_with_a_note_and_the_operator_hears_of_it_once(
    scripted: Scripted, kind: str, opened: Open, server: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.will(scripted)
    knowledge = opened(chat_timeout=0.5)
    extractive = knowledge.ask(QUESTION)

    with caplog.at_level(logging.WARNING, logger="knowledge.base"):
        answer = knowledge.write(extractive)

    assert (answer.text, answer.citations, answer.by) == (extractive.text, extractive.citations, "extractive")
    assert answer.note
    assert [record.getMessage().split(": ")[1].split(".")[0] for record in caplog.records] == [kind]
    assert knowledge.usage.read().fallbacks == {kind: 1}


def test_a_server_that_is_not_there_is_down(opened: Open) -> None:
    knowledge = opened(chat_base_url="http://127.0.0.1:9/v1")
    assert written(knowledge)[0].by == "extractive"
    assert knowledge.usage.read().fallbacks == {"down": 1}


def test_a_failed_request_is_sent_again_as_often_as_set(opened: Open, server: ChatServer) -> None:
    server.will(Scripted(status=500), Scripted(first_sentences(1)))
    before = len(server.requests)

    answer, _ = written(opened(chat_retries=1))

    assert answer.by == "model"
    assert len(server.requests) == before + 2


def test_the_days_budget_is_kept_and_other_knowledge_bases_of_the_same_data_see_it(
    opened: Open, server: ChatServer
) -> None:
    server.will(Scripted(first_sentences(1)))
    before = len(server.requests)

    answers = [written(opened(chat_tokens_per_day=3000))[0] for _ in range(4)]

    assert [answer.by for answer in answers] == ["model", "model", "extractive", "extractive"]
    assert "budget" in answers[-1].note
    assert len(server.requests) == before + 2


def test_a_question_costs_no_more_than_set(opened: Open, server: ChatServer) -> None:
    server.will(Scripted(first_sentences(1)))

    written(opened(chat_tokens_per_question=1600))
    short = server.prompt
    written(opened(chat_tokens_per_question=4000))

    assert len(short) < len(server.prompt)
    assert server.requests[-1]["max_completion_tokens"] == 600


def test_a_follow_up_counts_as_what_it_is_understood_as(opened: Open, server: ChatServer) -> None:
    """The model is asked the long question that "why?" stands for, so that is what must be within the budgets."""
    server.will(Scripted(first_sentences(1)))
    knowledge = opened(chat_tokens_per_question=1600, chat_tokens_per_day=1600)
    answer = replace(knowledge.ask(QUESTION), question="why?", understood=f"{QUESTION} {'Why? ' * 100}")

    assert knowledge.write(answer).by == "model"

    assert tokens_of(RULES + server.prompt) + server.requests[-1]["max_completion_tokens"] <= 1600


def test_what_is_not_covered_costs_nothing(opened: Open, server: ChatServer) -> None:
    before = len(server.requests)
    answer, _ = written(opened(), "How do I fine-tune my guitar?")
    assert answer.kind == "abstain"
    assert len(server.requests) == before


def test_nothing_is_traced_whatever_the_environment_says(
    opened: Open, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request to LangSmith would be refused by pytest-socket, in a thread that warns."""
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "key")
    server.will(Scripted(first_sentences(1)))
    assert written(opened())[0].by == "model"


# Settings and the command line


@pytest.mark.parametrize(
    ("model", "message"),
    [("gpt-5", "CHAT_MODEL: .*provider and model"), ("openai:", "CHAT_MODEL: .*provider and model")],
)
def test_a_chat_model_needs_a_provider(model: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_MODEL", model)
    with pytest.raises(ValueError, match=message):
        load_settings(Settings, None)


def test_a_missing_package_is_named_with_its_extra(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_anthropic", None)
    with pytest.raises(KnowledgeError, match=r"CHAT_MODEL=anthropic:x .*pip install 'tunewise\[anthropic\]'"):
        opened(chat_model="anthropic:x")


def test_a_missing_key_is_told_at_the_start(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(KnowledgeError, match=r"CHAT_MODEL=openai:x cannot be used: .*OPENAI_API_KEY"):
        opened(chat_model="openai:x", chat_base_url="")


async def test_the_doctor_does_not_hold_a_chat_model_that_cannot_be_used_against_the_index(
    settings: Settings, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path / 'records.sqlite'}"
    checks = await diagnose(settings.model_copy(update={"chat_model": "nonsense:x", "database_url": database}))
    statuses = {check.name: check.status for check in checks}
    assert (statuses["index"], statuses["chat model"]) == ("ok", "fail")


@pytest.mark.parametrize("model", ["anthropic:claude-x", "ollama:llama3"])
def test_other_providers_can_be_had(model: str, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
    knowledge = opened(chat_model=model, chat_base_url="http://127.0.0.1:9")
    assert written(knowledge)[0].by == "extractive"
    assert knowledge.usage.read().fallbacks == {"down": 1}


def test_a_providers_key_may_stand_in_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "to be removed again")
    monkeypatch.delenv("OPENAI_API_KEY")
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-secret\n")

    load_settings(Settings, tmp_path / ".env", strict=True)

    from knowledge.settings import provider_keys

    assert "sk-secret" in provider_keys()


@pytest.fixture
def shell(settings: Settings, server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell in which the scripted chat model is set."""
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CHAT_MODEL", "openai:scripted")
    monkeypatch.setenv("CHAT_BASE_URL", server.url)
    monkeypatch.setenv("CHAT_TOKENS_PER_DAY", "0")  # the data are kept between runs, and the use with them


@pytest.mark.usefixtures("shell")
def test_ask_on_the_command_line_answers_as_the_bot_does(
    server: ChatServer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    server.will(Scripted(lambda prompt: f"{first_sentences(1)(prompt)} {LIE}"))
    questions = tmp_path / "questions.txt"
    questions.write_text(f"{QUESTION}\nHow do I fine-tune my guitar?\n")

    assert main(["ask", "--file", str(questions), "--json"]) == 0

    covered, not_covered = map(json.loads, capsys.readouterr().out.splitlines())
    assert (covered["kind"], covered["by"], covered["removed"]) == ("answer", "model", [LIE])
    assert (not_covered["kind"], not_covered["by"]) == ("abstain", "extractive")


@pytest.mark.usefixtures("shell")
def test_status_shows_what_the_chat_model_was_used_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 0
    assert "openai:scripted" in (shown := capsys.readouterr().out)
    assert "tokens." in shown
