"""`python -m knowledge recommend`: what other tools rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from knowledge.__main__ import main
from knowledge.base import KnowledgeBase

SHIPPED: Path = Settings.model_fields["criteria_file"].default


@pytest.fixture(autouse=True)
def machine(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the project's documents are indexed, and a folder without .env."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The one JSON object that `recommend` prints."""
    assert main(["recommend", *arguments, "--json"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_schema_lists_questions_with_their_options(capsys: pytest.CaptureFixture[str]) -> None:
    schema = run(capsys, "--schema")
    assert len(schema["questions"]) >= 10
    for question in schema["questions"]:
        assert question.keys() >= {"key", "text", "options"}
        assert all(option.keys() == {"key", "label"} for option in question["options"])


def test_the_recommendation_has_the_keys_of_the_contract_and_cites_what_is_indexed(
    capsys: pytest.CaptureFixture[str], knowledge: KnowledgeBase
) -> None:
    found = run(capsys, "--answers", "specialization=narrow,examples=many,tried=plateau,volume=unknown")

    assert found["recommendation"] == "fine_tuning"
    assert 0 <= found["confidence"] <= 1
    assert [reason["criterion"] for reason in found["reasons"]] == ["examples", "tried", "specialization"]
    texts = [chunk.text for chunk in knowledge.retriever.chunks]
    for reason in found["reasons"]:
        assert reason.keys() == {"criterion", "answer", "points_to", "weight", "citation"}
        assert any(reason["citation"]["quote"] in text for text in texts)
    assert all(change.keys() == {"key", "option", "recommendation"} for change in found["what_would_change_it"])
    assert found["next_question"] is not None


def test_no_answer_at_all_is_a_recommendation_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--answers", "")["recommendation"] == run(capsys)["recommendation"] == "prompt_engineering"


def test_nothing_is_left_to_ask_where_nothing_can_change_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--answers", "access=closed")["next_question"] is None


def test_a_description_fills_in_what_it_states_and_answers_come_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    text = "We have 4,000 labelled tickets and need it by Friday."
    assert run(capsys, "--describe", text)["answers"] == {"examples": "many", "deadline": "days"}
    assert run(capsys, "--describe", text, "--answers", "deadline=weeks")["answers"]["deadline"] == "weeks"


@pytest.mark.parametrize(
    "answers", ["color=red", "examples=lots", "examples", "examples=,", "examples=many,examples=none"]
)
def test_wrong_answers_are_wrong_usage(answers: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(["recommend", "--answers", answers, "--json"])
    except SystemExit as stop:
        status = int(str(stop.code))
    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert answers.partition("=")[0] in captured.err


def test_a_changed_weight_changes_the_recommendation_without_code(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(capsys, "--answers", "specialization=narrow")["recommendation"] == "combine"
    (tmp_path / "criteria.toml").write_text(SHIPPED.read_text().replace("weight = 7", "weight = 2", 1))
    monkeypatch.setenv("CRITERIA_FILE", str(tmp_path / "criteria.toml"))
    assert run(capsys, "--answers", "specialization=narrow")["recommendation"] == "prompt_engineering"


def test_check_reports_a_sentence_that_is_no_longer_indexed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["recommend", "--check"]) == 0
    capsys.readouterr()
    (tmp_path / "criteria.toml").write_text(
        SHIPPED.read_text()
        .replace("Low traffic", "No traffic")
        .replace("A handful of labeled examples fits", "A pair of labeled examples fits")
    )
    monkeypatch.setenv("CRITERIA_FILE", str(tmp_path / "criteria.toml"))
    assert main(["recommend", "--check"]) == 1
    assert "A pair of labeled examples fits" in capsys.readouterr().out


def test_without_an_index_it_recommends_without_citations_and_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "nothing"))
    assert main(["recommend", "--answers", "access=closed", "--json"]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert found["recommendation"] == "prompt_engineering"
    assert found["reasons"][0]["citation"] is None
    assert "python -m knowledge index" in captured.err


def test_people_read_the_reasons_and_what_tells_most_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recommend", "--describe", "We have 4,000 labelled tickets in our own taxonomy"]) == 0
    out = capsys.readouterr().out
    assert "Prompt first, then fine-tune" in out
    assert "choosing.md" in out
    assert "Tells most next" in out


def test_a_re_index_reports_the_citations_that_it_breaks(
    capsys: pytest.CaptureFixture[str], settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, documents = tmp_path / "data", tmp_path / "documents"
    data.mkdir()
    (data / "models").symlink_to(settings.data_dir / "models")
    documents.mkdir()
    heading = "How many labeled examples do I need at hand?"
    (documents / "choosing.md").write_text(f"# Choosing\n\n## {heading}\n\nNobody can tell.\n", encoding="utf-8")
    monkeypatch.setenv("DATA_DIR", str(data))
    monkeypatch.setenv("KNOWLEDGE_DIR", str(documents))

    assert main(["index", "--json"]) == 0

    notes = json.loads(capsys.readouterr().out)["notes"]
    assert any("choosing.md#How specialized does the task have to be?, which is not indexed" in note for note in notes)
    assert any("recommend --check" in note for note in notes)
