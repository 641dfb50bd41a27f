"""The settings that the knowledge needs, read once from the environment and `.env`; `bot/settings.py` extends them."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Literal, TypeVar

from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_FILE = Path(".env")
PACKAGE_DIR = Path(__file__).parent
PROVIDER_KEY = re.compile(r"[A-Z][A-Z0-9_]*_API_KEY")  # OPENAI_API_KEY and the like: a chat model's provider names them
OTHER_PROGRAMS = ("COMPOSE_", "POSTGRES_")  # docker compose reads the same .env


class SettingsError(ValueError):
    """A setting is missing, misspelt or wrong; the message names it and says what to do."""


class KnowledgeSettings(BaseSettings):
    """Where the knowledge is, where the index goes and how both are made."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True, env_ignore_empty=True)

    knowledge_dir: Path = Field(PACKAGE_DIR / "documents", description="Folder of the documents that are indexed.")
    golden_file: Path = Field(
        PACKAGE_DIR / "golden" / "questions.yaml", description="The golden questions that score an index."
    )
    off_topic_file: Path = Field(
        PACKAGE_DIR / "off_topic.txt", description="Questions that look like ours and are not, one a line."
    )
    criteria_file: Path = Field(
        PACKAGE_DIR / "criteria.toml", description="What /recommend asks, and what each answer weighs."
    )
    data_dir: Path = Field(Path("data"), description="Folder of all that Tunewise writes: index, model, records.")
    chroma_url: str = Field(
        "",
        description="Address of a Chroma server, as in http://localhost:8000; empty: embedded in DATA_DIR.",
    )
    embedding_model: str = Field(
        "", description="A sentence-transformers name or folder; empty: the packaged all-MiniLM-L6-v2."
    )
    embedding_backend: Literal["onnx", "torch"] = Field(
        "onnx", description="What runs the embedding model: onnx (small, fast) or torch."
    )
    language: str = Field("english", description="Language of the documents, for stemming and stop words.")
    keep_versions: int = Field(3, ge=1, description="How many published versions of the index are kept.")
    answer_threshold: float = Field(
        0.5, ge=0, le=1, description="Confidence below which the bot says that it does not know."
    )
    gate_recall_tolerance: float = Field(
        0.02, ge=0, le=1, description="By how much a new version's recall@5 may fall below the published one's."
    )
    gate_answered_tolerance: float = Field(
        0.02, ge=0, le=1, description="The same for the share of answerable golden questions that are answered."
    )
    gate_abstained_tolerance: float = Field(
        0.02, ge=0, le=1, description="The same for the share of golden questions to refuse that are refused."
    )
    gate_documents_share: float = Field(
        0.5, ge=0, le=1, description="A new version with less than this share of the published documents is refused."
    )
    chat_model: str = Field(
        "", description="A chat model that words the answers, as in openai:gpt-5-mini; empty: the documents' own words."
    )
    chat_base_url: str = Field("", description="Another server that speaks the provider's API; empty: the provider's.")
    chat_timeout: float = Field(30, gt=0, description="Seconds that a chat model may take, retries and all.")
    chat_retries: int = Field(1, ge=0, le=5, description="How often a failed request to it is sent again.")
    chat_tokens_per_question: int = Field(
        4000, ge=1500, description="Tokens that a question may cost, passages and answer."
    )
    chat_tokens_per_day: int = Field(
        500_000, ge=0, description="Tokens that all questions of a day (UTC) may cost; 0: no limit."
    )

    @field_validator("chat_model")
    @classmethod
    def _names_its_provider(cls, value: str) -> str:
        provider, _, model = value.partition(":")
        if value and not (provider and model):
            raise ValueError(f"{value!r} does not name provider and model, as openai:gpt-5-mini does")
        return value


def provider_keys() -> list[str]:
    """The API keys of chat models' providers in the environment: secrets, for a log to hide."""
    return [value for name, value in os.environ.items() if PROVIDER_KEY.fullmatch(name) and value]


S = TypeVar("S", bound=KnowledgeSettings)


def load_settings(model: type[S], env_file: Path | None = ENV_FILE, *, strict: bool = False) -> S:
    """The settings of `model` from the environment and, below it, from `env_file` where that exists.

    A provider's API key in `env_file` goes into the environment. A name that is no setting raises SettingsError and
    names the nearest one: any such name with `strict`, else only one that looks like a misspelt setting (the file may
    hold other programs' settings too).
    """
    values: dict[str, str | None] = {}
    if env_file is not None and env_file.is_file():
        values = dotenv_values(env_file)
        _refuse_unknown_names(values, model, env_file, strict=strict)
        for name, value in values.items():
            if PROVIDER_KEY.fullmatch(name) and value:
                os.environ.setdefault(name, value)  # where the provider's library looks for it
    try:
        return model(_env_file=env_file)  # type: ignore[call-arg]  # an argument that BaseSettings takes at run time
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']).upper()}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors()
        )
        raise SettingsError(f"The settings are wrong. {problems}.") from error


def _refuse_unknown_names(values: dict[str, str | None], model: type[S], env_file: Path, *, strict: bool) -> None:
    known = [name.upper() for name in model.model_fields]
    for name in values:
        if name.upper() in known or name.upper().startswith(OTHER_PROGRAMS) or PROVIDER_KEY.fullmatch(name):
            continue
        near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.8)
        if near:
            raise SettingsError(f"{env_file} sets {name}, which is no setting. Did you mean {near[0]}?")
        if strict:
            raise SettingsError(f"{env_file} sets {name}, which is no setting. See .env.example for all of them.")
