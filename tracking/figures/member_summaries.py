"""The figures of members over all their offers, with amounts per currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from affiliates.models import Member
from core.kept_queries import kept_query
from core.money import Money
from offers.models import Enrollment, EnrollmentStatus
from payouts.ledger import Balance, balances
from tracking.figures.member_table import MemberRow
from tracking.figures.metrics import totals_by_enrollment
from tracking.models.totals import NOTHING


@dataclass(frozen=True, slots=True)
class Sold:
    """A member's sales in one currency, and what was given back of them."""

    sales: Money
    refunds: Money

    @property
    def net_sales(self) -> Money:
        return self.sales - self.refunds


@dataclass(frozen=True, slots=True)
class MemberSummary:
    """`current` are the member's current offers; the figures include former offers."""

    member: Member
    current: tuple[Enrollment, ...]
    conversions: int
    sold: tuple[Sold, ...]
    commission: tuple[Money, ...]
    due: tuple[Money, ...]

    @property
    def offers(self) -> int:
        return len(self.current)


@dataclass(frozen=True, slots=True)
class CurrencyAccount:
    """A member's sales, commission and payments in one currency."""

    sales: Money
    refunds: Money
    commission: Money
    due: Money
    held: Money
    on_the_way: Money
    paid: Money


def member_summaries(members: Sequence[Member], *, now: datetime) -> list[MemberSummary]:
    """Return one summary per member, in a fixed number of queries."""
    enrollments = _enrollments(member_ids=[member.pk for member in members])
    ids = [row.pk for row in enrollments]
    totals = totals_by_enrollment(ids)
    money = balances(ids, now=now)
    of_member: dict[int, list[Enrollment]] = defaultdict(list)
    for row in enrollments:
        of_member[row.member_id].append(row)
    summaries = []
    for member in members:
        rows = of_member[member.pk]
        sums: dict[str, list[int]] = {}
        for row in rows:
            figures, balance = totals.get(row.pk, NOTHING), money.get(row.pk, Balance())
            so_far = sums.setdefault(row.offer.currency, [0] * 4)
            parts = (
                figures.sales_minor,
                figures.refunds_minor,
                figures.commission_minor,
                balance.due_minor,
            )
            sums[row.offer.currency] = [a + b for a, b in zip(so_far, parts, strict=True)]
        summaries.append(
            MemberSummary(
                member=member,
                current=tuple(row for row in rows if row.status != EnrollmentStatus.REMOVED),
                conversions=sum(totals.get(row.pk, NOTHING).conversions for row in rows),
                sold=tuple(map(Sold, _amounts(sums, 0), _amounts(sums, 1))),
                commission=_amounts(sums, 2),
                due=_amounts(sums, 3),
            )
        )
    return summaries


@kept_query
def _enrollments(*, member_ids: list[int]) -> QuerySet[Enrollment]:
    rows = Enrollment.objects.filter(member__in=member_ids)
    return rows.select_related("offer").order_by("pk")


def accounts_by_currency(rows: Iterable[MemberRow]) -> list[CurrencyAccount]:
    """Return the rows of one member added up per currency."""
    sums: dict[str, list[int]] = {}
    for row in rows:
        so_far = sums.setdefault(row.currency, [0] * 7)
        parts = (
            row.totals.sales_minor,
            row.totals.refunds_minor,
            row.totals.commission_minor,
            row.balance.due_minor,
            row.balance.held_minor,
            row.balance.on_the_way_minor,
            row.balance.paid_minor,
        )
        sums[row.currency] = [a + b for a, b in zip(so_far, parts, strict=True)]
    return [
        CurrencyAccount(*(Money(minor, currency) for minor in sums[currency]))
        for currency in sorted(sums)
    ]


def _amounts(sums: dict[str, list[int]], index: int) -> tuple[Money, ...]:
    return tuple(Money(sums[currency][index], currency) for currency in sorted(sums))
