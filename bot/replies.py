"""How an answer reaches a person, with a way round everything that Discord can refuse."""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Protocol

import aiohttp
import discord
import structlog
from discord import ui

from bot import errors
from bot.records.servers import Language
from bot.text import shorten, visible
from bot.texts import translated

_USER = re.compile(r"<@!?\d+>")
MAX_THREAD_NAME = 90  # of Discord's 100
NOT_DELIVERED = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError)


log = structlog.get_logger(__name__)


class Illustrated(ui.LayoutView):
    """A layout with files: their contents by name. It shows each as attachment://NAME."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """An empty layout, to be shown through a Reply, which sends the files with it."""
        super().__init__(timeout=None)
        self.files = files


class Reply(Protocol):
    """The answer to one person, being prepared or shown. Its `language` is that of the bot's own texts in it."""

    language: Language

    @property
    def where(self) -> tuple[int | None, tuple[int, ...]]:
        """The id of the server, None in direct messages, and those of the channel, a thread's own before it."""

    @property
    def author(self) -> discord.User | discord.Member:
        """Who gets it."""

    @property
    def channel_id(self) -> int:
        """Where it is shown."""

    def thinking(self) -> AbstractAsyncContextManager[None]:
        """Shows that the answer is being prepared. Enter it before anything that takes time."""

    async def show(self, *views: ui.LayoutView) -> None:
        """Shows `views`, a message each; the first takes the place of what was shown before."""

    async def apologise(self, view: ui.LayoutView) -> bool:
        """Shows `view` by whichever way is still open; False when there is none."""


class InteractionReply:
    """The answer to a command or a button. An interaction that Discord gave up is answered by a message."""

    def __init__(self, interaction: discord.Interaction[Any], *, private: bool, in_place: bool = False) -> None:
        """`private`: only the person sees the answer. `in_place`: it replaces the message whose button was pressed."""
        self._interaction = interaction
        self._private = private
        self._in_place = in_place
        self._incident = ""
        self._expired = False
        self._shown: discord.Message | None = None
        self.language: Language = "en"

    @property
    def where(self) -> tuple[int | None, tuple[int, ...]]:
        """The id of the server, None in direct messages, and those of the channel, a thread's own before it."""
        return self._interaction.guild_id, _channels(self._interaction.channel)

    @property
    def author(self) -> discord.User | discord.Member:
        """Who gets it."""
        return self._interaction.user

    @property
    def channel_id(self) -> int:
        """Where it is shown."""
        return self._interaction.channel_id or 0

    @asynccontextmanager
    async def thinking(self) -> AsyncIterator[None]:
        """Defers the interaction, which gives 15 minutes instead of 3 seconds.

        Raises AnsweredElsewhereError when another process has done so.
        """
        try:
            await self._interaction.response.defer(ephemeral=self._private, thinking=not self._in_place)
        except discord.HTTPException as error:
            if error.code == errors.ALREADY_ACKNOWLEDGED:
                raise errors.AnsweredElsewhereError from error
            if error.code != errors.UNKNOWN_INTERACTION:
                raise
            self._incident = errors.record("interaction_expired", error, user=self.author.id)
        yield

    async def show(self, *views: ui.LayoutView) -> None:
        """Shows `views`, a message each; the first takes the place of what was shown before."""
        first, *more = views
        if self._incident and self._shown is None:
            late = "Discord had stopped waiting, so the answer comes as a message"
            first.add_item(ui.TextDisplay(f"-# {late} (id {self._incident})."))
        _localise(views, self.language)
        if self._shown is not None:
            self._shown = await self._edit(self._shown, first)
        elif self._incident:
            self._shown = await self._send(first)
        else:
            try:
                self._shown = await self._interaction.edit_original_response(view=first, attachments=_files(first))
            except discord.HTTPException as error:
                self._expired = error.code in errors.EXPIRED_TOKEN
                if not (self._expired or isinstance(error, discord.NotFound)):  # somebody deleted the message
                    raise
                self._shown = await self._send(first)
        for view in more:
            await self._send(view)

    async def _edit(self, shown: discord.Message, view: ui.LayoutView) -> discord.Message:
        """After 15 minutes the bot edits its message as any other, or writes to the person if only they see it."""
        try:
            return await shown.edit(view=view, attachments=_files(view))
        except discord.HTTPException as error:
            if error.code not in errors.EXPIRED_TOKEN:
                raise
        self._expired = True
        if self._private or self._interaction.channel_id is None:
            return await self._send(view)
        channel: discord.PartialMessageable = self._interaction.client.get_partial_messageable(
            self._interaction.channel_id, guild_id=self._interaction.guild_id
        )
        return await channel.get_partial_message(shown.id).edit(view=view, attachments=_files(view))

    async def _send(self, view: ui.LayoutView) -> discord.Message:
        if not (self._incident or self._expired):
            return await self._interaction.followup.send(
                view=view, files=_files(view), ephemeral=self._private, wait=True
            )
        channel = self._interaction.channel
        if self._private or not isinstance(channel, discord.abc.Messageable):
            return await self.author.send(view=view, files=_files(view))
        return await channel.send(view=view, files=_files(view))

    async def apologise(self, view: ui.LayoutView) -> bool:
        """Shows `view` in place of the answer, else in a message after it, else in a direct message.

        The message whose button was pressed is left as it was: the person may press again.
        """
        _localise([view], self.language)
        respond, followup = self._interaction.response, self._interaction.followup
        if self._incident:
            return await _first_that_works(lambda: self.show(view), lambda: self.author.send(view=view))
        if not respond.is_done():
            return await _first_that_works(
                lambda: respond.send_message(view=view, ephemeral=True), lambda: self.author.send(view=view)
            )
        in_place_of_the_answer = [] if self._in_place else [lambda: self.show(view)]
        return await _first_that_works(
            *in_place_of_the_answer,
            lambda: followup.send(view=view, ephemeral=True),
            lambda: self.author.send(view=view),
        )


