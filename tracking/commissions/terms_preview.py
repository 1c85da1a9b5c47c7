"""What other terms would have paid on an offer's real conversions and clicks of the last 90 days.

The preview replays conversions and clicks in order, from the tier progress that each member had at
the start. It writes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Sum

from accounts.selectors import current_zone
from core.money import Money
from offers.commission import Sale, commission_of
from offers.models import Enrollment, Offer, Terms
from offers.structure import RuleKind
from tracking.commissions.new_customers import customers_of
from tracking.commissions.order_lines import Lines, order_lines_net_of_refunds
from tracking.commissions.tier_progress import TierProgress
from tracking.models import ClickEarning, Conversion, ConversionStatus, DailyTotal
from tracking.models.totals import Totals
from tracking.totals.daily import day_of

DAYS = 90
MAX_CONVERSIONS = 20_000  # the newest are used, so that the page is fast
MAX_MEMBERS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class MemberChange:
    """One member's commission in minor units, under the real terms and under the others."""

    enrollment: Enrollment
    before_minor: int
    after_minor: int

    @property
    def before(self) -> Money:
        return Money(self.before_minor, self.enrollment.offer.currency)

    @property
    def after(self) -> Money:
        return Money(self.after_minor, self.enrollment.offer.currency)

    @property
    def difference(self) -> Money:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class TermsPreview:
    """Both sums over the same conversions and clicks. Pending conversions count as accepted."""

    currency: str
    conversions: int
    clicks: int
    is_all: bool
    before_minor: int
    after_minor: int
    gaining: int
    losing: int
    largest: tuple[MemberChange, ...]

    @property
    def before(self) -> Money:
        return Money(self.before_minor, self.currency)

    @property
    def after(self) -> Money:
        return Money(self.after_minor, self.currency)

    @property
    def difference(self) -> Money:
        return self.after - self.before


@dataclass(slots=True)
class _Sums:
    """Minor units by enrollment."""

    before: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    after: dict[int, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True, slots=True)
class _Clicks:
    enrollment_id: int
    day: date
    clicks: int


def preview_terms(*, offer: Offer, terms: Terms, now: datetime) -> TermsPreview:
    """Compare what unsaved `terms` would pay with what was earned, in minor units."""
    zone = current_zone()
    first_day = day_of(now, zone) - timedelta(days=DAYS - 1)
    conversions = _conversions(offer, now=now)
    is_all = len(conversions) < MAX_CONVERSIONS
    if not is_all:
        first_day = day_of(conversions[0].occurred_at, zone)
    clicks = _clicks(offer, first_day) if terms.per_click_minor else []
    sums = _Sums()
    _add_what_was_earned(sums, offer, conversions, first_day)
    progress = TierProgress.of(
        [
            *((row.enrollment_id, terms, day_of(row.occurred_at, zone)) for row in conversions),
            *((row.enrollment_id, terms, row.day) for row in clicks),
        ],
        zone,
        before=first_day,
    )
    _simulate(sums, terms, conversions, clicks, progress)
    return _preview(offer, sums, conversions, sum(row.clicks for row in clicks), is_all=is_all)


def _conversions(offer: Offer, *, now: datetime) -> list[Conversion]:
    """The newest conversions, oldest first, without rejected ones, which earn nothing."""
    rows = (
        Conversion.objects.filter(offer=offer, occurred_at__gte=now - timedelta(days=DAYS))
        .exclude(status=ConversionStatus.REJECTED)
        .select_related("order")
        .order_by("-occurred_at", "-pk")[:MAX_CONVERSIONS]
    )
    return list(reversed(rows))


def _clicks(offer: Offer, first_day: date) -> list[_Clicks]:
    days = DailyTotal.objects.filter(enrollment__offer=offer, day__gte=first_day, clicks__gt=0)
    return [_Clicks(*row) for row in days.values_list("enrollment_id", "day", "clicks")]


