"""What is published and what is not: the gate of golden questions, going back, and cancelling."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.settings import Settings
from knowledge import chroma
from knowledge.answer import compose
from knowledge.base import KnowledgeBase
from knowledge.errors import IndexCancelledError, KnowledgeError
from knowledge.index import build_index, preview, rollback
from knowledge.store import open_store
from knowledge.version import Manifest, VersionData

KEEL = "# Boats\n\n## What is a keel?\n\nA keel keeps a boat upright.\n"
DOUGH = "# Bread\n\n## What is dough?\n\nDough is flour and water.\n"
SAIL = "# Sails\n\n## What is a sail?\n\nA sail catches the wind.\n"
GOLDEN = """
answerable:
  - question: "what keeps a boat upright"
    sections: ["boats.md#What is a keel?"]
  - question: "what is dough made of"
    sections: ["bread.md#What is dough?"]
  - question: "what catches the wind"
    sections: ["sails.md#What is a sail?"]
refused:
  - question: "who won the world cup in 1998"
"""


@pytest.fixture
def machine(settings: Settings, tmp_path: Path) -> Settings:
    """A machine that has the model but no index, three documents, and golden questions about them."""
    documents, data = tmp_path / "documents", tmp_path / "data"
    documents.mkdir()
    data.mkdir()
    (data / "models").symlink_to(settings.data_dir / "models")
    for name, text in (("boats.md", KEEL), ("bread.md", DOUGH), ("sails.md", SAIL)):
        (documents / name).write_text(text)
    (tmp_path / "off_topic.txt").write_text("how do I tune a guitar\n")
    (tmp_path / "golden.yaml").write_text(GOLDEN)
    return settings.model_copy(
        update={
            "data_dir": data,
            "knowledge_dir": documents,
            "off_topic_file": tmp_path / "off_topic.txt",
            "golden_file": tmp_path / "golden.yaml",
            "answer_threshold": 0.05,  # three sentences make nobody sure
        }
    )


def published(machine: Settings) -> Manifest:
    store = open_store(machine)
    return next(manifest for manifest in store.versions() if manifest.version == store.published())


def break_dough(machine: Settings) -> None:
    """The answer to one golden question stands under another heading, and not in the same words."""
    (machine.knowledge_dir / "bread.md").write_text("# Bread\n\n## Opening hours\n\nThe shop opens at nine.\n")


def answer(machine: Settings, question: str) -> str:
    return KnowledgeBase.open(machine).ask(question).text


# The gate


def test_a_version_that_answers_worse_is_not_published_and_the_report_names_the_question(machine: Settings) -> None:
    first = build_index(machine)
    assert first.after is not None
    assert first.after.recall_at_5 == first.after.answered == 1.0
    break_dough(machine)
    report = build_index(machine)
    assert (report.published, report.version) == (False, first.version)
    assert "worse than version" in report.refused
    assert report.before == first.after
    assert report.after is not None
    assert report.after.recall_at_5 == pytest.approx(2 / 3)
    (worse,) = report.worse
    assert worse.question == "what is dough made of"
    assert worse.before is not None
    assert worse.before.text == "Dough is flour and water."
    assert worse.after is not None
    assert worse.after.section.heading != "What is dough?"
    store = open_store(machine)
    assert [manifest.version for manifest in store.versions()] == [first.version]
    assert store.unfinished() == []
    assert "flour" in answer(machine, "what is dough made of")


def test_force_publishes_a_worse_version_and_records_who_and_why(machine: Settings) -> None:
    build_index(machine)
    break_dough(machine)
    report = build_index(machine, force=True, by="1234", reason="the shop moved")
    assert (report.published, report.forced, report.refused) == (True, True, "")
    manifest = published(machine)
    assert (manifest.by, manifest.reason) == ("1234", "the shop moved")
    assert "worse than version" in manifest.forced


def test_what_a_tolerance_allows_is_published(machine: Settings) -> None:
    build_index(machine)
    break_dough(machine)
    lenient = machine.model_copy(update={"gate_recall_tolerance": 0.34, "gate_answered_tolerance": 0.34})
    report = build_index(lenient)
    assert (report.published, report.forced) == (True, False)
    assert [worse.question for worse in report.worse] == ["what is dough made of"]


def test_a_document_that_is_removed_on_purpose_takes_its_golden_questions_with_it(machine: Settings) -> None:
    build_index(machine)
    (machine.knowledge_dir / "bread.md").unlink()
    report = build_index(machine)
    assert report.published
    assert report.worse == ()
    assert "flour" not in answer(machine, "what is dough made of")


def test_fewer_than_half_of_the_documents_are_never_published_not_even_by_force(machine: Settings) -> None:
    first = build_index(machine)
    (machine.knowledge_dir / "bread.md").unlink()
    (machine.knowledge_dir / "sails.md").unlink()
    report = build_index(machine, force=True)
    assert (report.published, report.version) == (False, first.version)
    assert "Only 1 documents were found" in report.refused
    assert build_index(machine.model_copy(update={"gate_documents_share": 0.0})).published


def test_a_folder_without_golden_questions_has_no_gate_and_the_run_says_so(machine: Settings, tmp_path: Path) -> None:
    (tmp_path / "golden.yaml").write_text(GOLDEN.replace(".md#", ".txt#"))
    report = build_index(machine)
    assert report.published
    assert report.notes == ("No golden question names one of these documents, so no gate kept a worse version out.",)


def test_a_version_records_who_made_it_out_of_what_and_how_good_it_is(machine: Settings) -> None:
    first = build_index(machine, by="1234")
    (machine.knowledge_dir / "boats.md").write_text(KEEL + "\nA rudder steers it.\n")
    build_index(machine, by="5678")
    manifest = published(machine)
    assert (manifest.by, manifest.previous, manifest.forced) == ("5678", first.version, "")
    assert (manifest.added, manifest.changed, manifest.removed) == ([], ["boats.md"], [])
    assert manifest.chunk_changes == {"added": 0, "changed": 1, "removed": 0, "unchanged": 2}
    assert manifest.scores == {"questions": 4, "recall_at_5": 1.0, "answered": 1.0, "abstained": 1.0}
    assert manifest.embedding_model == "all-MiniLM-L6-v2 (packaged)"
    assert manifest.fingerprint
    assert set(manifest.shape) == {"language", "chunk_characters", "recipe"}


def test_a_manifest_of_an_older_release_is_read_and_gates_nothing(machine: Settings) -> None:
    version = build_index(machine).version
    file = machine.data_dir / "index" / "versions" / str(version) / "manifest.json"
    manifest = json.loads(file.read_text())
    old_names = list(Manifest.__dataclass_fields__)[:12]
    assert old_names[-1] == "shape"
    file.write_text(json.dumps({name: manifest[name] for name in old_names} | {"of_a_later_release": 1}))
    (machine.data_dir / "index" / "published").write_text(f"{version}")
    assert "upright" in answer(machine, "what keeps a boat upright")
    break_dough(machine)
    report = build_index(machine)
    assert (report.changed, report.chunk_changes.unchanged) == (1, 2)
    assert report.published
    assert report.notes == (
        "The published version has no scores to compare with, so no gate kept a worse version out.",
    )


# Going back


@pytest.fixture
def two_versions(machine: Settings) -> tuple[str, str]:
    """The names of two versions: the second one changed what dough is made of."""
    first = build_index(machine).version
    (machine.knowledge_dir / "bread.md").write_text(DOUGH.replace("flour", "rye"))
    second = build_index(machine).version
    assert first is not None
    assert second is not None
    return first, second


def test_a_rollback_publishes_the_version_before(machine: Settings, two_versions: tuple[str, str]) -> None:
    first, second = two_versions
    report = rollback(machine, by="1234")
    assert (report.version, report.previous) == (first, second)
    assert "flour" in answer(machine, "what is dough made of")
    pointer = open_store(machine).pointer()
    assert pointer is not None
    assert (pointer.version, pointer.by, pointer.withdrawn) == (first, "1234", (second,))


def test_the_next_run_does_not_publish_again_what_was_rolled_back(
    machine: Settings, two_versions: tuple[str, str]
) -> None:
    first, second = two_versions
    rollback(machine, by="1234")
    report = build_index(machine)
    assert (report.published, report.refused, report.version) == (False, "", first)
    assert second in report.notes[0]
    assert "1234 rolled back" in report.notes[0]


def test_after_a_rollback_changed_documents_are_published(machine: Settings, two_versions: tuple[str, str]) -> None:
    first, second = two_versions
    rollback(machine)
    (machine.knowledge_dir / "bread.md").write_text(DOUGH.replace("flour", "spelt"))
    assert build_index(machine).published
    assert published(machine).previous == first
    assert rollback(machine).version == first
    assert rollback(machine, second).version == second


def test_force_publishes_again_what_was_rolled_back(machine: Settings, two_versions: tuple[str, str]) -> None:
    rollback(machine)
    assert build_index(machine, force=True).published
    assert "rye" in answer(machine, "what is dough made of")


def test_a_rollback_goes_forward_again(machine: Settings, two_versions: tuple[str, str]) -> None:
    first, second = two_versions
    rollback(machine)
    assert rollback(machine, second).previous == first
    assert open_store(machine).pointer().withdrawn == ()  # type: ignore[union-attr]
    report = build_index(machine)
    assert (report.published, report.notes) == (False, ())


def test_the_version_that_was_rolled_back_to_is_kept_longer_than_newer_ones(
    machine: Settings, two_versions: tuple[str, str]
) -> None:
    first, _ = two_versions
    keeping_two = machine.model_copy(update={"keep_versions": 2})
    rollback(machine)
    third = build_index(keeping_two, force=True).version
    assert [manifest.version for manifest in open_store(machine).versions()] == [third, first]


@pytest.mark.parametrize(
    ("go_back", "problem"),
    [
        (lambda machine, first, second: rollback(machine, "v-none"), "There is no version v-none. Kept are: "),
        (lambda machine, first, second: rollback(machine, second), "is the published one already"),
        (lambda machine, first, second: [rollback(machine), rollback(machine)], "no older version"),
    ],
)
def test_a_rollback_that_cannot_be_is_refused(
    machine: Settings, two_versions: tuple[str, str], go_back: Callable[..., object], problem: str
) -> None:
    with pytest.raises(KnowledgeError, match=problem):
        go_back(machine, *two_versions)


def test_a_version_that_this_release_cannot_read_is_not_gone_back_to(
    machine: Settings, two_versions: tuple[str, str]
) -> None:
    first, second = two_versions
    with chroma.embedded(machine.data_dir / "index" / "versions" / first / "chroma") as client:
        chunks = client.get_collection(f"{first}-chunks", embedding_function=None)
        chunks.update(ids=chunks.get()["ids"], metadatas=[{"asked": None} for _ in chunks.get()["ids"]])
    with pytest.raises(KnowledgeError, match=f"{first} was written by another release"):
        rollback(machine)
    assert open_store(machine).published() == second


def test_nothing_published_cannot_be_rolled_back(machine: Settings) -> None:
    with pytest.raises(KnowledgeError, match="Nothing has been published"):
        rollback(machine)


# Looking ahead, and stopping


def test_a_preview_answers_from_the_documents_and_publishes_nothing(machine: Settings) -> None:
    first = build_index(machine)
    (machine.knowledge_dir / "bread.md").write_text(DOUGH.replace("flour", "rye"))
    retriever = preview(machine)
    found = compose(retriever.search("what is dough made of"), retriever.version, machine.answer_threshold)
    assert "rye" in found.text
    store = open_store(machine)
    assert (store.published(), len(store.versions()), store.unfinished()) == (first.version, 1, [])


def contents(folder: Path) -> dict[str, bytes]:
    """Every file; of Chroma's the name alone, because even a reader writes to them."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): b"" if "chroma" in path.parts else path.read_bytes()
        for path in files
        if not path.name.endswith(("-wal", "-shm"))
    }


def test_a_cancelled_run_leaves_everything_as_it_was_wherever_it_is_cancelled(machine: Settings) -> None:
    build_index(machine)
    (machine.knowledge_dir / "bread.md").write_text(DOUGH.replace("flour", "rye"))
    moments: list[str] = []
    build_index(machine, force=True, progress=lambda stage, *_: moments.append(stage))
    rollback(machine)
    before = contents(machine.data_dir / "index")
    for moment in range(len(moments)):
        asked = iter(range(len(moments)))
        with pytest.raises(IndexCancelledError, match="keeps serving"):
            build_index(machine, force=True, cancelled=lambda asked=asked, moment=moment: next(asked) == moment)  # type: ignore[misc]
        assert contents(machine.data_dir / "index") == before
    assert {"Reading documents", "Embedding", "Scoring golden questions"} < set(moments)


def test_the_data_that_a_preview_embeds_is_what_a_run_writes(machine: Settings) -> None:
    retriever = preview(machine)
    build_index(machine)
    data: VersionData = open_store(machine).read(published(machine).version)
    assert retriever.chunks == data.chunks
