"""A chunk as a record of Chroma, which has a text and flat metadata, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from knowledge.errors import DamagedVersionError
from knowledge.types import Chunk


def sentence_ids(chunks: Iterable[Chunk]) -> list[str]:
    """The ids of the records of all sentences, in order."""
    return [f"{chunk.id}.{number}" for chunk in chunks for number in range(len(chunk.sentences))]


def question_ids(chunks: Iterable[Chunk]) -> list[str]:
    """The ids of the records of all questions asked, in order; in another collection than the sentences'."""
    return [f"{chunk.id}.{number}" for chunk in chunks for number in range(len(chunk.asked))]


def metadata_of(chunk: Chunk) -> dict[str, str | int]:
    """All of a chunk but its id and its text."""
    return {
        "document": chunk.document,
        "title": chunk.title,
        "section": chunk.section,
        "heading_path": json.dumps(chunk.heading_path),
        "kind": chunk.kind,
        "position": chunk.position,
        "sentences": json.dumps(_spans(chunk)),
        "asked": json.dumps(chunk.asked),
        "cells": json.dumps(chunk.cells),
    }


def _spans(chunk: Chunk) -> list[tuple[int, int]]:
    """Where each sentence stands in the text of its chunk."""
    spans: list[tuple[int, int]] = []
    for sentence in chunk.sentences:
        start = chunk.text.index(sentence, spans[-1][1] if spans else 0)
        spans.append((start, start + len(sentence)))
    return spans


def chunk_of(version: str, record: str, text: str, metadata: Mapping[str, Any]) -> Chunk:
    """The chunk that a record of `version` is. Raises DamagedVersionError: another release wrote it otherwise."""
    if "asked" not in metadata:
        raise DamagedVersionError(
            f"Version {version} was written by another release of Tunewise, and this one cannot read it. "
            "Run: python -m knowledge index"
        )
    return Chunk(
        id=record,
        document=metadata["document"],
        title=metadata["title"],
        section=metadata["section"],
        heading_path=tuple(json.loads(metadata["heading_path"])),
        text=text,
        sentences=tuple(text[start:end] for start, end in json.loads(metadata["sentences"])),
        kind=metadata["kind"],
        position=metadata["position"],
        asked=tuple(json.loads(metadata["asked"])),
        cells=tuple((column, cell) for column, cell in json.loads(metadata["cells"])),
    )
