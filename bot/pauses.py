"""How long one thread of the bot keeps the others waiting."""

from __future__ import annotations

import gc
import sys

SWITCH_INTERVAL = 0.0005  # seconds; a tenth of Python's own


def keep_pauses_short() -> None:
    """Let threads take turns faster, and the garbage collector leave alone what is there now.

    For a process that has loaded all that it will keep. A new version of the knowledge is read by a thread beside those
    that answer: these wait for it up to one interval each time that they need Python's lock. A full collection looks at
    every object that is not frozen; of a bot's, all are here to stay, and looking took 0.1 s.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.collect()
    gc.freeze()
