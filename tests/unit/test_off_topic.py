"""The file of questions that look like ours and are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings
from knowledge.errors import KnowledgeError
from knowledge.load import load_off_topic


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "off_topic.txt"


def test_each_line_is_a_question(file: Path) -> None:
    file.write_text("how do I tune a guitar\nwhat is a prompt payment?\n")
    assert load_off_topic(file) == ["how do I tune a guitar", "what is a prompt payment?"]


def test_comments_blank_lines_and_space_around_a_question_do_not_count(file: Path) -> None:
    file.write_text("# about music\n\n   how do I tune a guitar  \n   \n  # more\nwhat is C# tuning?\n")
    assert load_off_topic(file) == ["how do I tune a guitar", "what is C# tuning?"]


def test_a_question_that_stands_there_twice_counts_once(file: Path) -> None:
    file.write_text("one?\ntwo?\none?\n")
    assert load_off_topic(file) == ["one?", "two?"]


def test_the_mark_and_line_ends_of_a_windows_editor_do_no_harm(file: Path) -> None:
    file.write_bytes("\ufeff# naïve\r\nhow do I tune a güiro?\r\n".encode())
    assert load_off_topic(file) == ["how do I tune a güiro?"]


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing yet\n"])
def test_a_file_without_questions_is_allowed(file: Path, content: str) -> None:
    file.write_text(content)
    assert load_off_topic(file) == []


def test_a_missing_file_is_named_with_its_setting(file: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"off_topic\.txt \(OFF_TOPIC_FILE\) cannot be read.*Set OFF_TOPIC_FILE"):
        load_off_topic(file)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="OFF_TOPIC_FILE"):
        load_off_topic(tmp_path)


def test_a_file_that_is_no_text_is_refused(file: Path) -> None:
    file.write_bytes(b"how \xff\xfe\x00")
    with pytest.raises(KnowledgeError, match="OFF_TOPIC_FILE"):
        load_off_topic(file)


def test_the_projects_own_file_holds_hundreds_of_questions(settings: Settings) -> None:
    questions = load_off_topic(settings.off_topic_file)
    assert len(questions) >= 300
    assert len({question.casefold() for question in questions}) == len(questions)
