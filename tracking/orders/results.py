"""The result of recording an order or refund."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.money import Money
from tracking.orders.facts import FieldProblem


class RecordingStatus(StrEnum):
    RECORDED = "recorded"  # a new order that is credited, or a new refund that is applied
    UNATTRIBUTED = "unattributed"  # a new order that is credited to no member
    REVISED = "revised"  # a known order: this is its state now
    SUPERSEDED = "superseded"  # older than what is known of the order: kept, and changes nothing
    PARKED = "parked"  # a refund whose order has not come yet
    REPLACED = "replaced"  # a known refund: this is what counts now
    DUPLICATE = "duplicate"  # the same contents again: nothing changed
    CONFLICT = "conflict"  # the same identity with other contents: refused
    REFUSED = "refused"  # it contradicts what is recorded


ACCEPTED = frozenset(
    {
        RecordingStatus.RECORDED,
        RecordingStatus.UNATTRIBUTED,
        RecordingStatus.REVISED,
        RecordingStatus.SUPERSEDED,
        RecordingStatus.PARKED,
        RecordingStatus.REPLACED,
        RecordingStatus.DUPLICATE,
    }
)


@dataclass(frozen=True, slots=True)
class RecordingResult:
    """The result for one order or refund.

    `problems` says why it was refused, is credited to no member, or was applied only in part. For a
    conflict, `recorded` and `received` are both versions as the API receives them. `applied` is
    what a refund takes from its order.
    """

    external_id: str
    status: RecordingStatus
    problems: tuple[FieldProblem, ...] = ()
    conversion_id: int | None = None
    recorded: dict[str, Any] | None = None
    received: dict[str, Any] | None = None
    applied: Money | None = None

    @property
    def is_accepted(self) -> bool:
        return self.status in ACCEPTED
