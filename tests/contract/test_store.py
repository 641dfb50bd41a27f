"""What every store keeps to, run on embedded Chroma and on a real Chroma server."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import chromadb
import numpy as np
import pytest
from chromadb.api import ClientAPI

from bot.settings import Settings
from knowledge import chroma, version_collections
from knowledge.embed import Vectors
from knowledge.errors import DamagedVersionError, KnowledgeError, StoreUnreachableError
from knowledge.settings import load_settings
from knowledge.store import DirectoryStore, ServerStore, Store, open_store
from knowledge.types import Chunk
from knowledge.version import Manifest, Pointer, VersionData

ROOT = Path(__file__).parents[2]
DIMENSION = 8


class Kept(NamedTuple):
    """A store, the settings that open it again, and a way to lose the sentences of a version."""

    store: Store
    settings: Settings
    damage: Callable[[str], None]


@pytest.fixture(params=["embedded", "server"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    """An empty store of each kind."""
    settings = load_settings(Settings, None).model_copy(update={"data_dir": tmp_path})
    if request.param == "embedded":

        def damage(version: str) -> None:
            with chroma.embedded(tmp_path / "index" / "versions" / version / "chroma") as client:
                lose_sentences(client, version)

        return Kept(open_store(settings), settings, damage)
    url: str = request.getfixturevalue("chroma_server")
    client = chromadb.HttpClient(host="127.0.0.1", port=int(url.rpartition(":")[2]))
    for collection in client.list_collections():
        client.delete_collection(collection.name)
    settings = settings.model_copy(update={"chroma_url": url})
    return Kept(open_store(settings), settings, lambda version: lose_sentences(client, version))


def lose_sentences(client: ClientAPI, version: str) -> None:
    collection = client.get_collection(f"{version}-sentences", embedding_function=None)
    collection.delete(ids=collection.get(limit=1)["ids"])


def version_data(version: str, *, created: str = "2026-01-01T00:00:00.000+00:00", chunks: int = 3) -> VersionData:
    """A small version: each chunk has another number of sentences and questions, the first one none of these."""
    made = tuple(
        Chunk(
            id=f"{version}-{number}",
            document=f"folder/{number % 2}.md",
            title="Füße & 漢字",
            section="What is it?",
            heading_path=("Füße & 漢字", "What is it?"),
            text=" ".join(f"Sentence {index} of {number}." for index in range(number + 1)),
            sentences=tuple(f"Sentence {index} of {number}." for index in range(number + 1)),
            kind="row" if number else "prose",
            position=number,
            asked=tuple(f"what is {number}, {index}" for index in range(number)),
            cells=tuple((f"Höhe {index}", "漢字; a: b") for index in range(number)),
        )
        for number in range(chunks)
    )
    ordered = tuple(sorted(made, key=lambda chunk: (chunk.document, chunk.position)))
    sentences, questions = sum(len(chunk.sentences) for chunk in made), sum(len(chunk.asked) for chunk in made)
    manifest = Manifest(
        version=version,
        created=created,
        fingerprint="model",
        dimension=DIMENSION,
        documents={"folder/0.md": "a", "folder/1.md": "b"},
        titles={"folder/0.md": "Füße & 漢字", "folder/1.md": "Füße & 漢字"},
        chunks=chunks,
        sentences=sentences,
        questions=questions,
        off_topic=2,
        off_topic_digest="c",
        shape={"recipe": "1"},
    )
    return VersionData(
        manifest=manifest,
        chunks=ordered,
        chunk_vectors=vectors(chunks),
        sentence_vectors=vectors(sentences),
        question_vectors=vectors(questions),
        off_topic=("how do I tune a guitar", "how do I fine-tune a piano"),
        off_topic_vectors=vectors(2),
    )


def vectors(count: int) -> Vectors:
    drawn = np.random.default_rng(count).normal(size=(count, DIMENSION))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn.astype(np.float32)


def assert_same(found: VersionData, written: VersionData) -> None:
    assert (found.manifest, found.chunks, found.off_topic) == (written.manifest, written.chunks, written.off_topic)
    for name in ("chunk_vectors", "sentence_vectors", "question_vectors", "off_topic_vectors"):
        # Chroma normalises what it compares by cosine once more, which can change the last bit.
        np.testing.assert_allclose(getattr(found, name), getattr(written, name), atol=1e-6)


def test_a_new_store_holds_nothing(kept: Kept) -> None:
    assert (kept.store.published(), kept.store.versions(), kept.store.unfinished()) == (None, [], [])


def test_what_was_written_is_read_back(kept: Kept) -> None:
    written = version_data("v-one")
    kept.store.write(written)
    assert_same(kept.store.read("v-one"), written)
    assert_same(open_store(kept.settings).read("v-one"), written)


def test_more_records_than_one_batch_are_read_back_exactly(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_collections, "BATCH_SIZE", 4)
    written = version_data("v-many", chunks=6)
    kept.store.write(written)
    assert_same(kept.store.read("v-many"), written)


def test_a_version_without_questions_is_read_back(kept: Kept) -> None:
    written = version_data("v-plain", chunks=1)
    assert written.manifest.questions == 0
    kept.store.write(written)
    assert_same(kept.store.read("v-plain"), written)


def test_what_a_version_at_hand_has_too_is_taken_from_there(kept: Kept) -> None:
    written = version_data("v-one")
    kept.store.write(written)
    changed = replace(written.chunks[0], text=f"{written.chunks[0].text} More.")
    at_hand = replace(
        written,
        chunks=(changed, *(replace(chunk, position=chunk.position + 7) for chunk in written.chunks[1:])),
        chunk_vectors=-written.chunk_vectors,
        sentence_vectors=-written.sentence_vectors,
        question_vectors=-written.question_vectors,
    )
    found = kept.store.read("v-one", at_hand)
    assert found.chunks == written.chunks
    of_changed, asked = len(changed.sentences), len(changed.asked)
    for name, unlike in (("chunk_vectors", 1), ("sentence_vectors", of_changed), ("question_vectors", asked)):
        read, there = getattr(found, name), getattr(written, name)
        np.testing.assert_allclose(read[:unlike], there[:unlike], atol=1e-6)
        np.testing.assert_allclose(read[unlike:], -there[unlike:], atol=1e-6)


@pytest.mark.parametrize("other", [{"fingerprint": "another model"}, {"shape": {"recipe": "2"}}])
def test_nothing_is_taken_from_a_version_that_was_made_otherwise(kept: Kept, other: dict[str, Any]) -> None:
    written = version_data("v-one")
    kept.store.write(written)
    at_hand = replace(written, manifest=replace(written.manifest, **other), sentence_vectors=-written.sentence_vectors)
    assert_same(kept.store.read("v-one", at_hand), written)


def test_only_publishing_shows_a_version_to_readers(kept: Kept) -> None:
    reader = open_store(kept.settings)
    kept.store.write(version_data("v-one"))
    assert reader.published() is None
    kept.store.publish(Pointer("v-one"))
    assert reader.published() == "v-one"
    kept.store.write(version_data("v-two"))
    assert reader.published() == "v-one"
    kept.store.publish(Pointer("v-two"))
    assert reader.published() == "v-two"
    kept.store.publish(Pointer("v-one"))
    assert reader.published() == "v-one"


def test_versions_are_listed_newest_first(kept: Kept) -> None:
    for version, created in (("v-b", "2026-02"), ("v-c", "2026-03"), ("v-a", "2026-01")):
        kept.store.write(version_data(version, created=created))
    assert [manifest.version for manifest in kept.store.versions()] == ["v-c", "v-b", "v-a"]


def test_a_removed_version_is_gone_and_the_others_stay(kept: Kept) -> None:
    kept.store.write(version_data("v-one"))
    kept.store.write(version_data("v-two"))
    kept.store.remove("v-one")
    assert [manifest.version for manifest in kept.store.versions()] == ["v-two"]
    assert kept.store.unfinished() == []
    with pytest.raises(KnowledgeError, match="v-one"):
        kept.store.read("v-one")
    assert_same(kept.store.read("v-two"), version_data("v-two"))
    kept.store.remove("v-one")


def test_a_version_that_is_not_there_is_named(kept: Kept) -> None:
    with pytest.raises(KnowledgeError, match="There is no version v-none"):
        kept.store.read("v-none")


def test_a_graph_that_leaves_a_record_out_of_reach_is_built_again(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = iter([["v-new-0"], []])
    monkeypatch.setattr(version_collections, "_unreachable", lambda *_: next(checks))

    kept.store.write(version_data("v-new"))

    assert list(checks) == []
    assert_same(kept.store.read("v-new"), version_data("v-new"))


def test_a_write_that_fails_leaves_nothing_of_the_version(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.store.write(version_data("v-old"))
    kept.store.publish(Pointer("v-old"))

    def unreachable(*_: object) -> None:
        raise KnowledgeError("a record cannot be reached")

    with monkeypatch.context() as patched:
        patched.setattr(version_collections, "_unreachable", unreachable)
        with pytest.raises(KnowledgeError, match="cannot be reached"):
            kept.store.write(version_data("v-new"))
    assert [manifest.version for manifest in kept.store.versions()] == ["v-old"]
    assert kept.store.unfinished() == []
    assert kept.store.published() == "v-old"
    assert_same(kept.store.read("v-old"), version_data("v-old"))


def test_records_that_a_query_does_not_find_are_noticed(kept: Kept) -> None:
    """Chroma ignores an id that it has already, so the second chunk of the same id is lost."""
    good = version_data("v-twice")
    doubled = replace(good, chunks=(good.chunks[0], *good.chunks[:1], *good.chunks[2:]))
    with pytest.raises(KnowledgeError):
        kept.store.write(doubled)
    assert kept.store.versions() == []


KILLED_WHILE_WRITING = """
import os, pickle, signal, sys
from knowledge import store, version_collections
settings, data = pickle.load(sys.stdin.buffer)
version_collections._unreachable = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
store.open_store(settings).write(data)
"""


def test_what_a_killed_build_left_is_listed_and_can_be_removed(kept: Kept) -> None:
    kept.store.write(version_data("v-old"))
    kept.store.publish(Pointer("v-old"))
    run = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_WRITING],
        input=pickle.dumps((kept.settings, version_data("20260101-000000-killed"))),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
    )
    assert run.returncode == -9, run.stderr.decode()
    assert kept.store.unfinished() == ["20260101-000000-killed"]
    assert [manifest.version for manifest in kept.store.versions()] == ["v-old"]
    assert_same(kept.store.read("v-old"), version_data("v-old"))
    kept.store.remove("20260101-000000-killed")
    assert kept.store.unfinished() == []


def test_a_damaged_version_is_noticed_when_it_is_read(kept: Kept) -> None:
    kept.store.write(version_data("v-one"))
    kept.damage("v-one")
    with pytest.raises(DamagedVersionError, match=r"v-one is damaged.*python -m knowledge index --force"):
        kept.store.read("v-one")


def test_many_readers_read_while_another_version_is_built(kept: Kept) -> None:
    written = version_data("v-one", chunks=4)
    kept.store.write(written)
    kept.store.publish(Pointer("v-one"))
    with ThreadPoolExecutor(9) as threads:
        reads = [threads.submit(open_store(kept.settings).read, "v-one") for _ in range(24)]
        threads.submit(kept.store.write, version_data("v-two", chunks=4)).result()
        for read in reads:
            assert_same(read.result(), written)
    assert_same(kept.store.read("v-two"), version_data("v-two", chunks=4))


# What only one kind has


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "127.0.0.1:9", "http://nowhere.invalid:8000", "nonsense"])
@pytest.mark.parametrize("action", ["published", "versions", "unfinished"])
def test_a_server_out_of_reach_is_named(address: str, action: str) -> None:
    with pytest.raises(StoreUnreachableError, match="CHROMA_URL") as raised:
        getattr(ServerStore(address), action)()
    assert address in str(raised.value)


def test_a_server_out_of_reach_is_named_when_a_version_is_written() -> None:
    with pytest.raises(StoreUnreachableError, match=r"127\.0\.0\.1:9"):
        ServerStore("http://127.0.0.1:9").write(version_data("v-one"))


def test_a_removed_version_frees_its_disk(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    store.write(version_data("v-one"))
    assert (tmp_path / "versions" / "v-one").is_dir()
    store.remove("v-one")
    assert list((tmp_path / "versions").iterdir()) == []


def test_a_version_whose_database_is_gone_is_noticed(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    store.write(version_data("v-one"))
    shutil.rmtree(tmp_path / "versions" / "v-one" / "chroma")
    with pytest.raises(KnowledgeError, match="python -m knowledge index --force"):
        store.read("v-one")


def test_a_pointer_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    with pytest.raises(StoreUnreachableError, match="published"):
        DirectoryStore(tmp_path).published()


def test_a_full_or_forbidden_disk_leaves_the_published_version(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    (tmp_path / "versions").write_text("a file where a folder has to be")
    with pytest.raises(StoreUnreachableError, match="keeps serving"):
        store.write(version_data("v-one"))
