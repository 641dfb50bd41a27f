"""`python -m knowledge`: what is printed where, and the exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from knowledge import index
from knowledge.__main__ import main
from knowledge.lock import index_lock
from knowledge.settings import KnowledgeSettings, load_settings

ROOT = Path(__file__).parents[2]
COVERED = "Which is cheaper, prompt engineering or fine-tuning?"
NOT_COVERED = "Who won the football world cup in 1998?"
PASSAGES = 10


@pytest.fixture(autouse=True)
def machine(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the project's documents are indexed, and a folder without .env."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))


@pytest.fixture
def empty_machine(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has the model but no index, and two small documents; the folder of these."""
    data, documents = tmp_path / "data", tmp_path / "documents"
    data.mkdir()
    (data / "models").symlink_to(settings.data_dir / "models")
    documents.mkdir()
    (documents / "boats.md").write_text("# Boats\n\n## What is a keel?\n\nA keel keeps a boat upright.\n")
    (documents / "bread.md").write_text("# Bread\n\n## What is dough?\n\nDough is flour and water.\n")
    (tmp_path / "off_topic.txt").write_text("how do I tune a guitar\n")
    monkeypatch.setenv("DATA_DIR", str(data))
    monkeypatch.setenv("KNOWLEDGE_DIR", str(documents))
    monkeypatch.setenv("OFF_TOPIC_FILE", str(tmp_path / "off_topic.txt"))
    return documents


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The one JSON object that the command prints."""
    assert main([*arguments, "--json"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    found: dict[str, Any] = json.loads(out)
    return found


# ask


def test_ask_prints_the_answer_its_sources_and_the_confidence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", COVERED]) == 0
    out = capsys.readouterr().out
    assert "[1]" in out
    assert ".md" in out
    assert "Confidence" in out
    assert "\x1b" not in out


def test_ask_json_has_the_keys_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "ask", COVERED)
    contract = {"question", "kind", "by", "removed", "text", "confidence", "citations", "passages", "version"}
    assert set(found) == contract | {"note", "suggestions", "understood"}
    assert (found["question"], found["kind"], found["by"], found["removed"]) == (COVERED, "answer", "extractive", [])
    assert 0 <= found["confidence"] <= 1
    assert all(set(each) == {"marker", "document", "section", "quote"} for each in found["citations"])
    assert all(f"[{each['marker']}]" in found["text"] for each in found["citations"])
    assert len(found["passages"]) == PASSAGES
    assert all(set(each) == {"document", "section", "text", "score"} for each in found["passages"])
    scores = [each["score"] for each in found["passages"]]
    assert scores == sorted(scores, reverse=True)


def test_what_is_not_covered_is_an_abstention_that_cites_nothing_and_succeeds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = run_json(capsys, "ask", NOT_COVERED)
    assert (found["kind"], found["citations"]) == ("abstain", [])
    assert found["text"]
    assert found["suggestions"]


def test_a_file_of_questions_is_answered_a_line_each_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "questions.txt"
    file.write_text(f"﻿{COVERED}\n\n   \n{NOT_COVERED}\r\nwhat is lora", encoding="utf-8")
    assert main(["ask", "--file", str(file), "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["question"] for answer in answers] == [COVERED, NOT_COVERED, "what is lora"]


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_fails(["ask", "--file", str(tmp_path / "none.txt"), "--json"], "none.txt", capsys)


def test_a_file_that_is_no_text_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    assert_fails(["ask", "--file", str(tmp_path / "binary.txt"), "--json"], "UTF-8", capsys)


def test_a_question_is_understood_after_the_one_before(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "ask", "and fine-tuning?", "--after", "What does prompt engineering cost?")

    assert found["question"] == "and fine-tuning?"
    assert found["understood"] == "What does fine-tuning cost?"
    assert {"document": "cost-and-resources.md", "section": "What does training cost in fine-tuning?"}.items() <= (
        found["citations"][0].items()
    )


def test_an_unrelated_question_is_answered_as_without_the_one_before(capsys: pytest.CaptureFixture[str]) -> None:
    alone = run_json(capsys, "ask", COVERED)

    assert run_json(capsys, "ask", COVERED, "--after", "What does LoRA change?") == alone


# evaluate, status, versions


def test_evaluate_json_has_the_scores_and_every_question(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "evaluate")
    shares = [found[name] for name in ("recall@1", "recall@5", "mrr", "answered", "abstained", "cited", "phrase")]
    assert all(0 <= share <= 1 for share in shares)
    assert found["false_answers"] == len(found["falsely_answered"])
    refused_wrongly = [
        each["question"] for each in found["questions"] if (each["expected"], each["kind"]) == ("abstain", "answer")
    ]
    assert refused_wrongly == found["falsely_answered"]
    assert (found["left_out"], found["missing_sections"]) == (0, [])


def test_evaluate_prints_a_table_that_explains_its_scores(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("recall@1", "mrr", "abstained", "questions to refuse that got an answer"))


def test_documents_without_golden_questions_cannot_be_evaluated(
    empty_machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["index"])
    capsys.readouterr()
    assert_fails(["evaluate", "--json"], "GOLDEN_FILE", capsys)


def test_status_follows_the_documents(empty_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_json(capsys, "status")["version"] is None
    version = run_json(capsys, "index")["version"]
    found = run_json(capsys, "status")
    assert (found["version"], found["documents"], found["chunks"]) == (version, 2, 2)
    assert (found["changes"], found["problem"]) == ({"added": 0, "changed": 0, "removed": 0}, None)
    (empty_machine / "bread.md").write_text("# Bread\n\nDough rises overnight.\n")
    (empty_machine / "boats.md").unlink()
    assert run_json(capsys, "status")["changes"] == {"added": 0, "changed": 1, "removed": 1}


def test_status_says_what_to_do(empty_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 0
    assert "python -m knowledge index" in capsys.readouterr().out
    main(["index"])
    capsys.readouterr()
    assert main(["status"]) == 0
    assert "unchanged since" in capsys.readouterr().out


def test_status_shows_the_published_version_though_the_documents_are_gone(
    empty_machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["index"])
    capsys.readouterr()
    monkeypatch.setenv("KNOWLEDGE_DIR", str(empty_machine / "gone"))
    found = run_json(capsys, "status")
    assert found["version"]
    assert found["changes"] is None
    assert "gone" in found["problem"]


def test_versions_are_listed_newest_first(empty_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_json(capsys, "versions") == {"versions": []}
    first, second = run_json(capsys, "index")["version"], run_json(capsys, "index", "--force")["version"]
    versions = run_json(capsys, "versions")["versions"]
    assert [(each["version"], each["published"]) for each in versions] == [(second, True), (first, False)]
    assert main(["versions"]) == 0
    assert "published" in capsys.readouterr().out


# index


def test_index_json_reports_the_run(empty_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (empty_machine / "broken.pdf").write_bytes(b"no PDF")
    found = run_json(capsys, "index")
    assert found.pop("seconds") > 0
    assert found.pop("version")
    skipped = found.pop("skipped")
    assert found.pop("files") == {"added": ["boats.md", "bread.md"], "changed": [], "removed": [], "unchanged": 0}
    assert found.pop("chunk_changes") == {"added": 2, "changed": 0, "removed": 0, "unchanged": 0}
    assert "No golden question names one of these documents" in found.pop("notes")[0]
    assert found == {
        "documents": 2,
        "chunks": 2,
        "added": 2,
        "changed": 0,
        "removed": 0,
        "unchanged": 0,
        "embedded": 2,
        "published": True,
        "rebuild": "",
        "scores": {"before": None, "after": None},
        "worse": [],
        "refused": "",
        "forced": False,
    }
    assert [set(each) for each in skipped] == [{"file", "reason"}]
    assert skipped[0]["file"] == "broken.pdf"


def test_a_second_run_says_that_nothing_has_changed(empty_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = run_json(capsys, "index")
    second = run_json(capsys, "index")
    assert (second["published"], second["embedded"], second["unchanged"]) == (False, 0, 2)
    assert second["version"] == first["version"]
    assert main(["index"]) == 0
    assert "Nothing has changed" in capsys.readouterr().out


def test_a_refused_version_ends_with_status_1_and_the_questions_that_got_worse(
    empty_machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = tmp_path / "golden.yaml"
    golden.write_text('answerable: [{question: "what keeps a boat upright", sections: ["boats.md#What is a keel?"]}]')
    monkeypatch.setenv("GOLDEN_FILE", str(golden))
    monkeypatch.setenv("ANSWER_THRESHOLD", "0")
    first = run_json(capsys, "index")
    assert first["scores"]["after"] == {"questions": 1, "recall_at_5": 1.0, "answered": 1.0, "abstained": None}
    (empty_machine / "boats.md").write_text("# Boats\n\n## Harbours\n\nThe harbour opens at nine.\n")
    assert main(["index", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["published"], report["version"]) == (False, first["version"])
    assert "worse than version" in report["refused"]
    (worse,) = report["worse"]
    assert worse["question"] == "what keeps a boat upright"
    assert worse["before"]["text"] == "A keel keeps a boat upright."
    assert set(worse["after"]) == {"document", "section", "text"}
    assert main(["index"]) == 1
    out = capsys.readouterr().out
    assert "Not published" in out
    assert "A keel keeps a boat upright." in out
    assert main(["index", "--force", "--reason", "the keel was wrong"]) == 0
    assert "because of --force" in capsys.readouterr().out
    newest = run_json(capsys, "versions")["versions"][0]
    assert (newest["reason"], newest["previous"]) == ("the keel was wrong", first["version"])
    assert "worse than version" in newest["forced"]
    assert newest["by"]


def test_a_dry_run_names_the_files_and_counts_the_chunks_that_differ(
    empty_machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_json(capsys, "index")
    (empty_machine / "boats.md").write_text("# Boats\n\n## What is a keel?\n\nA keel is a fin.\n")
    (empty_machine / "sails.md").write_text("# Sails\n\nA sail catches the wind.\n")
    found = run_json(capsys, "index", "--dry-run")
    assert found["files"] == {"added": ["sails.md"], "changed": ["boats.md"], "removed": [], "unchanged": 1}
    assert found["chunk_changes"] == {"added": 1, "changed": 1, "removed": 0, "unchanged": 1}
    assert main(["index", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "+ sails.md" in out
    assert "~ boats.md" in out
    assert "Chunks: 1 added, 1 changed, 0 removed, 1 unchanged." in out


def test_a_rollback_is_shown_by_status_and_versions_and_not_undone_by_the_next_run(
    empty_machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run_json(capsys, "index")["version"]
    (empty_machine / "bread.md").write_text("# Bread\n\n## What is dough?\n\nDough is rye.\n")
    second = run_json(capsys, "index")["version"]
    report = run_json(capsys, "rollback")
    assert (report["version"], report["previous"]) == (first, second)
    status = run_json(capsys, "status")
    assert (status["version"], status["withdrawn"], status["at_work"]) == (first, [second], None)
    shown = {
        each["version"]: (each["published"], each["withdrawn"]) for each in run_json(capsys, "versions")["versions"]
    }
    assert shown == {first: (True, False), second: (False, True)}
    assert main(["index"]) == 0
    assert f"roll back to {second}" in capsys.readouterr().out
    assert run_json(capsys, "status")["version"] == first
    assert run_json(capsys, "rollback", second)["version"] == second
    assert_fails(["rollback", "v-none"], "There is no version v-none", capsys)


def test_status_says_who_is_at_work(empty_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_json(capsys, "index")
    with index_lock(load_settings(KnowledgeSettings, None), "alice"):
        assert run_json(capsys, "status")["at_work"]["by"] == "alice"
        assert main(["status"]) == 0
        assert "being changed at this moment: alice, since" in capsys.readouterr().out
        assert_fails(["index", "--json"], "alice, since", capsys)


def test_a_changed_language_is_noticed_and_means_that_everything_is_embedded_anew(
    empty_machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_json(capsys, "index")
    monkeypatch.setenv("LANGUAGE", "german")
    assert run_json(capsys, "status")["rebuild"] == "language english is now german"
    report = run_json(capsys, "index")
    assert (report["published"], report["embedded"]) == (True, 2)


def test_a_dry_run_writes_nothing(empty_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "index", "--dry-run")
    assert (found["added"], found["published"], found["version"]) == (2, False, None)
    assert run_json(capsys, "status")["version"] is None


def test_another_folder_can_be_indexed(empty_machine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("A note about sails.")
    assert run_json(capsys, "index", "--source", str(tmp_path / "other"))["documents"] == 1


def test_an_interrupted_run_says_in_one_line_that_nothing_is_lost(
    empty_machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    version = run_json(capsys, "index")["version"]

    def interrupted(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(index, "embed_plan", interrupted)
    assert_fails(["index", "--force", "--json"], "keeps serving", capsys)
    monkeypatch.undo()
    monkeypatch.setenv("DATA_DIR", str(empty_machine.parent / "data"))
    assert run_json(capsys, "ask", "What is a keel?")["version"] == version


# What goes wrong


def assert_fails(arguments: Sequence[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error that names it, nothing on standard output, status 1."""
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert named in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["ask", "Why?"], ["ask", "Why?", "--json"], ["evaluate"]])
def test_without_an_index_the_command_that_makes_one_is_named(
    empty_machine: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert_fails(arguments, "python -m knowledge index", capsys)


def test_an_empty_folder_is_refused_with_a_reason(
    empty_machine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "nothing").mkdir()
    assert_fails(["index", "--source", str(tmp_path / "nothing"), "--json"], "nothing", capsys)


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ANSWER_THRESHOLD", "two")
    assert_fails(["status"], "ANSWER_THRESHOLD", capsys)


def test_a_misspelt_setting_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".env").write_text("CHROMA_ULR=http://localhost:8000\n")
    assert_fails(["ask", "Why?"], "CHROMA_URL", capsys)


def test_a_chroma_server_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHROMA_URL", "http://127.0.0.1:9")
    assert_fails(["status", "--json"], "http://127.0.0.1:9", capsys)


@pytest.mark.parametrize(
    "arguments", [[], ["learn"], ["ask"], ["ask", "Why?", "--file", "x.txt"], ["index", "--sauce", "x"]]
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    assert "usage:" in capsys.readouterr().err


# In a process of its own


def test_help_imports_neither_chroma_nor_onnxruntime() -> None:
    run = python("-X", "importtime", "-c", "from knowledge.__main__ import main; main(['--help'])", expect=0)
    imported = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines()}
    assert "knowledge.settings" in imported
    assert imported.isdisjoint(
        {"chromadb", "onnxruntime", "torch", "sentence_transformers", "discord", "langchain_core"}
    )


def test_a_reader_that_goes_away_causes_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "questions.txt").write_text(f"{COVERED}\n" * 40)
    command = [sys.executable, "-m", "knowledge", "ask", "--file", str(tmp_path / "questions.txt"), "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


def python(*arguments: str, expect: int) -> subprocess.CompletedProcess[str]:
    run = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, env=environment())
    assert run.returncode == expect, run.stderr
    return run


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}
