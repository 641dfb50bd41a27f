"""What administrators choose with /settings, and how the bot then behaves; a restart changes nothing."""

from __future__ import annotations

import discord
import pytest
import simcord
from simcord.backend.models.message import Message

from bot.bootstrap import tunewise
from bot.client import Knowledge
from bot.records import Preferences, Records
from bot.records.servers import WHOLE_SERVER
from bot.settings import Settings
from tests.discord.world import COVERED, Server, buttons, pass_time, shown

COST = "What does prompt engineering cost?"
AND_FINE_TUNING = "What does fine-tuning cost?"
READS = pytest.mark.parametrize("bot_settings", [{"message_content_intent": True}], indirect=True)


@pytest.fixture
def admin(server: Server) -> simcord.MemberActor:
    """An administrator of the server."""
    role = server.guild.create_role("admin", permissions=discord.Permissions(administrator=True))
    return server.guild.add_member(server.env.create_user("admin"), roles=[role])


@pytest.fixture
def forum(server: Server) -> simcord.ChannelHandle:
    return server.guild.create_forum_channel("help")


async def choose(
    admin: simcord.MemberActor, server: Server, value: str, kind: str, channel: simcord.ChannelHandle | None = None
) -> simcord.InteractionResult:
    """Opens /settings, and those of the channel if one is named, and chooses."""
    result = await admin.slash(server.channel, "settings")
    if channel is not None:
        assert result.response is not None
        result = await admin.select(result.response, [channel], custom_id="tw:settings:channel")
    assert result.response is not None
    place = channel.id if channel else WHOLE_SERVER
    return await admin.select(result.response, [value], custom_id=f"tw:settings:{kind}:{place}")


async def post(
    server: Server, forum: simcord.ChannelHandle, author: simcord.MemberActor, title: str, content: str
) -> simcord.ChannelHandle:
    """Opens a post in the forum, as a person does: SimCord lets only bots do it by itself."""
    backend = server.env.backend
    thread = backend.create_thread(forum.id, title, author.id, broadcast=False)
    starter = Message(thread.id, thread.id, author.id, content, timestamp=server.env.now().isoformat())
    backend.commit_message(starter, broadcast=False)
    backend.announce_thread_create(thread)
    backend.announce_message_create(starter)
    await server.env.settle()
    return next(handle for handle in forum.threads if handle.id == thread.id)


def by_the_bot(server: Server, channel: simcord.ChannelHandle) -> list[discord.Message]:
    written = [m for m in channel.history() if m.author == server.env.bot.user and not m.is_system()]
    return sorted(written, key=lambda message: message.id)


# Who may choose


async def test_only_administrators_see_the_command(server: Server, admin: simcord.MemberActor) -> None:
    assert "settings" in admin.available_commands(server.channel)
    assert "settings" not in server.alice.available_commands(server.channel)


async def test_whoever_is_let_in_by_the_server_is_still_refused(server: Server, records: Records) -> None:
    command_ids = server.env.bot.command_ids  # type: ignore[attr-defined]
    server.guild.set_command_permissions(command_ids["settings"], {server.alice: True})

    result = await server.alice.slash(server.channel, "settings")

    assert "Only administrators" in shown(result.response)
    assert await records.servers.find(server.guild.id) == {}


async def test_the_settings_are_shown_to_the_administrator_alone(server: Server, admin: simcord.MemberActor) -> None:
    result = await admin.slash(server.channel, "settings")

    assert result.ephemeral
    assert "Settings of this server" in shown(result.response)
    assert "None yet" in shown(result.response)


async def test_a_choice_is_kept_and_shown_in_place(
    server: Server, admin: simcord.MemberActor, records: Records
) -> None:
    result = await choose(admin, server, "questions", "listens", server.channel)

    assert f"<#{server.channel.id}>" in shown(result.response)
    assert await records.servers.find(server.guild.id) == {server.channel.id: Preferences(listens="questions")}

    assert result.response is not None
    back = await admin.click(result.response, label="Back to the server")
    assert f"- <#{server.channel.id}>\n  - Answer every question" in shown(back.response)


