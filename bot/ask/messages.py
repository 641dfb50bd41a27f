"""Messages that ask: a mention, a reply, a direct message. Each has one answer, which follows edits and deletion."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import discord
from discord.ext import commands

from bot.ask import history
from bot.ask.answered import Answered
from bot.replies import MessageReply

if TYPE_CHECKING:
    from bot.ask.cog import Ask
    from bot.client import Tunewise

UNREADABLE_REPLY = (
    "Discord shows me what you write only when it mentions me. Leave the @ of your reply on, mention me, or use /ask."
)
EDITS_COUNT_FOR = timedelta(minutes=1)
DELETIONS_COUNT_FOR = timedelta(hours=1)


class Messages(commands.Cog):
    """Hears the messages that ask the bot, and hands them to `Ask`."""

    def __init__(self, bot: Tunewise, ask: Ask) -> None:
        """The bot that it listens to, and what answers."""
        self.bot = bot
        self.ask = ask
        self._answered = Answered(discord.utils.utcnow())

    @property
    def _me(self) -> discord.ClientUser:
        """The bot's own user, which it has before Discord delivers anything."""
        return cast(discord.ClientUser, self.bot.user)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """A mention, a reply, a direct message, or any message in an open channel."""
        if not self._is_for_me(message) or self._answered.took(message.id):
            return
        self._answered.take(message.id)  # Discord may deliver a message again, to a session that is resumed
        async with self._answered.turn(message.id):
            await self._answer(message)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """A question that is edited within a minute: its answer is edited too, or given if it had none."""
        message, before = payload.message, payload.cached_message
        in_time = message.edited_at is not None and message.edited_at - message.created_at <= EDITS_COUNT_FOR
        if not in_time or (before is not None and before.content == message.content) or not self._is_for_me(message):
            return
        async with self._answered.turn(message.id):
            shown = await self._answered.find(message.channel, message.id, self._me)
            await self._answer(message, shown)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """A question that is deleted: its answer goes too, found in the channel where an earlier process gave it."""
        age = discord.utils.utcnow() - discord.utils.snowflake_time(payload.message_id)
        if age <= DELETIONS_COUNT_FOR or self._answered.took(payload.message_id):
            await self._remove_answers(payload.channel_id, payload.message_id)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Messages that are deleted together: the answers that this process gave to any of them go too."""
        for question_id in filter(self._answered.took, payload.message_ids):
            await self._remove_answers(payload.channel_id, question_id)

    async def _remove_answers(self, channel_id: int, question_id: int) -> None:
        channel = self.bot.get_partial_messageable(channel_id)
        async with self._answered.turn(question_id):
            for answer in await self._answered.find(channel, question_id, self._me):
                with suppress(discord.NotFound):
                    await answer.delete()

    def _is_for_me(self, message: discord.Message) -> bool:
        """Whether a person asks the bot with `message`."""
        if message.author.bot or message.webhook_id is not None:
            return False
        if message.type not in {discord.MessageType.default, discord.MessageType.reply}:
            return False
        addressed = message.guild is None or self._me in message.mentions
        return addressed or self._hidden_reply_to_me(message) or message.channel.id in self.bot.open_channels

    async def _answer(self, message: discord.Message, shown: Sequence[discord.Message] = ()) -> None:
        """Answers `message` in the messages `shown`, or else in new ones, and remembers them."""
        reply = MessageReply(message, shown)
        if self._hidden_reply_to_me(message):
            await self.ask.say(reply, UNREADABLE_REPLY)
        else:
            await self.ask.answer(
                reply, message.content, lambda: history.before_message(message, self._me), again=bool(shown)
            )
        self._answered.remember(message.id, reply.shown)

    def _hidden_reply_to_me(self, message: discord.Message) -> bool:
        """Without the message content intent Discord empties a reply that does not ping the bot."""
        replied_to = message.reference.resolved if message.reference else None
        is_reply_to_me = isinstance(replied_to, discord.Message) and replied_to.author == self._me
        return is_reply_to_me and not (message.content or message.attachments or message.stickers)
