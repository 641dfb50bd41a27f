"""How urgent this process is."""

from __future__ import annotations

import os

NICENESS = 10


def give_way() -> None:
    """Let other programs go first from now on: people wait for the bot on this machine, not for a re-index."""
    if hasattr(os, "nice"):  # not on Windows
        os.nice(NICENESS)