async def test_what_channels_chose_is_listed_in_the_words_of_their_kind_and_in_the_servers_language(
    server: Server, admin: simcord.MemberActor, forum: simcord.ChannelHandle
) -> None:
    await choose(admin, server, "thread", "place", server.channel)
    await choose(admin, server, "questions", "listens", forum)
    english = await admin.slash(server.channel, "settings")
    german = await choose(admin, server, "de", "language")

    assert f"- <#{server.channel.id}>\n  - Answer messages in a thread of their own" in shown(english.response)
    assert f"- <#{forum.id}>\n  - Answer every new post once" in shown(english.response)
    assert f"- <#{forum.id}>\n  - Auf jeden neuen Beitrag einmal antworten" in shown(german.response)


async def test_as_for_the_server_takes_a_choice_back(
    server: Server, admin: simcord.MemberActor, records: Records
) -> None:
    await choose(admin, server, "thread", "place", server.channel)
    await choose(admin, server, "server", "place", server.channel)

    assert await records.servers.find(server.guild.id) == {}


async def test_the_settings_survive_a_restart(
    server: Server, admin: simcord.MemberActor, bot_settings: Settings, knowledge: Knowledge
) -> None:
    shown_before = await choose(admin, server, "thread", "place")
    records = await Records.open(bot_settings.records_url)
    async with tunewise(bot_settings, knowledge=knowledge, records=records, shard_count=1) as fresh_bot:
        await server.env.restart_bot(fresh_bot)
        await server.alice.send(server.channel, f"{server.bot} {COVERED}")
        (thread,) = server.channel.threads
        assert "[1]" in shown(*by_the_bot(server, thread))

        assert shown_before.response is not None
        await admin.select(shown_before.response, ["channel"], custom_id=f"tw:settings:place:{WHOLE_SERVER}")
        await server.alice.send(server.channel, f"{server.bot} {COST}")
        assert COST in shown(server.answers[-1])
    await records.close()


async def test_what_a_server_chose_goes_when_the_bot_leaves_it(
    server: Server, admin: simcord.MemberActor, records: Records
) -> None:
    await choose(admin, server, "thread", "place")
    guild = server.env.bot.get_guild(server.guild.id)
    assert guild is not None

    server.env.bot.dispatch("guild_remove", guild)
    await server.env.settle()

    assert await records.servers.find(server.guild.id) == {}


# In a thread


async def test_answers_go_to_a_thread_of_their_own(server: Server, admin: simcord.MemberActor) -> None:
    await choose(admin, server, "thread", "place")

    await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    assert by_the_bot(server, server.channel) == []
    (thread,) = server.channel.threads
    assert thread.name == COVERED
    (answer,) = by_the_bot(server, thread)
    assert "[1]" in shown(answer)


async def test_a_channel_may_differ_from_its_server(server: Server, admin: simcord.MemberActor) -> None:
    await choose(admin, server, "thread", "place")
    await choose(admin, server, "channel", "place", server.channel)

    await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    assert len(server.answers) == 1


async def test_without_permission_for_threads_the_answer_comes_in_the_channel(
    server: Server, admin: simcord.MemberActor
) -> None:
    await choose(admin, server, "thread", "place")
    server.env.inject_error("POST", "/channels/*/messages/*/threads", status=403, code=50013)

    await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    assert "[1]" in shown(*server.answers)


@READS
async def test_in_its_own_thread_a_conversation_goes_on_by_itself(server: Server, admin: simcord.MemberActor) -> None:
    await choose(admin, server, "thread", "place")
    await server.alice.send(server.channel, f"{server.bot} {COST}")
    (thread,) = server.channel.threads

    await server.bob.send(thread, "nice, I did not know that")
    await server.bob.send(thread, "and fine-tuning?")

    first, second = by_the_bot(server, thread)
    assert f"Understood as: {AND_FINE_TUNING}" in shown(second).replace("\\", "")
    assert COST in shown(first)


