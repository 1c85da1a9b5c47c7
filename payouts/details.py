"""Payout details of creators: stored once per person, encrypted, visible to brands they chose.

To change them, a creator enters a code that was just mailed. The creator and the PayPal address
that was paid before get a warning. A brand sees only the details that a creator released to it
(payouts.releases), and only through `visible_details`. Payments that waited for details are then
put in processing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.codes import ExpiredCodeError, spend_code
from accounts.models import Brand, CodePurpose
from affiliates.logins import lock_creator
from affiliates.models import Creator, Member
from core.kept_queries import kept_query
from core.references import Reference
from core.tenancy import acting_for
from payouts.destinations import Destination
from payouts.fingerprints import fingerprint_of, opened
from payouts.models import PayoutDetails, PayoutMethod
from payouts.releases import add_releases, live_releases, memberships, update_payments
from payouts.sealing import seal


@dataclass(frozen=True, slots=True)
class ShownDetails:
    """Masked payout details, for the creator and for the brands they released them to."""

    method: PayoutMethod
    country: str
    ending: str
    changed_at: datetime

    @property
    def words(self) -> str:
        """ "Bank account ····4821"."""
        return f"{self.method.label} {self.ending}"


@dataclass(frozen=True, slots=True)
class DetailsChange:
    """The result of changing the details. `before` is None the first time."""

    before: Destination | None
    after: Destination
    released_to: tuple[Brand, ...]  # brands that may see the details from now on
    started: int  # number of payments that waited and are in processing now


# --- for the creator alone


def details_of(creator: Creator) -> ShownDetails | None:
    """Return a creator's payout details, masked; None when there are none."""
    row = _details_of(creator)
    return _shown(row) if row else None


def own_destination(creator: Creator) -> Destination | None:
    """Return the creator's account in full. Never show this to a brand."""
    row = _details_of(creator)
    return _opened(row) if row else None


def _details_of(creator: Creator) -> PayoutDetails | None:
    return next(iter(_own_details(creator_id=creator.pk)), None)


@kept_query
def _own_details(*, creator_id: int) -> QuerySet[PayoutDetails]:
    return PayoutDetails.objects.filter(creator=creator_id)


# --- for the current brand


def visible_details() -> QuerySet[PayoutDetails]:
    """Return the details that creators released to the current brand and did not take back.

    All code that shows or decrypts details for a brand must read them through this function.
    """
    live = live_releases().filter(creator=OuterRef("creator"))
    return PayoutDetails.objects.filter(Exists(live))


def details_by_member(members: Iterable[Member]) -> dict[int, ShownDetails]:
    """Return masked details by member id, of members whose details the brand may see."""
    creators = {member.pk: member.creator_id for member in members if member.creator_id}
    rows = {
        row.creator_id: row for row in visible_details().filter(creator__in=set(creators.values()))
    }
    return {pk: _shown(rows[owner]) for pk, owner in creators.items() if owner in rows}


def count_unseen(rows: QuerySet[Any]) -> int:
    """Return how many of these rows have a `member` whose details the brand can't see.

    The number does not reveal whether such a member has details: that is private to the member and
    the brands they share them with.
    """
    seen = visible_details().filter(creator=OuterRef("member__creator"))
    return rows.order_by().exclude(Exists(seen)).count()


def destinations_of(creator_ids: Iterable[int]) -> dict[int, Destination]:
    """Return the accounts that creators released, by creator id, for payment files."""
    rows = visible_details().filter(creator__in=set(creator_ids))
    return {row.creator_id: _opened(row) for row in rows}


# --- changing them


@transaction.atomic
def change_details(
    *,
    creator: Creator,
    destination: Destination,
    code: uuid.UUID,
    tell: Callable[[DetailsChange], None],
    by: Actor,
    now: datetime,
    release_to: Collection[Brand] = (),
) -> DetailsChange:
    """Replace the creator's payout details for every brand, and release them to `release_to`.

    Uses up `code`, which was mailed for this purpose and entered. `tell` mails the warning; when it
    raises, nothing is changed. Raises accounts.codes.ExpiredCodeError, also when the person
    deleted their data meanwhile, and ReleaseError for a brand that does not pay the creator.
    """
    if lock_creator(creator) is None:
        raise ExpiredCodeError
    spend_code(public_id=code, purpose=CodePurpose.PAYOUT_DETAILS, address=creator.email, now=now)
    before = own_destination(creator)
    PayoutDetails.objects.update_or_create(
        creator=creator,
        defaults={
            "method": destination.method,
            "country": destination.country,
            "ending": destination.ending,
            "sealed": seal(_owner(creator.pk), destination.values()),
            "fingerprint": fingerprint_of(destination),
            "changed_at": now,
        },
    )
    started = 0
    for member in memberships(creator):
        with acting_for(member.brand_id):
            Member.objects.select_for_update(no_key=True).get(pk=member.pk)
            if live_releases().filter(creator=creator).exists():
                audit.record(action="member.payout_details_changed", target=member, by=by, now=now)
                started += update_payments(member, now=now)
    released = add_releases(creator=creator, brands=release_to, by=by, now=now)
    change = DetailsChange(before, destination, released.brands, started + released.started)
    tell(change)
    return change


def _shown(row: PayoutDetails) -> ShownDetails:
    return ShownDetails(PayoutMethod(row.method), row.country, row.ending, row.changed_at)


def _opened(row: PayoutDetails) -> Destination:
    return opened(row.creator_id, row.sealed)


def _owner(creator_id: int) -> str:
    return Reference.by_id(Creator, creator_id)
