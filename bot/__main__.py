"""The bot's command line: `python -m bot run | playground | doctor`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

from rich.console import Console

from bot.errors import StartupError
from bot.logs import configure_logging
from bot.records import RecordsError
from bot.settings import Settings
from knowledge.errors import KnowledgeError
from knowledge.settings import SettingsError, load_settings, provider_keys

DONE, FAILED = 0, 1

HOW_TO_CONNECT = (
    "There is no DISCORD_TOKEN. To get one, open https://discord.com/developers/applications, create an"
    " application, press Reset Token on its page Bot, and write DISCORD_TOKEN=... into .env. To try Tunewise"
    " without a token: python -m bot playground."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; its exit status is 0 done, 1 refused or failed with a reason, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        settings = load_settings(Settings, strict=True)
    except SettingsError as error:
        errors.print(str(error), style="red", markup=False)
        return FAILED
    # The playground's terminal belongs to the page's address; what goes wrong is logged there too.
    level = logging.ERROR if options.command == "playground" else logging.INFO
    configure_logging(secrets=[settings.discord_token.get_secret_value(), *provider_keys()], level=level)
    try:
        return asyncio.run(_until_stopped(_command(options, settings)))
    except KeyboardInterrupt:
        return DONE
    except (KnowledgeError, RecordsError, SettingsError, StartupError) as error:
        errors.print(str(error), style="red", markup=False)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description="Tunewise, the Discord bot.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run the bot on Discord; needs DISCORD_TOKEN")
    playground = commands.add_parser("playground", help="try the bot in the browser, without a token")
    playground.add_argument("--port", type=_port, default=0, help="port of the page (default: any free one)")
    commands.add_parser("doctor", help="check the installation and say how to mend what is wrong")
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; ports are numbers from 0 to 65535")
    return int(text)


async def _command(options: argparse.Namespace, settings: Settings) -> int:
    """Does what was asked; each command imports its own parts: the doctor works where the bot does not."""
    if options.command == "doctor":
        from bot.doctor import diagnose, report

        return report(await diagnose(settings), Console())
    if options.command == "playground":
        return await _playground(settings, options.port)
    return await _run(settings)


async def _playground(settings: Settings, port: int) -> int:
    try:
        from bot.playground import play
    except ModuleNotFoundError as error:
        raise StartupError(
            f"The playground needs the package {error.name}. Install it with: pip install 'tunewise[playground]'."
        ) from error
    await play(settings, port=port)
    return DONE


async def _run(settings: Settings) -> int:
    token = settings.discord_token.get_secret_value()
    if not token:
        raise StartupError(HOW_TO_CONNECT)
    from bot.bootstrap import tunewise
    from bot.client import serve
    from bot.health import Health, serve_health
    from bot.process import settle

    async with (
        tunewise(settings) as bot,
        serve_health(settings.health_port, lambda: Health(bot.is_ready(), bot.knowledge.version)),
    ):
        settle()
        await serve(bot, token)
    return DONE


async def _until_stopped(command: Coroutine[Any, Any, int]) -> int:
    """Runs `command`; SIGTERM ends it as Ctrl+C does, everything closed, with status 0."""
    task = asyncio.ensure_future(command)
    with suppress(NotImplementedError):  # Windows knows no signal handlers on its loops
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return DONE


if __name__ == "__main__":
    sys.exit(main())
