"""From a folder of documents to a published version: by the real model and embedded Chroma, on small folders."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from bot.settings import Settings
from knowledge import build, index, store
from knowledge.base import KnowledgeBase
from knowledge.embed import Embedder, load_embedder
from knowledge.errors import IndexMismatchError, KnowledgeError, NoIndexError, StoreUnreachableError
from knowledge.index import build_index
from knowledge.store import open_store
from knowledge.version import Pointer, VersionData

ROOT = Path(__file__).parents[2]
KEEL = "# Boats\n\n## What is a keel?\n\nA keel keeps a boat upright.\n"
DOUGH = "# Bread\n\n## What is dough?\n\nDough is flour and water.\n"
SAIL = "# Sails\n\n## What is a sail?\n\nA sail catches the wind.\n"


@pytest.fixture
def machine(settings: Settings, tmp_path: Path) -> Settings:
    """A machine that has the model but no index, and two documents."""
    documents, data = tmp_path / "documents", tmp_path / "data"
    documents.mkdir()
    data.mkdir()
    (data / "models").symlink_to(settings.data_dir / "models")
    (documents / "boats.md").write_text(KEEL)
    (documents / "bread.md").write_text(DOUGH)
    (tmp_path / "off_topic.txt").write_text("how do I tune a guitar\n")
    # Two sentences are no knowledge to calibrate a confidence on: every question is answered with the best there is.
    return settings.model_copy(
        update={
            "data_dir": data,
            "knowledge_dir": documents,
            "off_topic_file": tmp_path / "off_topic.txt",
            "keep_versions": 2,
            "answer_threshold": 0.0,
        }
    )


def published(machine: Settings) -> VersionData:
    store = open_store(machine)
    version = store.published()
    assert version is not None
    return store.read(version)


def answer(machine: Settings, question: str) -> str:
    return KnowledgeBase.open(machine).ask(question).text


# What a run does


def test_the_first_run_indexes_everything(machine: Settings) -> None:
    report = build_index(machine)
    assert (report.documents, report.chunks, report.added, report.embedded) == (2, 2, 2, 2)
    assert report.published
    assert report.version == open_store(machine).published()
    assert "upright" in answer(machine, "What is a keel?")


def test_a_run_that_finds_nothing_changed_embeds_nothing_and_makes_no_version(machine: Settings) -> None:
    first = build_index(machine)
    second = build_index(machine)
    assert (second.unchanged, second.embedded, second.published) == (2, 0, False)
    assert second.version == first.version
    assert len(open_store(machine).versions()) == 1


def test_force_makes_a_new_version_of_the_same_vectors(machine: Settings) -> None:
    first = build_index(machine)
    before = published(machine)
    second = build_index(machine, force=True)
    assert second.published
    assert second.version != first.version
    assert second.embedded == 0
    assert_same_vectors(published(machine), before)


def test_a_dry_run_reports_what_would_change_and_writes_nothing(machine: Settings) -> None:
    first = build_index(machine)
    (machine.knowledge_dir / "sails.md").write_text(SAIL)
    (machine.knowledge_dir / "bread.md").unlink()
    report = build_index(machine, dry_run=True)
    assert (report.added, report.removed, report.unchanged, report.published) == (1, 1, 1, False)
    assert (report.version, len(open_store(machine).versions())) == (first.version, 1)


def test_only_what_is_new_is_embedded_and_the_rest_keeps_its_vectors(machine: Settings) -> None:
    build_index(machine)
    before = published(machine)
    (machine.knowledge_dir / "sails.md").write_text(SAIL)
    (machine.knowledge_dir / "bread.md").write_text(DOUGH.replace("flour", "rye"))
    report = build_index(machine)
    assert (report.added, report.changed, report.removed, report.unchanged, report.embedded) == (1, 1, 0, 1, 2)
    after = published(machine)
    (kept,) = [number for number, chunk in enumerate(after.chunks) if chunk.document == "boats.md"]
    assert after.chunks[kept] == before.chunks[0]
    assert np.array_equal(after.chunk_vectors[kept], before.chunk_vectors[0])
    assert np.array_equal(after.sentence_vectors[kept], before.sentence_vectors[0])
    assert np.array_equal(after.question_vectors[kept], before.question_vectors[0])


def test_an_edited_document_answers_with_its_new_text_only(machine: Settings) -> None:
    build_index(machine)
    (machine.knowledge_dir / "bread.md").write_text(DOUGH.replace("flour and water", "rye and beer"))
    build_index(machine)
    text = answer(machine, "What is dough?")
    assert "rye and beer" in text
    assert "flour" not in text
    assert all("flour" not in chunk.text for chunk in published(machine).chunks)


def test_a_deleted_document_stops_answering(machine: Settings) -> None:
    build_index(machine)
    (machine.knowledge_dir / "bread.md").unlink()
    report = build_index(machine)
    assert (report.removed, report.unchanged, report.embedded) == (1, 1, 0)
    assert "flour" not in answer(machine, "What is dough?")
    assert {chunk.document for chunk in published(machine).chunks} == {"boats.md"}


def test_a_moved_document_keeps_its_vectors(machine: Settings) -> None:
    build_index(machine)
    (machine.knowledge_dir / "bread.md").rename(machine.knowledge_dir / "baking.md")
    report = build_index(machine)
    assert (report.added, report.removed, report.embedded) == (1, 1, 0)


def test_changed_off_topic_questions_make_a_new_version_and_embed_no_document(machine: Settings) -> None:
    build_index(machine)
    machine.off_topic_file.write_text("# comment\nhow do I tune a piano\n")
    report = build_index(machine)
    assert (report.unchanged, report.embedded, report.published) == (2, 0, True)
    assert published(machine).off_topic == ("how do I tune a piano",)


def test_another_folder_replaces_the_documents(machine: Settings, tmp_path: Path) -> None:
    build_index(machine)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "sails.md").write_text(SAIL)
    report = build_index(machine, source=tmp_path / "other")
    assert (report.added, report.removed) == (1, 2)
    assert "wind" in answer(machine, "What is a sail?")


def test_only_the_newest_versions_are_kept(machine: Settings) -> None:
    versions = [build_index(machine, force=True).version for _ in range(4)]
    assert [manifest.version for manifest in open_store(machine).versions()] == versions[:1:-1]


def test_the_progress_of_the_embedding_is_told(machine: Settings) -> None:
    told: list[tuple[str, int, int]] = []
    build_index(machine, progress=lambda stage, done, total: told.append((stage, done, total)))
    embedding = [(done, total) for stage, done, total in told if stage == "Embedding"]
    assert embedding[0][0] == 0
    assert embedding[-1][0] == embedding[-1][1] > 0


def assert_same_vectors(found: VersionData, expected: VersionData) -> None:
    assert found.chunks == expected.chunks
    assert np.array_equal(found.chunk_vectors, expected.chunk_vectors)
    assert np.array_equal(found.sentence_vectors, expected.sentence_vectors)
    assert np.array_equal(found.question_vectors, expected.question_vectors)
    assert np.array_equal(found.off_topic_vectors, expected.off_topic_vectors)


# What does not get published


def test_a_file_that_cannot_be_read_is_skipped_with_its_reason_and_the_rest_is_indexed(machine: Settings) -> None:
    (machine.knowledge_dir / "broken.pdf").write_bytes(b"%PDF-1.4 not really")
    report = build_index(machine)
    assert (report.documents, report.published) == (2, True)
    assert [item.path for item in report.skipped] == ["broken.pdf"]
    assert "broken.pdf" in report.skipped[0].reason


@pytest.mark.parametrize("content", [{}, {"empty.md": ""}, {"heading.md": "# Only a heading\n"}, {"a.bin": "bytes"}])
def test_a_folder_without_anything_to_answer_with_never_replaces_what_is_published(
    machine: Settings, tmp_path: Path, content: dict[str, str]
) -> None:
    first = build_index(machine)
    folder = tmp_path / "other"
    folder.mkdir()
    for name, text in content.items():
        (folder / name).write_text(text)
    with pytest.raises(KnowledgeError, match="the published version stays") as raised:
        build_index(machine, source=folder)
    assert str(folder) in str(raised.value)
    assert open_store(machine).published() == first.version


def test_a_folder_that_is_not_there_is_named(machine: Settings, tmp_path: Path) -> None:
    first = build_index(machine)
    with pytest.raises(KnowledgeError, match="KNOWLEDGE_DIR"):
        build_index(machine, source=tmp_path / "gone")
    assert open_store(machine).published() == first.version


# Another embedding model


def test_another_embedding_model_rebuilds_everything(machine: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build_index(machine)

    def other_model(settings: Settings) -> Embedder:
        embedder = load_embedder(settings)
        embedder.fingerprint = "another model"
        return embedder

    monkeypatch.setattr(index, "load_embedder", other_model)
    assert build_index(machine, dry_run=True).unchanged == 2
    report = build_index(machine)
    assert (report.unchanged, report.embedded, report.published) == (2, 2, True)
    assert report.version != first.version
    with pytest.raises(IndexMismatchError, match=r"EMBEDDING_MODEL.*python -m knowledge index"):
        KnowledgeBase.open(machine)
    monkeypatch.undo()
    assert build_index(machine).published
    assert "upright" in answer(machine, "What is a keel?")


def test_an_older_way_of_making_an_index_rebuilds_everything(
    machine: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(machine)
    monkeypatch.setattr(build, "RECIPE", "next")
    report = build_index(machine)
    assert (report.embedded, report.published) == (2, True)


# Other processes


INDEX_IN_A_PROCESS = """
import pickle, sys
from knowledge import base, embed, index, store, version_collections
settings = pickle.load(sys.stdin.buffer)
"""
# Each ends the process by kill -9 at one point of the build.
KILLED = {
    "before anything is embedded": "index.embed_plan = die",
    "with the vectors, before they are written": "store.DirectoryStore.write = die",
    "with some collections written": "version_collections._unreachable = die",
    "before the manifest is written": "store._write_durably = die",
    "before the version is published": "store.DirectoryStore.publish = die",
    "while the pointer is moved": "store.Path.replace = lambda a, b: (die if b.name == 'published' else rename)(a, b)",
}


@pytest.mark.parametrize("point", KILLED)
def test_a_build_that_is_killed_leaves_the_old_version_and_the_next_run_cleans_up(
    machine: Settings, point: str
) -> None:
    first = build_index(machine)
    (machine.knowledge_dir / "bread.md").write_text(DOUGH.replace("flour", "rye"))
    script = f"""
