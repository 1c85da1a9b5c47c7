"""The first page of the portal: balances by currency, offers by brand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Brand
from affiliates.models import Creator
from payouts.details import details_of
from portal.dashboard.enrollment_state import EnrollmentState, state_of_enrollment
from tracking.figures.creator_report import (
    BrandPayment,
    CreatorOffer,
    CurrencyBalance,
    balances_by_currency,
    failed_payments,
    first_name_of,
    offers_of,
    waiting_for_details,
)


@dataclass(frozen=True, slots=True)
class OfferLine:
    """One offer, and whether clicks and orders count now."""

    offer: CreatorOffer
    state: EnrollmentState


@dataclass(frozen=True, slots=True)
class BrandOffers:
    """The offers of one brand whose clicks and orders count now."""

    brand: Brand
    lines: tuple[OfferLine, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """The first page. In `inactive_offers` orders don't count now: removed, ended, paused, …"""

    name: str
    balances: tuple[CurrencyBalance, ...] = ()
    brands: tuple[BrandOffers, ...] = ()
    inactive_offers: tuple[OfferLine, ...] = ()
    waiting: tuple[BrandPayment, ...] = ()
    failed: tuple[BrandPayment, ...] = ()
    wants_details: bool = False  # the creator has money to get, and no payout details yet

    @property
    def is_empty(self) -> bool:
        return not self.brands and not self.inactive_offers


def home_of(creator: Creator | None, *, now: datetime) -> Home:
    """Return the first page of a creator; an empty one with None."""
    if creator is None:
        return Home(name="")
    offers = offers_of(creator, now=now)
    lines = [OfferLine(row, state_of_enrollment(row.enrollment, now=now)) for row in offers]
    waiting = tuple(waiting_for_details(creator))
    owed = any(row.balance.earned_minor > row.balance.paid_minor for row in offers)
    return Home(
        name=first_name_of(offers),
        balances=tuple(balances_by_currency(offers)),
        brands=tuple(_by_brand(line for line in lines if line.state.counts)),
        inactive_offers=tuple(line for line in lines if not line.state.counts),
        waiting=waiting,
        failed=tuple(failed_payments(creator)),
        wants_details=(owed or bool(waiting)) and details_of(creator) is None,
    )


def _by_brand(lines: Iterable[OfferLine]) -> list[BrandOffers]:
    found: dict[int, list[OfferLine]] = {}
    for line in lines:
        found.setdefault(line.offer.enrollment.brand_id, []).append(line)
    return [BrandOffers(group[0].offer.enrollment.brand, tuple(group)) for group in found.values()]
