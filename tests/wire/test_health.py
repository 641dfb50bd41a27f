"""The health page over real sockets."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.health import Health, serve_health
from knowledge.settings import SettingsError

READY = Health(gateway_ready=True, index_version="v7")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def get(session: aiohttp.ClientSession, port: int, path: str) -> tuple[int, dict[str, Any]]:
    async with session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.json()


async def test_a_ready_bot_says_so_with_its_index(session: aiohttp.ClientSession) -> None:
    port = free_port()
    async with serve_health(port, lambda: READY, host="127.0.0.1"):
        status, body = await get(session, port, "/readyz")
    assert (status, body) == (200, {"ready": True, "reasons": [], "index_version": "v7"})


@pytest.mark.parametrize(
    ("health", "named"),
    [
        (Health(gateway_ready=False, index_version="v7"), ["gateway"]),
        (Health(gateway_ready=True, index_version=None), ["index"]),
        (Health(gateway_ready=False, index_version=None), ["gateway", "index"]),
    ],
)
async def test_an_unready_bot_lives_but_says_what_it_lacks(
    session: aiohttp.ClientSession, health: Health, named: list[str]
) -> None:
    port = free_port()
    async with serve_health(port, lambda: health, host="127.0.0.1"):
        alive, _ = await get(session, port, "/healthz")
        status, body = await get(session, port, "/readyz")
    assert alive == 200
    assert status == 503
    assert body["ready"] is False
    assert len(body["reasons"]) == len(named)
    assert all(word in reason for word, reason in zip(named, body["reasons"], strict=True))


async def test_readiness_is_read_anew_at_every_request(session: aiohttp.ClientSession) -> None:
    port = free_port()
    states = iter([Health(gateway_ready=False, index_version="v7"), READY])
    async with serve_health(port, lambda: next(states), host="127.0.0.1"):
        assert [(await get(session, port, "/readyz"))[0] for _ in range(2)] == [503, 200]


async def test_the_port_is_free_again_afterwards() -> None:
    port = free_port()
    for _ in range(2):
        async with serve_health(port, lambda: READY, host="127.0.0.1"):
            pass
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


async def test_port_0_serves_nothing() -> None:
    async with serve_health(0, lambda: READY, host="127.0.0.1"):
        without = open_files()
    async with serve_health(free_port(), lambda: READY, host="127.0.0.1"):
        assert open_files() > without


async def test_a_port_that_is_taken_is_an_error_that_names_the_setting() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f"HEALTH_PORT {port} .*Set another port"):
            async with serve_health(port, lambda: READY, host="127.0.0.1"):
                pytest.fail("the port was taken")


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
