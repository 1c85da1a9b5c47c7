"""Rows of the offers list, each with its terms in words and its figures of all time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.text import capfirst

from brand_admin.offers.words import in_brief
from offers.models import Approval, Offer, OfferStatus, Terms
from offers.selectors import member_counts, terms_histories
from tracking.figures.metrics import Figures, figures_of_offers

TONES = {
    OfferStatus.ACTIVE: "good",
    OfferStatus.PAUSED: "wait",
    OfferStatus.ENDED: "neutral",
    OfferStatus.ARCHIVED: "neutral",
}


@dataclass(frozen=True, slots=True)
class OfferRow:
    offer: Offer
    terms: Terms  # in force now
    words: str
    figures: Figures

    @property
    def tone(self) -> str:
        return TONES[OfferStatus(self.offer.status)]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the terms, and when it applied. `until` is None for the latest version."""

    terms: Terms
    words: str
    state: str  # "past", "current" or "planned"
    until: datetime | None

    @property
    def number(self) -> str:
        return f"version {self.terms.version}"

    @property
    def conditions(self) -> str:
        """Return hold and approval: "14 days hold · accepted by hand"."""
        days = self.terms.hold_days
        hold = f"{days} day{'' if days == 1 else 's'} hold" if days else "No hold"
        by_hand = self.terms.approval == Approval.BY_HAND
        return f"{hold} · accepted {'by hand' if by_hand else 'automatically'}"


def offer_rows(offers: Sequence[Offer], *, now: datetime) -> list[OfferRow]:
    """Return the rows of these offers, in a fixed number of queries."""
    ids = [offer.pk for offer in offers]
    histories = terms_histories(ids)
    figures = figures_of_offers(
        {offer.pk: offer.currency for offer in offers},
        members=member_counts(ids),
        with_sellers=False,
    )
    return [
        OfferRow(
            offer=offer,
            terms=(terms := histories[offer.pk].at(now)),
            words=capfirst(in_brief(terms, offer.currency)),
            figures=figures[offer.pk],
        )
        for offer in offers
    ]


def versions(offer: Offer, all_terms: Sequence[Terms], *, now: datetime) -> list[Version]:
    """Return every version of the offer's terms, newest first."""
    starts = [terms.starts_at for terms in all_terms]
    current = max((i for i, start in enumerate(starts) if start <= now), default=0)
    return [
        Version(
            terms=terms,
            words=capfirst(in_brief(terms, offer.currency)),
            state="current" if i == current else "past" if i < current else "planned",
            until=starts[i + 1] if i + 1 < len(starts) else None,
        )
        for i, terms in reversed(list(enumerate(all_terms)))
    ]
