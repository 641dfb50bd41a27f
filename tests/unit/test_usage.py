"""What a chat model was used for is counted a day at a time, within the budget, and can be told in a sentence."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from knowledge.settings import KnowledgeSettings, load_settings
from knowledge.usage import Usage, UsageLog, of_today


def settings(data_dir: Path, chat_model: str) -> KnowledgeSettings:
    return load_settings(KnowledgeSettings, None).model_copy(update={"data_dir": data_dir, "chat_model": chat_model})


def test_maintainers_are_told_what_the_model_was_used_for(tmp_path: Path) -> None:
    log = UsageLog(tmp_path, 500_000)
    for spent, fallback in ((750, ""), (500, "timeout")):
        assert log.reserve(1000)
        log.settle(1000, spent, fallback)

    told = of_today(settings(tmp_path, "openai:x"))

    assert "1 of 2 questions answered, 1,250 of 500,000 tokens" in told
    assert "timeout 1" in told


def test_without_a_chat_model_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert of_today(settings(tmp_path, "")) == ""


def test_a_new_day_begins_at_nothing(tmp_path: Path) -> None:
    day = "2026-11-23"
    log = UsageLog(tmp_path, 1000, lambda: day)
    assert log.reserve(1000)
    assert not log.reserve(1)
    day = "2026-11-24"
    assert log.read() == Usage("2026-11-24")
    assert log.reserve(1000)


def test_threads_and_knowledge_bases_share_one_count(tmp_path: Path) -> None:
    def ask(_: int) -> bool:
        log = UsageLog(tmp_path, 1000)
        return log.reserve(100)

    with ThreadPoolExecutor(8) as threads:
        allowed = list(threads.map(ask, range(30)))

    assert sum(allowed) == 10
    assert UsageLog(tmp_path, 1000).read().questions == 30


def test_a_file_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "chat-usage.json").write_text("not JSON")
    assert UsageLog(tmp_path, 1000).read().questions == 0
