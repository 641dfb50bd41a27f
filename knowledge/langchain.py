"""Tunewise's parts as LangChain's: the one module that imports it."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

from knowledge.base import KnowledgeBase
from knowledge.embed import Embedder


class TunewiseEmbeddings(Embeddings):
    """An embedder for LangChain's vector stores and whatever else takes `Embeddings`."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A vector for each of `texts`."""
        vectors: list[list[float]] = self._embedder.encode(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        return self.embed_documents([text])[0]


class TunewiseRetriever(BaseRetriever):
    """The hybrid retrieval as a LangChain retriever; it follows the knowledge base to its new versions."""

    knowledge: KnowledgeBase
    k: int = Field(default=5, ge=1, description="How many passages a question gets.")

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        retriever = self.knowledge.retriever
        return [
            Document(
                id=passage.chunk.id,
                page_content=passage.chunk.text,
                metadata={
                    "document": passage.chunk.document,
                    "section": passage.chunk.section,
                    "score": passage.score,
                    "version": retriever.version,
                },
            )
            for passage in retriever.search(query, limit=self.k).passages
        ]
