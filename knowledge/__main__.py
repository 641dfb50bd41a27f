"""The knowledge's command line: `python -m knowledge index | ask | recommend | evaluate | ...`, one each below."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from knowledge.commands import ask, evaluate, index, recommend, versions
from knowledge.commands.output import FAILED
from knowledge.errors import KnowledgeError
from knowledge.priority import give_way
from knowledge.settings import KnowledgeSettings, SettingsError, load_settings

# A command imports its parts when it runs: chromadb and onnxruntime take 1.5 s, which --help can do without.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0 done, 1 refused or failed with a reason, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        status: int = options.run(load_settings(KnowledgeSettings), options)
        sys.stdout.flush()
        return status
    except (KnowledgeError, SettingsError) as error:
        errors.print(str(error), style="red", markup=False)
    except KeyboardInterrupt:
        errors.print("Stopped. What was published before keeps serving.")
    except BrokenPipeError:
        # Whoever read the output has gone; without this, Python complains once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m knowledge", description="What Tunewise knows: index it, ask it, measure it."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, run: Any, summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        added.add_argument("--json", action="store_true", help="print JSON, and nothing else, on standard output")
        added.set_defaults(run=run)
        return added

    index.add_arguments(command("index", index.run, "index the documents and publish the new version"))
    ask.add_arguments(command("ask", ask.run, "answer a question from the documents"))
    recommend.add_arguments(command("recommend", recommend.run, "recommend an approach for a project"))
    command("evaluate", evaluate.run, "score the published version by the golden questions")
    command("status", versions.run_status, "say what is published, and whether the documents have changed since")
    command("versions", versions.run, "list the versions that are kept, newest first")
    versions.add_rollback_arguments(
        command("rollback", versions.run_rollback, "publish the version before, or another one that is kept")
    )
    return parser


if __name__ == "__main__":
    if sys.argv[1:2] == ["index"]:
        give_way()
    sys.exit(main())
