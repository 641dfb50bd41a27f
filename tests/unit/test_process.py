"""What a bot does to its process once it has loaded everything."""

from __future__ import annotations

import subprocess
import sys

SETTLE_AND_TELL = """
import gc, sys
from bot.process import settle
before = sys.getswitchinterval()
settle()
garbage = [garbage := []]
garbage[0].append(garbage)
del garbage
print(gc.get_freeze_count() > 1000, sys.getswitchinterval() < before, gc.collect() > 0)
"""


def test_what_is_loaded_is_left_alone_by_the_garbage_collector_and_what_comes_later_is_not() -> None:
    told = subprocess.run([sys.executable, "-c", SETTLE_AND_TELL], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["True", "True", "True"]
