"""Change an offer's terms, or withdraw terms before they begin, and tell the members of it.

What members were told about terms that do not come is taken back: mails that were not sent yet are
cancelled, and members who were told get another mail. The change and its mails commit together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from core.references import Reference
from offers.models import Offer, Terms
from offers.selectors import terms_of
from offers.services import supersede_terms, withdraw_terms
from offers.terms import TermsValues
from tracking.outreach.terms_mail import (
    send_replacement_mail,
    send_terms_mail,
    send_withdrawal_mail,
    stop_mails,
    told_of,
    waiting_for,
)


@dataclass(frozen=True, slots=True)
class ChangedTerms:
    """The new version, and how many members get a mail about it."""

    terms: Terms
    told: int


@dataclass(frozen=True, slots=True)
class Announced:
    """How many members were told of terms, and how many mails about them wait to be sent."""

    told: int
    waiting: int


def announced(terms: Terms) -> Announced:
    """Return who knows of terms that have not begun."""
    about = Reference.to(terms)
    waiting = len(waiting_for(about))
    return Announced(told=len(told_of(about)) - waiting, waiting=waiting)


@transaction.atomic
def change_terms(
    *,
    offer: Offer,
    values: TermsValues,
    starts_at: datetime,
    tells_members: bool,
    by: Actor,
    now: datetime,
    replaced: Terms | None = None,
    seen: Terms | None = None,
) -> ChangedTerms:
    """Add the next version of the terms, in the place of `replaced` if that is given.

    With `tells_members`, all active members get a mail. Without it, only those do who were told of
    `replaced`. Raises OfferError as `supersede_terms` does.
    """
    about = Reference.to(replaced) if replaced else None
    if about is not None:
        stop_mails(about, by=by, now=now)
    terms = supersede_terms(
        offer=offer,
        values=values,
        starts_at=starts_at,
        by=by,
        now=now,
        replaced=replaced,
        seen=seen,
    )
    before = terms_of(offer).without(terms).at(starts_at)
    told_before = told_of(about) if about is not None else set()
    sent = []
    if replaced is not None and told_before:
        sent += send_replacement_mail(
            terms=terms, before=before, withdrawn=replaced, to=told_before, by=by, now=now
        )
    if tells_members:
        sent += send_terms_mail(terms=terms, before=before, without=told_before, by=by, now=now)
    return ChangedTerms(terms, sum(campaign.recipients for campaign in sent))


@transaction.atomic
def withdraw_planned_terms(*, terms: Terms, by: Actor, now: datetime) -> int:
    """Withdraw terms that have not begun; returns how many members are told of it.

    Raises OfferError as `withdraw_terms` does.
    """
    offer, about = terms.offer, Reference.to(terms)
    stop_mails(about, by=by, now=now)
    withdraw_terms(terms=terms, by=by, now=now)
    sent = send_withdrawal_mail(
        offer=offer,
        withdrawn=terms,
        about=about,
        instead=terms_of(offer).at(terms.starts_at),
        to=told_of(about),
        by=by,
        now=now,
    )
    return sum(campaign.recipients for campaign in sent)
