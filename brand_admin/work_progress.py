"""The progress of background work in words, for its page and the pages that start it."""

from __future__ import annotations

from dataclasses import dataclass

from background.models import Work, WorkState
from background.selectors import recent_work_about
from brand_admin.work_kinds import KINDS, Kind
from core.templatetags.display import count, who
from tracking.importing.members_in_background import ASKS, REMARKS

TONES = {
    WorkState.WAITING: "neutral",
    WorkState.RUNNING: "wait",
    WorkState.DONE: "good",
    WorkState.FAILED: "bad",
}


@dataclass(frozen=True, slots=True)
class WorkProgress:
    """A work, and its kind."""

    work: Work
    kind: Kind

    @classmethod
    def of(cls, work: Work) -> WorkProgress:
        return cls(work, KINDS[work.kind])

    @property
    def tone(self) -> str:
        if self.work.state == WorkState.DONE and self.problems:
            return "wait"
        return TONES[WorkState(self.work.state)]

    @property
    def how_far(self) -> str:
        """ "31,200 of 100,000 rows"."""
        if self.work.state == WorkState.WAITING or self.is_uncounted:
            return self._counted
        if self.work.state == WorkState.DONE:
            return self._counted
        return f"{count(self.work.done)} of {self._counted}"

    @property
    def _counted(self) -> str:
        noun = self.kind.noun if self.work.total == 1 else f"{self.kind.noun}s"
        return f"{count(self.work.total)} {noun}"

    @property
    def tiles(self) -> list[tuple[str, str]]:
        return [
            (label, count(self.work.counts.get(key, 0))) for key, label in self.kind.tiles.items()
        ]

    @property
    def left_out(self) -> int:
        """How many rows or members are left out, without those that a preview asks about."""
        return self.problems - (self.work.counts.get(ASKS, 0) if self.kind.is_preview else 0)

    @property
    def problems(self) -> int:
        """How many rows or members are left out, or will be unless somebody confirms them."""
        return self.work.problems - int(self.work.counts.get(REMARKS, 0))

    @property
    def asked_by(self) -> str:
        """The person, without their address."""
        return who(self.work.asked_by)

    @property
    def label(self) -> str:
        """The state in words, with whether something was left out."""
        if self.work.state == WorkState.DONE and self.problems:
            return "Done, some left out"
        return str(WorkState(self.work.state).label)

    @property
    def value(self) -> int:
        """The value of the progress bar; at most the total."""
        return min(self.work.done, self.work.total)

    @property
    def percent(self) -> str:
        """The percentage beside the bar while the work runs; else ""."""
        if self.work.state != WorkState.RUNNING or not self.work.total:
            return ""
        return f"{min(self.work.done * 100 // self.work.total, 100)}%"

    @property
    def is_uncounted(self) -> bool:
        """Whether nothing tells how far it is: it is one transaction, or its end is unknown."""
        is_uncounted = self.kind.is_at_once or self.kind.is_open_ended
        return self.work.state == WorkState.RUNNING and is_uncounted

    @property
    def has_lines(self) -> bool:
        """Whether the skipped rows are lines of a file."""
        return self.kind.noun == "row"

    @property
    def result(self) -> str:
        return f"brand_admin/background/{self.kind.result}.html"


@dataclass(frozen=True, slots=True)
class StartedWork:
    """The latest work that was started on one page, newest first."""

    rows: list[WorkProgress]

    @property
    def is_live(self) -> bool:
        return any(row.work.is_live for row in self.rows)

    @property
    def live(self) -> WorkProgress | None:
        """The work that waits or runs now."""
        return next((row for row in self.rows if row.work.is_live), None)

    @property
    def failed(self) -> WorkProgress | None:
        """The latest work, if it failed."""
        last = self.rows[0] if self.rows else None
        return last if last and last.work.state == WorkState.FAILED else None


def started_about(about: str) -> StartedWork:
    """Return the latest work that was started on the page with this reference."""
    return StartedWork([WorkProgress.of(work) for work in recent_work_about(about)])
