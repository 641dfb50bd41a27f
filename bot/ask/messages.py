"""Messages that ask: a mention, a reply, a direct message. Each has one answer, which follows edits and deletion."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import discord
from discord.ext import commands

from bot.ask import history
from bot.ask.answered import Answered
from bot.ask.question import asks
from bot.replies import MessageReply
from bot.server.preferences import DEFAULT, InForce

if TYPE_CHECKING:
    from discord.abc import MessageableChannel

    from bot.ask.cog import Ask
    from bot.client import Tunewise

UNREADABLE = (
    "Discord shows me what you write only when it mentions me. Leave the @ of your reply on, mention me, or use /ask."
)
EDITS_COUNT_FOR = timedelta(minutes=1)
THREADS_REMEMBERED = 1_000
DELETIONS_COUNT_FOR = timedelta(hours=1)


class Messages(commands.Cog):
    """Hears the messages that ask the bot, and hands them to `Ask`."""

    def __init__(self, bot: Tunewise, ask: Ask) -> None:
        """The bot that it listens to, and what answers."""
        self.bot = bot
        self.ask = ask
        self._answered = Answered(discord.utils.utcnow())
        self._told = deque[int](maxlen=THREADS_REMEMBERED)

    @property
    def _me(self) -> discord.ClientUser:
        """The bot's own user, which it has before Discord delivers anything."""
        return cast(discord.ClientUser, self.bot.user)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """A mention, a reply, a direct message, or what a server chose to have answered as well."""
        in_force = await self._in_force(message)
        # From here to the next await nothing else happens: Discord may deliver a message again, when a session resumes.
        if self._answered.took(message.id) or not self._is_for_me(message, in_force):
            return
        self._answered.take(message.id)
        async with self._answered.turn(message.id):
            await self._answer(message, in_force)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """A question that is edited within a minute: its answer is edited too, or given if it had none."""
        message, before = payload.message, payload.cached_message
        in_time = message.edited_at is not None and message.edited_at - message.created_at <= EDITS_COUNT_FOR
        if not in_time or (before is not None and before.content == message.content):
            return
        in_force = await self._in_force(message)
        if not self._is_for_me(message, in_force):
            return
        async with self._answered.turn(message.id):
            shown = await self._find_answers(message.channel, message.id)
            await self._answer(message, in_force, shown)

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
            for answer in await self._find_answers(channel, question_id):
                with suppress(discord.NotFound):
                    await answer.delete()

    async def _find_answers(
        self, channel: MessageableChannel | discord.PartialMessageable, question_id: int
    ) -> Sequence[discord.Message]:
        thread = self.bot.get_channel(question_id)  # a thread has the id of the message that it was opened from
        place = thread if history.own_thread(thread, self._me) else channel
        return await self._answered.find(cast("MessageableChannel", place), question_id, self._me)

    async def _in_force(self, message: discord.Message) -> InForce:
        """What the server chose for the channel of `message`."""
        if message.guild is None:
            return DEFAULT
        parent = message.channel.parent_id if isinstance(message.channel, discord.Thread) else message.channel.id
        return await self.bot.preferences.of(message.guild.id, message.channel.id, parent)

    def _is_for_me(self, message: discord.Message, in_force: InForce) -> bool:
        """Whether a person asks the bot with `message`: by addressing it, or by what the server chose."""
        if message.author.bot or message.webhook_id is not None:
            return False
        if message.type not in {discord.MessageType.default, discord.MessageType.reply}:
            return False
        if message.guild is None or self._me in message.mentions or self._hidden_reply_to_me(message):
            return True
        if _opens_a_post(message):
            return in_force.listens != "addressed"
        if history.own_thread(message.channel, self._me):
            return self._is_hidden_here(message) or (self._is_to_all(message) and asks(message.content))
        if isinstance(message.channel, discord.Thread) or not message.content:
            return False
        overheard = in_force.listens == "questions" and self._is_to_all(message) and asks(message.content)
        return overheard or in_force.listens == "everything"

    def _is_to_all(self, message: discord.Message) -> bool:
        """Whether `message` is neither a reply to another person nor mentions one."""
        replied_to = message.reference.resolved if message.reference else None
        to_another = isinstance(replied_to, discord.Message) and replied_to.author not in {self._me, message.author}
        return not (message.mentions or to_another)

    def _is_hidden_here(self, message: discord.Message) -> bool:
        """Whether Discord hid the words of `message` in the bot's own thread, and the bot has not said so there yet."""
        thread = message.channel.id
        if message.content or message.attachments or message.stickers or thread in self._told:
            return False
        self._told.append(thread)
        return True

    async def _answer(self, message: discord.Message, in_force: InForce, shown: Sequence[discord.Message] = ()) -> None:
        """Answers `message` in the messages `shown`, or else in new ones, and remembers them."""
        reply = MessageReply(message, shown, in_thread=in_force.place == "thread")
        words = message.content
        if _opens_a_post(message) and isinstance(message.channel, discord.Thread):
            words = f"{message.channel.name}\n{words}"
        in_own_thread = history.own_thread(message.channel, self._me) and self._me not in message.mentions
        if self._hidden_reply_to_me(message) or (in_own_thread and not words):
            await self.ask.say(reply, UNREADABLE)
        else:
            listens = in_force.listens != "addressed"
            await self.ask.answer(
                reply, words, lambda: history.before_message(message, self._me, listens=listens), again=bool(shown)
            )
        self._answered.remember(message.id, reply.shown)

    def _hidden_reply_to_me(self, message: discord.Message) -> bool:
        """Without the message content intent Discord empties a reply that does not ping the bot."""
        replied_to = message.reference.resolved if message.reference else None
        is_reply_to_me = isinstance(replied_to, discord.Message) and replied_to.author == self._me
        return is_reply_to_me and not (message.content or message.attachments or message.stickers)


def _opens_a_post(message: discord.Message) -> bool:
    """Whether `message` is the first one of a forum's post: that has the post's id."""
    channel = message.channel
    is_post = isinstance(channel, discord.Thread) and isinstance(channel.parent, discord.ForumChannel)
    return is_post and message.id == channel.id
