"""Where creators are paid: kept once per person, sealed, and seen by the brands they chose.

Changing it takes a code that was just mailed and entered; who had the details before is told. A
brand sees what its creators released to it (payouts.releases), through `visible_details` alone. A
payment that waited for details is on its way from then on.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts import audit
from accounts.actors import Actor
from accounts.codes import spend_code
from accounts.models import Brand, CodePurpose
from affiliates.models import Creator, Member
from core.references import Reference
from core.tenancy import acting_for
from payouts.destinations import Destination
from payouts.models import PayoutDetails, PayoutMethod
from payouts.releases import add_releases, live_releases, memberships, update_payments
from payouts.sealing import seal, unseal


@dataclass(frozen=True, slots=True)
class ShownDetails:
    """What may be shown of where a person is paid, to themselves and to whom they released it."""

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
    """What changing the details did. `before` is None the first time."""

    before: Destination | None
    after: Destination
    released_to: tuple[Brand, ...]  # brands that may see the details from now on
    started: int  # payments that had waited and are on their way now


# --- for the creator's own eyes


def details_of(creator: Creator) -> ShownDetails | None:
    """Where a creator is paid, masked; None while they have not said."""
    row = PayoutDetails.objects.filter(creator=creator).first()
    return _shown(row) if row else None


def own_destination(creator: Creator) -> Destination | None:
    """The account itself, for the creator alone: never for a brand."""
    row = PayoutDetails.objects.filter(creator=creator).first()
    return _opened(row) if row else None


# --- for the brand acted for


def visible_details() -> QuerySet[PayoutDetails]:
    """The details that creators released to the brand acted for, and did not take back.

    Whatever shows or opens details for a brand reads them from here and from nowhere else.
    """
    live = live_releases().filter(creator=OuterRef("creator"))
    return PayoutDetails.objects.filter(Exists(live))


def details_by_member(members: Iterable[Member]) -> dict[int, ShownDetails]:
    """Masked details by the member's id; whose the brand may not see is left out."""
    creators = {member.pk: member.creator_id for member in members if member.creator_id}
    rows = {
        row.creator_id: row for row in visible_details().filter(creator__in=set(creators.values()))
    }
    return {pk: _shown(rows[owner]) for pk, owner in creators.items() if owner in rows}


def count_unseen(rows: QuerySet[Any]) -> int:
    """How many of these rows are of a `member` whose details the brand can't see.

    Whether such a member has given details to anybody is never told: that is nobody's business but
    their own and the other brands'.
    """
    seen = visible_details().filter(creator=OuterRef("member__creator"))
    return rows.order_by().exclude(Exists(seen)).count()


def destinations_of(creator_ids: Iterable[int]) -> dict[int, Destination]:
    """The accounts that creators released, by the creator's id: for the files that pay them."""
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
    """Pay this creator there from now on, in every brand, and let `release_to` see it too.

    Spends `code`, which was mailed for this and entered. `tell` warns who had the details before:
    when it raises, nothing has changed. Raises accounts.codes.CodeOverError, and ReleaseError for a
    brand that does not pay the creator.
    """
    Creator.objects.select_for_update().get(pk=creator.pk)
    spend_code(public_id=code, purpose=CodePurpose.PAYOUT_DETAILS, address=creator.email, now=now)
    before = own_destination(creator)
    PayoutDetails.objects.update_or_create(
        creator=creator,
        defaults={
            "method": destination.method,
            "country": destination.country,
            "ending": destination.ending,
            "sealed": seal(_owner(creator.pk), destination.values()),
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
    values = unseal(_owner(row.creator_id), row.sealed)
    return Destination(**{**values, "method": PayoutMethod(values["method"])})  # type: ignore[arg-type]


def _owner(creator_id: int) -> str:
    return Reference.by_id(Creator, creator_id)
