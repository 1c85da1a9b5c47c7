"""Addresses that a brand may not write to: how they come and go."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.actors import Actor
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
    deleted, _ = Suppression.objects.filter(address=address.lower()).delete()
    if deleted:
        audit.record(
            action="address.allowed", target="address", by=by, now=now, address=address.lower()
        )
    return bool(deleted)


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