class MessageReply:
    """The answer to a message, as a reply to it."""

    def __init__(
        self, message: discord.Message, shown: Sequence[discord.Message] = (), *, in_thread: bool = False
    ) -> None:
        """`message` is what the person wrote; `shown` are the messages that answer it already, to be changed.

        `in_thread`: the answer goes to a thread of its own, where Discord and the channel allow one.
        """
        self._message = message
        self._in_thread = in_thread
        self.shown = list(shown)
        self.language: Language = "en"

    @property
    def where(self) -> tuple[int | None, tuple[int, ...]]:
        """The id of the server, None in direct messages, and those of the channel, a thread's own before it."""
        return self._message.guild.id if self._message.guild else None, _channels(self._message.channel)

    @property
    def author(self) -> discord.User | discord.Member:
        """Who gets it."""
        return self._message.author

    @property
    def channel_id(self) -> int:
        """Where it is shown."""
        return self._message.channel.id

    @asynccontextmanager
    async def thinking(self) -> AsyncIterator[None]:
        """Shows that the bot is typing, where Discord lets it: the answer matters more."""
        async with AsyncExitStack() as stack:
            with suppress(*NOT_DELIVERED):
                await stack.enter_async_context(self._message.channel.typing())
            yield

    async def show(self, *views: ui.LayoutView) -> None:
        """Shows `views`, a message each, in place of what was shown before."""
        _localise(views, self.language)
        for number, view in enumerate(views):
            if number == len(self.shown):
                self.shown.append(await self._send(view, nonce=f"{self._message.id}-{number}"))
                continue
            try:
                self.shown[number] = await self.shown[number].edit(view=view, attachments=_files(view))
            except discord.NotFound:  # somebody deleted it
                self.shown[number] = await self._send(view, nonce=secrets.token_hex(8))
        while len(self.shown) > len(views):
            await self.shown.pop().delete()

    async def _send(self, view: ui.LayoutView, *, nonce: str) -> discord.Message:
        """Sends a part of the answer; it replies to the question, by which it is found again.

        Discord makes one message only of several with one nonce: a request that is sent again, or another process that
        got the question too, adds none.
        """
        if (thread := await self._thread()) is not None:
            return await thread.send(view=view, files=_files(view), nonce=nonce)
        reference = self._message.to_reference(fail_if_not_exists=False)
        return await self._message.channel.send(view=view, files=_files(view), reference=reference, nonce=nonce)

    async def _thread(self) -> discord.Thread | None:
        """The thread of the message, opened where there is none; None where the answer stays in the channel."""
        if not self._in_thread or not isinstance(self._message.channel, discord.TextChannel):
            return None
        if self._message.thread is not None:
            return self._message.thread
        name = shorten(visible(_USER.sub("", self._message.content)), MAX_THREAD_NAME) or "Tunewise"
        try:
            return await self._message.create_thread(name=name)
        except discord.HTTPException as error:
            log.warning("thread_not_opened", channel=self._message.channel.id, error=str(error))
            return None

    async def apologise(self, view: ui.LayoutView) -> bool:
        """Shows `view` in place of the answer, else in a direct message."""
        _localise([view], self.language)
        return await _first_that_works(lambda: self.show(view), lambda: self.author.send(view=view))


def _channels(channel: object) -> tuple[int, ...]:
    if isinstance(channel, discord.Thread):
        return channel.id, channel.parent_id
    return (channel.id,) if isinstance(channel, discord.abc.Snowflake) else ()


def _localise(views: Sequence[ui.LayoutView], language: Language) -> None:
    """Puts the bot's own texts in `views` into `language`."""
    for view in views:
        for each in view.walk_children():
            item = each.item if isinstance(each, ui.DynamicItem) else each
            if isinstance(item, ui.TextDisplay):
                item.content = translated(item.content, language)
            elif isinstance(item, ui.Button):
                item.label = translated(item.label or "", language) or None
            elif isinstance(item, ui.Select | ui.ChannelSelect):
                item.placeholder = translated(item.placeholder or "", language) or None
            if isinstance(item, ui.Select):
                for option in item.options:
                    option.label = translated(option.label, language)
                    option.description = translated(option.description or "", language) or None


def _files(view: ui.LayoutView) -> list[discord.File]:
    """The files of `view`, to be sent once: sending closes them."""
    files = view.files if isinstance(view, Illustrated) else {}
    return [discord.File(io.BytesIO(content), name) for name, content in files.items()]


async def _first_that_works(*ways: Callable[[], Awaitable[object]]) -> bool:
    for way in ways:
        try:
            await way()
        except NOT_DELIVERED:
            continue
        return True
    return False
