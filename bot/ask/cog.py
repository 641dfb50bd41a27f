"""Every way to ask leads here, and from here to one answer."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot import errors
from bot.ask import buttons, history, layout
from bot.ask.question import read
from bot.ask.queue import QuestionQueue, QueueFullError
from bot.ask.stream import Writer
from bot.records import Records, RecordsError, UnknownAnswerError
from bot.replies import NOT_DELIVERED, InteractionReply, Reply
from knowledge.types import Answer

if TYPE_CHECKING:
    from bot.client import Tunewise
    from bot.settings import Settings

ANSWER_GONE = "I no longer have the record of that answer. Ask the question again and I will answer it anew."
NO_TEXT = "That message has no text that I could look up; pictures and attachments I cannot read."
QUEUE_FULL = "So many people are asking right now that I cannot take another question. Please ask again in a minute."

log = structlog.get_logger(__name__)

Interaction = discord.Interaction[Any]
Before = Callable[[], Awaitable[Sequence[str]]]


class Ask(commands.Cog):
    """Receives questions from Discord and shows their answers."""

    def __init__(
        self, bot: Tunewise, settings: Settings, queue: QuestionQueue, records: Records, writer: Writer | None = None
    ) -> None:
        """The bot that it listens to, and what it answers with."""
        self.bot = bot
        self.queue = queue
        self.records = records
        self._writer = writer
        self._cooldown: commands.CooldownMapping[int] = commands.CooldownMapping.from_cooldown(
            settings.cooldown_questions, settings.cooldown_seconds, lambda person: person
        )
        self._menu = app_commands.ContextMenu(name="Ask about this message", callback=self.ask_about_message)

    async def cog_load(self) -> None:
        """Adds what a cog does not add by itself."""
        self.bot.tree.add_command(self._menu)
        self.bot.add_dynamic_items(*buttons.ALL)
        self.bot.add_view(buttons.FollowUpForm())

    async def cog_unload(self) -> None:
        """Takes it away again."""
        self.bot.tree.remove_command(self._menu.name, type=self._menu.type)
        self.bot.remove_dynamic_items(*buttons.ALL)

    @app_commands.command(
        name="ask", description="Ask about prompt engineering and fine-tuning; the answer shows its sources."
    )
    @app_commands.describe(
        question='What you want to know, for example: "How many examples do I need for fine-tuning?"',
        private="Show the answer only to you (default: everybody in the channel sees it).",
    )
    async def ask(
        self, interaction: Interaction, question: app_commands.Range[str, 1, 6000], private: bool = False
    ) -> None:
        """/ask."""
        await self.answer(InteractionReply(interaction, private=private), question)

    async def ask_about_message(self, interaction: Interaction, message: discord.Message) -> None:
        """The menu of a message. Private: the words are somebody else's."""
        reply = InteractionReply(interaction, private=True)
        if message.content:
            await self.answer(reply, message.content)
        else:
            await self.say(reply, NO_TEXT)

    async def answer(self, reply: Reply, raw: str, before: Before | None = None, *, again: bool = False) -> None:
        """The one way of a question: `raw` is read, answered, remembered and shown through `reply`.

        `before` finds out what was asked before it; `again`: it was asked already, in other words.
        """

        async def views() -> list[discord.ui.LayoutView]:
            return await self._views(reply, raw, await before() if before else (), again=again)

        await self.bot.respond(reply, views)

    async def _views(
        self, reply: Reply, raw: str, said: Sequence[str] = (), *, again: bool = False
    ) -> list[discord.ui.LayoutView]:
        reading = read(raw, bot_id=self.bot.user.id if self.bot.user else 0)
        if not again and (seconds := self._seconds_to_wait(reply.author.id)):
            return [layout.notice(f"That was quick! Give me {seconds} s, then ask again.")]
        if reading.kind == "refused":
            return [layout.notice(reading.text)]
        if reading.kind == "smalltalk":
            return [layout.welcome(reading.text)]
        if not said and (meanings := self.bot.knowledge.meanings(reading.text)):
            return [layout.clarify(reading.text, meanings)]
        try:
            answer = await self.queue.ask(reading.text, lambda ahead: self._show_place(reply, ahead), said)
        except QueueFullError:
            return [layout.notice(QUEUE_FULL)]
        if self._writer is not None and answer.kind == "answer":
            answer = await self._writer.write(answer, reply.channel_id, lambda part: self._show_part(reply, part))
        return layout.answer(answer, await self._remember(answer))

    async def _show_part(self, reply: Reply, part: Answer) -> bool:
        """Shows what there is of an answer; False where that cannot be: the whole answer may still."""
        try:
            await reply.show(layout.writing(part))
        except NOT_DELIVERED as error:
            log.warning("part_not_shown", error=str(error))
            return False
        return True

    async def _show_place(self, reply: Reply, ahead: int) -> None:
        """Says how many come first; where that cannot be shown, the answer still can."""
        try:
            await reply.show(layout.waiting(ahead))
        except NOT_DELIVERED as error:
            log.warning("place_not_shown", ahead=ahead, error=str(error))

    def _seconds_to_wait(self, person: int) -> int:
        wait = self._cooldown.update_rate_limit(person, discord.utils.utcnow().timestamp())
        return math.ceil(wait or 0)

    async def _remember(self, answer: Answer) -> str | None:
        """The id of the answer, or None when the records fail: the answer is worth more than its buttons."""
        try:
            return await self.records.remember_answer(answer)
        except RecordsError as error:
            errors.record("answer_not_remembered", error)
            return None

    async def ask_suggestion(self, interaction: Interaction, answer_id: str, number: int) -> None:
        """Asks the numbered suggestion of an abstention, shown to the same people as that was."""
        reply = InteractionReply(interaction, private=_was_private(interaction))

        async def suggestion() -> list[discord.ui.LayoutView]:
            stored = await self.records.find_answer(answer_id)
            if stored is None or number >= len(stored.suggestions):
                return [layout.notice(ANSWER_GONE)]
            return await self._views(reply, stored.suggestions[number])

        await self.bot.respond(reply, suggestion)

    async def ask_example(self, interaction: Interaction, question: str) -> None:
        """Asks an example question, shown to the same people as the examples were."""
        await self.answer(InteractionReply(interaction, private=_was_private(interaction)), question)

    async def open_follow_up(self, interaction: Interaction) -> None:
        """Opens the form for a question that goes on from the answer."""
        reply = InteractionReply(interaction, private=True)
        server_id, channel_ids = reply.where
        in_force = await self.bot.preferences.of(server_id, *channel_ids)
        try:
            await interaction.response.send_modal(buttons.FollowUpForm(in_force.language))
        except discord.HTTPException as error:
            await self.bot.report(error, reply)

    async def follow_up(self, interaction: Interaction, question: str) -> None:
        """Asks a question that goes on from the answer whose button was pressed, shown to the same people."""
        answer = interaction.message

        async def before() -> Sequence[str]:
            return await history.before_follow_up(answer, self.bot.user) if answer and self.bot.user else ()

        await self.answer(InteractionReply(interaction, private=_was_private(interaction)), question, before)

    async def show_sources(self, interaction: Interaction, answer_id: str) -> None:
        """Shows the quoted passages to the person who pressed."""

        async def sources() -> list[discord.ui.LayoutView]:
            stored = await self.records.find_answer(answer_id)
            return layout.sources(stored) if stored else [layout.notice(ANSWER_GONE)]

        await self.bot.respond(InteractionReply(interaction, private=True), sources)

    async def vote(self, interaction: Interaction, answer_id: str, direction: buttons.VoteDirection) -> None:
        """Counts the person's vote and says so to them."""

        async def thanks() -> list[discord.ui.LayoutView]:
            try:
                result = await self.records.vote(answer_id, interaction.user.id, 1 if direction == "up" else -1)
            except UnknownAnswerError:
                return [layout.notice(ANSWER_GONE)]
            return [layout.vote(result)]

        await self.bot.respond(InteractionReply(interaction, private=True), thanks)

    async def tell_me(self, interaction: Interaction, answer_id: str) -> None:
        """Promises to tell the person once the question of an abstention is covered, or takes that back."""

        async def promised() -> list[discord.ui.LayoutView]:
            subscribed = await self.records.subscriptions.toggle(answer_id, interaction.user.id)
            return [layout.notice(ANSWER_GONE) if subscribed is None else layout.subscription(subscribed)]

        await self.bot.respond(InteractionReply(interaction, private=True), promised)

    async def say(self, reply: Reply, sentence: str) -> None:
        """Shows one sentence."""

        async def said() -> list[discord.ui.LayoutView]:
            return [layout.notice(sentence)]

        await self.bot.respond(reply, said)


def _was_private(interaction: Interaction) -> bool:
    return interaction.message is not None and interaction.message.flags.ephemeral
