"""Add an endpoint, change it, turn it on and off, change its secret, delete it, and test it."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import OutboxEvent
from core.db import lock_identities
from core.references import Reference
from core.refused import RefusedError
from core.sealing import SealError
from core.tenancy import current_brand_id
from webhooks.addresses import check_address
from webhooks.bodies import body_of
from webhooks.events import TEST_EVENT
from webhooks.models import Delivery, Endpoint, EndpointState
from webhooks.signing import (
    FormerSecret,
    former_secrets,
    new_secret,
    newest_secret,
    seal_former,
    seal_secret,
)
from webhooks.waking import wake_sender

MAX_ENDPOINTS = 20  # of a brand
FORMER_SECRET_VALID_FOR = timedelta(days=1)
MAX_FORMER_SECRETS = 3  # that sign beside the newest one


class EndpointError(RefusedError):
    """It can't be done. The message is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """An endpoint with the secret that was made for it, which nobody can read again."""

    endpoint: Endpoint
    secret: str


def add_endpoint(
    *, address: str, events: Sequence[str], description: str, by: Actor, now: datetime
) -> NewSecret:
    """Add an endpoint for these events; none stands for all. It is on from now on.

    It receives what happens from now on. Raises AddressError and EndpointError.
    """
    checked = check_address(address)
    with transaction.atomic():
        _check_place(checked)
        if Endpoint.objects.kept().count() >= MAX_ENDPOINTS:
            raise EndpointError(f"A brand can have {MAX_ENDPOINTS} endpoints. Delete one first.")
        row = Endpoint(
            address=checked,
            description=description.strip()[:120],
            events=_known(events),
            state_at=now,
            secret_at=now,
            created_at=now,
            changed_at=now,
        )
        row.assign_current_brand()
        secret = new_secret()
        row.sealed_secret = seal_secret(row, secret)
        row.save()
        _record("webhook.added", row, by=by, now=now, events=row.events)
    return NewSecret(row, secret)


def change_endpoint(
    *,
    endpoint: Endpoint,
    by: Actor,
    now: datetime,
    address: str | None = None,
    events: Sequence[str] | None = None,
    description: str | None = None,
) -> Endpoint:
    """Change where an endpoint is and what it receives, each unless it is None.

    What waits goes to the new address. Another address than the endpoint has is checked. Raises
    AddressError and EndpointError.
    """
    if address is not None and address != endpoint.address:
        address = check_address(address)
    stated = {
        "address": address,
        "events": None if events is None else _known(events),
        "description": None if description is None else description.strip()[:120],
    }
    return _change(
        endpoint, {name: value for name, value in stated.items() if value is not None},
        by=by, now=now,
    )  # fmt: skip


@transaction.atomic
def _change(
    endpoint: Endpoint, stated: Mapping[str, object], *, by: Actor, now: datetime
) -> Endpoint:
    if "address" in stated:
        _check_place(str(stated["address"]), but=endpoint)
    row = _locked(endpoint)
    changed = {name: value for name, value in stated.items() if getattr(row, name) != value}
    if changed:
        before = row.address
        for name, value in changed.items():
            setattr(row, name, value)
        row.changed_at = now
        row.save(update_fields=[*changed, "changed_at"])
        _record("webhook.changed", row, by=by, now=now, events=row.events, before=before)
    return row


@transaction.atomic
def switch_off(*, endpoint: Endpoint, by: Actor, now: datetime) -> Endpoint:
    """Send it nothing from now on. What happens meanwhile is listed as not sent."""
    row = _locked(endpoint)
    if row.is_on:
        _set_state(row, EndpointState.OFF, now=now)
        _record("webhook.turned_off", row, by=by, now=now)
    return row


@transaction.atomic
def switch_on(*, endpoint: Endpoint, by: Actor, now: datetime) -> Endpoint:
    """Send to it again, also after it was disabled."""
    row = _locked(endpoint)
    if not row.is_on:
        _set_state(row, EndpointState.ON, now=now)
        _record("webhook.turned_on", row, by=by, now=now)
        wake_sender()
    return row


def disable(row: Endpoint, *, reason: str, by: Actor, now: datetime) -> None:
    """Stop sending because of what the receiver did. The caller has locked the row."""
    _set_state(row, EndpointState.DISABLED, now=now, reason=reason)
    _record("webhook.disabled", row, by=by, now=now, reason=reason)


