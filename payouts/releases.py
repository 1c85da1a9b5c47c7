"""Which brands a creator lets see where they are paid, and which payments wait for that.

A release is given to one brand by name, with a code that was just mailed and entered, and covers
the details as they are kept, also after the creator changed them. It can be taken back at any time.
What a file for a bank or PayPal has named stays on the way: the brand may have paid it already.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.actors import Actor
from accounts.codes import spend_code
from accounts.models import Brand, CodePurpose
from affiliates import services as affiliates
from affiliates.details import Details
from affiliates.models import Creator, Member
from core.tenancy import across_brands, acting_for
from payouts.models import (
    DetailsRelease,
    Payout,
    PayoutDetails,
    PayoutRun,
    PayoutState,
)
from payouts.services import settle_run


class ReleaseError(ValueError):
    """Details can't be released to this brand, or there are none."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """A brand that pays a creator, and since when it may see where; None: it may not."""

    brand: Brand
    released_at: datetime | None

    @property
    def is_released(self) -> bool:
        return self.released_at is not None


@dataclass(frozen=True, slots=True)
class Released:
    """What releasing did: to whom, and how many payments went on their way by it."""

    brands: tuple[Brand, ...]
    started: int


def live_releases() -> QuerySet[DetailsRelease]:
    """The releases that are not taken back, to the brand acted for."""
    return DetailsRelease.objects.filter(taken_back_at=None)


def brands_that_pay(creator: Creator) -> list[Brand]:
    """The brands that a creator is a member of, by name."""
    found = {member.brand_id: member.brand for member in memberships(creator)}
    return sorted(found.values(), key=lambda brand: brand.name.lower())


def sharing_of(creator: Creator) -> list[Sharing]:
    """Every brand that pays a creator or may see where they are paid, by name."""
    found = {brand.pk: Sharing(brand, None) for brand in brands_that_pay(creator)}
    with across_brands(reason="a creator sees to which brands they released their details"):
        for row in live_releases().filter(creator=creator).select_related("brand"):
            found[row.brand_id] = Sharing(row.brand, row.released_at)
    return sorted(found.values(), key=lambda one: one.brand.name.lower())


def releases_of(creator: Creator) -> list[DetailsRelease]:
    """Every release that a creator ever gave, the oldest first, with its brand."""
    with across_brands(reason="a creator may have everything that is kept about them"):
        rows = DetailsRelease.objects.filter(creator=creator).select_related("brand")
        return list(rows.order_by("released_at", "pk"))


def memberships(creator: Creator) -> list[Member]:
    """The creator as a member of each brand, with the brand."""
    with across_brands(reason="a person is paid to one place by every brand"):
        rows = Member.objects.filter(creator=creator).select_related("brand")
        return list(rows.order_by("brand_id", "pk"))


@transaction.atomic
def release_details(
    *,
    creator: Creator,
    brands: Collection[Brand],
    code: uuid.UUID,
    tell: Callable[[Released], None],
    by: Actor,
    now: datetime,
) -> Released:
    """Let these brands see where the creator is paid; payments that waited go on their way.

    Spends `code`, which was mailed for this and entered. `tell` mails the creator: when it raises,
    nothing is released. Raises accounts.codes.CodeOverError, and ReleaseError for a brand that does
    not pay the creator, for none, and without details.
    """
    Creator.objects.select_for_update().get(pk=creator.pk)
    spend_code(public_id=code, purpose=CodePurpose.DETAILS_RELEASE, address=creator.email, now=now)
    if not brands:
        raise ReleaseError("no brand is named")
    if not PayoutDetails.objects.filter(creator=creator).exists():
        raise ReleaseError("there are no details to release")
    released = add_releases(creator=creator, brands=brands, by=by, now=now)
    tell(released)
    return released


