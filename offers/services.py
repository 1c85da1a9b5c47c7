"""Create and change offers, terms and enrollments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Max, ProtectedError
from psycopg.types.range import TimestamptzRange

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.pictures import IMAGE_EDGE, keep_picture
from affiliates.details import lock_members
from affiliates.models import Member
from core.db import raises_if_taken
from core.money import is_in_use
from core.references import Reference
from core.versions import check_version
from notifications.models import OFFER_PURPOSES, Purpose
from notifications.services import cancel_waiting_mails, restate_waiting_mails
from offers.dashboard_links import url_for
from offers.fields import TOO_FAR, is_too_far
from offers.models import (
    CommissionStructure,
    Enrollment,
    EnrollmentStatus,
    Offer,
    OfferStatus,
    Terms,
    WithdrawnTerms,
)
from offers.selectors import terms_histories, terms_of
from offers.status import check_transition, why_closed
from offers.terms import OfferError, TermsValues, check_terms, in_one_line
from offers.values import EDITABLE_FIELDS, OfferValues, assign_values, checked_values

STATUS_FIELDS = ["status", "deactivated_at", "pauses"]  # of an enrollment
STRUCTURE_FIELDS = CommissionStructure._meta.local_fields


class ClosedError(OfferError):
    """Nobody can join the offer, because it is ended or archived."""


@transaction.atomic
def create_offer(*, values: OfferValues, terms: TermsValues, by: Actor, now: datetime) -> Offer:
    """Create an active offer with version 1 of its terms. Raises OfferError."""
    if not is_in_use(values.currency):
        raise OfferError("currency", f"{values.currency} is not a currency in use")
    offer = Offer(created_at=now, counting_changed_at=now, currency=values.currency)
    assign_values(offer, checked_values(values))
    with _unique_name(offer):
        offer.save()
    supersede_terms(offer=offer, values=terms, starts_at=now, by=by, now=now)
    audit.record(action="offer.created", target=offer, by=by, now=now, name=offer.name)
    return offer


@transaction.atomic
def change_offer(
    *,
    offer: Offer,
    values: OfferValues | Callable[[Offer], OfferValues],
    by: Actor,
    now: datetime,
    seen_version: int | None = None,
) -> Offer:
    """Change the fields of an offer. Its currency can't change.

    `values` may be a function that returns them: it is called with the locked offer, so that it can
    leave fields as they are. Raises OfferError, and core.versions.ChangedMeanwhileError when
    somebody changed the offer after `seen_version`.
    """
    row = Offer.objects.select_for_update().get(pk=offer.pk)
    check_version(row, seen_version)
    values = checked_values(values(row) if callable(values) else values, before=row)
    if values.currency != row.currency:
        raise OfferError("currency", "the currency of an offer can't be changed")
    before = {name: getattr(row, name) for name in EDITABLE_FIELDS}
    assign_values(row, values)
    changed = [name for name in EDITABLE_FIELDS if getattr(row, name) != before[name]]
    if changed:
        row.version += 1
        with _unique_name(row):
            row.save(update_fields=[*changed, "version"])
        what = ", ".join(name.replace("_", " ") for name in changed)
        audit.record(action="offer.changed", target=row, by=by, now=now, changed=what)
    return row


@transaction.atomic
def set_offer_image(*, offer: Offer, file: bytes | None, by: Actor, now: datetime) -> Offer:
    """Set an offer's image; None removes it. Raises accounts.pictures.PictureError."""
    row = Offer.objects.select_for_update().get(pk=offer.pk)
    digest = keep_picture(file=file, edge=IMAGE_EDGE, now=now).digest if file is not None else ""
    if digest != row.image:
        row.image = digest
        row.save(update_fields=["image"])
        action = "offer.image_set" if digest else "offer.image_removed"
        audit.record(action=action, target=row, by=by, now=now)
    return row


