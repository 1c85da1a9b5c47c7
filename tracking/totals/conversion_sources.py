"""What conversions add to the source totals: those whose order came with a click of their member.

A conversion's source is a row of ConversionSource. Its link is known at once; the rest, such as the
referrer, when the click is stored. Whichever comes first, the totals are the same afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.db import connection

from accounts.selectors import current_zone
from core.tenancy import current_brand_id
from tracking.models import OTHER, SUB_IDS, Conversion, ConversionSource, Dimension, Evidence
from tracking.models.totals import Totals

SourceKey = tuple[int, date, str, str]  # enrollment id, day, dimension, value

_ADD = """
INSERT INTO tracking_sourcetotal AS total (brand_id, enrollment_id, day, dimension, value,
  clicks, visitors, robots, inactive, conversions, sales_minor, commission_minor)
SELECT %s, added.enrollment_id, added.day, added.dimension, added.value, 0, 0, 0, 0,
  added.conversions, added.sales, added.commission
FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::text[], %s::bigint[], %s::bigint[],
  %s::bigint[]) AS added (enrollment_id, day, dimension, value, conversions, sales, commission)
ORDER BY added.enrollment_id, added.day, added.dimension, added.value
ON CONFLICT (brand_id, enrollment_id, dimension, day, value) DO UPDATE SET
  conversions = total.conversions + excluded.conversions,
  sales_minor = total.sales_minor + excluded.sales_minor,
  commission_minor = total.commission_minor + excluded.commission_minor
"""


@dataclass(frozen=True, slots=True)
class SourceMove:
    """What one conversion adds to each of its sources. Amounts in minor units."""

    conversions: int = 0
    sales_minor: int = 0  # net of refunds
    commission_minor: int = 0

    @classmethod
    def of(cls, moved: Totals) -> SourceMove:
        """What a change of one conversion's totals adds; pending sales add nothing."""
        return cls(
            moved.conversions, moved.sales_minor - moved.refunds_minor, moved.commission_minor
        )

    def plus(self, other: SourceMove) -> SourceMove:
        return SourceMove(
            self.conversions + other.conversions,
            self.sales_minor + other.sales_minor,
            self.commission_minor + other.commission_minor,
        )


NO_MOVE = SourceMove()


def came_by_click(conversion: Conversion) -> bool:
    """Whether a click on a link of its member is among the evidence of its order."""
    return any(
        claim["evidence"] == Evidence.CLICK and claim["enrollment"] == conversion.enrollment_id
        for claim in conversion.claims
    )


def values_of(source: ConversionSource) -> Iterator[tuple[str, str]]:
    """Yield dimension and value of each total that the source is part of."""
    yield Dimension.LINK, str(source.link_id)
    if source.is_known:
        yield from values_of_click(source)


def values_of_click(source: ConversionSource) -> Iterator[tuple[str, str]]:
    """Yield the same of what the click's row tells, without the link."""
    values = {name: getattr(source, name) for name in SUB_IDS} | {"country": source.country}
    shown = {name: value for name, value in values.items() if value}
    shown |= {"referrer": source.referrer_host, "device": source.device}
    yield from (shown | dict.fromkeys(source.as_other or (), OTHER)).items()


def locked_sources(conversions: Iterable[Conversion]) -> dict[int, ConversionSource]:
    """Lock the sources of these conversions, and return them by conversion id.

    Who changes a conversion's amounts and who stores its click both lock it: the second one sees
    what the first one did.
    """
    ids = [row.pk for row in conversions if came_by_click(row)]
    if not ids:
        return {}
    found = ConversionSource.objects.select_for_update(no_key=True).filter(conversion__in=ids)
    return {source.conversion_id: source for source in found.order_by("pk")}


def move_source_totals(
    rows: Sequence[Conversion],
    moves: Sequence[Totals],
    sources: Mapping[int, ConversionSource],
    *,
    zone: ZoneInfo,
) -> None:
    """Add what each conversion moved to the totals of its source, if it has one."""
    _add(rows, moves, sources, values_of, zone=zone)


def add_known_sources(
    rows: Sequence[Conversion], totals: Sequence[Totals], sources: Mapping[int, ConversionSource]
) -> None:
    """Add conversions to the totals of what their clicks tell, which was not known before."""
    _add(rows, totals, sources, values_of_click, zone=current_zone())


def _add(
    rows: Sequence[Conversion],
    moves: Sequence[Totals],
    sources: Mapping[int, ConversionSource],
    values: Callable[[ConversionSource], Iterator[tuple[str, str]]],
    *,
    zone: ZoneInfo,
) -> None:
    """Add the moves to those totals of their sources whose dimension and value `values` yields."""
    sums: dict[SourceKey, SourceMove] = defaultdict(SourceMove)
    for row, moved in zip(rows, moves, strict=True):
        source, move = sources.get(row.pk), SourceMove.of(moved)
        if source is not None and move != NO_MOVE:
            day = row.occurred_at.astimezone(zone).date()
            for dimension, value in values(source):
                key = (row.enrollment_id, day, dimension, value)
                sums[key] = sums[key].plus(move)
    _insert(sums)


def _insert(sums: Mapping[SourceKey, SourceMove]) -> None:
    moved = {key: move for key, move in sums.items() if move != NO_MOVE}
    if not moved:
        return
    rows = [
        (*key, move.conversions, move.sales_minor, move.commission_minor)
        for key, move in moved.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [current_brand_id(), *map(list, zip(*rows, strict=True))])
