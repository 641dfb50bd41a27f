"""Tunewise's parts in a chain of LangChain's."""

from __future__ import annotations

import pytest
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_core.vectorstores import InMemoryVectorStore
from pydantic import ValidationError

from knowledge.base import KnowledgeBase
from knowledge.embed import Embedder
from knowledge.langchain import TunewiseEmbeddings, TunewiseRetriever

QUESTION = "Is fine-tuning more expensive than prompting?"


def test_the_retriever_returns_the_passages_of_tunewise_as_documents(knowledge: KnowledgeBase) -> None:
    documents = TunewiseRetriever(knowledge=knowledge, k=3).invoke(QUESTION)
    passages = knowledge.ask(QUESTION).passages[:3]
    assert [document.page_content for document in documents] == [passage.chunk.text for passage in passages]
    assert [document.metadata for document in documents] == [
        {
            "document": passage.chunk.document,
            "section": passage.chunk.section,
            "score": passage.score,
            "version": knowledge.version,
        }
        for passage in passages
    ]


def test_a_retriever_of_no_passages_is_refused(knowledge: KnowledgeBase) -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        TunewiseRetriever(knowledge=knowledge, k=0)


def test_the_embeddings_are_the_embedders(embedder: Embedder) -> None:
    embeddings = TunewiseEmbeddings(embedder)
    assert embeddings.embed_query(QUESTION) == embedder.encode([QUESTION])[0].tolist()
    assert embeddings.embed_documents([]) == []
    assert [len(vector) for vector in embeddings.embed_documents(["one", "two"])] == [embedder.dimension] * 2


async def test_both_work_in_a_chain(knowledge: KnowledgeBase, embedder: Embedder) -> None:
    """The passages of Tunewise's retriever, ranked anew in a vector store with Tunewise's embeddings."""

    def best_in_a_vector_store(asked: dict[str, str | list[Document]]) -> str:
        question, documents = asked["question"], asked["documents"]
        assert isinstance(question, str)
        assert isinstance(documents, list)
        store = InMemoryVectorStore(TunewiseEmbeddings(embedder))
        store.add_documents(documents)
        return store.similarity_search(question, k=1)[0].page_content

    chain = {
        "documents": TunewiseRetriever(knowledge=knowledge),
        "question": RunnablePassthrough(),
    } | RunnableLambda(best_in_a_vector_store)
    answers = [chain.invoke(QUESTION), await chain.ainvoke(QUESTION)]
    assert answers[0] == answers[1]
    assert "fine-tun" in answers[0].lower()
