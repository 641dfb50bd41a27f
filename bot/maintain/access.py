"""Who may change the knowledge."""

from __future__ import annotations

import re
from collections.abc import Collection

REFUSED = (
    "Only maintainers may do that. Whoever runs this bot lists them in MAINTAINER_IDS, by the ids of users or roles."
)

_BY = re.compile(r"Discord user (\d+)")


def may_maintain(
    user_id: int, role_ids: Collection[int], *, maintainers: Collection[int], owners: Collection[int]
) -> bool:
    """Whether the person is a maintainer: by their own id, one of their roles, or as an owner of the application."""
    return user_id in maintainers or user_id in owners or not set(role_ids).isdisjoint(maintainers)


def name_of(user_id: int) -> str:
    """How a person is named in what the index records, which knows nothing of Discord."""
    return f"Discord user {user_id}"


def with_mentions(text: str) -> str:
    """`text`, in which people whom `name_of` named are mentioned."""
    return _BY.sub(r"<@\1>", text)


def user_id_of(name: str) -> int | None:
    """The id in a name that `name_of` made, or None: whoever worked on the command line has none."""
    match = _BY.fullmatch(name)
    return int(match[1]) if match else None