async def test_a_thread_that_the_bot_cannot_read_says_once_how_to_be_read(
    server: Server, admin: simcord.MemberActor
) -> None:
    await choose(admin, server, "thread", "place")
    await server.alice.send(server.channel, f"{server.bot} {COST}")
    (thread,) = server.channel.threads

    await server.alice.send(thread, "and fine-tuning?")
    await server.alice.send(thread, "hello?")
    await server.alice.send(thread, f"{server.bot} and fine-tuning?")

    _, how, answer = by_the_bot(server, thread)
    assert "mention me" in shown(how)
    assert AND_FINE_TUNING in shown(answer)


@pytest.mark.parametrize("restart", [False, True])
async def test_an_answer_in_a_thread_follows_its_question(
    server: Server, admin: simcord.MemberActor, bot_settings: Settings, knowledge: Knowledge, restart: bool
) -> None:
    await choose(admin, server, "thread", "place")
    question = await server.alice.send(server.channel, f"{server.bot} {COVERED}")
    (thread,) = server.channel.threads
    await server.env.advance_time(1)
    records = await Records.open(bot_settings.records_url)
    async with tunewise(bot_settings, knowledge=knowledge, records=records, shard_count=1) as fresh_bot:
        if restart:
            await server.env.restart_bot(fresh_bot)

        await server.alice.edit(question, f"{server.bot} {COST}")
        (answer,) = by_the_bot(server, thread)
        assert COST in shown(answer)

        await server.alice.delete(question)
        assert by_the_bot(server, thread) == []
    await records.close()


# Channels where more is answered


@READS
async def test_where_questions_are_answered_other_messages_are_left_alone(
    server: Server, admin: simcord.MemberActor
) -> None:
    await choose(admin, server, "questions", "listens", server.channel)

    await server.alice.send(server.channel, "lunch at noon")
    asked = await server.bob.send(server.channel, "alice, we should go now")
    await server.alice.send(server.channel, "which one?", reply_to=asked)
    await server.alice.send(server.channel, f"{server.bob.mention} what do you think?")
    assert [COVERED in shown(answer) for answer in server.answers] == []

    await server.alice.send(server.channel, COVERED)
    (answer,) = server.answers
    assert "[1]" in shown(answer)


@READS
async def test_where_everything_is_answered_everything_is(server: Server, admin: simcord.MemberActor) -> None:
    await choose(admin, server, "everything", "listens", server.channel)

    await server.alice.send(server.channel, "hello")
    await server.alice.send(server.channel, "lora vs qlora")

    assert len(server.answers) == 2


@READS
async def test_there_nobody_has_to_press_reply_to_go_on(server: Server, admin: simcord.MemberActor) -> None:
    await choose(admin, server, "questions", "listens", server.channel)
    await server.alice.send(server.channel, COST)
    await server.bob.send(server.channel, "What is RAG?")

    await server.alice.send(server.channel, "and fine-tuning?")
    assert f"Understood as: {AND_FINE_TUNING}" in shown(server.answers[-1])

    await pass_time(server, minutes=6)
    await server.alice.send(server.channel, "and fine-tuning?")
    assert "Understood as" not in shown(server.answers[-1])


@READS
async def test_other_channels_are_left_alone(server: Server, admin: simcord.MemberActor) -> None:
    await choose(admin, server, "questions", "listens", server.guild.create_text_channel("ask"))

    await server.alice.send(server.channel, COVERED)

    assert server.answers == []


async def test_without_the_intent_the_bot_says_that_it_lacks_it(server: Server, admin: simcord.MemberActor) -> None:
    result = await choose(admin, server, "questions", "listens", server.channel)

    assert "MESSAGE_CONTENT_INTENT=true" in shown(result.response)
    await server.alice.send(server.channel, COVERED)
    assert server.answers == []


@READS
async def test_with_the_intent_there_is_no_warning(server: Server, admin: simcord.MemberActor) -> None:
    result = await choose(admin, server, "questions", "listens", server.channel)

    assert "MESSAGE_CONTENT_INTENT" not in shown(result.response)


