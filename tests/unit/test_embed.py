"""The embedding model as it is served: by the real export in ONNX Runtime."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bot.settings import Settings
from knowledge.embed import MODEL_FILE, Embedder, ensure_exported, is_exported, load_embedder
from knowledge.errors import KnowledgeError

TEXTS = (
    "Prompt engineering is cheap.",
    "Fine-tuning needs labeled examples.",
    "A keel keeps a boat upright.",
    "",
    "🎉",
    "Sätze mit Umlauten und 漢字.",
    "word " * 2_000,
)


def test_every_text_gets_a_vector_of_length_one(embedder: Embedder) -> None:
    vectors = embedder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


def test_no_texts_get_no_vectors(embedder: Embedder) -> None:
    assert embedder.encode([]).shape == (0, embedder.dimension)


def test_the_same_texts_get_the_same_vectors(embedder: Embedder) -> None:
    assert (embedder.encode(TEXTS) == embedder.encode(TEXTS)).all()


def test_a_text_keeps_its_vector_beside_others_and_in_any_order(embedder: Embedder) -> None:
    """A batch is one product for all of its texts; int8 rounds it by the largest, hence the tolerance."""
    many = [f"{text} ({number})" for number in range(20) for text in TEXTS[:3]]
    alone = np.concatenate([embedder.encode([text]) for text in many])
    assert (embedder.encode(many) * alone).sum(axis=1).min() > 0.97
    assert (embedder.encode(many[::-1])[::-1] * alone).sum(axis=1).min() > 0.97


def test_what_means_the_same_is_nearer_than_what_shares_a_word(embedder: Embedder) -> None:
    question, same, other = embedder.encode(
        ["Is training a model expensive?", "What does fine-tuning cost?", "Is training for a marathon painful?"]
    )
    assert question @ same > question @ other


def test_only_the_start_of_a_long_text_counts(embedder: Embedder) -> None:
    start = "The keel keeps a boat upright. " * 100
    first, second = embedder.encode([start + "Bread is baked.", start + "Prompts are written."])
    assert first @ second == pytest.approx(1, abs=1e-4)


def test_threads_can_share_an_embedder(embedder: Embedder) -> None:
    expected = [embedder.encode([text]) for text in TEXTS]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda text: embedder.encode([text]), TEXTS * 5))
    assert all((vector == expected[number % len(TEXTS)]).all() for number, vector in enumerate(found))


@pytest.mark.parametrize(("word", "known"), [("bank", True), ("prompt", True), ("promt", False), ("examlpe", False)])
def test_it_knows_the_words_of_its_vocabulary(embedder: Embedder, word: str, known: bool) -> None:
    assert embedder.is_word(word) is known


def test_the_export_is_faithful_to_the_original(settings: Settings) -> None:
    """The export compares itself with sentence-transformers and writes down how near it is."""
    (description,) = (settings.data_dir / "models").glob("*/model.json")
    assert json.loads(description.read_text())["lowest_cosine"] >= 0.99


# What is missing or damaged


@pytest.fixture
def own_copy(settings: Settings, tmp_path: Path) -> Settings:
    """Settings whose DATA_DIR holds a copy of the model's small files and a link to the graph."""
    (source,) = (settings.data_dir / "models").iterdir()
    folder = tmp_path / "models" / source.name
    folder.mkdir(parents=True)
    for name in ("model.json", "tokenizer.json"):
        (folder / name).write_bytes((source / name).read_bytes())
    (folder / MODEL_FILE).symlink_to(source / MODEL_FILE)
    return settings.model_copy(update={"data_dir": tmp_path})


def test_a_model_that_is_there_is_not_exported_again(own_copy: Settings) -> None:
    (folder,) = (own_copy.data_dir / "models").iterdir()
    before = {file.name: file.lstat().st_mtime_ns for file in folder.iterdir()}
    ensure_exported(own_copy)
    assert {file.name: file.lstat().st_mtime_ns for file in folder.iterdir()} == before
    assert load_embedder(own_copy).dimension == 384


def test_without_an_export_the_command_that_makes_one_is_named(settings: Settings, tmp_path: Path) -> None:
    fresh = settings.model_copy(update={"data_dir": tmp_path})
    assert not is_exported(fresh)
    with pytest.raises(KnowledgeError, match="python -m knowledge index"):
        load_embedder(fresh)


@pytest.mark.parametrize("name", ["model.json", "tokenizer.json", MODEL_FILE])
@pytest.mark.parametrize("content", [b"", b"{}", b"\x00\xff damaged"])
def test_a_damaged_export_names_its_folder(own_copy: Settings, name: str, content: bytes) -> None:
    (folder,) = (own_copy.data_dir / "models").iterdir()
    (folder / name).unlink()
    (folder / name).write_bytes(content)
    with pytest.raises(KnowledgeError, match="Delete that folder") as raised:
        load_embedder(own_copy)
    assert str(folder) in str(raised.value)


def test_a_model_that_does_not_exist_names_the_setting_and_leaves_nothing(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "no-model").mkdir()
    wrong = settings.model_copy(update={"data_dir": tmp_path / "data", "embedding_model": str(tmp_path / "no-model")})
    with pytest.raises(KnowledgeError, match="EMBEDDING_MODEL"):
        ensure_exported(wrong)
    assert list((tmp_path / "data" / "models").iterdir()) == []


def test_each_model_has_an_export_of_its_own(own_copy: Settings) -> None:
    assert is_exported(own_copy)
    assert not is_exported(own_copy.model_copy(update={"embedding_model": "all-mpnet-base-v2"}))