@transaction.atomic
def set_offer_status(
    *,
    offer: Offer,
    status: OfferStatus,
    by: Actor,
    now: datetime,
    seen_version: int | None = None,
) -> Offer:
    """Pause, resume, end or archive an offer. Clicks and orders during a pause never count.

    Raises core.versions.ChangedMeanwhileError when the offer was changed after `seen_version`, and
    offers.status.StatusError when its status can't become this one.
    """
    offer = Offer.objects.select_for_update().get(pk=offer.pk)
    check_version(offer, seen_version)
    check_transition(OfferStatus(offer.status), status)
    offer.version += 1
    before, offer.status = offer.status, status
    if (before == OfferStatus.ACTIVE) != (status == OfferStatus.ACTIVE):
        if status == OfferStatus.ACTIVE:
            offer.pauses.append(TimestamptzRange(offer.counting_changed_at, now))
        offer.counting_changed_at = now
    offer.save(update_fields=["status", "counting_changed_at", "pauses", "version"])
    audit.record(
        action="offer.status_set", target=offer, by=by, now=now, before=before, after=status.value
    )
    if why_closed(offer):
        cancel_waiting_mails(
            purposes=[Purpose.SALES_TRACKING_ITEMS],
            reason="The offer is over, so its codes and links count no more.",
            now=now,
            campaigns_about=Reference.to(offer),
        )
    return offer


@transaction.atomic
def supersede_terms(
    *,
    offer: Offer,
    values: TermsValues,
    starts_at: datetime,
    by: Actor,
    now: datetime,
    replaced: Terms | None = None,
    seen: Terms | None = None,
) -> Terms:
    """Add the next version of the terms. It applies to orders placed from `starts_at` on.

    With `replaced`, that version is withdrawn. Raises OfferError when `offers.terms.check_terms`,
    `TermsHistory.check_start` or `withdraw_terms` does, and when `seen` is not the latest version
    any more.
    """
    values = in_one_line(values)
    check_terms(values)
    if is_too_far(starts_at):
        raise OfferError("starts_at", TOO_FAR)
    Offer.objects.select_for_update().get(pk=offer.pk)
    history = terms_histories([offer.pk]).get(offer.pk)
    if replaced is not None and (history is None or replaced not in history.versions):
        raise OfferError("", f"version {replaced.version} of the terms was withdrawn meanwhile")
    if history is not None and seen is not None and history.latest != seen:
        raise OfferError(
            "", f"somebody saved version {history.latest.version} of the terms meanwhile"
        )
    if history is not None:
        history.check_start(starts_at, replaced=replaced)
    if replaced is not None:
        withdraw_terms(terms=replaced, by=by, now=now)
    terms = values.as_terms()
    terms.offer, terms.starts_at = offer, starts_at
    terms.version = 1 + max(
        model.objects.filter(offer=offer).aggregate(last=Max("version"))["last"] or 0
        for model in (Terms, WithdrawnTerms)
    )
    terms.save()
    audit.record(action="terms.superseded", target=terms, by=by, now=now, offer=offer.pk)
    return terms


@transaction.atomic
def withdraw_terms(*, terms: Terms, by: Actor, now: datetime) -> None:
    """Take back a version of the terms that has not begun. It stays readable as WithdrawnTerms.

    Raises OfferError when it has begun, was withdrawn before, or an order or click names it.
    """
    offer = Offer.objects.select_for_update().get(pk=terms.offer_id)
    history = terms_of(offer)
    if terms not in history.versions:
        raise OfferError("", f"version {terms.version} of the terms was withdrawn already")
    if terms not in history.planned(now):
        raise OfferError("", f"version {terms.version} of the terms has begun: add new terms")
    said = {field.attname: getattr(terms, field.attname) for field in STRUCTURE_FIELDS}
    WithdrawnTerms.objects.create(
        **said, number_as_terms=terms.pk, withdrawn_at=now, withdrawn_by=by.label[:200]
    )
    audit.record(
        action="terms.withdrawn",
        target=terms,
        by=by,
        now=now,
        offer=offer.pk,
        version=terms.version,
    )
    try:
        terms.delete()
    except ProtectedError as error:
        message = f"something was earned under version {terms.version} of the terms already"
        raise OfferError("", message) from error


