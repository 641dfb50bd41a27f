"""What /settings shows: what counts for the server or one channel, and the selects that change it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import discord
from discord import ui

from bot.ask.layout import GREEN
from bot.records import Preferences
from bot.records.servers import WHOLE_SERVER
from bot.server.buttons import AS_THE_SERVER, BackButton, ChannelSelect, ChoiceSelect
from bot.server.preferences import in_force

OPTIONS = {
    "place": {"channel": "Answer messages in the channel", "thread": "Answer messages in a thread of their own"},
    "listens": {
        "addressed": "Answer only what addresses me",
        "questions": "Answer every question",
        "everything": "Answer every message",
    },
    "language": {"en": "English", "de": "Deutsch"},
}
NOTES = {"thread": "I need the permission Create Public Threads for it."}
OPTIONS_IN_A_FORUM = {"addressed": "Answer only what addresses me", "questions": "Answer every new post once"}
NO_INTENT = (
    "⚠️ I cannot read messages that do not address me: Discord gives me their text only with the message content"
    " intent. Whoever runs me has to switch it on in the developer portal and set MESSAGE_CONTENT_INTENT=true."
)
ONLY_TITLES = (
    "⚠️ Of a new post I can read only its title: Discord gives me the text only with the message content intent. Whoever"
    " runs me has to switch it on in the developer portal and set MESSAGE_CONTENT_INTENT=true."
)
MAX_LISTED = 15


def of_server(
    chosen: Mapping[int, Preferences], *, reads: bool, forums: Collection[int] = frozenset()
) -> ui.LayoutView:
    """The settings of the whole server; `reads`: the bot has the message content intent; `forums`: such channels."""
    here = chosen.get(WHOLE_SERVER, Preferences())
    apart = [channel_id for channel_id in chosen if channel_id != WHOLE_SERVER]
    texts = ["**Settings of this server**", "-# Where I answer messages, and the language of my own texts:"]
    selects = [_select("place", WHOLE_SERVER, here), _select("language", WHOLE_SERVER, here)]
    listed = [
        line
        for channel_id in apart[:MAX_LISTED]
        for line in (f"- <#{channel_id}>", *_described(chosen[channel_id], is_forum=channel_id in forums))
    ]
    channels = ["**Channels with settings of their own**\n" + ("\n".join(listed) or "None yet.")]
    if not reads and any(chosen[channel_id].listens not in {None, "addressed"} for channel_id in apart):
        channels.append(NO_INTENT)
    return _view(texts, selects, channels, ChannelSelect("Choose a channel for settings of its own"))


def of_channel(channel_id: int, chosen: Mapping[int, Preferences], *, reads: bool, is_forum: bool) -> ui.LayoutView:
    """The settings of one channel; `reads`: the bot has the message content intent."""
    here, server = chosen.get(channel_id, Preferences()), chosen.get(WHOLE_SERVER, Preferences())
    texts = [f"**Settings of** <#{channel_id}>", "-# What is not chosen here is as for the whole server:"]
    kinds = ("listens", "language") if is_forum else ("listens", "place", "language")
    selects = [_select(kind, channel_id, here, server, is_forum=is_forum) for kind in kinds]
    warning = [ONLY_TITLES if is_forum else NO_INTENT] if not reads and here.listens not in {None, "addressed"} else []
    return _view(texts, selects, warning, BackButton("Back to the server"))


def _select(
    kind: str, channel_id: int, here: Preferences, server: Preferences | None = None, *, is_forum: bool = False
) -> ChoiceSelect:
    """The select of one preference; with `server`, the choice of a channel that may also follow it."""
    own = getattr(here, kind)
    names = _names(kind, is_forum=is_forum)
    options = [
        discord.SelectOption(label=label, value=value, description=NOTES.get(value), default=value == own)
        for value, label in names.items()
    ]
    if server is None:
        effective = getattr(in_force(here), kind)
        for option in options:
            option.default = option.value == effective
    else:
        inherited = names[getattr(in_force(server), kind)]
        as_server = discord.SelectOption(
            label=f"As for the server: {inherited}", value=AS_THE_SERVER, default=own is None
        )
        options.insert(0, as_server)
    return ChoiceSelect(kind, channel_id, options)


def _described(preferences: Preferences, *, is_forum: bool) -> list[str]:
    """What a channel chose, a line each, so that each is put into the server's language."""
    names = {kind: _names(kind, is_forum=is_forum) for kind in OPTIONS}
    return [f"  - {names[kind][own]}" for kind in OPTIONS if (own := getattr(preferences, kind)) in names[kind]]


def _names(kind: str, *, is_forum: bool) -> dict[str, str]:
    """What can be chosen of a kind, with its label."""
    return OPTIONS_IN_A_FORUM if is_forum and kind == "listens" else OPTIONS[kind]


def _view(
    above: list[str], selects: list[ChoiceSelect], below: list[str], last: ChannelSelect | BackButton
) -> ui.LayoutView:
    container = ui.Container[Any](
        *(ui.TextDisplay(text) for text in above),
        *(ui.ActionRow[Any](select) for select in selects),
        *([ui.Separator()] if below else []),
        *(ui.TextDisplay(text) for text in below),
        ui.ActionRow[Any](last),
        accent_colour=GREEN,
    )
    return ui.LayoutView(timeout=None).add_item(container)
