"""What was asked before a question, read from Discord's own replies, threads and direct messages: nothing is stored."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import discord
import structlog

from bot.ask import layout
from bot.ask.question import read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from discord.abc import MessageableChannel

MAX_TURNS = 3  # each may cost one request: the person's message between two answers
MAX_CHARACTERS = 1_500
MESSAGES_READ = 15  # of a thread or of direct messages, in one request
ANSWERS_LOOKED_THROUGH = 50
A_MOMENT = timedelta(minutes=5)
DIRECT_MESSAGES_REMEMBERED = timedelta(minutes=30)

log = structlog.get_logger(__name__)


async def before_message(message: discord.Message, me: discord.abc.User, *, listens: bool) -> list[str]:
    """What was asked before `message`: up its replies, else in the bot's own thread, else in recent direct messages.

    Where the bot `listens`, nobody has to press Reply: there it is what the same person asked a moment ago.
    Empty where Discord does not let the bot read it.
    """
    if message.reference is not None:
        return await _questions(_up_the_replies(message), me)
    if own_thread(message.channel, me):
        return await _questions(_recent(message, me), me)
    if message.guild is None:
        return await _questions(_recent(message, me, since=DIRECT_MESSAGES_REMEMBERED), me)
    if listens:
        return await _questions(_recent(message, me, since=A_MOMENT, to=message.author), me)
    return []


async def before_follow_up(answer: discord.Message, me: discord.abc.User) -> list[str]:
    """What was asked up to `answer`, the message whose "Follow up" was pressed."""

    async def messages() -> AsyncIterator[discord.Message]:
        yield answer
        async for message in _up_the_replies(answer):
            yield message

    return await _questions(messages(), me)


async def answers_to(
    channel: MessageableChannel | discord.PartialMessageable, question_id: int, me: discord.abc.User
) -> list[discord.Message]:
    """The bot's messages among the first ones after the question that reply to it, oldest first.

    In the thread that was opened from the question these are all that the bot wrote before anybody else did.
    """
    answers: list[discord.Message] = []
    try:
        after = discord.Object(question_id)
        async for message in channel.history(after=after, limit=ANSWERS_LOOKED_THROUGH, oldest_first=True):
            if message.is_system():  # "alice started a thread"
                continue
            replies = message.reference is not None and message.reference.message_id == question_id
            if message.author == me and (replies or channel.id == question_id):
                answers.append(message)
            elif channel.id == question_id:
                break
    except discord.HTTPException as error:
        log.info("history_not_read", channel=channel.id, error=str(error))
    return answers


def own_thread(channel: object, me: discord.abc.User) -> bool:
    """Whether `channel` is a thread that the bot opened."""
    return isinstance(channel, discord.Thread) and channel.owner_id == me.id


async def _up_the_replies(message: discord.Message) -> AsyncIterator[discord.Message]:
    """What `message` replies to, what that replies to, and so on."""
    for _ in range(2 * MAX_TURNS):  # a turn is a question and its answer
        replied_to = await _replied_to(message)
        if replied_to is None:
            return
        yield replied_to
        message = replied_to


async def _replied_to(message: discord.Message) -> discord.Message | None:
    reference = message.reference
    if reference is None or reference.message_id is None or reference.channel_id != message.channel.id:
        return None
    known = reference.resolved or reference.cached_message
    if isinstance(known, discord.Message):
        return known
    if known is not None:  # it was deleted
        return None
    try:
        return await message.channel.fetch_message(reference.message_id)
    except discord.HTTPException as error:
        log.info("history_not_read", channel=message.channel.id, error=str(error))
        return None


async def _recent(
    message: discord.Message,
    me: discord.abc.User,
    since: timedelta | None = None,
    to: discord.abc.User | None = None,
) -> AsyncIterator[discord.Message]:
    """What the bot wrote in the channel before `message`, the newest first; none older than `since`, all `to`."""
    after = message.created_at - since if since else None
    try:
        async for earlier in message.channel.history(limit=MESSAGES_READ, before=message):
            if after is not None and earlier.created_at < after:
                return
            if earlier.author == me and (to is None or _asker(earlier) == to):
                yield earlier
    except discord.HTTPException as error:
        log.info("history_not_read", channel=message.channel.id, error=str(error))


def _asker(answer: discord.Message) -> discord.abc.User | None:
    """Who asked what `answer`, a message of the bot, answers."""
    if answer.interaction_metadata is not None:
        return answer.interaction_metadata.user
    replied_to = answer.reference.resolved if answer.reference else None
    return replied_to.author if isinstance(replied_to, discord.Message) else None


async def _questions(newest_first: AsyncIterator[discord.Message], me: discord.abc.User) -> list[str]:
    """What was asked in these messages, oldest first: an answer shows it, else the person's own words are it."""
    questions: list[str] = []
    answered = False
    async for message in newest_first:
        if message.author == me:
            question = layout.question_of(message)
            answered = bool(question)
        else:
            question = "" if answered or message.author.bot else _read(message, me)
            answered = False
        if question and question not in questions:
            questions.insert(0, question)
        if len(questions) == MAX_TURNS or sum(map(len, questions)) > MAX_CHARACTERS:
            break
    return questions


def _read(message: discord.Message, me: discord.abc.User) -> str:
    reading = read(message.content, bot_id=me.id)
    return reading.text if reading.kind == "question" else ""
