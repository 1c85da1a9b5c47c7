"""Create and change offers, terms and enrollments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Max, ProtectedError
from psycopg.types.range import TimestamptzRange

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.pictures import IMAGE_EDGE, keep_picture
from affiliates.details import lock_members
from affiliates.models import Member
from core.money import exponent
from core.versions import check_version
from offers.destinations import DestinationError, read_addresses
from offers.models import (
    MAX_CUSTOMER_DAYS,
    CommissionStructure,
    Enrollment,
    EnrollmentStatus,
    Offer,
    OfferKind,
    OfferStatus,
    Terms,
    WithdrawnTerms,
)
from offers.selectors import terms_histories, terms_of
from offers.terms import OfferError, TermsValues, check_terms
from offers.utm import UtmError, read_template

STATUS_FIELDS = ["status", "deactivated_at", "pauses"]  # of an enrollment
STRUCTURE_FIELDS = CommissionStructure._meta.local_fields


@dataclass(frozen=True, slots=True)
class OfferValues:
    """The fields of an offer that staff can edit, except terms and status."""

    name: str
    kind: str
    destination_url: str
    currency: str
    description: str = ""
    allowed_domains: Sequence[str] = ()
    deep_links_allowed: bool = True
    own_slugs_allowed: bool = True
    click_window_days: int = 28
    remembers_customers: bool = False
    customer_window_days: int = 365
    code_pattern: str = "{FIRST_NAME}"
    utm_template: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@transaction.atomic
def create_offer(*, values: OfferValues, terms: TermsValues, by: Actor, now: datetime) -> Offer:
    """Create an active offer with version 1 of its terms.

    Raises OfferError, and core.money.UnknownCurrencyError for a currency that does not exist.
    """
    values = _checked(values)
    if Offer.objects.filter(name=values.name).exists():
        raise OfferError("name", f"there is an offer {values.name!r} already")
    offer = Offer(created_at=now, counting_changed_at=now)
    _assign(offer, values)
    offer.save()
    supersede_terms(offer=offer, values=terms, starts_at=now, by=by, now=now)
    audit.record(action="offer.created", target=offer, by=by, now=now, name=offer.name)
    return offer


@transaction.atomic
def change_offer(
    *,
    offer: Offer,
    values: OfferValues,
    by: Actor,
    now: datetime,
    seen_version: int | None = None,
) -> Offer:
    """Change the fields of an offer. Its currency can't change.

    Raises OfferError, and core.versions.ChangedMeanwhileError when somebody changed the offer after
    `seen_version`.
    """
    row = Offer.objects.select_for_update().get(pk=offer.pk)
    check_version(row, seen_version)
    values = _checked(values, before=row)
    if values.currency != row.currency:
        raise OfferError("currency", "the currency of an offer can't be changed")
    if Offer.objects.filter(name=values.name).exclude(pk=row.pk).exists():
        raise OfferError("name", f"there is an offer {values.name!r} already")
    before = {name: getattr(row, name) for name in EDITABLE_FIELDS}
    _assign(row, values)
    changed = [name for name in EDITABLE_FIELDS if getattr(row, name) != before[name]]
    if changed:
        row.version += 1
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

    Raises core.versions.ChangedMeanwhileError when the offer was changed after `seen_version`.
    """
    offer = Offer.objects.select_for_update().get(pk=offer.pk)
    check_version(offer, seen_version)
    before, offer.status = offer.status, status
    if (before == OfferStatus.ACTIVE) != (status == OfferStatus.ACTIVE):
        if status == OfferStatus.ACTIVE:
            offer.pauses.append(TimestamptzRange(offer.counting_changed_at, now))
        offer.counting_changed_at = now
    offer.save(update_fields=["status", "counting_changed_at", "pauses"])
    audit.record(
        action="offer.status_set", target=offer, by=by, now=now, before=before, after=status.value
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
    check_terms(values)
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
    people at once, or while they are erased.
    """
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
        .select_related("member")
        .order_by("pk")
    )


@transaction.atomic
def set_enrollment_status(
    *, enrollment: Enrollment, status: EnrollmentStatus, by: Actor, now: datetime
) -> Enrollment:
    """Activate, deactivate or remove an enrollment. Its history and the times away stay.

    Whether the member is owed money is not checked here: see tracking.links.membership.
    """
    locked = Enrollment.objects.select_for_update()
    enrollment.refresh_from_db(fields=STATUS_FIELDS, from_queryset=locked)
    before = enrollment.status
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
    return enrollment


@transaction.atomic
def renew_dashboard_link(*, enrollment: Enrollment, by: Actor, now: datetime) -> Enrollment:
    """Revoke the enrollment's dashboard link. From now on its address is a new one."""
    row = Enrollment.objects.select_for_update().get(pk=enrollment.pk)
    row.link_version += 1
    row.save(update_fields=["link_version"])
    audit.record(action="dashboard_link.renewed", target=row, by=by, now=now)
    return row


def _set_status(enrollment: Enrollment, status: EnrollmentStatus, now: datetime) -> None:
    """Set STATUS_FIELDS: the status, and since when the member is away. It is not saved."""
    enrollment.status = status
    if status == EnrollmentStatus.ACTIVE:
        enrollment.end_pause(now)
    elif enrollment.deactivated_at is None:
        # The server that ended the last pause may have a clock that is ahead of ours.
        enrollment.deactivated_at = max([now, *(pause.upper for pause in enrollment.pauses)])


def _checked(values: OfferValues, *, before: Offer | None = None) -> OfferValues:
    """Return the values as they are stored. Raises OfferError.

    Addresses and domains that the offer had before are left as they are.
    """
    exponent(values.currency)
    if not values.name.strip():
        raise OfferError("name", "an offer needs a name")
    if values.kind not in OfferKind.values:
        raise OfferError("kind", f"{values.kind!r} is not one of {', '.join(OfferKind.values)}")
    if not 1 <= values.click_window_days <= 365:
        raise OfferError("click_window_days", "the click window must be between 1 and 365 days")
    if not 1 <= values.customer_window_days <= MAX_CUSTOMER_DAYS:
        message = f"customers are remembered for 1 to {MAX_CUSTOMER_DAYS:,} days"
        raise OfferError("customer_window_days", message)
    if values.starts_at and values.ends_at and values.starts_at >= values.ends_at:
        raise OfferError("ends_at", "the end must be after the start")
    try:
        read_template(values.utm_template)
    except UtmError as error:
        raise OfferError("utm_template", str(error)) from error
    had = [before.destination_url, *before.allowed_domains] if before else []
    try:
        url, domains = read_addresses(values.destination_url, values.allowed_domains, had=had)
    except DestinationError as error:
        raise OfferError(error.field, str(error)) from error
    return replace(values, destination_url=url, allowed_domains=domains)


EDITABLE_FIELDS = (
    "name", "description", "kind", "destination_url", "allowed_domains", "deep_links_allowed",
    "own_slugs_allowed", "click_window_days", "remembers_customers", "customer_window_days",
    "code_pattern", "utm_template", "starts_at", "ends_at",
)  # fmt: skip


def _assign(offer: Offer, values: OfferValues) -> None:
    for name in EDITABLE_FIELDS:
        setattr(offer, name, getattr(values, name))
    offer.name, offer.currency = values.name.strip(), values.currency
    offer.allowed_domains = list(values.allowed_domains)
    offer.utm_template = read_template(values.utm_template)
