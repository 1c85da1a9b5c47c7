"""Suppress addresses, and allow mail to them again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from notifications.erased import erased_form, forms_of
from notifications.models import Suppression, SuppressionReason


@transaction.atomic
def suppress(*, address: str, reason: SuppressionReason, by: Actor, now: datetime) -> bool:
    """Suppress `address`; returns whether that is new. An earlier reason stays.

    An address that was erased stays erased, also when its owner follows the link of an old mail.
    """
    if Suppression.objects.filter(address__in=forms_of(address)).exists():
        return False
    _, created = Suppression.objects.get_or_create(
        address=address.lower(), defaults={"reason": reason, "since": now}
    )
    if created:
        audit.record(
            action="address.suppressed",
            target="address",
            by=by,
            now=now,
            address=address.lower(),
            reason=reason.value,
        )
    return created


@transaction.atomic
def unsuppress(*, address: str, by: Actor, now: datetime) -> bool:
    """Allow mail to `address` again; returns whether it was suppressed."""
    deleted, _ = Suppression.objects.filter(address__in=forms_of(address)).delete()
    if deleted:
        audit.record(
            action="address.allowed", target="address", by=by, now=now, address=address.lower()
        )
    return bool(deleted)


def resubscribe(*, address: str, now: datetime) -> bool:
    """Allow mail again because the person, whose address is proven, asks for it.

    An address that the brand's staff suppressed stays suppressed. Returns whether anything changed.
    """
    listed = Suppression.objects.filter(address__in=forms_of(address))
    own = listed.exclude(reason=SuppressionReason.BY_STAFF)
    return own.exists() and unsuppress(
        address=address, by=Actor.system("the person's own preferences"), now=now
    )


@transaction.atomic
def erase_address(*, address: str, by: Actor, now: datetime) -> None:
    """Keep `address` suppressed, but store only a digest of it."""
    Suppression.objects.filter(address=address.lower()).delete()
    Suppression.objects.get_or_create(
        address=erased_form(address),
        defaults={"reason": SuppressionReason.DELETED, "since": now},
    )
    audit.record(action="address.erased", target="address", by=by, now=now)


def unsubscribe(*, address: str, now: datetime) -> bool:
    """Suppress the address because its unsubscribe link was used."""
    return suppress(
        address=address,
        reason=SuppressionReason.UNSUBSCRIBED,
        by=Actor.system("unsubscribe link"),
        now=now,
    )


def note_bounce(*, address: str, now: datetime) -> bool:
    """Suppress the address after one answer that there is no such mailbox."""
    return suppress(
        address=address, reason=SuppressionReason.BOUNCED, by=Actor.system("mail server"), now=now
    )
