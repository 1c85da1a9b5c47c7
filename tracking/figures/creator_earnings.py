"""What a creator earned and was paid in a year, over all brands. Reads only.

Earned is what balances call so: commission net of refunds on the day of the order, earnings of
clicks on theirs (the kept totals have both), and bonuses and corrections on the day they were
given. Days are those of each brand's time zone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Max, Min, Sum
from django.db.models.functions import Coalesce, TruncMonth

from accounts.models import Brand
from affiliates.models import Creator
from core.money import Money
from core.tenancy import across_brands
from offers.models import Enrollment
from payouts.models import EntryKind, LedgerEntry, Payout, PayoutState
from tracking.models import MonthTotal

BrandCurrency = tuple[int, str]
DAY = timedelta(days=1)


@dataclass(slots=True)
class BrandYear:
    """A brand's year in one currency: minor units earned by month (1 to 12), and paid."""

    brand: Brand
    currency: str
    by_month: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(1, 13), 0))
    paid_minor: int = 0

    @property
    def earned(self) -> Money:
        return Money(sum(self.by_month.values()), self.currency)

    @property
    def paid(self) -> Money:
        return Money(self.paid_minor, self.currency)


@dataclass(frozen=True, slots=True)
class CurrencyYear:
    """A currency's year over all brands."""

    currency: str
    brands: tuple[BrandYear, ...]

    @property
    def earned(self) -> Money:
        return sum((one.earned for one in self.brands), Money(0, self.currency))

    @property
    def paid(self) -> Money:
        return sum((one.paid for one in self.brands), Money(0, self.currency))

    def earned_in(self, month: int) -> Money:
        return Money(sum(one.by_month[month] for one in self.brands), self.currency)


@dataclass(frozen=True, slots=True)
class CreatorYear:
    """A year: sums by currency, and every payment that was made in it, newest first.

    `paid_offers` has, by payment id, an enrollment that the payment has an entry of.
    """

    year: int
    currencies: tuple[CurrencyYear, ...]
    payments: tuple[Payout, ...]
    paid_offers: Mapping[int, Enrollment]


def years_of(creator: Creator, *, now: datetime) -> list[int]:
    """Return the years from the creator's first click, order, bonus or payment, newest first.

    Each in the time zone of its brand, where a year may begin before it does in UTC.
    """
    known = {now.year}
    with across_brands(reason="a creator's years are those of every brand"):
        mine = Enrollment.objects.filter(member__creator=creator)
        months = MonthTotal.objects.filter(enrollment__in=mine.values("pk")).aggregate(
            first=Min("month"), last=Max("month")
        )
        given = LedgerEntry.objects.filter(
            enrollment__in=mine.values("pk"), kind=EntryKind.ADJUSTMENT
        ).values_list("brand__time_zone")
        paid = Payout.objects.filter(member__creator=creator).values_list("brand__time_zone")
        moments = [
            *given.annotate(first=Min("posted_at"), last=Max("posted_at")),
            *paid.annotate(first=Min("created_at"), last=Max(Coalesce("settled_at", "created_at"))),
        ]
    known |= {month.year for month in months.values() if month}
    for zone, *ends in moments:
        known |= {at.astimezone(ZoneInfo(zone)).year for at in ends}
    return list(range(max(known), min(known) - 1, -1))


def year_of(creator: Creator, year: int) -> CreatorYear:
    """Return one year of a creator, in five queries."""
    with across_brands(reason="a creator sees what they earned in every brand"):
        mine = Enrollment.objects.filter(member__creator=creator).select_related("brand", "offer")
        enrollments = {row.pk: row for row in mine}
        payments = _payments(creator, year)
        paid_offers = {
            payment: enrollments[one] for payment, one in _paid_enrollments(payments).items()
        }
        found: dict[BrandCurrency, BrandYear] = {}
        for pk, month, minor in _earned(list(enrollments), enrollments, year):
            row = enrollments[pk]
            key = (row.brand_id, row.offer.currency)
            one = found.setdefault(key, BrandYear(row.brand, row.offer.currency))
            one.by_month[month] += minor
    for payment in payments:
        key = (payment.brand_id, payment.currency)
        one = found.setdefault(key, BrandYear(payment.brand, payment.currency))
        if payment.state == PayoutState.PAID:
            one.paid_minor += payment.amount_minor
    return CreatorYear(year, tuple(_by_currency(found)), tuple(payments), paid_offers)


def _by_currency(found: dict[BrandCurrency, BrandYear]) -> Iterator[CurrencyYear]:
    """Yield the currencies, that with the most brands first; brands by name."""
    groups: dict[str, list[BrandYear]] = defaultdict(list)
    for one in sorted(found.values(), key=lambda one: one.brand.name.casefold()):
        groups[one.currency].append(one)
    for currency in sorted(groups, key=lambda currency: (-len(groups[currency]), currency)):
        yield CurrencyYear(currency, tuple(groups[currency]))


def _payments(creator: Creator, year: int) -> list[Payout]:
    """Return the payments that were settled, or if open made, in the year of their brand."""
    since, until = (
        datetime(year, 1, 1, tzinfo=UTC) - DAY,
        datetime(year + 1, 1, 1, tzinfo=UTC) + DAY,
    )
    rows = Payout.objects.filter(member__creator=creator, created_at__lt=until).exclude(
        settled_at__lt=since
    )
    ordered = rows.select_related("brand", "member").order_by("-created_at", "-pk")
    return [row for row in ordered if _year_of(row) == year]


def _paid_enrollments(payments: Iterable[Payout]) -> dict[int, int]:
    """Return an enrollment's id by payment id, of those that have entries."""
    entries = LedgerEntry.objects.filter(kind=EntryKind.PAYOUT, payout__in=payments)
    return dict(entries.order_by("-pk").values_list("payout", "enrollment"))


def _year_of(payment: Payout) -> int:
    at = payment.settled_at or payment.created_at
    return int(at.astimezone(payment.brand.zone).year)


def _earned(
    ids: list[int], enrollments: dict[int, Enrollment], year: int
) -> Iterator[tuple[int, int, int]]:
    """Yield enrollment, month and minor units."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    months = MonthTotal.objects.filter(enrollment__in=ids, month__range=(first, last))
    for pk, month, minor in months.values_list("enrollment").annotate(
        month_of=TruncMonth("month"), minor=Sum("commission_minor")
    ):
        yield pk, month.month, minor
    given = LedgerEntry.objects.filter(
        enrollment__in=ids,
        kind=EntryKind.ADJUSTMENT,
        posted_at__gte=datetime(year, 1, 1, tzinfo=UTC) - DAY,
        posted_at__lt=datetime(year + 1, 1, 1, tzinfo=UTC) + DAY,
    )
    for pk, at, minor in given.values_list("enrollment", "posted_at", "amount_minor"):
        local = at.astimezone(enrollments[pk].brand.zone)
        if local.year == year:
            yield pk, local.month, minor
