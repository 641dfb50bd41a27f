"""Where every action of a maintainer passes: who may, what takes a while, and what is logged of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from bot import errors
from bot.errors import Refusal
from bot.maintain import layout
from bot.maintain.access import REFUSED, may_maintain
from bot.maintain.runs import Run, Runs, Ticker
from bot.records import Records, RecordsError
from bot.replies import NOT_DELIVERED, InteractionReply, Reply
from bot.settings import Settings
from bot.text import escape
from knowledge.errors import IndexBusyError, IndexCancelledError, KnowledgeError
from knowledge.index import lock_holder

if TYPE_CHECKING:
    from bot.client import Tunewise

T = TypeVar("T")
Step = Callable[[str, int, int], None]
Work = Callable[[Step, Callable[[], bool]], T]
Prepare = Callable[[Reply], Awaitable[Sequence[Any]]]


class Desk:
    """What the maintainers' cogs share."""

    def __init__(self, bot: Tunewise, settings: Settings, records: Records) -> None:
        """The bot that they serve, and what they change."""
        self.bot = bot
        self.settings = settings
        self.records = records
        self.runs = Runs()

    def may(self, interaction: Any) -> bool:
        """Whether whoever used the command, or pressed, is a maintainer."""
        roles = [role.id for role in getattr(interaction.user, "roles", ())]
        owners = self.bot.owners()
        return may_maintain(interaction.user.id, roles, maintainers=self.settings.maintainer_ids, owners=owners)

    async def respond(
        self, interaction: Any, prepare: Prepare, *, private: bool = True, in_place: bool = False
    ) -> None:
        """Shows a maintainer what `prepare` returns; anybody else is refused, whatever Discord let them press."""

        if not self.may(interaction):
            await self.refuse(interaction, Refusal(REFUSED))
            return
        reply = InteractionReply(interaction, private=private, in_place=in_place)
        await self.bot.respond(reply, lambda: prepare(reply))

    async def open_form(self, interaction: Any, form: Any) -> None:
        """Opens a modal to a maintainer; it has to be the first answer to what they pressed."""
        if not self.may(interaction):
            await self.refuse(interaction, Refusal(REFUSED))
            return
        try:
            await interaction.response.send_modal(form)
        except NOT_DELIVERED as error:
            await self.refuse(interaction, error)

    async def refuse(self, interaction: Any, error: BaseException) -> None:
        """Tells the person alone why nothing happens."""
        await self.bot.report(error, InteractionReply(interaction, private=True))

    async def work(self, reply: Reply, title: str, work: Work[T]) -> T:
        """What `work` returns, in a thread; meanwhile `reply` shows how far it is, with a button that cancels it.

        Raises what `work` raises, and Refusal when a person cancelled it.
        """
        run = self.runs.begin()
        ticker = Ticker(lambda now: self._show_progress(reply, title, now, run))
        try:
            return await asyncio.to_thread(work, ticker.step, run.is_cancelled)
        except IndexCancelledError as error:
            by = f" by <@{run.cancelled_by}>" if run.cancelled_by else ""
            raise Cancelled(f"**Cancelled**{by}. {escape(str(error).removeprefix('Cancelled.').strip())}") from error
        finally:
            await ticker.end()
            self.runs.end(run)

    async def _show_progress(self, reply: Reply, title: str, now: Any, run: Run) -> None:
        """A picture of the work that cannot be shown is not worth ending the work."""
        if run.is_cancelled():
            return
        try:
            await reply.show(layout.progress(title, now, run.id))
        except Exception as error:  # noqa: BLE001  # whatever Discord refuses, the result is shown later or reported
            errors.record("progress_not_shown", error)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Tells a maintainer what is wrong with the knowledge, which others are not told."""
        try:
            yield
        except IndexBusyError as error:
            raise Refusal(layout.busy(lock_holder(self.settings))) from error
        except KnowledgeError as error:
            raise Refusal(f"⚠️ {escape(str(error))}") from error

    async def log(self, user_id: int, action: str, *, version: str = "", detail: str = "") -> None:
        """Notes who did what; where that fails, what was done is done, and the operator's log has it."""
        try:
            await self.records.changes.add(user_id, action, version=version, detail=detail)
        except RecordsError as error:
            errors.record("change_not_logged", error, user=user_id, action=action, version=version)

    async def take_up(self) -> None:
        """Lets this bot answer from what was just published; others take it up within seconds."""
        with self.explained():
            await asyncio.to_thread(self.bot.knowledge.refresh)


class Cancelled(Refusal):
    """A person ended the work."""