def _add_what_was_earned(
    sums: _Sums, offer: Offer, conversions: Sequence[Conversion], first_day: date
) -> None:
    for row in conversions:
        sums.before[row.enrollment_id] += row.earnable_minor
    earned = ClickEarning.objects.filter(enrollment__offer=offer, day__gte=first_day)
    for enrollment_id, minor in earned.values_list("enrollment_id").annotate(Sum("amount_minor")):
        sums.before[enrollment_id] += minor


def _simulate(
    sums: _Sums,
    terms: Terms,
    conversions: Sequence[Conversion],
    clicks: Sequence[_Clicks],
    progress: TierProgress,
) -> None:
    """Replay conversions and clicks by day; the clicks of a day come after its conversions."""
    lines = (
        order_lines_net_of_refunds(row.order_id for row in conversions)
        if terms.looks_at_lines
        else {}
    )
    asks = any(rule.kind == RuleKind.CUSTOMER for rule in terms.rule_list)
    customers = customers_of([row.order for row in conversions]) if asks else {}
    for at, what in _in_order(conversions, clicks, progress):
        enrollment_id = what.enrollment_id
        left = progress.for_cap(enrollment_id, terms, at).left_under_cap(terms)
        if isinstance(what, Conversion):
            sale = _sale(
                what,
                lines,
                tier=progress.for_tier(enrollment_id, terms, at).tier(terms),
                customer=customers.get(what.order_id, ""),
                left_under_cap_minor=left,
            )
            minor = commission_of(terms=terms, sale=sale).minor
            happened = _totals(what, minor)
        else:
            minor = what.clicks * terms.per_click_minor
            minor = minor if left is None else min(minor, left)
            happened = Totals(commission_minor=minor)
        sums.after[enrollment_id] += minor
        progress.add_on(enrollment_id, at, happened)


def _in_order(
    conversions: Sequence[Conversion], clicks: Sequence[_Clicks], progress: TierProgress
) -> Iterator[tuple[date, Conversion | _Clicks]]:
    happened: list[tuple[date, Conversion | _Clicks]] = [
        (day_of(row.occurred_at, progress.zone), row) for row in conversions
    ]
    happened += [(row.day, row) for row in clicks]
    # The sort is stable: the clicks of a day come last.
    yield from sorted(happened, key=lambda one: one[0])


def _sale(
    row: Conversion, lines: Lines, *, tier: int, customer: str, left_under_cap_minor: int | None
) -> Sale:
    return Sale(
        sold_minor=row.sale_minor,
        refunded_minor=row.refunded_minor,
        tier=tier,
        code=row.promo_code,
        customer=customer,
        left_under_cap_minor=left_under_cap_minor,
        lines=lines.get(row.order_id, ()),
    )


def _totals(row: Conversion, minor: int) -> Totals:
    """What the conversion adds to its member's progress under the other terms."""
    if row.status == ConversionStatus.PENDING:
        return Totals(
            pending=1,
            pending_minor=minor,
            pending_sales_minor=row.sale_minor - row.refunded_minor,
        )
    return Totals(
        conversions=1,
        sales_minor=row.sale_minor,
        refunds_minor=row.refunded_minor,
        commission_minor=minor,
    )


def _preview(
    offer: Offer, sums: _Sums, conversions: Sequence[Conversion], clicks: int, *, is_all: bool
) -> TermsPreview:
    changes = {
        pk: sums.after[pk] - sums.before[pk] for pk in sums.before.keys() | sums.after.keys()
    }
    changed = sorted((pk for pk in changes if changes[pk]), key=lambda pk: (-abs(changes[pk]), pk))
    rows = Enrollment.objects.select_related("member", "offer").in_bulk(changed[:MAX_MEMBERS_SHOWN])
    return TermsPreview(
        currency=offer.currency,
        conversions=len(conversions),
        clicks=clicks,
        is_all=is_all,
        before_minor=sum(sums.before.values()),
        after_minor=sum(sums.after.values()),
        gaining=sum(1 for change in changes.values() if change > 0),
        losing=sum(1 for change in changes.values() if change < 0),
        largest=tuple(
            MemberChange(rows[pk], sums.before[pk], sums.after[pk])
            for pk in changed[:MAX_MEMBERS_SHOWN]
        ),
    )
