"""Settings in, a bot that is ready to connect out: the one place that chooses the real parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.ask.cog import Ask
from bot.ask.messages import Messages
from bot.ask.queue import QuestionQueue
from bot.ask.stream import Writer
from bot.client import Knowledge, Tunewise, point_at
from bot.compare.cog import Compare
from bot.help.cog import Help
from bot.maintain.cog import Maintain
from bot.maintain.desk import Desk
from bot.maintain.gaps.cog import Gaps
from bot.privacy.cog import Privacy
from bot.recommend.cog import Recommend
from bot.recommend.criteria_file import CriteriaFile
from bot.records import Records
from bot.server.cog import Settings as ServerSettings
from bot.server.preferences import ServerPreferences
from bot.settings import Settings
from knowledge.base import KnowledgeBase


@asynccontextmanager
async def tunewise(
    settings: Settings,
    *,
    knowledge: Knowledge | None = None,
    records: Records | None = None,
    shard_count: int | None = None,
) -> AsyncIterator[Tunewise]:
    """The bot as the settings want it; a part that is given replaces the real one, and its giver closes it.

    Raises KnowledgeError when there is nothing to answer from or the criteria are wrong, RecordsError when the
    database cannot be used.
    """
    point_at(settings.discord_api_url, settings.discord_gateway_url)
    async with AsyncExitStack() as stack:
        if knowledge is None:
            knowledge = await asyncio.to_thread(KnowledgeBase.open, settings)
        if records is None:
            records = await Records.open(settings.records_url)
            stack.push_async_callback(records.close)
        queue = QuestionQueue(knowledge.ask, workers=settings.workers, limit=settings.max_questions_in_flight)
        stack.callback(queue.close)
        bot = Tunewise(
            knowledge=knowledge,
            preferences=ServerPreferences(records.servers),
            message_content=settings.message_content_intent,
            shard_count=shard_count,
        )
        writer = None
        if isinstance(knowledge, KnowledgeBase) and knowledge.writes:
            writer = Writer(knowledge.write)
            stack.callback(writer.close)
        ask = Ask(bot, settings, queue, records, writer)
        await bot.add_cog(ask)
        await bot.add_cog(Messages(bot, ask))
        await bot.add_cog(Compare(bot, queue))
        await bot.add_cog(Recommend(bot, CriteriaFile(settings.criteria_file)))
        await bot.add_cog(Help(bot))
        await bot.add_cog(Privacy(bot, records))
        desk = Desk(bot, settings, records)
        gaps = Gaps(desk)
        await bot.add_cog(gaps)
        await bot.add_cog(Maintain(desk, gaps))
        await bot.add_cog(ServerSettings(bot))
        yield bot