def _set_state(row: Endpoint, state: EndpointState, *, now: datetime, reason: str = "") -> None:
    row.state, row.state_at, row.reason, row.owners_told_at = state, now, reason, None
    row.failing_since, row.paused_until = None, None
    row.save(
        update_fields=[
            "state", "state_at", "reason", "owners_told_at", "failing_since", "paused_until",
        ]
    )  # fmt: skip


@transaction.atomic
def rotate_secret(*, endpoint: Endpoint, by: Actor, now: datetime) -> NewSecret:
    """Make a new secret. Each former one signs beside it for FORMER_SECRET_VALID_FOR.

    Raises EndpointError while MAX_FORMER_SECRETS sign: one that is in use would have to stop.
    """
    row = _locked(endpoint)
    former = former_secrets(row, now=now)
    if len(former) >= MAX_FORMER_SECRETS:
        hours = math.ceil((former[-1].until - now) / timedelta(hours=1))
        raise EndpointError(
            f"The secret was changed {MAX_FORMER_SECRETS} times within a day, and each former one"
            f" signs for a day. Make the next one in {hours} hour{'s' * (hours > 1)}."
        )
    secret, until = new_secret(), now + FORMER_SECRET_VALID_FOR
    with suppress(SealError):  # what can't be decrypted signs nothing any more
        former.insert(0, FormerSecret(newest_secret(row), until))
    row.sealed_former_secret = seal_former(row, former)
    row.former_secret_until = former[0].until if former else None
    row.sealed_secret, row.secret_at = seal_secret(row, secret), now
    row.save(
        update_fields=["sealed_secret", "secret_at", "sealed_former_secret", "former_secret_until"]
    )
    _record("webhook.secret_rotated", row, by=by, now=now)
    return NewSecret(row, secret)


@transaction.atomic
def delete_endpoint(*, endpoint: Endpoint, by: Actor, now: datetime) -> None:
    """Forget its secrets and send it nothing any more. Its deliveries are deleted later."""
    row = _locked(endpoint)
    row.state, row.state_at, row.reason, row.owners_told_at = EndpointState.DELETED, now, "", None
    row.sealed_secret, row.sealed_former_secret, row.former_secret_until = "", "", None
    row.save()
    _record("webhook.deleted", row, by=by, now=now)


@transaction.atomic
def send_test(*, endpoint: Endpoint, by: Actor, now: datetime) -> Delivery:
    """Send a test event, whatever the endpoint chose to receive. Raises EndpointError."""
    row = _locked(endpoint)
    if not row.is_on:
        raise EndpointError("Turn the endpoint on first.")
    target = Reference.to(row)
    about = Delivery.objects.filter(endpoint=row, target=target)
    sequence = (about.aggregate(last=Max("sequence"))["last"] or 0) + 1
    delivery = Delivery(
        endpoint=row,
        event_id=uuid.uuid4(),
        event=TEST_EVENT,
        target=target,
        sequence=sequence,
        body=body_of(
            brand_id=row.brand_id,
            event=TEST_EVENT,
            happened_at=now,
            target=target,
            sequence=sequence,
            values={"message": "This is a test. Nothing happened."},
        ),
        happened_at=now,
        created_at=now,
        next_attempt_at=now,
    )
    delivery.save()
    _record("webhook.tested", row, by=by, now=now)
    wake_sender()
    return delivery


def _known(events: Sequence[str]) -> list[str]:
    unknown = set(events) - set(OutboxEvent.values)
    if unknown:
        raise EndpointError(f"There is no event {', '.join(sorted(unknown))}.")
    return sorted(set(events))


def _check_place(address: str, *, but: Endpoint | None = None) -> None:
    """One endpoint per address. Endpoints of the brand are added one after another."""
    lock_identities([f"webhooks of {current_brand_id()}"])
    others = Endpoint.objects.kept().filter(address=address)
    if but is not None:
        others = others.exclude(pk=but.pk)
    if others.exists():
        raise EndpointError("There is an endpoint with this address already.")


def _locked(endpoint: Endpoint) -> Endpoint:
    row: Endpoint | None = (
        Endpoint.objects.kept().select_for_update(no_key=True).filter(pk=endpoint.pk).first()
    )
    if row is None:
        raise EndpointError("The endpoint was deleted.")
    return row


def _record(action: str, row: Endpoint, *, by: Actor, now: datetime, **detail: object) -> None:
    audit.record(action=action, target=row, by=by, now=now, address=row.address[:200], **detail)
