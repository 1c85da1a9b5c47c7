"""Send deliveries again at the wish of staff: one, many, or all since a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.audit_log import audit
from core.jobs import unleased
from webhooks.endpoints import EndpointError
from webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState
from webhooks.waking import wake_sender

# More than a batch of webhooks.dispatching, as all its deliveries have one time.
MAX_AT_ONCE = 50_000
MAX_NAMED = 100  # ids in the audit log


@dataclass(frozen=True, slots=True)
class Redelivered:
    """How many will be sent again, and why others can't be.

    `left` are those beyond the limit, all from `go_on_since` on; none was looked at.
    """

    deliveries: int
    without_body: int = 0
    not_on: int = 0
    busy: int = 0
    left: int = 0
    go_on_since: datetime | None = None


@transaction.atomic
def redeliver(*, deliveries: QuerySet[Delivery], by: Actor, now: datetime) -> Redelivered:
    """Send these again, each with the id and the body that it had. They keep their sequence.

    One that is being sent now is left to that. The caller bounds how many they are.
    """
    chosen = Delivery.objects.filter(pk__in=list(deliveries.values_list("pk", flat=True)))
    to_endpoints_on = chosen.filter(endpoint__state=EndpointState.ON)
    whole = to_endpoints_on.exclude(body="")
    rows = list(unleased(whole, now=now).order_by("pk").values_list("pk", "endpoint"))
    numbers = (chosen.count(), to_endpoints_on.count(), whole.count(), len(rows))
    _send_again([pk for pk, _ in rows], now=now)
    ids = {of: [pk for pk, to in rows if to == of] for of in {to for _, to in rows}}
    audit.record_many(
        action="webhook.sent_again",
        targets=[
            (
                one,
                {
                    "address": one.address[:200],
                    "number": len(ids[one.pk]),
                    "deliveries": ids[one.pk][:MAX_NAMED],
                },
            )
            for one in Endpoint.objects.filter(pk__in=ids).order_by("pk")
        ],
        by=by,
        now=now,
    )
    everything, on, with_body, free = numbers
    return Redelivered(
        free, not_on=everything - on, without_body=on - with_body, busy=with_body - free
    )


def send_again_since(
    *, endpoint: Endpoint, since: datetime, only_missed: bool, by: Actor, now: datetime
) -> Redelivered:
    """Send again what happened since then; with `only_missed`, what failed or was not sent.

    At most MAX_AT_ONCE, the oldest first. The others are counted; call this again with the time
    that is returned to send them. Raises EndpointError for an endpoint that is not on.
    """
    if not Endpoint.objects.filter(pk=endpoint.pk, state=EndpointState.ON).exists():
        raise EndpointError("Turn the endpoint on first.")
    found = Delivery.objects.filter(endpoint=endpoint, created_at__gte=since)
    if only_missed:
        found = found.exclude(state__in=[DeliveryState.DELIVERED, DeliveryState.PENDING])
    times = found.order_by("created_at").values_list("created_at", flat=True)
    go_on_since = times[MAX_AT_ONCE : MAX_AT_ONCE + 1].first()
    if go_on_since is None:
        return redeliver(deliveries=found, by=by, now=now)
    left = found.filter(created_at__gte=go_on_since)
    done = redeliver(deliveries=found.filter(created_at__lt=go_on_since), by=by, now=now)
    return replace(done, left=left.count(), go_on_since=go_on_since)


def _send_again(ids: list[int], *, now: datetime) -> None:
    Delivery.objects.filter(pk__in=ids).update(
        state=DeliveryState.PENDING,
        reason="",
        tries=0,
        next_attempt_at=now,
        settled_at=None,
        lease_token=None,
        lease_until=None,
    )
    if ids:
        wake_sender()