# Forums


@READS
async def test_a_post_is_answered_once_with_its_title_as_context(
    server: Server, admin: simcord.MemberActor, forum: simcord.ChannelHandle
) -> None:
    await choose(admin, server, "questions", "listens", forum)

    thread = await post(server, forum, server.alice, "Full fine-tuning or LoRA?", "I have one small GPU. Which fits?")
    await server.bob.send(thread, "good question, which one?")

    (answer,) = by_the_bot(server, thread)
    assert "LoRA" in shown(answer)
    assert "[1]" in shown(answer)


async def test_of_a_post_that_cannot_be_read_the_title_is_answered(
    server: Server, admin: simcord.MemberActor, forum: simcord.ChannelHandle
) -> None:
    result = await choose(admin, server, "questions", "listens", forum)
    assert "only its title" in shown(result.response)

    thread = await post(server, forum, server.alice, COVERED, "I have one small GPU.")

    (answer,) = by_the_bot(server, thread)
    assert COVERED in shown(answer)


@READS
async def test_a_forum_that_was_not_chosen_is_left_alone(
    server: Server, admin: simcord.MemberActor, forum: simcord.ChannelHandle
) -> None:
    thread = await post(server, forum, server.alice, COVERED, COVERED)

    assert by_the_bot(server, thread) == []


async def test_the_selects_of_a_forum_are_those_that_fit_it(
    server: Server, admin: simcord.MemberActor, forum: simcord.ChannelHandle
) -> None:
    opened = await admin.slash(server.channel, "settings")
    assert opened.response is not None
    result = await admin.select(opened.response, [forum], custom_id="tw:settings:channel")

    assert buttons(result.response) == ["Back to the server"]
    assert result.response is not None
    with pytest.raises(simcord.SetupError):
        await admin.select(result.response, ["thread"], custom_id=f"tw:settings:place:{forum.id}")


# In another language


async def test_in_german_the_bots_own_texts_are_german_and_the_documents_stay(
    server: Server, admin: simcord.MemberActor
) -> None:
    english = await server.alice.slash(server.channel, "ask", question=COST)
    settings = await choose(admin, server, "de", "language")
    assert "Einstellungen dieses Servers" in shown(settings.response)

    german = await server.alice.slash(server.channel, "ask", question=COST)

    assert shown(german.response) == shown(english.response)
    assert buttons(german.response) == ["Quellen", "Nachfragen", "Hilf mir entscheiden", "👍", "👎"]
    refused = await server.alice.slash(server.channel, "ask", question="How do I fine-tune my guitar?")
    assert "Diese Frage decken meine Dokumente nicht ab." in shown(refused.response)


async def test_a_conversation_in_german_remembers_as_well(server: Server, admin: simcord.MemberActor) -> None:
    await choose(admin, server, "de", "language", server.channel)
    await server.alice.send(server.channel, f"{server.bot} What is fine-tuning?")
    await server.alice.send(
        server.channel, f"{server.bot} how is it different from pre-training?", reply_to=server.answers[-1]
    )
    assert "Verstanden als: how is fine-tuning different from pre-training?" in shown(server.answers[-1])

    form = await server.bob.click(server.answers[-1], label="Nachfragen")
    result = await server.bob.submit_modal(form, {"tw:follow-up-question": "and which one costs more?"})

    assert "Verstanden als: which one costs more, fine-tuning or pre-training?" in shown(result.response)


async def test_a_failure_is_told_in_german_too(server: Server, admin: simcord.MemberActor) -> None:
    await choose(admin, server, "de", "language")
    await server.alice.send(server.channel, f"{server.bot} hello")
    assert "Hallo!" in shown(server.answers[-1])
    server.env.inject_error("PATCH", "/webhooks/*", status=400, code=50035)

    result = await server.alice.slash(server.channel, "ask", question=COST)

    assert "Discord hat meine Antwort nicht angenommen" in shown(*result.followups, *filter(None, [result.response]))
