"""Every way to ask gets one answer, and everything that is no question gets a fitting sentence."""

from __future__ import annotations

import discord
import pytest
from discord import app_commands

from bot.ask.question import EXAMPLES
from bot.settings import Settings
from tests.discord.world import COVERED, NOT_COVERED, Server, buttons, shown


async def test_the_slash_command_answers_with_sources_for_everybody(server: Server) -> None:
    result = await server.alice.slash(server.channel, "ask", question=COVERED)

    assert not result.ephemeral
    text = shown(result.response)
    assert text.startswith(f"**{COVERED}**")
    assert "[1]" in text
    assert "-# [1] " in text
    assert " › " in text
    assert buttons(result.response) == ["Sources", "Follow up", "Help me decide", "👍", "👎"]


async def test_a_command_is_deferred_before_anything_else(server: Server) -> None:
    await server.alice.slash(server.channel, "ask", question=COVERED)

    first = next(entry for entry in server.env.http_requests if "interactions" in entry.path)
    assert first.json == {"type": 5}


async def test_a_private_question_is_answered_to_the_asker_alone(server: Server) -> None:
    result = await server.alice.slash(server.channel, "ask", question=COVERED, private=True)

    assert result.ephemeral
    assert "[1]" in shown(result.response)


async def test_a_mention_is_answered_with_a_reply_that_pings_nobody(server: Server) -> None:
    question = await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    (answer,) = server.answers
    assert "[1]" in shown(answer)
    assert answer.reference is not None
    assert answer.reference.message_id == question.id
    assert answer.mentions == []


async def test_typing_shows_while_a_mention_is_answered(server: Server) -> None:
    await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    sent = [(entry.method, entry.path) for entry in server.env.http_requests]
    typing = ("POST", f"/channels/{server.channel.id}/typing")
    assert sent.index(typing) < sent.index(("POST", f"/channels/{server.channel.id}/messages"))


async def test_a_reply_to_the_bot_is_a_question(server: Server) -> None:
    await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    await server.alice.send(server.channel, "What is few-shot prompting?", reply_to=server.answers[0])

    assert len(server.answers) == 2
    assert "[1]" in shown(server.answers[1])


async def test_a_direct_message_is_a_question(server: Server) -> None:
    await server.alice.send_dm(COVERED)

    answer = server.alice.user.dm_channel.last_message
    assert "[1]" in shown(answer)


async def test_the_slash_command_and_the_buttons_work_in_a_direct_message(server: Server) -> None:
    await server.alice.send_dm("hello")

    result = await server.alice.user.slash("ask", question=COVERED)
    assert result.response is not None
    sources = await server.alice.user.click(result.response, label="Sources")

    assert "[1]" in shown(result.response)
    assert "Confidence" in shown(sources.response)


async def test_the_menu_of_a_message_asks_about_it_privately(server: Server) -> None:
    message = await server.bob.send(server.channel, COVERED)

    result = await server.alice.context_menu(server.channel, "Ask about this message", message)

    assert result.ephemeral
    assert "[1]" in shown(result.response)


async def test_the_menu_of_a_message_without_text_says_so(server: Server) -> None:
    picture = await server.bob.send(server.channel, attachments=[("plot.png", b"\x89PNG")])

    result = await server.alice.context_menu(server.channel, "Ask about this message", picture)

    assert "no text" in shown(result.response)


async def test_messages_that_do_not_address_the_bot_are_left_alone(server: Server) -> None:
    await server.alice.send(server.channel, COVERED)
    await server.alice.send(server.channel, "@everyone what is LoRA?")

    assert server.answers == []


async def test_bots_and_webhooks_are_ignored(server: Server) -> None:
    robot = server.guild.add_member(server.env.create_user("robot", bot=True))
    webhook = server.guild.create_webhook(server.channel)

    await robot.send(server.channel, f"{server.bot} {COVERED}")
    await webhook.send(f"{server.bot} {COVERED}")

    assert server.answers == []


@pytest.mark.parametrize("text", ["hello", "thanks!", "👋", ""])
async def test_small_talk_gets_a_friendly_line_with_questions_to_press(server: Server, text: str) -> None:
    await server.alice.send(server.channel, f"{server.bot} {text}")

    (answer,) = server.answers
    assert buttons(answer) == list(EXAMPLES)
    assert "fine-tuning" in shown(answer)


async def test_an_example_button_asks_its_question(server: Server) -> None:
    await server.alice.send(server.channel, f"{server.bot} hi")

    result = await server.alice.click(server.answers[0], label=EXAMPLES[0])

    assert not result.ephemeral
    assert EXAMPLES[0] in shown(result.response).replace("\\", "")
    assert "[1]" in shown(result.response)


