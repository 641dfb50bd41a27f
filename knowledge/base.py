"""The knowledge base as the bot and the command line use it: the published version, ready to answer."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from knowledge.answer import compose
from knowledge.cite import Sections
from knowledge.compare import Aspect, closest, compare, explain
from knowledge.embed import Embedder, Vectors, load_embedder
from knowledge.errors import IndexMismatchError, KnowledgeError, NoIndexError, StoreUnreachableError
from knowledge.generate import (
    CHARACTERS_A_TOKEN,
    NOTES,
    RULES,
    ChatModel,
    Written,
    chosen,
    generate,
    request,
    tokens_of,
)
from knowledge.injection import without_instructions
from knowledge.lexical import Analyzer
from knowledge.retrieve import Retriever
from knowledge.settings import KnowledgeSettings
from knowledge.store import Store, open_store
from knowledge.types import Answer, Chunk, Citation
from knowledge.usage import UsageLog
from knowledge.verify import Verifier

log = logging.getLogger(__name__)


class KnowledgeBase:
    """Answers from the published version and takes up a new one on `refresh`. Safe to use from several threads."""

    def __init__(self, settings: KnowledgeSettings, store: Store, embedder: Embedder) -> None:
        self._settings = settings
        self._store = store
        self._embedder = embedder
        self._analyzer = Analyzer(settings.language)
        self.usage = UsageLog(settings.data_dir, settings.chat_tokens_per_day)
        self._chat_model = _chat_model(settings)
        self._verifier = Verifier(self._analyzer, embedder.encode)
        self._refreshing = threading.Lock()
        self._refused: str | None = None
        self._retriever = self._load(store.published(), None)

    @classmethod
    def open(cls, settings: KnowledgeSettings) -> KnowledgeBase:
        """The knowledge base of `settings`. Raises KnowledgeError: no index, no model, a store out of reach."""
        store = open_store(settings)
        if store.published() is None:
            raise NoIndexError("Nothing has been indexed yet. Run: python -m knowledge index")
        return cls(settings, store, load_embedder(settings))

    @property
    def version(self) -> str:
        """The version that answers now."""
        return self._retriever.version

    @property
    def retriever(self) -> Retriever:
        """The retriever of the version that answers now."""
        return self._retriever

    @property
    def sections(self) -> Sections:
        """The chunks of that version by section, which what the criteria say is cited from."""
        return self._retriever.sections

    def ask(self, question: str, after: str | Sequence[str] = ()) -> Answer:
        """What the documents say to `question`, understood from the questions `after` which it is asked, oldest first.

        The questions before it change nothing where `question` stands alone, or where the documents do not cover it as
        understood: "is it going to rain?" points at nothing that was said. Nor does what it says on how to answer.
        """
        retriever, threshold = self._retriever, self._settings.answer_threshold
        asked, previous = question, [after] if isinstance(after, str) else after
        if self._settings.language == "english":  # the only language that there are rules for
            asked = without_instructions(question, keep=retriever.names_topic)
        else:
            previous = ()
        if not asked:
            return replace(compose(retriever.search(question), retriever.version, math.inf), confidence=0.0)
        for reading in dict.fromkeys((retriever.understood(asked, previous), asked)):
            answer = compose(retriever.search(reading), retriever.version, threshold)
            if answer.kind == "answer":
                return replace(answer, question=question, understood="" if reading == question else reading)
        return replace(answer, question=question)

    @property
    def chunks(self) -> Sequence[Chunk]:
        """What that version holds."""
        return self._retriever.chunks

    @property
    def writes(self) -> bool:
        """Whether a chat model words the answers."""
        return self._chat_model is not None

    def write(self, answer: Answer, show: Callable[[Answer], None] = lambda answer: None) -> Answer:
        """`answer` in the words of the chat model, as far as the passages carry them; as it is where there is none.

        It blocks until the model has ended; `show` gets what is verified so far. Where the model does not do, the
        answer stays the documents' own words, with a note, and the log says why.
        """
        model = self._chat_model
        if model is None or answer.kind == "abstain":
            return answer
        room = self._settings.chat_tokens_per_question - model.max_tokens - tokens_of(RULES)
        passages = chosen(answer, room * CHARACTERS_A_TOKEN)
        cost = tokens_of(RULES + request(answer, passages)) + model.max_tokens
        if self.usage.reserve(cost):
            written = generate(answer, passages, model, self._verifier, show)
        else:
            cost = 0
            written = Written(replace(answer, note=NOTES["budget"]), 0, "budget", "CHAT_TOKENS_PER_DAY is used up.")
        self.usage.settle(cost, written.tokens, written.fallback)
        if written.fallback:
            log.warning("chat model %s: %s. %s", model.name, written.fallback, written.problem)
        return written.answer

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A vector of length one for each of `texts`."""
        return self._embedder.encode(texts)

    @property
    def comparison(self) -> tuple[Aspect, ...]:
        """What the tables of the version that answers now compare; empty where none does."""
        return compare(self._retriever.chunks)

    def closest_aspect(self, typed: str) -> Aspect | None:
        """The aspect of that comparison that means most nearly what was typed; None where none is near."""
        return closest(typed, self.comparison, self.embed)

    def explain(self, aspect: Aspect) -> tuple[Citation, ...]:
        """The sentences of that version that explain `aspect`."""
        return explain(aspect, self._retriever.search(aspect.question).passages, self._analyzer.content)

    def meanings(self, question: str) -> tuple[str, ...]:
        """The complete questions that `question` may stand for when nothing was said before; none where it is clear."""
        return self._retriever.meanings(question) if self._settings.language == "english" else ()

    def refresh(self) -> bool:
        """Take up the published version where it is another one; whether it was.

        Questions go on being answered from the version before until the new one is ready. Raises KnowledgeError.
        """
        with self._refreshing:
            published = self._store.published()
            # A version that cannot be taken up is tried once, not every time; a store out of reach may come back.
            if published in (self._retriever.version, self._refused):
                return False
            try:
                self._retriever = self._load(published, self._retriever)
            except StoreUnreachableError:
                raise
            except KnowledgeError:
                self._refused = published
                raise
            self._refused = None
            return True

    def _load(self, version: str | None, before: Retriever | None) -> Retriever:
        if version is None:
            raise NoIndexError("Nothing has been indexed yet. Run: python -m knowledge index")
        for manifest in self._store.versions():
            if manifest.version == version and manifest.fingerprint != self._embedder.fingerprint:
                raise IndexMismatchError(
                    f"Version {version} was built with another embedding model ({manifest.fingerprint}) than "
                    f"EMBEDDING_MODEL and EMBEDDING_BACKEND name now ({self._embedder.fingerprint}). "
                    "Set them back, or run: python -m knowledge index"
                )
        data = self._store.read(version, before.data if before else None)
        return Retriever(data, self._embedder, self._analyzer, before)


def _chat_model(settings: KnowledgeSettings) -> ChatModel | None:
    if not settings.chat_model:
        return None
    from knowledge.langchain import (
        LangChainChatModel,
    )  # it takes time and memory, which a bot without one can do without

    return LangChainChatModel(settings)
