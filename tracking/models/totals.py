"""The figures per enrollment and day, as numbers that can be added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts and amounts (minor units) of accepted conversions; pending ones have own fields.

    `pending_sales_minor` is net of refunds, `pending_minor` the commission they would earn.
    """

    conversions: int = 0
    pending: int = 0
    sales_minor: int = 0
    refunds_minor: int = 0
    commission_minor: int = 0
    pending_minor: int = 0
    pending_sales_minor: int = 0
    clicks: int = 0

    @property
    def cap_used_minor(self) -> int:
        """What counts towards a cap: what was earned, and what pending conversions would earn."""
        return self.commission_minor + self.pending_minor

    def plus(self, other: Totals, *, times: int = 1) -> Totals:
        return Totals(*(a + times * b for a, b in zip(self.parts(), other.parts(), strict=True)))

    def parts(self) -> tuple[int, ...]:
        parts: tuple[int, ...] = _parts_of(self)
        return parts


FIGURES = tuple(item.name for item in fields(Totals))
NOTHING = Totals()
_parts_of = attrgetter(*FIGURES)


def add_up(totals: Iterable[Totals]) -> Totals:
    """Return the sum of these totals."""
    return Totals(*map(sum, zip(*(one.parts() for one in totals), strict=True)))