async def test_what_is_not_covered_gets_one_sentence_no_source_and_what_is_covered(server: Server) -> None:
    result = await server.alice.slash(server.channel, "ask", question=NOT_COVERED)

    text = shown(result.response)
    assert "[1]" not in text
    assert " › " not in text
    assert 1 <= len(buttons(result.response)) <= 5
    assert "Sources" not in buttons(result.response)


@pytest.mark.parametrize("private", [True, False])
async def test_a_suggestion_button_asks_its_question_among_the_same_people(server: Server, private: bool) -> None:
    abstention = await server.alice.slash(server.channel, "ask", question=NOT_COVERED, private=private)
    assert abstention.response is not None
    suggestion = buttons(abstention.response)[0]

    result = await server.alice.click(abstention.response, label=suggestion)

    assert result.ephemeral is private
    assert suggestion.rstrip("…") in shown(result.response).replace("\\", "")
    assert "[1]" in shown(result.response)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [("why " * 300, "1,000"), ("   ", "only spaces"), ("🔥" * 40, "emoji")],
)
async def test_a_question_that_cannot_be_read_gets_its_own_sentence(
    server: Server, question: str, sentence: str
) -> None:
    result = await server.alice.slash(server.channel, "ask", question=question)

    assert sentence in shown(result.response)
    assert buttons(result.response) == []


async def test_a_quoted_question_can_neither_ping_nor_format(server: Server) -> None:
    hostile = f"@everyone {server.bob.mention} [prompt](https://evil.example) # what is **prompt engineering**?"

    result = await server.alice.slash(server.channel, "ask", question=hostile)

    assert result.response is not None
    message = result.response.message
    assert not message.mention_everyone
    assert message.mentions == []
    title = shown(message).split("\n", maxsplit=1)[0]
    assert "@everyone" not in title
    assert server.bob.mention not in title
    assert "](http" not in title


async def test_no_message_of_the_bot_may_ping(server: Server) -> None:
    answer = await server.alice.slash(server.channel, "ask", question=COVERED)
    assert answer.response is not None
    await server.bob.click(answer.response, label="Sources")
    await server.alice.send(server.channel, f"{server.bot} {COVERED}")

    sent = [entry.json for entry in server.env.http_requests if entry.json and "components" in entry.json]
    assert len(sent) == 3
    assert [message["allowed_mentions"]["parse"] for message in sent] == [[], [], []]
    assert not any(message["allowed_mentions"].get("replied_user") for message in sent)


@pytest.mark.parametrize("bot_settings", [{"cooldown_questions": 2, "cooldown_seconds": 30.0}], indirect=True)
async def test_who_asks_too_fast_is_told_to_wait_and_others_are_not(server: Server, bot_settings: Settings) -> None:
    for _ in range(bot_settings.cooldown_questions):
        await server.alice.slash(server.channel, "ask", question=COVERED)

    too_fast = await server.alice.slash(server.channel, "ask", question=COVERED)
    assert "30 s" in shown(too_fast.response)
    other = await server.bob.slash(server.channel, "ask", question=COVERED)
    assert "[1]" in shown(other.response)

    await server.env.advance_time(31)
    later = await server.alice.slash(server.channel, "ask", question=COVERED)
    assert "[1]" in shown(later.response)


async def test_a_reply_that_discord_hides_is_told_how_to_be_read(server: Server) -> None:
    answer = await server.alice.slash(server.channel, "ask", question=COVERED)
    assert answer.response is not None

    await server.alice.send(server.channel, "and why?", reply_to=answer.response)

    assert "mention me" in shown(server.answers[-1])


async def test_help_lists_every_command_and_way_to_ask(server: Server) -> None:
    result = await server.alice.slash(server.channel, "help")

    assert result.ephemeral
    text = shown(result.response)
    for name in ("ask:", "help:", "Mention me", "direct message", "Ask about this message"):
        assert name in text


async def test_help_lists_later_commands_to_those_who_may_use_them(server: Server) -> None:
    @app_commands.command(name="later", description="Added later.")
    async def later(interaction: discord.Interaction) -> None: ...

    @app_commands.command(name="secret", description="For moderators.")
    @app_commands.default_permissions(manage_guild=True)
    async def secret(interaction: discord.Interaction) -> None: ...

    tree = server.env.bot.tree  # type: ignore[attr-defined]
    tree.add_command(later)
    tree.add_command(secret)

    result = await server.alice.slash(server.channel, "help")

    assert "later" in shown(result.response)
    assert "secret" not in shown(result.response)
