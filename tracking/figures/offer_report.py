"""The figures per offer, and added up per currency, for Home and Sales Tracking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.money import Money, currency_place
from offers.models import Offer
from offers.selectors import member_counts
from payouts.due import OfferDue, due_by_offer
from tracking.figures.metrics import DateRange, Figures, add_up_by_currency, figures_of_offers
from tracking.models.totals import NOTHING


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One offer's figures in a period, and the amount due now."""

    offer: Offer
    figures: Figures
    due: OfferDue

    @property
    def payments_due(self) -> Money:
        return Money(self.due.due_minor, self.offer.currency)


@dataclass(frozen=True, slots=True)
class CurrencySummary:
    """The figures of all offers of one currency. A member of two offers counts twice."""

    figures: Figures
    due: OfferDue

    @property
    def currency(self) -> str:
        return self.figures.currency

    @property
    def payments_due(self) -> Money:
        return Money(self.due.due_minor, self.currency)


def offer_rows(
    offers: Sequence[Offer], *, period: DateRange, now: datetime, with_sellers: bool = True
) -> list[OfferRow]:
    """Return the rows of these offers, in a fixed number of queries."""
    currencies = {offer.pk: offer.currency for offer in offers}
    figures = figures_of_offers(
        currencies,
        members=member_counts(currencies),
        period=period,
        with_sellers=with_sellers,
    )
    due = due_by_offer(currencies, now=now)
    return [OfferRow(offer, figures[offer.pk], due.get(offer.pk, OfferDue())) for offer in offers]


def summaries(rows: Iterable[OfferRow], *, first_currency: str) -> list[CurrencySummary]:
    """Return one summary per currency. That of `first_currency` comes first, even when empty."""
    parts = list(rows)
    figures = {first_currency: Figures(first_currency, NOTHING, 0, 0)}
    figures.update(add_up_by_currency(row.figures for row in parts))
    due = dict.fromkeys(figures, OfferDue())
    for row in parts:
        so_far = due[row.offer.currency]
        due[row.offer.currency] = OfferDue(
            so_far.due_minor + row.due.due_minor, so_far.members + row.due.members
        )
    return [CurrencySummary(figures[currency], due[currency]) for currency in figures]


SORT_KEYS: dict[str, Callable[[OfferRow], Any]] = {
    "name": lambda row: row.offer.name.casefold(),
    "members": lambda row: row.figures.members,
    "clicks": lambda row: row.figures.totals.clicks,
    "conversions": lambda row: row.figures.totals.conversions,
    "sales": lambda row: row.figures.totals.sales_minor,
    "commission": lambda row: row.figures.totals.commission_minor,
    "due": lambda row: row.due.due_minor,
}


AMOUNTS = frozenset({"sales", "commission", "due"})


def in_order(rows: Iterable[OfferRow], order: str, *, first_currency: str) -> list[OfferRow]:
    """Sort the rows by a key of SORT_KEYS ("sales", "-sales"); leave them if it is unknown.

    By an amount, the rows in `first_currency` come first, then those of each other currency.
    """
    name = order.removeprefix("-")
    if name not in SORT_KEYS:
        return list(rows)
    found = sorted(rows, key=SORT_KEYS[name], reverse=order.startswith("-"))
    if name in AMOUNTS:
        found.sort(key=lambda row: currency_place(row.offer.currency, first=first_currency))
    return found
