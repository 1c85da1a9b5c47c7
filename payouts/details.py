"""Where creators are paid: kept once per person, sealed, and used by every brand's payments.

Changing it takes a code that was just mailed and entered; who had the details before is told. A
payment that waited for details is on its way from then on.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.actors import Actor
from accounts.codes import spend_code
from accounts.models import Brand, CodePurpose
from affiliates.models import Creator, Member
from core.tenancy import across_brands, acting_for
from payouts.destinations import Destination
from payouts.models import Payout, PayoutDetails, PayoutMethod, PayoutRun, PayoutState
from payouts.sealing import seal, unseal
from payouts.services import settle_run


@dataclass(frozen=True, slots=True)
class ShownDetails:
    """What anybody may see of where a person is paid."""

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
    released: int  # payments that had waited and are on their way now


def details_of(creator: Creator) -> ShownDetails | None:
    """Where a creator is paid, masked; None while they have not said."""
    row = PayoutDetails.objects.filter(creator=creator).first()
    return _shown(row) if row else None


def details_by_member(members: Iterable[Member]) -> dict[int, ShownDetails]:
    """The same of many members, by the member's id; who has said nothing is left out."""
    creators = {member.pk: member.creator_id for member in members if member.creator_id}
    rows = {
        row.creator_id: row
        for row in PayoutDetails.objects.filter(creator__in=set(creators.values()))
    }
    return {pk: _shown(rows[owner]) for pk, owner in creators.items() if owner in rows}


def destination_of(creator: Creator) -> Destination | None:
    """The account itself: for the creator's own eyes, and for paying."""
    row = PayoutDetails.objects.filter(creator=creator).first()
    return _opened(row) if row else None


def destinations_of(creator_ids: Iterable[int]) -> dict[int, Destination]:
    """The accounts of many creators, by the creator's id: for the files that pay them."""
    rows = PayoutDetails.objects.filter(creator__in=set(creator_ids))
    return {row.creator_id: _opened(row) for row in rows}


@transaction.atomic
def change_details(
    *,
    creator: Creator,
    destination: Destination,
    code: uuid.UUID,
    tell: Callable[[DetailsChange], None],
    by: Actor,
    now: datetime,
) -> DetailsChange:
    """Pay this creator there from now on, in every brand.

    Spends `code`, which was mailed for this and entered. `tell` warns who had the details before:
    when it raises, nothing has changed. Raises accounts.codes.CodeOverError.
    """
    Creator.objects.select_for_update().get(pk=creator.pk)
    spend_code(public_id=code, purpose=CodePurpose.PAYOUT_DETAILS, address=creator.email, now=now)
    before = destination_of(creator)
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
    released = 0
    for member in _memberships(creator):
        with acting_for(member.brand_id):
            # A run being confirmed holds this lock: it sees the details, or is seen by us.
            Member.objects.select_for_update(no_key=True).get(pk=member.pk)
            audit.record(
                action="member.payout_details_changed",
                target=member,
                by=by,
                now=now,
                method=destination.method.value,
                ending=destination.ending,
            )
            released += _release_payments(member, now=now)
    change = DetailsChange(before, destination, released)
    tell(change)
    return change


def brands_that_pay(creator: Creator) -> list[Brand]:
    """The brands that a creator is a member of: whose staff use the details."""
    found = {member.brand_id: member.brand for member in _memberships(creator)}
    return sorted(found.values(), key=lambda brand: brand.name.lower())


def _memberships(creator: Creator) -> list[Member]:
    with across_brands(reason="a person is paid to one place by every brand"):
        rows = Member.objects.filter(creator=creator).select_related("brand")
        return list(rows.order_by("brand_id"))


def _release_payments(member: Member, *, now: datetime) -> int:
    """Put the payments that waited for this member's details on their way."""
    waiting = Payout.objects.filter(member=member, state=PayoutState.PENDING_INFO)
    runs = sorted({run_id for run_id in waiting.values_list("run_id", flat=True) if run_id})
    list(PayoutRun.objects.select_for_update().filter(pk__in=runs).order_by("pk"))
    released = waiting.update(state=PayoutState.PROCESSING)
    for run_id in runs:
        settle_run(run_id, now=now)
    return released


def _shown(row: PayoutDetails) -> ShownDetails:
    return ShownDetails(PayoutMethod(row.method), row.country, row.ending, row.changed_at)


def _opened(row: PayoutDetails) -> Destination:
    values = unseal(_owner(row.creator_id), row.sealed)
    return Destination(**{**values, "method": PayoutMethod(values["method"])})  # type: ignore[arg-type]


def _owner(creator_id: int) -> str:
    return f"creator:{creator_id}"
