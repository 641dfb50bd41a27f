"""/knowledge is for maintainers: hidden by default, and checked again whatever Discord lets a person press."""

from __future__ import annotations

from typing import Any

import discord
import simcord

from bot.bootstrap import tunewise
from bot.client import Knowledge, Tunewise
from bot.maintain.access import REFUSED
from bot.maintain.cog import Maintain
from bot.records import Records
from bot.settings import Settings
from knowledge.store import open_store
from tests.discord.maintain.workshop import SAFFRON, SAFFRON_FORM, Workshop
from tests.discord.world import custom_ids, shown

COMMANDS = sorted(command.name for command in Maintain.knowledge.commands)


def refused(result: simcord.InteractionResult) -> bool:
    return result.ephemeral and REFUSED in shown(result.response)


async def test_the_command_is_hidden_from_members(workshop: Workshop) -> None:
    assert not [name for name in workshop.server.alice.available_commands(workshop.channel) if "knowledge" in name]
    assert "knowledge gaps" in workshop.maintainer.available_commands(workshop.channel)


async def test_every_command_refuses_a_stranger_who_sees_it_and_serves_a_maintainer_by_role(workshop: Workshop) -> None:
    before = open_store(workshop.settings).published()
    (workshop.settings.knowledge_dir / "boats.md").unlink()
    for name in COMMANDS:
        assert refused(await workshop.knowledge(name, workshop.stranger)), name
    assert open_store(workshop.settings).published() == before
    for name in COMMANDS:
        assert not refused(await workshop.knowledge(name, workshop.second)), name


async def test_a_stranger_is_offered_no_versions(workshop: Workshop) -> None:
    (workshop.settings.knowledge_dir / "more.md").write_text("# More\n\nMore text about boats.\n")
    await workshop.knowledge("reindex")
    offered = await workshop.stranger.autocomplete(workshop.channel, "knowledge rollback", "version", "")
    assert offered == []


async def test_a_stranger_is_refused_by_every_button_and_form(
    workshop: Workshop, maintainers: set[int], records: Records
) -> None:
    """What a maintainer opened, pressed by somebody who is none any more."""
    await workshop.ask(SAFFRON)
    page = await workshop.knowledge("gaps")
    assert page.response is not None
    form = await workshop.maintainer.click(page.response, custom_id=custom_ids(page.response, "tw:gap:add:")[0])
    question = await workshop.knowledge("log")
    maintainers.clear()

    for action in ("off", "again"):
        (button,) = custom_ids(page.response, f"tw:gap:{action}:")
        result = await workshop.maintainer.click(page.response, custom_id=button)
        assert refused(result)
    assert refused(await workshop.maintainer.submit_modal(form, SAFFRON_FORM))
    (button,) = custom_ids(page.response, "tw:gap:add:")
    assert refused(await workshop.maintainer.click(page.response, custom_id=button))

    assert question.response is not None
    assert len(await records.gaps.open()) == 1
    assert not (workshop.settings.knowledge_dir / "saffron.md").exists()


def application(bot: Tunewise, owner: int, team: list[tuple[int, str]] | None = None) -> discord.AppInfo:
    """What Discord says of the bot's application."""
    user: dict[str, Any] = {"id": str(owner), "username": "owner", "discriminator": "0", "avatar": None}
    members = [
        {"user": user | {"id": str(id_)}, "membership_state": 2, "permissions": [], "team_id": "1", "role": role}
        for id_, role in team or ()
    ]
    data: dict[str, Any] = {
        "id": "1", "name": "Tunewise", "icon": None, "description": "", "summary": "", "verify_key": "0" * 64,
        "bot_public": True, "bot_require_code_grant": False, "flags": 0, "owner": user,
    }  # fmt: skip
    if team is not None:
        data["team"] = {"id": "1", "name": "Team", "icon": None, "owner_user_id": str(owner), "members": members}
    return discord.AppInfo(bot._connection, data)  # type: ignore[arg-type]  # as Discord sends it


async def test_the_owner_of_the_application_is_a_maintainer(workshop: Workshop, simcord_bot: Tunewise) -> None:
    assert refused(await workshop.knowledge("log", workshop.stranger))
    simcord_bot._application = application(simcord_bot, workshop.stranger.id)
    assert not refused(await workshop.knowledge("log", workshop.stranger))


async def test_of_a_team_those_who_may_change_the_application_are_maintainers(simcord_bot: Tunewise) -> None:
    team = [(11, "admin"), (12, "developer"), (13, "read_only")]
    simcord_bot._application = application(simcord_bot, 10, team)
    assert simcord_bot.owners() == {10, 11, 12}


async def test_maintainers_keep_their_rights_after_a_restart(
    workshop: Workshop, bot_settings: Settings, knowledge: Knowledge
) -> None:
    await workshop.ask(SAFFRON)
    page = await workshop.knowledge("gaps")
    assert page.response is not None
    form = await workshop.maintainer.click(page.response, custom_id=custom_ids(page.response, "tw:gap:add:")[0])
    records = await Records.open(bot_settings.records_url)
    async with tunewise(bot_settings, knowledge=knowledge, records=records, shard_count=1) as fresh_bot:
        await workshop.server.env.restart_bot(fresh_bot)

        (button,) = custom_ids(page.response, "tw:gap:again:")
        assert "not covered" in shown((await workshop.maintainer.click(page.response, custom_id=button)).followups[0])
        added = await workshop.maintainer.submit_modal(form, SAFFRON_FORM)
        assert "Published as saffron.md" in shown(added.response)
    await records.close()
