"""The health page for whoever watches the process: /healthz (it lives) and /readyz (it can answer questions).

It listens on every address, because a container's health is asked from outside the container. It is off
unless HEALTH_PORT is set, tells nothing but readiness and the version of the index, and changes nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from knowledge.settings import SettingsError

EVERY_ADDRESS = "0.0.0.0"  # noqa: S104  (why: see above)


@dataclass(frozen=True, slots=True)
class Health:
    """What readiness depends on, at this moment."""

    gateway_ready: bool
    index_version: str | None


def unready_reasons(health: Health) -> list[str]:
    """Why the bot cannot answer now, a sentence each; empty when it can."""
    reasons = []
    if not health.gateway_ready:
        reasons.append("The bot is not connected to Discord's gateway.")
    if not health.index_version:
        reasons.append("No index is loaded; build one with: python -m knowledge index.")
    return reasons


@asynccontextmanager
async def serve_health(
    port: int, read_health: Callable[[], Health], *, host: str = EVERY_ADDRESS
) -> AsyncIterator[None]:
    """Serves the health page while the block runs; with port 0 there is none.

    Raises SettingsError when the port cannot be had.
    """
    if port == 0:
        yield
        return
    runner = web.AppRunner(_application(read_health), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            reason = error.strerror or error
            raise SettingsError(
                f"HEALTH_PORT {port} cannot be used: {reason}. Set another port, or 0 for none."
            ) from error
        yield
    finally:
        await runner.cleanup()


def _application(read_health: Callable[[], Health]) -> web.Application:
    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_request: web.Request) -> web.Response:
        health = read_health()
        reasons = unready_reasons(health)
        body = {"ready": not reasons, "reasons": reasons, "index_version": health.index_version}
        return web.json_response(body, status=503 if reasons else 200)

    application = web.Application()
    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)
    return application
