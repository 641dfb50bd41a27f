"""The one module that meets torch and sentence-transformers: exports the embedding model, or serves it with torch.

Importing it takes seconds and hundreds of megabytes, so nothing that serves questions imports it: `knowledge/embed.py`
runs the export in a process of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from sentence_transformers import SentenceTransformer

from knowledge.embed import MODEL_FILE, OnnxEmbedder, Vectors, is_inflected

# int8 is kept only where every sample stays this close to the original (facts: 0.99, then retrieval figures decide).
MINIMUM_COSINE = 0.99
KEPT_IN_FP32 = (0, 1, 2)
SAMPLES = (
    "What is prompt engineering?",
    "is fine-tuning cheaper than prompting",
    "Fine-tuning changes the weights of a pre-trained model through further training on a smaller, specific dataset.",
    "The treaty of 911 gave Rollo the lands between the river Epte and the coast, and he swore fealty to the king.",
    "Oil prices rose from $3 to nearly $12 a barrel in five months; 23 countries rationed petrol by March 1974.",
    "Cost: Prompt engineering: low. Fine-tuning: high, because it needs graphics cards, labeled data and time.",
    "how many examples do i need??",
    "In 1598 the edict granted limited rights; in 1685 it was revoked, and about 200,000 people left the country. "
    "Those who stayed met in secret for a century, until a second edict restored their rights before the revolution.",
)


class TorchEmbedder:
    """Serves a sentence-transformers model with torch, for operators who set EMBEDDING_BACKEND=torch."""

    def __init__(self, model: str) -> None:
        self._model = load_sentence_transformer(model)
        self.fingerprint = _fingerprint(self._model, "torch")
        self.dimension = int(self.encode(["dimension"]).shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """L2-normalised vectors of `texts`, float32, shape (len(texts), dimension)."""
        vectors = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    def is_word(self, word: str) -> bool:
        """Whether the model's vocabulary holds `word` (lower case) as a whole, or but for a common ending."""
        pieces = self._model.tokenizer.tokenize(word)
        return len(pieces) == 1 or is_inflected(pieces)


def load_sentence_transformer(model: str) -> SentenceTransformer:
    """The model of a hub name or a folder, on the CPU. Raises OSError or ValueError where there is no such model."""
    return SentenceTransformer(model, device="cpu").eval()


def export(model: str, target: Path) -> None:
    """Write the model's ONNX graph (pooling and normalisation included), tokenizer and description into `target`.

    The graph is int8 (weights per channel, reduced range, so that CPUs without VNNI do not overflow) where each of
    SAMPLES keeps a cosine of MINIMUM_COSINE to the original. Where it does not, the first feed-forward layers, whose
    activations have outliers, stay in fp32; where that does not help, all of it does.
    """
    original = load_sentence_transformer(model)
    expected = original.encode(list(SAMPLES), normalize_embeddings=True, show_progress_bar=False)
    original.tokenizer.backend_tokenizer.save(str(target / "tokenizer.json"))
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / "exact.onnx"
        _export_graph(original, exact)
        best, precision, cosine = exact, "fp32", 1.0
        for kept in KEPT_IN_FP32:
            candidate = Path(folder) / f"int8-{kept}.onnx"
            _quantize(exact, candidate, keep_feed_forward=kept)
            found = _lowest_cosine(candidate, target / "tokenizer.json", original, expected)
            if found >= MINIMUM_COSINE:
                best, precision, cosine = candidate, f"int8-{kept}", found
                break
        (target / MODEL_FILE).write_bytes(best.read_bytes())
    description = {
        "model": model,
        "fingerprint": _fingerprint(original, precision),
        "dimension": int(expected.shape[1]),
        "max_tokens": _max_tokens(original),
        "precision": precision,
        "lowest_cosine": round(cosine, 4),
    }
    (target / "model.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


class _Pooled(torch.nn.Module):
    """Transformer, pooling and normalisation as one graph with two inputs."""

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        features = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
        return torch.nn.functional.normalize(features["sentence_embedding"], dim=-1)


def _export_graph(model: SentenceTransformer, path: Path) -> None:
    tokens = model.tokenizer(["a short text", "a second text that is longer"], padding=True, return_tensors="pt")
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=_max_tokens(model))
    torch.onnx.export(
        _Pooled(model).eval(),
        (tokens["input_ids"], tokens["attention_mask"]),
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=["vectors"],
        dynamo=True,
        dynamic_shapes=({0: batch, 1: length}, {0: batch, 1: length}),
        external_data=False,
        verbose=False,
    )


def _quantize(source: Path, target: Path, *, keep_feed_forward: int) -> None:
    prepared = source.with_name("prepared.onnx")
    if not prepared.exists():
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    graph = onnx.load(str(prepared)).graph
    shapes = {weights.name: tuple(weights.dims) for weights in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMul"]
    between_activations = [node.name for node in products if node.input[1] not in shapes]
    narrowing = [
        node.name for node in products if len(shape := shapes.get(node.input[1], ())) == 2 and shape[0] > shape[1]
    ]
    quantize_dynamic(
        str(prepared),
        str(target),
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        nodes_to_exclude=between_activations + narrowing[:keep_feed_forward],
    )


def _fingerprint(model: SentenceTransformer, precision: str) -> str:
    """The same on every machine that serves the same weights in the same precision."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode() + tensor.detach().cpu().numpy().tobytes())
    return f"{precision}-{digest.hexdigest()[:16]}"


def _lowest_cosine(graph: Path, tokenizer: Path, original: SentenceTransformer, expected: Vectors) -> float:
    embedder = OnnxEmbedder(graph, tokenizer, max_tokens=_max_tokens(original), fingerprint="candidate")
    return float((embedder.encode(SAMPLES) * expected).sum(axis=1).min())


def _max_tokens(model: SentenceTransformer) -> int:
    return int(model.max_seq_length or 256)


def main() -> int:
    """`python -m knowledge.torch_model MODEL TARGET`: export; on failure one sentence on standard error, status 1."""
    parser = argparse.ArgumentParser(description="Export an embedding model to ONNX.")
    parser.add_argument("model")
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    onnxruntime.set_default_logger_severity(3)
    try:
        export(arguments.model, arguments.target)
    except (OSError, ValueError) as error:
        print(str(error).splitlines()[0] if str(error) else repr(error), file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
