"""Addresses that a brand may not write to: how they come and go."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from notifications.erased import erased_form, forms_of
from notifications.models import Suppression, SuppressionReason


@transaction.atomic
def suppress(*, address: str, reason: SuppressionReason, by: Actor, now: datetime) -> bool:
    """Never write to `address` again; whether that is new. An earlier reason stays."""
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
    """Allow mail to `address` again; whether it was suppressed."""
    deleted, _ = Suppression.objects.filter(address__in=forms_of(address)).delete()
    if deleted:
        audit.record(
            action="address.allowed", target="address", by=by, now=now, address=address.lower()
        )
    return bool(deleted)


def resubscribe(*, address: str, now: datetime) -> bool:
    """Mails again, as the person wishes who has just shown that they read the address.

    A brand that stopped writing of its own accord stays silent. Returns whether that changed
    anything.
    """
    listed = Suppression.objects.filter(address__in=forms_of(address))
    own = listed.exclude(reason=SuppressionReason.BY_STAFF)
    return own.exists() and unsuppress(
        address=address, by=Actor.system("the person's own preferences"), now=now
    )


@transaction.atomic
def erase_address(*, address: str, by: Actor, now: datetime) -> None:
    """Never write to `address` again, and forget what it was."""
    Suppression.objects.filter(address=address.lower()).delete()
    Suppression.objects.get_or_create(
        address=erased_form(address),
        defaults={"reason": SuppressionReason.DELETED, "since": now},
    )
    audit.record(action="address.erased", target="address", by=by, now=now)


def unsubscribe(*, address: str, now: datetime) -> bool:
    """What the person's own unsubscribe link does."""
    return suppress(
        address=address,
        reason=SuppressionReason.UNSUBSCRIBED,
        by=Actor.system("unsubscribe link"),
        now=now,
    )


def note_bounce(*, address: str, now: datetime) -> bool:
    """One answer that there is no such mailbox is enough."""
    return suppress(
        address=address, reason=SuppressionReason.BOUNCED, by=Actor.system("mail server"), now=now
    )
