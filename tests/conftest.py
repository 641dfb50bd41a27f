"""What all tests share: the real embedding model and an index of the project's own documents, built once and kept."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import hypothesis
import pytest
from filelock import FileLock

from bot.settings import Settings
from knowledge.base import KnowledgeBase
from knowledge.embed import Embedder, load_embedder
from knowledge.index import build_index
from knowledge.settings import load_settings

ROOT = Path(__file__).parent.parent
# Kept between runs, so that the model is exported once; the index is renewed where documents or code ask for it.
TEST_DATA = ROOT / "build" / "test-data"
SECONDS_TO_START = 60.0

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("tunewise", deadline=None)
hypothesis.settings.load_profile("tunewise")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_developer() -> None:
    """Tests see the defaults, whatever the shell or a .env says."""
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings of a machine on which `make play` has run once: the model is exported, the documents are indexed."""
    found = load_settings(Settings, env_file=None).model_copy(update={"data_dir": TEST_DATA})
    TEST_DATA.mkdir(parents=True, exist_ok=True)
    with FileLock(TEST_DATA / "fixture.lock"):
        build_index(found)
    return found


@pytest.fixture(scope="session")
def embedder(settings: Settings) -> Embedder:
    """The real embedding model in ONNX Runtime."""
    return load_embedder(settings)


@pytest.fixture(scope="session")
def knowledge(settings: Settings) -> KnowledgeBase:
    """The knowledge base of the project's own documents."""
    return KnowledgeBase.open(settings)


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real `chroma run`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    chroma = Path(sys.executable).with_name("chroma")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [chroma, "run", "--path", folder / "data", "--host", "127.0.0.1", "--port", str(port)],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for_heartbeat(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_for_heartbeat(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/api/v2/heartbeat", timeout=1).is_success:
                return
        except httpx.HTTPError:
            threading.Event().wait(0.05)
    pytest.fail("The Chroma server does not start.")