def add_releases(
    *, creator: Creator, brands: Iterable[Brand], by: Actor, now: datetime
) -> Released:
    """The same where a code was spent. Belongs inside a transaction, with the creator locked."""
    wanted = {brand.pk: brand for brand in brands}
    members = [member for member in memberships(creator) if member.brand_id in wanted]
    if {member.brand_id for member in members} != wanted.keys():
        raise ReleaseError("one of these brands does not pay this creator")
    started, released = 0, {}
    for member in members:
        with acting_for(member.brand_id):
            _lock(member)
            if not live_releases().filter(creator=creator).exists():
                DetailsRelease.objects.create(creator=creator, released_at=now)
                released[member.brand_id] = member.brand
            if member.brand_id in released:
                audit.record(action="member.payout_details_released", target=member, by=by, now=now)
            started += update_payments(member, now=now)
    return Released(tuple(released.values()), started)


@transaction.atomic
def take_back_release(*, creator: Creator, brand: Brand, by: Actor, now: datetime) -> bool:
    """Let the brand see the details no longer; payments that no file names yet wait again.

    False when there was nothing to take back. It asks for no code, and for no mail that goes out:
    who closes a door need not prove more than who opens it.
    """
    Creator.objects.select_for_update().get(pk=creator.pk)
    with acting_for(brand):
        members = list(Member.objects.filter(creator=creator).order_by("pk"))
        for member in members:
            _lock(member)
        release = live_releases().select_for_update().filter(creator=creator).first()
        if release is None:
            return False
        release.taken_back_at = max(now, release.released_at)
        release.save(update_fields=["taken_back_at"])
        _wait(Payout.objects.filter(release=release), now=now)
        targets: list[Member | Brand] = [*members] if members else [brand]
        for target in targets:
            audit.record(action="member.payout_details_taken_back", target=target, by=by, now=now)
    return True


@transaction.atomic
def change_member_and_payments(
    *,
    member: Member,
    email: str,
    first_name: str,
    last_name: str,
    by: Actor,
    now: datetime,
    details: Details | None = None,
    seen_version: int | None = None,
) -> Member:
    """As affiliates.services.change_member. With another address the member is another person:
    their payments wait or go by what that person released.
    """
    before = member.creator_id
    changed = affiliates.change_member(
        member=member,
        email=email,
        first_name=first_name,
        last_name=last_name,
        by=by,
        now=now,
        details=details,
        seen_version=seen_version,
    )
    if changed.creator_id != before:
        update_payments(changed, now=now)
    return changed


def update_payments(member: Member, *, now: datetime) -> int:
    """Put on their way those of a member's open payments that may go, and have the others wait.

    Belongs inside a transaction with the member locked. How many went.
    """
    release = None
    if PayoutDetails.objects.filter(creator=member.creator_id).exists():
        release = live_releases().filter(creator=member.creator_id).first()
    theirs = Payout.objects.filter(member=member)
    _wait(theirs if release is None else theirs.exclude(release=release), now=now)
    if release is None:
        return 0
    waiting = theirs.filter(state=PayoutState.PENDING_INFO)
    runs = _lock_runs(waiting)
    started = waiting.update(state=PayoutState.PROCESSING, release=release)
    for run_id in runs:
        settle_run(run_id, now=now)
    return started


def _wait(payments: QuerySet[Payout], *, now: datetime) -> None:
    """Have those on the way wait that no file for a bank or PayPal names yet."""
    going = payments.filter(state=PayoutState.PROCESSING, in_file_at=None)
    runs = _lock_runs(going)
    going.update(state=PayoutState.PENDING_INFO, release=None)
    for run_id in runs:
        settle_run(run_id, now=now)


def _lock_runs(payments: QuerySet[Payout]) -> list[int]:
    runs = sorted({run_id for run_id in payments.values_list("run_id", flat=True) if run_id})
    list(PayoutRun.objects.select_for_update().filter(pk__in=runs).order_by("pk"))
    return runs


def _lock(member: Member) -> None:
    """A run being confirmed holds this lock: it sees what is done here, or is seen by it."""
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
