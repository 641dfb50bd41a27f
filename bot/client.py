"""The bot itself: what it hears, that it pings nobody, and the one place where every failure ends."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

import aiohttp
import discord
import structlog
import yarl
from discord import app_commands
from discord.ext import commands, tasks
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import errors
from bot.ask import layout
from bot.replies import InteractionReply, MessageReply, Reply
from bot.server.preferences import ServerPreferences
from knowledge.cite import Sections
from knowledge.compare import Aspect
from knowledge.embed import Vectors
from knowledge.types import Answer, Chunk, Citation

# Tunewise never joins a voice channel, so nobody needs to be told what is missing for it.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False

SECONDS_TO_WAIT_FOR_A_RATE_LIMIT = 60.0
SECONDS_BETWEEN_REFRESHES = 2.0
AUTHENTICATION_FAILED = 4004
REFUSED_LOGIN = (
    "Discord refused the token. Open https://discord.com/developers/applications, your application,"
    " page Bot, press Reset Token, and set DISCORD_TOKEN to the new one."
)

log = structlog.get_logger(__name__)


class Knowledge(Protocol):
    """What the bot needs of the knowledge; the methods block and may be called from any thread."""

    @property
    def version(self) -> str:
        """The published version that answers."""

    @property
    def sections(self) -> Sections:
        """The chunks of that version by section."""

    def ask(self, question: str, after: Sequence[str] = ()) -> Answer:
        """The answer of that version to `question`, understood from the ones `after` which it is asked."""

    def meanings(self, question: str) -> tuple[str, ...]:
        """What an unclear question may stand for when nothing was said before; none where it is clear. At once."""

    @property
    def comparison(self) -> tuple[Aspect, ...]:
        """What the tables of that version compare; empty where none does. This alone does not block."""

    def closest_aspect(self, typed: str) -> Aspect | None:
        """The aspect of that comparison that means most nearly what was typed; None where none is near."""

    def explain(self, aspect: Aspect) -> tuple[Citation, ...]:
        """The sentences of that version that explain the aspect."""

    @property
    def chunks(self) -> Sequence[Chunk]:
        """What that version holds."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A vector of length one for each of `texts`."""

    def refresh(self) -> bool:
        """Takes up a newly published version; True when there was one."""


class Tree(app_commands.CommandTree["Tunewise"]):
    """The bot's commands; what fails in one ends where everything does."""

    async def on_error(
        self, interaction: discord.Interaction[Tunewise], error: app_commands.AppCommandError, /
    ) -> None:
        """Reports the error to the person who used the command."""
        cause: BaseException = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            cause = errors.Refusal("That command has changed. Restart Discord (Ctrl+R) to get the new one.")
        await self.client.report(cause, InteractionReply(interaction, private=True))


