"""The real bot on a simulated Discord, in a page of the browser: no token, no network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import discord
import simcord
from rich.console import Console

from bot.ask import layout
from bot.bootstrap import tunewise
from bot.client import SECONDS_BETWEEN_REFRESHES, Knowledge, Tunewise
from bot.errors import StartupError
from bot.records import Preferences
from bot.settings import Settings

SERVER = "Tunewise playground"
CHANNEL = "ask-tunewise"
SECONDS_FOR_AN_ANSWER = 60.0
WELCOME = """**Welcome! I am Tunewise.**
I answer questions about prompt engineering and fine-tuning, and show where each statement comes from.
Write a question below, type `/recommend` to decide about a project, `/` for all my commands, or try one of these:"""


async def play(
    settings: Settings,
    *,
    port: int = 0,
    knowledge: Knowledge | None = None,
    on_ready: Callable[[str], object] | None = None,
) -> None:
    """Shows the playground until it is cancelled or ended from the page; `on_ready` gets the page's address.

    Port 0 is any free one. Raises what `tunewise` raises, and StartupError when the page cannot be served.
    """
    # Nobody has to share this bot, and the simulated clock that a cooldown would wait for stands still.
    maintainers = set(settings.maintainer_ids)
    changes = {"cooldown_questions": 1_000_000, "maintainer_ids": maintainers, "message_content_intent": True}
    settings = settings.model_copy(update=changes)
    async with (
        tunewise(settings, knowledge=knowledge, shard_count=1) as bot,
        simcord.run(bot, check_errors=False, settle_timeout=SECONDS_FOR_AN_ANSWER) as env,
    ):
        await _set_the_stage(bot, env)
        server = env.create_guild(SERVER)
        channel = server.create_text_channel(CHANNEL, topic="Every message here is a question to Tunewise.")
        librarian = server.create_role("Librarian", permissions=discord.Permissions(administrator=True))
        you = server.add_member(env.create_user("You"), roles=[librarian])
        maintainers.add(you.id)
        await bot.preferences.choose(server.id, channel.id, Preferences(listens="everything"))
        await env.settle()
        await _welcome(bot, channel.id)
        preview = env.preview(channel, viewers=[you], layout="channel", port=port)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(bot.preferences.forget, server.id)  # the next playground has another server
            try:
                await stack.enter_async_context(preview)
            except simcord.SetupError as error:
                raise StartupError(f"The page cannot be served: {error}. Try another --port.") from error
            refreshing = asyncio.create_task(_refresh(bot))
            stack.callback(refreshing.cancel)
            (on_ready or _show_address)(preview.url)
            await preview.wait_closed()


async def _set_the_stage(bot: Tunewise, env: simcord.Env) -> None:
    """Gives the bot its name and the simulated clock today's date; from then on that clock stands still."""
    bot.refresh_knowledge.cancel()  # else every refresh between the simulation's epoch and today would run
    await env.advance_time((datetime.now(UTC) - env.now()).total_seconds())
    if bot.user is not None:
        await bot.user.edit(username="Tunewise")


async def _welcome(bot: Tunewise, channel_id: int) -> None:
    channel = bot.get_channel(channel_id)
    if isinstance(channel, discord.TextChannel):
        await channel.send(view=layout.welcome(WELCOME))


async def _refresh(bot: Tunewise) -> None:
    """Does by the real clock what the bot's own task would do: on the simulated one its time never comes."""
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_REFRESHES)
        await bot.refresh_knowledge()


def _show_address(url: str) -> None:
    console = Console()
    console.print("\n[bold green]Tunewise is ready.[/] Open this page and ask:\n")
    console.print(url, style="bold", soft_wrap=True)
    console.print("\nCtrl+C ends it.")
