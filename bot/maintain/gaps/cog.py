"""Receives what maintainers press under /knowledge gaps, and shows what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord.ext import commands

from bot import errors
from bot.errors import Refusal
from bot.maintain.access import name_of
from bot.maintain.buttons import ReasonForm, submitted
from bot.maintain.desk import Cancelled, Desk
from bot.maintain.gaps import adding, buttons, layout
from bot.maintain.gaps.clusters import Cluster, Grouping, find
from bot.records import RecordsError, Subscription
from bot.replies import NOT_DELIVERED, Reply
from bot.text import escape
from knowledge.errors import KnowledgeError
from knowledge.evaluate import Section
from knowledge.load import LARGEST_FILE
from knowledge.proposals import propose_golden, propose_off_topic
from knowledge.types import Answer

Interaction = discord.Interaction[Any]
Views = list[discord.ui.LayoutView]

GONE = "That gap is not on the list any more: somebody has dealt with it. `/knowledge gaps` shows what is left."
UNDECIDED = "Nothing is decided on these questions any more: somebody took it back, or decided anew."
FORM = "tw:gap:form:"
REASON_FORM = "tw:gap:reason:"


class Gaps(commands.Cog):
    """Shows what the knowledge lacks and helps to add it."""

    def __init__(self, desk: Desk) -> None:
        """What checks, works and logs."""
        self.desk = desk
        self.records = desk.records
        self._grouping = Grouping(desk.bot.knowledge.embed)
        self._grouping_now = asyncio.Lock()

    async def cog_load(self) -> None:
        """Adds what a cog does not add by itself."""
        self.desk.bot.add_dynamic_items(*buttons.ALL)

    async def cog_unload(self) -> None:
        """Takes it away again."""
        self.desk.bot.remove_dynamic_items(*buttons.ALL)

    # The list

    async def show(self, interaction: Interaction) -> None:
        """/knowledge gaps."""
        await self.desk.respond(interaction, lambda _: self._page(0))

    async def turn_page(self, interaction: Interaction, number: int) -> None:
        """Shows another page in place of this one."""
        await self.desk.respond(interaction, lambda _: self._page(number), in_place=True)

    async def _page(self, number: int) -> Views:
        return [layout.page(await self._clusters(), number)]

    async def _clusters(self) -> list[Cluster]:
        gaps = await self.records.gaps.open()
        async with self._grouping_now:
            return await asyncio.to_thread(self._grouping.clusters, gaps)

    async def _cluster(self, gap_id: str) -> Cluster:
        cluster = find(await self._clusters(), gap_id)
        if cluster is None:
            raise Refusal(GONE)
        return cluster

    # The buttons

    async def act(self, interaction: Interaction, action: buttons.Action, gap_id: str, page: int) -> None:
        """Does `action` with a gap of the page."""
        user_id = interaction.user.id
        match action:
            case "add":
                await self._open_form(interaction, gap_id)
            case "off":
                await self.desk.respond(interaction, lambda _: self._off_topic(user_id, gap_id, page), in_place=True)
            case "again":
                await self.desk.respond(interaction, lambda _: self._ask_again(gap_id))
            case "covered":
                await self.desk.respond(interaction, lambda _: self._take_off(user_id, gap_id), in_place=True)
            case "undo":
                await self.desk.respond(interaction, lambda _: self._undo(user_id, gap_id), in_place=True)
            case "tell":
                await self.desk.respond(interaction, lambda _: self._tell(user_id, gap_id))
            case "golden":
                await self.desk.respond(interaction, lambda _: self._propose(user_id, gap_id))

    async def _off_topic(self, user_id: int, gap_id: str, page: int) -> Views:
        cluster = await self._cluster(gap_id)
        await self.records.gaps.decide([gap.key for gap in cluster.gaps], "off_topic", cluster.id)
        await self.desk.log(user_id, "took off the list as not our topic", detail=cluster.questions[0])
        try:
            file, _ = await asyncio.to_thread(propose_off_topic, self.desk.settings.off_topic_file, cluster.questions)
            proposed = f"Proposed in {file.name}, for a maintainer to review."
        except KnowledgeError as error:
            proposed = f"Not proposed as off-topic questions: {error}"
        return [*await self._page(page), layout.off_topic(cluster, proposed)]

    async def _undo(self, user_id: int, gap_id: str) -> Views:
        decided = await self.records.gaps.decided(gap_id)
        if decided is None:
            raise Refusal(UNDECIDED)
        await self.records.gaps.reopen(gap_id)
        await self.desk.log(user_id, "put back on the list", detail=decided.gaps[0].question if decided.gaps else "")
        return [layout.undone()]

    async def _ask_again(self, gap_id: str) -> Views:
        cluster = await self._cluster(gap_id)
        return layout.asked_again(cluster, await self._ask(cluster.questions[0]))

    async def _take_off(self, user_id: int, gap_id: str) -> Views:
        cluster = await self._cluster(gap_id)
        await self.desk.log(user_id, "took off the list as covered", detail=cluster.questions[0])
        return [await self._decide_covered(cluster, "")]

    async def _decide_covered(self, cluster: Cluster, document: str) -> discord.ui.LayoutView:
        """Takes the questions that are answered now off the list, and offers what can be done for who asked."""
        answers = [await self._ask(question) for question in cluster.questions]
        answered = [gap for gap, answer in zip(cluster.gaps, answers, strict=True) if answer.kind == "answer"]
        await self.records.gaps.decide([gap.key for gap in answered], "covered", cluster.id, document)
        waiting = await self.records.subscriptions.count([each for gap in answered for each in gap.answer_ids])
        refused = [answer.question for answer in answers if answer.kind == "abstain"]
        return layout.covered(cluster.id, [gap.question for gap in answered], refused, waiting)

    async def _tell(self, user_id: int, gap_id: str) -> Views:
        """Tells everybody who waits for a question that is answered now; whoever was told is not told again."""
        decided = await self.records.gaps.decided(gap_id)
        if decided is None:
            raise Refusal(UNDECIDED)
        answers = {gap: await self._ask(gap.question) for gap in decided.gaps}
        ids = [each for gap, answer in answers.items() if answer.kind == "answer" for each in gap.answer_ids]
        waiting = await self.records.subscriptions.take(ids)
        reached = [await self._tell_person(subscription) for subscription in waiting]
        await self.desk.log(user_id, f"told {sum(reached)} who asked", detail=decided.gaps[0].question)
        return [layout.told(sum(reached), len(reached) - sum(reached))]

    async def _tell_person(self, subscription: Subscription) -> bool:
        """Whether the person could be told."""
        answer = await self._ask(subscription.question)
        try:
            answer_id = await self.records.remember_answer(answer)
        except RecordsError as error:
            errors.record("answer_not_remembered", error)
            answer_id = None
        bot = self.desk.bot
        try:
            person = bot.get_user(subscription.user_id) or await bot.fetch_user(subscription.user_id)
            for view in layout.news(subscription.question, answer, answer_id):
                await person.send(view=view)
        except NOT_DELIVERED as error:
            errors.record("subscriber_not_told", error)
            return False
        return True

    async def _propose(self, user_id: int, gap_id: str) -> Views:
        decided = await self.records.gaps.decided(gap_id)
        if decided is None:
            raise Refusal(UNDECIDED)
        questions = [gap.question for gap in decided.gaps]
        section = self._section_of(decided.document) or _cited(await self._ask(questions[0]))
        if section is None:
            raise Refusal(UNDECIDED)
        with self.desk.explained():
            file, new = await asyncio.to_thread(propose_golden, self.desk.settings.golden_file, questions, section)
        await self.desk.log(user_id, f"proposed {new} golden questions", detail=questions[0])
        return [layout.proposed(file.name, new)]

    def _section_of(self, document: str) -> Section | None:
        """The section of a document that lists questions, which is the first with text."""
        chunks = [chunk for chunk in self.desk.bot.knowledge.chunks if chunk.document == document]
        chosen = next((chunk for chunk in chunks if len(chunk.asked) > 1), chunks[0] if chunks else None)
        return Section(document, chosen.section) if chosen else None

    async def _ask(self, question: str) -> Answer:
        return await asyncio.to_thread(self.desk.bot.knowledge.ask, question)

    # Adding knowledge

    async def _open_form(self, interaction: Interaction, gap_id: str) -> None:
        try:
            cluster = await self._cluster(gap_id) if self.desk.may(interaction) else None
        except (Refusal, RecordsError) as error:
            await self.desk.refuse(interaction, error)
            return
        await self.desk.open_form(interaction, buttons.AddForm(gap_id, cluster.questions if cluster else ()))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Takes the forms, when they were filled in."""
        form, texts, files = submitted(interaction)
        user_id = interaction.user.id
        if form.startswith(FORM):
            gap_id = form.removeprefix(FORM)
            await self.desk.respond(interaction, lambda reply: self._add(reply, user_id, gap_id, texts, files))
        elif form.startswith(REASON_FORM):
            gap_id, _, draft = form.removeprefix(REASON_FORM).partition(":")
            reason = texts["reason"]
            await self.desk.respond(interaction, lambda reply: self._publish(reply, user_id, gap_id, draft, reason))

    async def act_on_draft(
        self, interaction: Interaction, action: buttons.DraftAction, gap_id: str, draft: str
    ) -> None:
        """Publishes a draft once more, or asks why it is to be published although it answers worse."""
        user_id = interaction.user.id
        if action == "force":
            await self.desk.open_form(interaction, ReasonForm(f"{REASON_FORM}{gap_id}:{draft}"))
        else:
            await self.desk.respond(interaction, lambda reply: self._publish(reply, user_id, gap_id, draft))

    async def _add(
        self,
        reply: Reply,
        user_id: int,
        gap_id: str,
        texts: Mapping[str, str],
        files: Sequence[Mapping[str, Any]],
    ) -> Views:
        upload = await self._download(files[0]) if files else None
        today = discord.utils.utcnow().date()
        name, text = await asyncio.to_thread(adding.written, texts, upload, today)
        with self.desk.explained():
            draft = await asyncio.to_thread(adding.keep_draft, self.desk.settings, name, text)
        return await self._publish(reply, user_id, gap_id, draft)

    async def _download(self, file: Mapping[str, Any]) -> tuple[str, bytes]:
        name = str(file["filename"])
        if int(file["size"]) > LARGEST_FILE:
            raise Refusal(
                f"{escape(name)} is larger than {LARGEST_FILE // 1_000_000} MB. Split it by topic. Nothing was added."
            )
        return name, await self.desk.bot.http.get_from_cdn(str(file["url"]))

    async def _publish(self, reply: Reply, user_id: int, gap_id: str, draft: str, reason: str | None = None) -> Views:
        settings = self.desk.settings
        text = await asyncio.to_thread(adding.draft_text, settings, draft)

        def publish(step: Any, cancelled: Any) -> adding.Publication:
            return adding.publish_draft(
                settings, draft, by=name_of(user_id), reason=reason, progress=step, cancelled=cancelled
            )

        try:
            with self.desk.explained():
                done = await self.desk.work(reply, f"Adding {draft}", publish)
        except Refusal as problem:
            what = "wrote a draft, and cancelled" if isinstance(problem, Cancelled) else "wrote a draft"
            await self.desk.log(user_id, what, detail=draft)
            return [layout.kept(str(problem), gap_id, draft, text)]
        if not done.serves:
            await self.desk.log(user_id, "wrote a draft that was refused", detail=draft)
            return layout.refused(done, gap_id, draft, text)
        detail = f"{done.name}: {reason}" if reason else done.name
        await self.desk.log(user_id, "added a document", version=done.report.version or "", detail=detail)
        await self.desk.take_up()
        cluster = find(await self._clusters(), gap_id)
        if cluster is None:
            return layout.added(done, None)
        answer = await self._ask(cluster.questions[0])
        return [*layout.added(done, answer), await self._decide_covered(cluster, done.name)]


def _cited(answer: Answer) -> Section | None:
    return Section(answer.citations[0].document, answer.citations[0].section) if answer.citations else None
