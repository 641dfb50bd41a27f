"""Which messages of the bot answer which question, so that an edit mends them and nobody is answered twice."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import discord

from bot.ask import history

if TYPE_CHECKING:
    from discord.abc import MessageableChannel

REMEMBERED = 1_000


class Answered:
    """The answers of this process by their question; those of an earlier one are found in the channel itself."""

    def __init__(self, since: datetime) -> None:
        """`since` is when the process began to listen."""
        self._answers: OrderedDict[int, Sequence[discord.Message]] = OrderedDict()
        self._known_from = discord.utils.time_snowflake(since)
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def turn(self, question_id: int) -> asyncio.Lock:
        """Hold it while the question is answered, mended or removed: one at a time, in the order of events."""
        return self._turns.setdefault(question_id, asyncio.Lock())

    def took(self, question_id: int) -> bool:
        """Whether this process has answered the question, or is about to."""
        return question_id in self._answers

    def take(self, question_id: int) -> None:
        """Notes that the question is about to be answered."""
        self.remember(question_id, ())

    def remember(self, question_id: int, messages: Sequence[discord.Message]) -> None:
        """Notes that `messages` answer the question."""
        self._answers[question_id] = messages
        if len(self._answers) > REMEMBERED:
            forgotten, _ = self._answers.popitem(last=False)
            self._known_from = max(self._known_from, forgotten + 1)

    async def find(
        self, channel: MessageableChannel | discord.PartialMessageable, question_id: int, me: discord.abc.User
    ) -> Sequence[discord.Message]:
        """The messages that answer the question, in order; one request where an earlier process wrote them."""
        if question_id in self._answers or question_id >= self._known_from:
            return self._answers.get(question_id, ())
        return await history.answers_to(channel, question_id, me)