@transaction.atomic
def enroll(
    *, offer: Offer, members: Iterable[Member], by: Actor, now: datetime
) -> list[Enrollment]:
    """Enroll members in an offer, and return their enrollments.

    Members who are in the offer already stay as they are; removed members become active again.
    Who was erased is not enrolled. The members are locked, so that nobody is enrolled twice by two
    people at once, or while they are erased. Raises ClosedError.
    """
    if closed := why_closed(Offer.objects.get(pk=offer.pk)):
        raise ClosedError("offer", closed)
    wanted = {row.pk: row for row in lock_members(member.pk for member in members)}
    known = {
        row.member_id: row
        for row in Enrollment.objects.select_for_update().filter(offer=offer, member__in=wanted)
    }
    returning = [row for row in known.values() if row.status == EnrollmentStatus.REMOVED]
    for row in returning:
        _set_status(row, EnrollmentStatus.ACTIVE, now)
    Enrollment.objects.bulk_update(returning, STATUS_FIELDS)
    added = Enrollment.objects.bulk_create(
        Enrollment(offer=offer, member=member, joined_at=now)
        for pk, member in wanted.items()
        if pk not in known
    )
    audit.record_many(
        action="enrollment.joined",
        targets=[(row, {"offer": offer.pk}) for row in [*returning, *added]],
        by=by,
        now=now,
    )
    return list(
        Enrollment.objects.filter(offer=offer, member__in=wanted)
        .select_related("member", "offer")
        .order_by("pk")
    )


@transaction.atomic
def set_enrollment_status(
    *, enrollment: Enrollment, status: EnrollmentStatus, by: Actor, now: datetime
) -> Enrollment:
    """Activate, deactivate or remove an enrollment. Its history and the times away stay.

    Does nothing if that is its status already. Whether the member is owed money is not checked
    here: see tracking.links.membership.
    """
    before = lock_status(enrollment)
    if before == status:
        return enrollment
    _set_status(enrollment, status, now)
    enrollment.save(update_fields=STATUS_FIELDS)
    audit.record(
        action="enrollment.status_set",
        target=enrollment,
        by=by,
        now=now,
        before=before,
        after=status.value,
    )
    if status != EnrollmentStatus.ACTIVE:
        cancel_waiting_mails(
            purposes=OFFER_PURPOSES,
            reason="The member is not active in the offer any more.",
            now=now,
            about=Reference.to(enrollment),
        )
    return enrollment


def lock_status(enrollment: Enrollment) -> EnrollmentStatus:
    """Lock an enrollment until the transaction ends, and return the status that it has now."""
    locked = Enrollment.objects.select_for_update()
    enrollment.refresh_from_db(fields=STATUS_FIELDS, from_queryset=locked)
    return EnrollmentStatus(enrollment.status)


@transaction.atomic
def renew_dashboard_link(*, enrollment: Enrollment, by: Actor, now: datetime) -> Enrollment:
    """Revoke the enrollment's dashboard link. From now on its address is a new one."""
    row = Enrollment.objects.select_for_update().get(pk=enrollment.pk)
    row.link_version += 1
    row.save(update_fields=["link_version"])
    audit.record(action="dashboard_link.renewed", target=row, by=by, now=now)
    restate_waiting_mails(
        {Reference.to(row): {"dashboard_link": url_for(row)}},
        reason="The dashboard link was renewed.",
        now=now,
    )
    return row


def _set_status(enrollment: Enrollment, status: EnrollmentStatus, now: datetime) -> None:
    """Set STATUS_FIELDS: the status, and since when the member is away. It is not saved."""
    enrollment.status = status
    if status == EnrollmentStatus.ACTIVE:
        enrollment.end_pause(now)
    elif enrollment.deactivated_at is None:
        # The server that ended the last pause may have a clock that is ahead of ours.
        enrollment.deactivated_at = max([now, *(pause.upper for pause in enrollment.pauses)])


def _unique_name(offer: Offer) -> AbstractContextManager[None]:
    taken = partial(OfferError, "name", f"there is an offer {offer.name!r} already")
    return raises_if_taken("offers_offer_name", error=taken)
