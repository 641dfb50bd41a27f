"""What /privacy shows."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from discord import ui

from bot.ask.layout import AMBER, GREEN
from bot.privacy.buttons import PrivacyButton
from bot.records import Person
from bot.replies import Illustrated

FILE_NAME = "what-tunewise-stores-about-me.json"
KEPT = """**What is stored, and what is not**
- Your user id beside each vote of yours and each question that you asked to be told about. Nothing else about you.
- Questions and answers are kept without who asked. Maintainers see those that I could not answer, private ones too, \
to mend the documents, and may use their wording for it.
- Of maintainers, the user id beside each change of the knowledge. Deleting takes it out of the log; versions of the \
index name who published them until they are replaced."""


def overview(person: Person) -> ui.LayoutView:
    """What is stored about the person, with buttons to take it along and to delete it."""
    texts = [KEPT, f"**Stored about you now**\n{_counted(person)}"]
    buttons = [PrivacyButton("export"), *([PrivacyButton("delete")] if _has_any(person) else [])]
    return _view(texts, buttons)


def confirm(person: Person) -> ui.LayoutView:
    """Asks once more before everything is deleted."""
    text = f"**Delete all of this?**\n{_counted(person)}\nIt cannot be brought back."
    return _view([text], [PrivacyButton("forget"), PrivacyButton("export")])


def forgotten() -> ui.LayoutView:
    """That nothing is stored any more."""
    return _view(["**Deleted.** Nothing is stored about you now."])


def export(user_id: int, person: Person) -> ui.LayoutView:
    """Everything that is stored about the person, as a JSON file."""
    content = json.dumps({"user_id": str(user_id)} | asdict(person), indent=2, ensure_ascii=False, default=str)
    view = Illustrated({FILE_NAME: content.encode()})
    view.add_item(ui.TextDisplay("All that is stored about you:"))
    return view.add_item(ui.File(f"attachment://{FILE_NAME}"))


def _counted(person: Person) -> str:
    counts = (
        (len(person.votes), "vote", "votes"),
        (len(person.subscriptions), "question that I am to tell you about", "questions that I am to tell you about"),
        (len(person.changes), "change of the knowledge", "changes of the knowledge"),
    )
    lines = [f"- {count} {one if count == 1 else many}" for count, one, many in counts if count]
    return "\n".join(lines) or "Nothing."


def _has_any(person: Person) -> bool:
    return bool(person.votes or person.subscriptions or person.changes)


def _view(texts: list[str], buttons: list[PrivacyButton] | None = None) -> ui.LayoutView:
    row: list[ui.Item[Any]] = [ui.ActionRow(*buttons)] if buttons else []
    displays = [ui.TextDisplay[Any](text) for text in texts]
    return ui.LayoutView(timeout=None).add_item(
        ui.Container(*displays, *row, accent_colour=AMBER if buttons and buttons[0].action == "forget" else GREEN)
    )
