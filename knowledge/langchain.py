"""Tunewise's parts as LangChain's, and LangChain's chat models as ours: the one module that imports it."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from typing import Any

from langchain.chat_models import init_chat_model
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessageChunk
from langchain_core.retrievers import BaseRetriever
from langsmith import tracing_context
from pydantic import Field

from knowledge.base import KnowledgeBase
from knowledge.embed import Embedder
from knowledge.errors import KnowledgeError
from knowledge.generate import ChatError, Piece
from knowledge.settings import KnowledgeSettings

EXTRAS = ("openai", "anthropic", "ollama")
KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
MAX_ANSWER_TOKENS = 600


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


class LangChainChatModel:
    """A chat model of any provider that LangChain knows, as `knowledge/generate.py` asks for it."""

    max_tokens = MAX_ANSWER_TOKENS

    def __init__(self, settings: KnowledgeSettings) -> None:
        """The model of CHAT_MODEL. Raises KnowledgeError where it cannot be made: a package or a key is missing."""
        self.name = settings.chat_model
        self._seconds = settings.chat_timeout
        provider = self.name.partition(":")[0]
        key = KEYS.get(provider, "")
        if key and not settings.chat_base_url and not os.environ.get(key):  # LangChain misses only some
            raise KnowledgeError(f"CHAT_MODEL={self.name} cannot be used: {key} is not set. Set it in .env.")
        try:
            self._model = init_chat_model(self.name, **_options(provider, settings))
        except ImportError as error:
            extra = f"tunewise[{provider}]" if provider in EXTRAS else f"langchain-{provider}"
            raise KnowledgeError(
                f"CHAT_MODEL={self.name} needs a package that is not installed. Run: pip install '{extra}'"
            ) from error
        except Exception as error:  # each provider's library has errors of its own for a wrong name or a missing key
            raise KnowledgeError(f"CHAT_MODEL={self.name} cannot be used: {_first_line(error)}") from error

    def stream(self, rules: str, request: str) -> Generator[Piece]:
        """The answer to `request` in pieces. Blocks. Raises ChatError."""
        stop_at = time.perf_counter() + self._seconds
        finished = False
        try:
            with tracing_context(enabled=False):  # nothing is sent to LangSmith, whatever the environment says
                for chunk in self._model.stream([("system", rules), ("human", request)]):
                    finished = finished or _is_last(chunk)
                    usage = chunk.usage_metadata
                    yield Piece(str(chunk.text), usage["total_tokens"] if usage else 0)
                    if time.perf_counter() > stop_at:
                        raise ChatError("timeout", f"It took longer than CHAT_TIMEOUT, {self._seconds:g} s.")
        except (ChatError, GeneratorExit):
            raise
        except Exception as error:  # each provider's library has errors of its own
            raise ChatError(_kind(error), _first_line(error)) from error
        if not finished:
            raise ChatError("cut off", "It stopped in the middle of its answer.")


def _options(provider: str, settings: KnowledgeSettings) -> dict[str, Any]:
    """What a provider's model is made with; names differ."""
    seconds = settings.chat_timeout / (settings.chat_retries + 1)  # of one request
    address = {"base_url": settings.chat_base_url} if settings.chat_base_url else {}
    if provider == "ollama":
        return {**address, "client_kwargs": {"timeout": seconds}, "num_predict": MAX_ANSWER_TOKENS, "temperature": 0}
    options = {**address, "timeout": seconds, "max_retries": settings.chat_retries, "max_tokens": MAX_ANSWER_TOKENS}
    if provider == "openai":
        options |= {"stream_usage": True, "stream_chunk_timeout": None}
        if settings.chat_base_url and not os.environ.get("OPENAI_API_KEY"):
            options["api_key"] = "none"  # a server of one's own often wants no key, but the library wants one
    return options


def _is_last(chunk: AIMessageChunk) -> bool:
    """Whether the provider says with this chunk that the answer is whole."""
    reason = chunk.response_metadata.get("finish_reason") or chunk.response_metadata.get("stop_reason")
    return reason in {"stop", "end_turn", "stop_sequence"} or chunk.response_metadata.get("done_reason") == "stop"


def _kind(error: Exception) -> str:
    """Why a request failed, in a word, told from what all providers' errors have in common."""
    status = int(getattr(error, "status_code", 0) or getattr(getattr(error, "response", None), "status_code", 0))
    if "timeout" in type(error).__name__.lower():
        return "timeout"
    if status == 429:
        return "rate limited"
    if status in (401, 403):
        return "key refused"
    if status >= 500 or "connect" in type(error).__name__.lower():
        return "down"
    return "failed"


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:300]}"
