"""Rows of the offers list, each with its terms in words and its figures of all time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from django.utils.text import capfirst

from brand_admin.offers.words import in_brief
from offers.models import Approval, CommissionStructure, Offer, OfferStatus, Terms
from offers.selectors import TermsHistory, member_counts, terms_histories, withdrawn_terms
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

    terms: CommissionStructure
    words: str
    state: str  # "past", "current", "planned" or "withdrawn"
    until: datetime | None = None

    @property
    def number(self) -> str:
        return f"version {self.terms.version}"

    @property
    def conditions(self) -> str:
        """Return hold and approval: "14 days hold · accepted by hand"."""
        days = self.terms.hold_days
        hold = f"{days} day{'' if days == 1 else 's'} hold" if days else "No hold"
        by_hand = self.terms.approval == Approval.BY_HAND
        fixed = " · amount in proportion after a refund" if self.terms.reduces_fixed else ""
        return f"{hold} · accepted {'by hand' if by_hand else 'automatically'}{fixed}"


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


def versions(offer: Offer, history: TermsHistory, *, now: datetime) -> list[Version]:
    """Return every version of the offer's terms by its start, the newest first."""
    current, planned = history.at(now), history.planned(now)
    ends = [terms.starts_at for terms in history.versions[1:]]
    found = [
        Version(
            terms=terms,
            words=_in_brief(terms, offer),
            state="current" if terms == current else "planned" if terms in planned else "past",
            until=until,
        )
        for terms, until in zip_longest(history.versions, ends)
    ]
    found += [
        Version(terms=terms, words=_in_brief(terms, offer), state="withdrawn")
        for terms in withdrawn_terms(offer)
    ]
    return sorted(found, key=lambda one: (one.terms.starts_at, one.terms.version), reverse=True)


def _in_brief(terms: CommissionStructure, offer: Offer) -> str:
    return capfirst(in_brief(terms, offer.currency))
