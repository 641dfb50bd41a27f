"""/knowledge: receives what maintainers ask of the index and shows what came of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import errors
from bot.errors import Refusal
from bot.maintain import buttons, index, layout
from bot.maintain.access import name_of
from bot.maintain.desk import Desk
from bot.maintain.report import changed_answers
from bot.replies import Reply
from knowledge import usage
from knowledge.errors import KnowledgeError
from knowledge.index import IndexReport, build_index, rollback
from knowledge.index_process import build_index_apart

if TYPE_CHECKING:
    from bot.maintain.gaps.cog import Gaps

Interaction = discord.Interaction[Any]
Views = list[discord.ui.LayoutView]

ASKED_AGAIN = 50
MAX_CHOICES = 25
OVER = (
    "That work is over: it has finished, or the bot was restarted, which publishes nothing. `/knowledge status` says"
    " what serves."
)
NO_VERSION = "There is no version of that name. `/knowledge versions` lists those that are kept."
NOTHING_OLDER = "There is no older version to go back to."
NOTHING_ASKED = "Nobody has asked anything yet, so there is nothing to ask again."


class Maintain(commands.Cog):
    """The commands. What they do is decided elsewhere."""

    knowledge = app_commands.Group(
        name="knowledge",
        description="For maintainers: publish the documents, and see what they lack.",
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, desk: Desk, gaps: Gaps) -> None:
        """What checks, works and logs, and the part that deals with gaps."""
        self.desk = desk
        self.gaps = gaps

    async def cog_load(self) -> None:
        """Adds what a cog does not add by itself."""
        self.desk.bot.add_dynamic_items(*buttons.ALL)

    async def cog_unload(self) -> None:
        """Takes it away again, and ends what is being done."""
        self.desk.bot.remove_dynamic_items(*buttons.ALL)
        self.desk.runs.cancel_all()

    @knowledge.command(name="reindex", description="Read the documents again and publish what has changed.")
    @app_commands.describe(
        dry_run="Only show what has changed.",
        force="Publish even if it answers worse. Write why: it is recorded.",
    )
    async def reindex(
        self,
        interaction: Interaction,
        dry_run: bool = False,
        force: app_commands.Range[str, 1, buttons.MAX_REASON] | None = None,
    ) -> None:
        """/knowledge reindex."""
        await self._reindex(interaction, dry_run=dry_run, reason=force)

    async def _reindex(self, interaction: Interaction, *, dry_run: bool = False, reason: str | None = None) -> None:
        user_id = interaction.user.id

        async def views(reply: Reply) -> Views:
            def build(step: Any, cancelled: Any) -> IndexReport:
                if dry_run:
                    return build_index(self.desk.settings, dry_run=True, progress=step, cancelled=cancelled)
                return build_index_apart(
                    self.desk.settings,
                    force=reason is not None,
                    by=name_of(user_id),
                    reason=reason or "",
                    progress=step,
                    cancelled=cancelled,
                )

            with self.desk.explained():
                report = await self.desk.work(reply, "Comparing" if dry_run else "Publishing the documents", build)
            if report.published:
                action = "published, although it answers worse" if report.forced else "published"
                await self.desk.log(user_id, action, version=report.version or "", detail=reason or "")
                await self.desk.take_up()
            return layout.report(report, dry_run=dry_run, by=user_id)

        await self.desk.respond(interaction, views, private=dry_run)

    @knowledge.command(name="versions", description="The versions of the index that are kept.")
    async def versions(self, interaction: Interaction) -> None:
        """/knowledge versions."""

        async def views(_: Reply) -> Views:
            with self.desk.explained():
                return layout.versions(await asyncio.to_thread(index.versions, self.desk.settings))

        await self.desk.respond(interaction, views)

    @knowledge.command(name="status", description="What is published, and whether the documents have changed since.")
    async def status(self, interaction: Interaction) -> None:
        """/knowledge status."""

        async def views(_: Reply) -> Views:
            with self.desk.explained():
                found = await asyncio.to_thread(index.status, self.desk.settings)
            chat = await asyncio.to_thread(usage.of_today, self.desk.settings)
            return layout.status(found, len(await self.desk.records.gaps.open()), chat)

        await self.desk.respond(interaction, views)

    @knowledge.command(name="rollback", description="Answer from an older version again.")
    @app_commands.describe(version="The version to go back to (default: the one before the published one).")
    async def rollback(self, interaction: Interaction, version: str | None = None) -> None:
        """/knowledge rollback."""

        async def views(_: Reply) -> Views:
            with self.desk.explained():
                found = await asyncio.to_thread(index.versions, self.desk.settings)
            target = found.find(version) if version else found.before_published()
            if target is None or found.pointer is None:
                raise Refusal(NO_VERSION if version else NOTHING_OLDER)
            return [layout.confirm_rollback(target, found.pointer.version)]

        await self.desk.respond(interaction, views)

    @rollback.autocomplete("version")
    async def _kept_versions(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        if not self.desk.may(interaction):
            return []
        try:
            found = await asyncio.to_thread(index.versions, self.desk.settings)
        except KnowledgeError as error:  # a list of choices has no place for a sentence; the command itself says it
            errors.record("versions_not_offered", error)
            return []
        names = [manifest.version for manifest in found.manifests if typed.lower() in manifest.version]
        published = found.pointer.version if found.pointer else ""
        return [app_commands.Choice(name=name, value=name) for name in names if name != published][:MAX_CHOICES]

    @knowledge.command(name="gaps", description="What the documents do not answer well, the most asked first.")
    async def list_gaps(self, interaction: Interaction) -> None:
        """/knowledge gaps."""
        await self.gaps.show(interaction)

    @knowledge.command(name="documents", description="The documents that are indexed, and how often each was cited.")
    async def documents(self, interaction: Interaction) -> None:
        """/knowledge documents."""
        await self.desk.respond(interaction, lambda _: self._documents(0))

    async def _documents(self, page: int) -> Views:
        knowledge = self.desk.bot.knowledge
        cited = await self.desk.records.citation_counts()
        found = await asyncio.to_thread(index.documents, self.desk.settings, knowledge.chunks, cited)
        return [layout.documents(found, knowledge.version, page)]

    @knowledge.command(name="ask-all", description="Ask the last 50 questions again, of what the documents say now.")
    async def ask_all(self, interaction: Interaction) -> None:
        """/knowledge ask-all."""

        async def views(reply: Reply) -> Views:
            questions = await self.desk.records.latest_questions(ASKED_AGAIN)
            if not questions:
                raise Refusal(NOTHING_ASKED)
            settings, ask = self.desk.settings, self.desk.bot.knowledge.ask
            with self.desk.explained():
                answers = await self.desk.work(
                    reply,
                    f"Asking {len(questions)} questions again",
                    lambda step, cancelled: index.ask_all(settings, questions, ask, step, cancelled),
                )
            return [layout.asked_again(changed_answers(answers))]

        await self.desk.respond(interaction, views)

    @knowledge.command(name="log", description="Who changed the knowledge, and how.")
    async def log(self, interaction: Interaction) -> None:
        """/knowledge log."""
        await self.desk.respond(interaction, lambda _: self._log(0))

    async def _log(self, page: int) -> Views:
        changes, total = await self.desk.records.changes.page(page, layout.CHANGES_ON_A_PAGE)
        return [layout.log(changes, total, page)]

    async def turn_page(self, interaction: Interaction, page: buttons.Page, number: int) -> None:
        """Shows another page in place of this one."""
        show = self._documents if page == "documents" else self._log
        await self.desk.respond(interaction, lambda _: show(number), in_place=True)

    async def cancel(self, interaction: Interaction, run_id: str) -> None:
        """Ends the work of a run; any maintainer may."""

        async def views(_: Reply) -> Views:
            run = self.desk.runs.find(run_id)
            if run is None:
                raise Refusal(OVER)
            run.cancel(interaction.user.id)
            return [layout.cancelling(interaction.user.id)]

        await self.desk.respond(interaction, views, in_place=True)

    async def ask_for_reason(self, interaction: Interaction) -> None:
        """Asks why a version that answers worse is to be published."""
        await self.desk.open_form(interaction, buttons.ReasonForm("tw:know:force"))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Takes the reason, when it was written."""
        form, texts, _ = buttons.submitted(interaction)
        if form == "tw:know:force":
            await self._reindex(interaction, reason=texts["reason"])

    async def roll_back(self, interaction: Interaction, version: str) -> None:
        """Publishes an older version."""
        user_id = interaction.user.id

        async def views(_: Reply) -> Views:
            with self.desk.explained():
                done = await asyncio.to_thread(rollback, self.desk.settings, version, by=name_of(user_id))
            await self.desk.log(user_id, "rolled back", version=done.version, detail=f"from {done.previous}")
            await self.desk.take_up()
            return [layout.rolled_back(done, user_id)]

        await self.desk.respond(interaction, views, in_place=True)

    async def dismiss(self, interaction: Interaction) -> None:
        """Leaves everything as it is."""

        async def views(_: Reply) -> Views:
            return [layout.dismissed()]

        await self.desk.respond(interaction, views, in_place=True)
