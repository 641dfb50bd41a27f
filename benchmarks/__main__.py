"""`python -m benchmarks [NAME ...]`: run the named benchmarks, or all of them, one after the other."""

from __future__ import annotations

import subprocess
import sys

NAMES = ("ask", "index", "bot_start", "compare", "recommend", "squad", "verify", "stream", "maintain")


def main(names: list[str]) -> int:
    """Each benchmark runs in a process of its own, so that none finds warm what another one loaded."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"There is no benchmark {unknown[0]}. Choose from: {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    return max(
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode for name in names or NAMES
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
