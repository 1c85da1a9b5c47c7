"""What came of each order or refund that was sent in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tracking.orders.facts import FieldProblem


class RecordingStatus(StrEnum):
    RECORDED = "recorded"  # new; a conversion or, for a refund, applied
    UNATTRIBUTED = "unattributed"  # a new order that nobody is credited with
    PARKED = "parked"  # a refund whose order is not here yet
    DUPLICATE = "duplicate"  # the same again: nothing changed
    CONFLICT = "conflict"  # the same identity with other contents: refused
    REFUSED = "refused"  # it contradicts what is known: refused


ACCEPTED = frozenset(
    {
        RecordingStatus.RECORDED,
        RecordingStatus.UNATTRIBUTED,
        RecordingStatus.PARKED,
        RecordingStatus.DUPLICATE,
    }
)


@dataclass(frozen=True, slots=True)
class RecordingResult:
    """One outcome, in the order of what was sent.

    `problems` says why nothing, or nothing for anybody, came of it. For a conflict `recorded` and
    `received` hold both versions in the words of the API.
    """

    external_id: str
    status: RecordingStatus
    problems: tuple[FieldProblem, ...] = ()
    conversion_id: int | None = None
    recorded: dict[str, Any] | None = None
    received: dict[str, Any] | None = None

    @property
    def is_accepted(self) -> bool:
        return self.status in ACCEPTED
