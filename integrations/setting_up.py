"""Set up a connection: try what was entered, keep it, have the shop send, and check it again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum

from accounts.actors import Actor
from integrations.connections import (
    Findings,
    change_credentials,
    check,
    check_entered,
    connect,
    is_usable,
    rotate_secret,
    subscribe,
)
from integrations.filling import request_history
from integrations.models import Connection, RefusalReason, RefusedDelivery
from integrations.shop import Finding

SIGNED = "Signatures of what arrived"
LOOKS_BACK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SetUp:
    """What the shop said. Without a connection nothing was kept, and the findings say why."""

    findings: Findings
    connection: Connection | None = None


def set_up(
    *,
    kind: str,
    entered: Mapping[str, str],
    days_of_history: int,
    confirmation: uuid.UUID,
    by: Actor,
    now: datetime,
) -> SetUp:
    """Connect a store that accepts these credentials, have it send, and fetch earlier orders.

    A store that does not accept them is not kept: nobody can take a store that is not theirs.
    Raises CredentialError for what was entered, and StoreTakenError.
    """
    found = check_entered(kind=kind, entered=entered)
    if not is_usable(found):
        return SetUp(found)
    made = connect(kind=kind, entered=entered, by=by, now=now)
    found += subscribe(connection=made, by=by, now=now)
    if days_of_history:
        since = now - timedelta(days=days_of_history)
        request_history(connection=made, since=since, confirmation=confirmation, by=by, now=now)
    return SetUp(found, made)


def enter_again(
    *, connection: Connection, entered: Mapping[str, str], by: Actor, now: datetime
) -> SetUp:
    """Replace the credentials of a live connection by ones that the store accepts.

    Raises CredentialError, also for those of another store, and NotConnectedError.
    """
    found = check_entered(kind=connection.kind, entered=entered, connection=connection)
    if not is_usable(found):
        return SetUp(found)
    row = change_credentials(connection=connection, entered=entered, by=by, now=now)
    return SetUp(check_everything(connection=row, by=by, now=now), row)


def change_secret(*, connection: Connection, secret: str, by: Actor, now: datetime) -> SetUp:
    """Change the secret that the shop signs with, and tell the shop, if we make it.

    Raises CredentialError and NotConnectedError.
    """
    row = rotate_secret(connection=connection, secret=secret, by=by, now=now)
    return SetUp(subscribe(connection=row, by=by, now=now), row)


def check_everything(*, connection: Connection, by: Actor, now: datetime) -> Findings:
    """Check access, clock, webhooks and signatures; webhooks that are missing are made.

    A connection whose webhooks are there waits for its first order. Raises NotConnectedError.
    """
    found = check(connection=connection, by=by, now=now)
    if is_usable(found):
        found += subscribe(connection=connection, by=by, now=now)
    return (*found, _signatures(connection, now=now))


def _signatures(connection: Connection, *, now: datetime) -> Finding:
    """Whether deliveries were refused since the last one that was signed right."""
    refused = RefusedDelivery.objects.filter(
        connection=connection, reason=RefusalReason.SIGNATURE, hour__gte=now - LOOKS_BACK
    )
    for since in (connection.last_event_at, connection.secret_at):
        if since is not None:
            refused = refused.filter(last_at__gt=since)
    number = refused.aggregate(number=Sum("number"))["number"] or 0
    if not number:
        return Finding(SIGNED, is_ok=True)
    what = "1 delivery was" if number == 1 else f"{number:,} deliveries were"
    advice = (
        f"{what} refused since the last good one, because the signature is wrong: the shop signs"
        " with another secret than the one that is entered here. Change the secret."
    )
    return Finding(SIGNED, is_ok=False, advice=advice)
