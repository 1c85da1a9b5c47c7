"""A creator's offers, earnings and payments over all brands, for the portal. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Brand
from affiliates.models import Creator
from core.kept_queries import kept_query
from core.money import Money
from core.tenancy import across_brands
from offers.dashboard_links import token_for
from offers.models import Enrollment
from payouts.ledger import Balance, balances
from payouts.models import Payout, PayoutState
from tracking.figures.metrics import totals_by_enrollment
from tracking.links.items import codes_and_links
from tracking.models.totals import NOTHING, Totals


@dataclass(frozen=True, slots=True)
class CreatorOffer:
    """An offer of a creator, with its figures and its dashboard's token.

    `earned` is commission, bonuses and corrections: due + held + on the way + paid. `code` and
    `link` are those in use, "" where there is none.
    """

    enrollment: Enrollment
    token: str
    totals: Totals
    balance: Balance
    code: str
    link: str

    @property
    def currency(self) -> str:
        return str(self.enrollment.offer.currency)

    @property
    def earned(self) -> Money:
        return Money(self.balance.earned_minor, self.currency)

    @property
    def due(self) -> Money:
        return Money(self.balance.due_minor, self.currency)

    @property
    def paid(self) -> Money:
        return Money(self.balance.paid_minor, self.currency)

    @property
    def sales(self) -> Money:
        return Money(self.totals.sales_minor, self.currency)


def offers_of(creator: Creator, *, now: datetime) -> list[CreatorOffer]:
    """Return only this creator's offers, by brand and offer name, in five queries."""
    with across_brands(reason="a creator sees their own offers in every brand"):
        enrollments = _enrollments(creator_id=creator.pk)
        ids = [row.pk for row in enrollments]
        totals = totals_by_enrollment(ids)
        money = balances(ids, now=now)
        codes, links = codes_and_links(ids)
    return [
        CreatorOffer(
            enrollment=row,
            token=token_for(row),
            totals=totals.get(row.pk, NOTHING),
            balance=money.get(row.pk, Balance()),
            code=codes.get(row.pk, ""),
            link=links.get(row.pk, ""),
        )
        for row in enrollments
    ]


@kept_query
def _enrollments(*, creator_id: int) -> QuerySet[Enrollment]:
    rows = Enrollment.objects.filter(member__creator=creator_id)
    return rows.select_related("brand", "offer", "member").order_by(
        "brand__name", "offer__name", "pk"
    )


def first_name_of(offers: Iterable[CreatorOffer]) -> str:
    """Return the creator's first name as a brand has it; "" when no brand has one."""
    names = (row.enrollment.member.first_name.strip() for row in offers)
    return next(filter(None, names), "")


@dataclass(frozen=True, slots=True)
class BrandPayment:
    """A payment of a brand."""

    brand: Brand
    amount: Money


def waiting_for_details(creator: Creator) -> list[BrandPayment]:
    """Return the payments that wait for payout details, over all brands, oldest first."""
    with across_brands(reason="a creator sees what waits for their details in every brand"):
        return [BrandPayment(row.brand, row.amount) for row in _waiting(creator_id=creator.pk)]


def failed_payments(creator: Creator) -> list[BrandPayment]:
    """Return each brand's latest payment in a currency, if that failed. One query."""
    with across_brands(reason="a creator sees which payments did not reach them"):
        latest = list(_latest(creator_id=creator.pk))
    return [
        BrandPayment(row.brand, row.amount) for row in latest if row.state == PayoutState.FAILED
    ]


@kept_query
def _latest(*, creator_id: int) -> QuerySet[Payout]:
    rows = Payout.objects.filter(member__creator=creator_id).exclude(state=PayoutState.CANCELLED)
    newest = rows.order_by("member", "currency", "-created_at", "-pk")
    return newest.distinct("member", "currency").select_related("brand")


@kept_query
def _waiting(*, creator_id: int) -> QuerySet[Payout]:
    rows = Payout.objects.filter(member__creator=creator_id, state=PayoutState.PENDING_INFO)
    return rows.select_related("brand").order_by("created_at", "pk")


@dataclass(frozen=True, slots=True)
class CurrencyBalance:
    """A creator's earnings in one currency, over all brands."""

    currency: str
    balance: Balance

    @property
    def earned(self) -> Money:
        return Money(self.balance.earned_minor, self.currency)

    @property
    def due(self) -> Money:
        return Money(self.balance.due_minor, self.currency)

    @property
    def waiting(self) -> Money:
        """The amount that is on hold or on its way."""
        return Money(self.balance.held_minor + self.balance.on_the_way_minor, self.currency)

    @property
    def paid(self) -> Money:
        return Money(self.balance.paid_minor, self.currency)


def balances_by_currency(rows: Iterable[CreatorOffer]) -> list[CurrencyBalance]:
    """Return the balances added up per currency, in the order of the rows."""
    sums: dict[str, Balance] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, Balance()) + row.balance
    return [CurrencyBalance(currency, balance) for currency, balance in sums.items()]
