"""Which brands may see a creator's payout details, and which payments wait for that.

A creator releases the details to one brand by entering a code that was just mailed. The release
also covers details that change later, and the creator can take it back at any time. A payment that
is in a file for a bank or PayPal stays in processing, because the brand may have paid it already.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.codes import ExpiredCodeError, spend_code
from accounts.models import Brand, CodePurpose
from affiliates import services as affiliates
from affiliates.details import GivenDetails
from affiliates.logins import lock_creator
from affiliates.models import Creator, Member
from core.kept_queries import kept_query
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
    """The details can't be released to this brand, or there are no details."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """A brand that pays a creator. `released_at` is None when it may not see the details."""

    brand: Brand
    released_at: datetime | None

    @property
    def is_released(self) -> bool:
        return self.released_at is not None


@dataclass(frozen=True, slots=True)
class Released:
    """The brands that details were released to, and how many payments this started."""

    brands: tuple[Brand, ...]
    started: int


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A release that was taken back. `on_the_way` counts payments that a file has, which go on."""

    on_the_way: int


def live_releases() -> QuerySet[DetailsRelease]:
    """Return the current brand's releases that were not taken back."""
    return DetailsRelease.objects.filter(taken_back_at=None)


def brands_that_pay(creator: Creator) -> list[Brand]:
    """Return the brands that a creator is a member of, by name."""
    found = {member.brand_id: member.brand for member in memberships(creator)}
    return sorted(found.values(), key=lambda brand: brand.name.lower())


def sharing_of(creator: Creator) -> list[Sharing]:
    """Return every brand that pays a creator or may see their details, by name."""
    found = {brand.pk: Sharing(brand, None) for brand in brands_that_pay(creator)}
    with across_brands(reason="a creator sees to which brands they released their details"):
        for row in _live_releases_of(creator_id=creator.pk):
            found[row.brand_id] = Sharing(row.brand, row.released_at)
    return sorted(found.values(), key=lambda one: one.brand.name.lower())


@kept_query
def _live_releases_of(*, creator_id: int) -> QuerySet[DetailsRelease]:
    return live_releases().filter(creator=creator_id).select_related("brand")


def releases_of(creator: Creator) -> list[DetailsRelease]:
    """Return all releases of a creator, live and ended, oldest first, with their brand."""
    with across_brands(reason="a creator may have everything that is kept about them"):
        rows = DetailsRelease.objects.filter(creator=creator).select_related("brand")
        return list(rows.order_by("released_at", "pk"))


def memberships(creator: Creator) -> list[Member]:
    """Return the creator's members over all brands, with the brand."""
    with across_brands(reason="a person is paid to one place by every brand"):
        return _memberships(creator_id=creator.pk)


@kept_query
def _memberships(*, creator_id: int) -> QuerySet[Member]:
    rows = Member.objects.filter(creator=creator_id).select_related("brand")
    return rows.order_by("brand_id", "pk")


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
    """Let these brands see the creator's details, and start the payments that waited for that.

    Uses up `code`, which was mailed for this purpose and entered. `tell` mails the creator; when it
    raises, nothing is released. Raises accounts.codes.ExpiredCodeError, also when the person
    deleted their data meanwhile, and their codes with it. Raises ReleaseError when `brands` is
    empty, a brand does not pay the creator, or the creator has no details.
    """
    if lock_creator(creator) is None:
        raise ExpiredCodeError
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
    """Release details without a code. Call it in a transaction that has locked the creator."""
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
def take_back_release(
    *, creator: Creator, brand: Brand, by: Actor, now: datetime
) -> TakenBack | None:
    """Stop showing the details to the brand. Payments that are in no file yet wait again.

    Returns None when there was no live release, also when the person deleted their data meanwhile.
    Needs no code, because it only takes access away.
    """
    lock_creator(creator)
    with acting_for(brand):
        members = list(Member.objects.filter(creator=creator).order_by("pk"))
        for member in members:
            _lock(member)
        release = live_releases().select_for_update().filter(creator=creator).first()
        if release is None:
            return None
        release.taken_back_at = max(now, release.released_at)
        release.save(update_fields=["taken_back_at"])
        theirs = Payout.objects.filter(release=release)
        _wait(theirs, now=now)
        on_the_way = theirs.filter(state=PayoutState.PROCESSING).count()
        targets: list[Member | Brand] = [*members] if members else [brand]
        for target in targets:
            audit.record(action="member.payout_details_taken_back", target=target, by=by, now=now)
    return TakenBack(on_the_way)


@transaction.atomic
def change_member_and_payments(
    *,
    member: Member,
    by: Actor,
    now: datetime,
    email: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    details: GivenDetails | None = None,
    seen_version: int | None = None,
) -> Member:
    """Call affiliates.services.change_member, and update payments when the address changed.

    A member with another address is another person, so the open payments then depend on what that
    person released.
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
    """Start a member's open payments if the brand may see the details; else make them wait.

    Returns how many were started. Call it in a transaction that has locked the member.
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
    """Make payments in processing wait again, unless a file for a bank or PayPal has them."""
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
    """Confirming a run takes the same lock, so the two never run at the same time."""
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
