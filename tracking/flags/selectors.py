"""Read flags: the list, their counts, and how often each kind was false."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet, Sum

from affiliates.models import Member
from core.kept_queries import kept_query
from core.money import BASIS_POINTS
from tracking.figures.conversion_search import conversions_searched
from tracking.models import Conversion, Flag, FlagCount, FlagKind, FlagState


@dataclass(frozen=True, slots=True)
class KindFigures:
    """How many flags of a kind are open, and how those that staff decided ended."""

    kind: FlagKind
    open: int
    cleared: int
    rejected: int

    @property
    def decided(self) -> int:
        return self.cleared + self.rejected

    @property
    def false_bp(self) -> int | None:
        """The part of the decided flags that were false, in basis points; None before any."""
        if not self.decided:
            return None
        return (2 * self.cleared * BASIS_POINTS + self.decided) // (2 * self.decided)


def flags(
    *,
    search: str = "",
    state: str = "",
    kind: str = "",
    offer_id: int | None = None,
    member_id: int | None = None,
    conversion_id: int | None = None,
) -> QuerySet[Flag]:
    """Return the brand's flags with conversion, order, member and offer, the newest first."""
    found = Flag.objects.select_related("conversion__order", "member", "offer")
    chosen = {
        "state": state, "kind": kind, "offer": offer_id, "member": member_id,
        "conversion": conversion_id,
    }  # fmt: skip
    found = found.filter(**{name: value for name, value in chosen.items() if value})
    if search:
        matching = Conversion.objects.filter(conversions_searched(search))
        found = found.filter(conversion__in=matching.values("pk"))
    return found.order_by("-raised_at", "-pk")


def named(rows: Sequence[Flag]) -> Sequence[Flag]:
    """Set the names of other members that these flags are about, and return the flags."""
    others = {row.pk: row.evidence.get("member") for row in rows}
    if any(others.values()):
        found = Member.objects.in_bulk([pk for pk in others.values() if pk])
        for row in rows:
            other = found.get(others[row.pk] or 0)
            row.other_name = str(other) if other else ""
    return rows


def flags_of_conversion(conversion_id: int) -> list[Flag]:
    """Return a conversion's flags but withdrawn ones, those that are open first."""
    rows = Flag.objects.filter(conversion=conversion_id).exclude(state=FlagState.WITHDRAWN)
    return sorted(
        named(list(rows)), key=lambda row: (row.state != FlagState.OPEN, row.raised_at, row.pk)
    )


def open_flag_count(*, member_id: int | None = None) -> int:
    """Return how many flags wait for staff, of the brand or of one member."""
    if member_id is not None:
        return Flag.objects.filter(member=member_id, state=FlagState.OPEN).count()
    return sum(_open_flags())


@kept_query
def _open_flags() -> QuerySet[FlagCount, int]:
    counts = FlagCount.objects.filter(state=FlagState.OPEN).values("brand_id")
    return counts.annotate(sum=Sum("flags")).values_list("sum", flat=True)


def figures_by_kind() -> list[KindFigures]:
    """Return the figures of every kind, in the sequence of FlagKind, from the kept counts."""
    counts = FlagCount.objects.exclude(state=FlagState.WITHDRAWN).values_list("kind", "state")
    found = {(kind, state): number for kind, state, number in counts.annotate(sum=Sum("flags"))}
    return [
        KindFigures(
            kind,
            open=found.get((kind, FlagState.OPEN), 0),
            cleared=found.get((kind, FlagState.CLEARED), 0),
            rejected=found.get((kind, FlagState.REJECTED), 0),
        )
        for kind in FlagKind
    ]
