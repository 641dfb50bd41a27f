"""The criteria as their file holds them now: a maintainer's change counts from the next click on."""

from __future__ import annotations

from pathlib import Path

import structlog

from knowledge.cite import Sections, unresolved
from knowledge.criteria import Criteria, load_criteria
from knowledge.errors import KnowledgeError

log = structlog.get_logger(__name__)


class CriteriaFile:
    """Reads the file again when it has changed. While it is wrong, the criteria before stay in force."""

    def __init__(self, path: Path) -> None:
        """Raises KnowledgeError where the file cannot be read or is wrong."""
        self._path = path
        self._changed = self._changed_at()
        self._criteria = load_criteria(path)
        self._checked = ("", "")

    def current(self) -> Criteria:
        """The criteria in force."""
        changed = self._changed_at()
        if changed != self._changed:
            self._changed = changed
            try:
                self._criteria = load_criteria(self._path)
                log.info("criteria_changed", digest=self._criteria.digest)
            except KnowledgeError as error:
                log.error("criteria_not_taken_up", error=str(error))
        return self._criteria

    def check(self, sections: Sections, version: str) -> None:
        """Logs what the criteria cite and this version does not hold, once for each version and change."""
        checked = (version, self._criteria.digest)
        if checked != self._checked:
            self._checked = checked
            for problem in unresolved(self._criteria, sections):
                log.warning("criteria_citation_not_found", version=version, problem=problem.reason)

    def _changed_at(self) -> int:
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return 0