class Tunewise(commands.AutoShardedBot):
    """The client. It needs no privileged intent, unless the operator lets it read channels as a whole."""

    def __init__(
        self,
        *,
        knowledge: Knowledge,
        preferences: ServerPreferences,
        message_content: bool = False,
        shard_count: int | None = None,
    ) -> None:
        """The bot, not yet connected.

        `preferences` are those of its servers; `message_content` asks for the intent to read messages that do not
        address the bot. Without `shard_count` Discord says how many shards there are.
        """
        super().__init__(
            command_prefix=(),
            help_command=None,
            tree_cls=Tree,
            intents=discord.Intents(
                guilds=True, guild_messages=True, dm_messages=True, message_content=message_content
            ),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_ratelimit_timeout=SECONDS_TO_WAIT_FOR_A_RATE_LIMIT,
            shard_count=shard_count,
        )
        self.preferences = preferences
        self.command_ids: dict[str, int] = {}
        self.knowledge = knowledge
        self._refresh_problem = ""

    async def setup_hook(self) -> None:
        """Tells Discord the commands, and watches for new versions of the knowledge from now on."""
        self.command_ids = {command.name: command.id for command in await self.tree.sync()}
        self.refresh_knowledge.start()

    async def close(self) -> None:
        """Leaves Discord."""
        self.refresh_knowledge.cancel()
        await super().close()

    def owners(self) -> frozenset[int]:
        """The user ids of the application's owner, or of those in the owning team who may change it."""
        application = self.application
        if application is None:
            return frozenset()
        if application.team is None:
            return frozenset({application.owner.id})
        roles = {discord.TeamMemberRole.admin, discord.TeamMemberRole.developer}
        members = {member.id for member in application.team.members if member.role in roles}
        return frozenset(members | ({application.team.owner_id} if application.team.owner_id else set()))

    async def on_ready(self) -> None:
        """Logs that the bot can be asked."""
        log.info("ready", user=str(self.user), servers=len(self.guilds), shards=self.shard_count)

    async def on_message(self, message: discord.Message, /) -> None:
        """Nothing: there are no text commands, and the cogs listen by themselves."""

    @tasks.loop(seconds=SECONDS_BETWEEN_REFRESHES)
    async def refresh_knowledge(self) -> None:
        """Takes up a newly published version of the knowledge; a failure is logged once."""
        try:
            if await asyncio.to_thread(self.knowledge.refresh):
                log.info("knowledge_refreshed", version=self.knowledge.version)
            self._refresh_problem = ""
        except Exception as error:  # noqa: BLE001  # this task must outlive whatever a store can raise
            if str(error) != self._refresh_problem:
                errors.record("knowledge_not_refreshed", error)
            self._refresh_problem = str(error)

    async def respond(self, reply: Reply, prepare: Callable[[], Awaitable[Sequence[discord.ui.LayoutView]]]) -> None:
        """Shows that the bot is at work, then what `prepare` returns; a failure is reported and ends here."""
        try:
            async with reply.thinking():
                await self._choose_language(reply)
                views = await prepare()
                await self._choose_language(reply)  # again: what was prepared may be that choice
                await reply.show(*views)
        except errors.AnsweredElsewhereError:
            log.info("answered_elsewhere", user=reply.author.id)
        except Exception as error:  # noqa: BLE001  # the outermost boundary: nobody is left without an answer
            await self.report(error, reply)

    async def _choose_language(self, reply: Reply) -> None:
        server_id, channel_ids = reply.where
        reply.language = (await self.preferences.of(server_id, *channel_ids)).language

    async def report(self, error: BaseException, reply: Reply) -> None:
        """Ends a failure: a sentence to the person and a log line to the operator, which show one id."""
        incident = errors.record("answer_failed", error, user=reply.author.id)
        await self._choose_language(reply)
        sentence = errors.explain(error)
        known = isinstance(error, errors.Refusal)
        if not await reply.apologise(layout.notice(sentence if known else f"⚠️ {sentence} (id {incident})")):
            log.warning("apology_not_delivered", id=incident)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Reports what failed in a listener: to whoever wrote the message, else to the log alone."""
        error = sys.exc_info()[1]
        if error is None:
            return
        if args and isinstance(args[0], discord.Message):
            await self.report(error, MessageReply(args[0]))
        else:
            errors.record("event_failed", error, event_method=event_method)


def point_at(api_url: str, gateway_url: str) -> None:
    """Makes this process talk to another server that speaks Discord's API; empty: no change."""
    if api_url:
        Route.BASE = api_url.rstrip("/")
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


async def serve(bot: Tunewise, token: str) -> None:
    """Runs the bot on Discord until it is cancelled. Raises StartupError when Discord cannot be entered."""
    try:
        async with bot:
            await bot.start(token)
    except discord.LoginFailure as error:
        raise errors.StartupError(REFUSED_LOGIN) from error
    except discord.ConnectionClosed as error:
        if error.code == AUTHENTICATION_FAILED:  # the token was reset while the bot ran
            raise errors.StartupError(REFUSED_LOGIN) from error
        raise errors.StartupError(
            f"Discord ended the connection for good: {error}. Look the number up at"
            " https://discord.com/developers/docs/topics/opcodes-and-status-codes and start the bot again."
        ) from error
    except discord.PrivilegedIntentsRequired as error:
        raise errors.StartupError(
            "Discord refused the message content intent. Switch it on at https://discord.com/developers/applications,"
            " your application, page Bot, Message Content Intent."
        ) from error
    except (aiohttp.ClientConnectionError, discord.GatewayNotFound) as error:
        raise errors.StartupError(
            f"Discord cannot be reached: {error}. Check the network, DISCORD_API_URL and DISCORD_GATEWAY_URL."
        ) from error
    except (discord.HTTPException, discord.RateLimited) as error:
        raise errors.StartupError(
            f"Discord refused the start: {error}. See https://discordstatus.com and try again."
        ) from error