import os, signal
rename = store.Path.replace
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
{KILLED[point]}
index.build_index(settings)
"""
    assert in_a_process(machine, script).returncode == -9
    assert open_store(machine).published() == first.version
    assert "flour" in answer(machine, "What is dough?")
    report = build_index(machine)
    assert (report.changed, report.published) == (1, True)
    assert "rye" in answer(machine, "What is dough?")
    store = open_store(machine)
    assert store.unfinished() == []
    assert len(store.versions()) <= machine.keep_versions


def test_a_run_that_is_killed_after_publishing_has_published(machine: Settings) -> None:
    first = build_index(machine)
    (machine.knowledge_dir / "bread.md").write_text(DOUGH.replace("flour", "rye"))
    script = """
import os, signal
index._remove_old = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
index.build_index(settings)
"""
    assert in_a_process(machine, script).returncode == -9
    assert open_store(machine).published() != first.version
    assert "rye" in answer(machine, "What is dough?")
    assert not build_index(machine).published


def test_a_run_beside_another_is_refused(machine: Settings) -> None:
    with FileLock(machine.data_dir / "index.lock"):
        run = in_a_process(
            machine,
            """
try:
    index.build_index(settings)
except index.KnowledgeError as error:
    print(error)
""",
        )
    assert run.returncode == 0, run.stderr.decode()
    assert b"The index is being changed" in run.stdout
    assert open_store(machine).versions() == []


def test_a_running_knowledge_base_takes_up_what_another_process_publishes(machine: Settings) -> None:
    build_index(machine)
    running = KnowledgeBase.open(machine)
    before = running.version
    assert running.refresh() is False
    (machine.knowledge_dir / "bread.md").write_text(DOUGH.replace("flour", "rye"))
    run = in_a_process(machine, "index.build_index(settings)")
    assert run.returncode == 0, run.stderr.decode()
    assert running.version == before
    assert "flour" in running.ask("What is dough?").text
    assert running.refresh() is True
    assert running.version == open_store(machine).published() != before
    assert "rye" in running.ask("What is dough?").text
    assert running.refresh() is False


def test_a_knowledge_base_that_cannot_take_up_a_version_keeps_answering(machine: Settings) -> None:
    build_index(machine)
    running = KnowledgeBase.open(machine)
    before = running.version
    open_store(machine).publish(Pointer("v-that-is-not-there"))
    with pytest.raises(KnowledgeError, match="v-that-is-not-there"):
        running.refresh()
    assert running.version == before
    assert "upright" in running.ask("What is a keel?").text


def test_a_version_is_taken_up_when_its_store_comes_back(machine: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    build_index(machine)
    running = KnowledgeBase.open(machine)
    second = build_index(machine, force=True).version

    def out_of_reach(*_: object) -> VersionData:
        raise StoreUnreachableError("the server restarts")

    with monkeypatch.context() as patched:
        patched.setattr(store.DirectoryStore, "read", out_of_reach)
        with pytest.raises(StoreUnreachableError):
            running.refresh()
    assert running.refresh() is True
    assert running.version == second


def test_a_version_of_another_model_is_not_taken_up(machine: Settings) -> None:
    build_index(machine)
    running = KnowledgeBase.open(machine)
    before = running.version
    data = published(machine)
    store = open_store(machine)
    store.write(replace(data, manifest=replace(data.manifest, version="v-other", fingerprint="another model")))
    store.publish(Pointer("v-other"))
    with pytest.raises(IndexMismatchError, match="another model"):
        running.refresh()
    assert running.version == before


def test_without_an_index_there_is_no_knowledge_base(machine: Settings) -> None:
    with pytest.raises(NoIndexError, match="python -m knowledge index"):
        KnowledgeBase.open(machine)


def in_a_process(machine: Settings, script: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", INDEX_IN_A_PROCESS + script],
        input=pickle.dumps(machine),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
    )
