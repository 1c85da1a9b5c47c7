"""Add members to an offer with their codes and links, and deactivate or remove them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from affiliates.details import lock_members
from affiliates.models import Member
from core.money import Money
from offers.models import Enrollment, EnrollmentStatus, Offer
from offers.services import enroll, lock_status, set_enrollment_status
from offers.status import why_closed
from payouts.ledger import balances
from payouts.selectors import waiting_for_details
from tracking.links.generating import deactivate_items
from tracking.links.promo_codes import give_codes, lock_codes, suggest_and_lock
from tracking.links.tracking_links import give_links
from tracking.models import USE_FIELDS, ItemQuerySet, PromoCode, TrackingLink


class OwedError(ValueError):
    """The member is still owed money in this offer; `owed` says how much."""

    def __init__(self, owed: Money) -> None:
        super().__init__(f"{owed} is still owed")
        self.owed = owed


class StaysError(ValueError):
    """The member stays as they are in this offer. The message is the end of a sentence."""


class ErasedError(StaysError):
    """The member was deleted at their own request."""

    def __init__(self) -> None:
        super().__init__("was deleted at their own request")


class RemovedError(StaysError):
    """The member was removed from the offer, so there is nothing to deactivate."""

    def __init__(self) -> None:
        super().__init__("was removed from the offer")


@transaction.atomic
def add_to_offer(
    *, offer: Offer, members: Iterable[Member], with_items: bool, by: Actor, now: datetime
) -> list[Enrollment]:
    """Enroll members in an offer, and return their enrollments.

    With `with_items`, members without a code or link get one, as the offer's kind says. Codes come
    from the offer's naming pattern. Members who are in the offer already stay as they are; removed
    members become active again. Raises offers.services.ClosedError.
    """
    rows = enroll(offer=offer, members=members, by=by, now=now)
    if not with_items:
        return rows
    if offer.gives_codes:
        codes_in_use = PromoCode.objects.in_use().filter(enrollment__in=rows)
        having = set(codes_in_use.values_list("enrollment_id", flat=True))
        lacking = [row for row in rows if row.pk not in having]
        codes = suggest_and_lock(enrollments=lacking)
        give_codes(codes=codes, enrollments=lacking, by=by, now=now)
    if offer.gives_links:
        give_links(enrollments=rows, by=by, now=now)
    return rows


@transaction.atomic
def deactivate_member(*, enrollment: Enrollment, by: Actor, now: datetime) -> Enrollment:
    """Deactivate a member in an offer, with their codes and links. History stays.

    Does nothing if they are inactive already. Raises RemovedError.
    """
    status = lock_status(enrollment)
    if status == EnrollmentStatus.REMOVED:
        raise RemovedError
    if status == EnrollmentStatus.INACTIVE:
        return enrollment
    deactivate_items(enrollment=enrollment, by=by, now=now)
    return set_enrollment_status(
        enrollment=enrollment, status=EnrollmentStatus.INACTIVE, by=by, now=now
    )


@transaction.atomic
def activate_member(*, enrollment: Enrollment, by: Actor, now: datetime) -> PromoCode | None:
    """Activate a member again, with the code and the link that were active last.

    Orders and clicks from the time in between never count. A code that somebody else has now stays
    with them: it is returned as theirs, and the member has none. Does nothing if the member is
    active already. Raises ErasedError, and StaysError for one who was removed from an offer that
    is over.
    """
    if not lock_members([enrollment.member_id]):
        raise ErasedError
    status = lock_status(enrollment)
    if status == EnrollmentStatus.ACTIVE:
        return None
    if status == EnrollmentStatus.REMOVED and (closed := why_closed(enrollment.offer)):
        raise StaysError(f"stays out: {closed}")
    taken_by = _bring_back_code(enrollment, now=now)
    _bring_back(TrackingLink.objects.main().filter(enrollment=enrollment), now=now)
    set_enrollment_status(enrollment=enrollment, status=EnrollmentStatus.ACTIVE, by=by, now=now)
    return taken_by


def without_code(taken_by: PromoCode) -> str:
    """Say of a member who was activated that somebody else has their code now."""
    holder = taken_by.enrollment.member
    return f"has no code now: {taken_by.code} belongs to {holder}. Refresh their codes"


def owed_to(enrollment_ids: Collection[int], *, now: datetime) -> dict[int, int]:
    """Return what is due, in hold, or waits for payout details, by id of the enrollments owed it.

    In minor units. Two queries.
    """
    waiting = waiting_for_details(enrollment_ids)
    owed = {
        pk: max(balance.owed_minor, 0) + waiting.get(pk, 0)
        for pk, balance in balances(enrollment_ids, now=now).items()
    }
    return {pk: minor for pk, minor in owed.items() if minor}


@transaction.atomic
def remove_from_offer(*, enrollment: Enrollment, by: Actor, now: datetime) -> Enrollment:
    """Remove the member from the offer. Raises OwedError while anything is due or held, also
    while a payment waits for their payout details.

    What the member was paid too much does not keep them in it: the debt stays in the ledger. Does
    nothing if they were removed already.
    """
    if lock_status(enrollment) == EnrollmentStatus.REMOVED:
        return enrollment
    owed_minor = owed_to([enrollment.pk], now=now).get(enrollment.pk)
    if owed_minor:
        raise OwedError(Money(owed_minor, enrollment.offer.currency))
    deactivate_items(enrollment=enrollment, by=by, now=now)
    return set_enrollment_status(
        enrollment=enrollment, status=EnrollmentStatus.REMOVED, by=by, now=now
    )


def _bring_back_code(enrollment: Enrollment, *, now: datetime) -> PromoCode | None:
    codes = PromoCode.objects.filter(enrollment=enrollment)
    last = codes.in_use_first().first()
    if last is None:
        return None
    lock_codes([last.code.upper()])
    others = PromoCode.objects.in_use().named([last.code.upper()]).exclude(enrollment=enrollment)
    taken_by: PromoCode | None = others.select_related("enrollment__member").first()
    if taken_by is None:
        _bring_back(codes, now=now)
    return taken_by


def _bring_back(
    items: ItemQuerySet[PromoCode] | ItemQuerySet[TrackingLink], *, now: datetime
) -> None:
    """Activate the row that was deactivated last, unless another one is active."""
    last = items.in_use_first().first()
    if last is not None and not last.is_in_use:
        last.put_in_use(now)
        last.save(update_fields=USE_FIELDS)
