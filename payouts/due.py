"""Compute what is due now to all members, without reading the whole ledger.

`payouts.ledger.balances` defines what is due: earned entries after their hold that no live payment
pays. A payment takes exactly such entries and posts their sum, so the amount due is the sum of all
entries after their hold. A trigger keeps that sum (`LedgerSum`), so the cost depends on the number
of members and not on the length of the history.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Sum
from django.db.models.expressions import Combinable

from core.tenancy import current_brand_id
from payouts.models import EntryKind, LedgerEntry, LedgerSum

_BY_OFFER = """
SELECT offer_id, sum(due_minor)::bigint, count(*) FILTER (WHERE due_minor > 0) FROM (
  SELECT offer_id, enrollment_id, sum(amount_minor) AS due_minor FROM payouts_ledgersum
  WHERE brand_id = %(brand)s AND available_at <= %(now)s AND offer_id = ANY(%(offers)s::bigint[])
  GROUP BY 1, 2
) due WHERE due_minor <> 0 GROUP BY 1
"""
_BY_MEMBER = """
SELECT member_id, currency, sum(amount_minor)::bigint AS due_minor FROM payouts_ledgersum
WHERE brand_id = %(brand)s AND available_at <= %(now)s
GROUP BY 1, 2 HAVING sum(amount_minor) <> 0
"""
# A page of members, those added last first, with what each is due in every currency.
_AFTER = f"""
WITH due AS MATERIALIZED (
  SELECT * FROM ({_BY_MEMBER}) every
  WHERE (%(after)s::bigint IS NULL OR member_id < %(after)s)
    AND (%(only)s = '' OR currency = %(only)s)
), page AS (SELECT DISTINCT member_id FROM due ORDER BY member_id DESC LIMIT %(limit)s)
SELECT member_id, currency, due_minor FROM due JOIN page USING (member_id)
ORDER BY member_id DESC, currency
"""  # noqa: S608
_CHOSEN = """
(%(members)s::bigint[] IS NULL OR member_id = ANY(%(members)s::bigint[]))
  AND (%(only)s = '' OR currency = %(only)s)
"""
_ORDER = "currency <> %(own)s, currency, due_minor * %(sign)s DESC, member_id"
# One statement returns the sums over all members and the rows of a page, so that they agree.
_PAGE = f"""
WITH due AS MATERIALIZED ({_BY_MEMBER}), page AS (
  SELECT * FROM due WHERE {_CHOSEN} ORDER BY {_ORDER} OFFSET %(start)s LIMIT %(limit)s
)
SELECT NULL AS member_id, currency, sum(due_minor)::bigint, count(*) FILTER (WHERE {_CHOSEN}),
  0::bigint AS place
FROM due GROUP BY currency
UNION ALL
SELECT member_id, currency, due_minor, 1, row_number() OVER (ORDER BY {_ORDER}) FROM page
ORDER BY place
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class DueRow:
    """What one member is due in one currency: never zero; a negative amount is carried over."""

    member_id: int
    currency: str
    due_minor: int


@dataclass(frozen=True, slots=True)
class DuePage:
    """One page of rows. `count` is of all matching rows; `sums` are minor units of all members."""

    rows: list[DueRow]
    count: int
    sums: dict[str, int]


@dataclass(frozen=True, slots=True)
class OfferDue:
    """What one offer owes now, and to how many of its members."""

    due_minor: int = 0
    members: int = 0


def due_page(
    *,
    now: datetime,
    among: Collection[int] | None = None,
    own: str = "",
    only: str = "",
    smallest_first: bool = False,
    start: int = 0,
    limit: int | None = None,
) -> DuePage:
    """Return what is due now per member and currency.

    Rows in the brand's `own` currency come first, and in each currency the largest amount, or the
    smallest with `smallest_first`. `among` limits the rows to some members and `only` to one
    currency. The page has `limit` rows from `start` on.
    """
    values = {
        "members": None if among is None else sorted(among),
        "own": own,
        "only": only,
        "sign": -1 if smallest_first else 1,
    }
    found = _rows(_PAGE, _values(now, start=start, limit=limit, **values))
    sums = sorted((row for row in found if row[0] is None), key=lambda row: (row[1] != own, row[1]))
    return DuePage(
        rows=[DueRow(*row[:3]) for row in found if row[0] is not None],
        count=sum(row[3] for row in sums),
        sums={row[1]: row[2] for row in sums},
    )


def due_after(*, after: int | None, only: str, limit: int, now: datetime) -> list[DueRow]:
    """Return what is due now to `limit` members, those added last first.

    They come after the member with the number `after`. `only` leaves one currency.
    """
    found = _rows(_AFTER, _values(now, after=after, only=only, limit=limit))
    return [DueRow(*row) for row in found]


def due_by_member(*, now: datetime) -> list[DueRow]:
    """Return what is due now for all members, as rows of `due_page`."""
    return due_page(now=now).rows


def due_by_offer(offer_ids: Iterable[int], *, now: datetime) -> dict[int, OfferDue]:
    """Return what is due now per offer id, without offers that owe nothing.

    `members` counts members with more than zero due. A negative balance lowers the sum, as it does
    in `balances`.
    """
    rows = _rows(_BY_OFFER, _values(now, offers=sorted(set(offer_ids))))
    return {offer_id: OfferDue(due, members) for offer_id, due, members in rows}


def due_of_each(*, now: datetime) -> QuerySet[Any, Any]:
    """Return rows of `enrollment_id` and `figure`: `Balance.due_minor` of each enrollment."""
    return _sum_of_each(LedgerSum.objects.filter(available_at__lte=now), Sum("amount_minor"))


def due_of_each_member(*, currency: str, now: datetime) -> QuerySet[Any, Any]:
    """Return rows of `member` and `figure`: what is due to each member in one currency."""
    due = LedgerSum.objects.filter(available_at__lte=now, currency=currency)
    sums: QuerySet[Any, Any] = due.values("member").annotate(figure=Sum("amount_minor"))
    return sums


def paid_of_each() -> QuerySet[Any, Any]:
    """Return rows of `enrollment_id` and `figure`: `Balance.paid_minor` of each enrollment."""
    paid = LedgerEntry.objects.filter(kind=EntryKind.PAYOUT, payout__state="paid")
    return _sum_of_each(paid, -Sum("amount_minor"))


def _sum_of_each(rows: QuerySet[Any], figure: Combinable) -> QuerySet[Any, Any]:
    sums: QuerySet[Any, Any] = rows.values("enrollment_id").annotate(figure=figure)
    return sums


def _values(now: datetime, **more: Any) -> dict[str, Any]:
    return {"brand": current_brand_id(), "now": now, **more}


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
