"""What is to be sent to an endpoint, each attempt at it, and the entries that wait to be read."""

from __future__ import annotations

import uuid

import pgtrigger
from django.contrib.postgres.functions import RandomUUID
from django.db import models

from accounts.models import OutboxEntry
from core.jobs import LeasedModel
from core.kept_sums import after_statement
from core.tenancy import TenantForeignKey, TenantModel
from webhooks.models.endpoints import Endpoint
from webhooks.naming import id_of

# Only where somebody wants to hear of it: a brand without endpoints writes nothing more.
NOTE_ENTRIES = """
INSERT INTO webhooks_waitingentry (brand_id, entry)
SELECT added.brand_id, added.id FROM added
WHERE EXISTS (
  SELECT FROM webhooks_endpoint AS endpoint
  WHERE endpoint.brand_id = added.brand_id AND endpoint.state <> 'deleted'
)
ORDER BY added.id;
RETURN NULL;
"""


class WatchedEntry(OutboxEntry):
    """The outbox, with the trigger that notes each new entry as one that waits."""

    class Meta:
        proxy = True
        triggers = [
            after_statement(pgtrigger.Insert, name="webhooks_entry_waits", func=NOTE_ENTRIES)
        ]


class WaitingEntry(TenantModel):
    """An entry of the outbox of which no delivery was made yet.

    Written by a trigger in the transaction of the entry, and deleted in the transaction that makes
    its deliveries. So none is missed, in whatever sequence transactions commit. `event_id` is that
    of all its deliveries. `entry` is the entry's id, without a foreign key, as checking it would
    slow down the recording of orders.
    """

    entry = models.BigIntegerField()
    event_id = models.UUIDField(db_default=RandomUUID())


class DeliveryState(models.TextChoices):
    PENDING = "pending", "Waiting"
    FAILED = "failed", "Retrying"
    DELIVERED = "delivered", "Delivered"
    GIVEN_UP = "given_up", "Given up"
    SKIPPED = "skipped", "Not sent"


WAITING_STATES = (DeliveryState.PENDING, DeliveryState.FAILED)


class Delivery(LeasedModel):
    """One event for one endpoint, with the body as it is sent in every attempt.

    `event_id` is the same in all attempts and for all endpoints. `target` is the thing that the
    event is about ("conversion:12"), and `sequence` counts the endpoint's deliveries about it, from
    1. `entry` is the id of the outbox's entry, which is deleted before the delivery; a test event
    has none. `tries` counts the attempts since staff last asked for it, `attempts` counts all. The
    body is emptied after webhooks.retention.KEPT_FOR.
    """

    endpoint = TenantForeignKey(Endpoint)
    entry = models.BigIntegerField(null=True)
    event_id = models.UUIDField(default=uuid.uuid4)
    event = models.CharField(max_length=40)
    target = models.CharField(max_length=80)
    sequence = models.PositiveIntegerField()
    body = models.TextField(blank=True)
    happened_at = models.DateTimeField()
    created_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=DeliveryState, default=DeliveryState.PENDING)
    reason = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta(LeasedModel.Meta):
        constraints = [
            *LeasedModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "endpoint", "entry"], name="webhooks_delivery_once"
            ),
            models.UniqueConstraint(
                fields=["brand", "endpoint", "event_id"], name="webhooks_delivery_event_once"
            ),
            models.UniqueConstraint(
                fields=["brand", "endpoint", "target", "sequence"],
                name="webhooks_delivery_sequence",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=DeliveryState.values), name="webhooks_delivery_state"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["pending", "failed"],
                    next_attempt_at__isnull=False,
                    settled_at=None,
                )
                & ~models.Q(body="")
                | models.Q(
                    state__in=["delivered", "given_up", "skipped"],
                    next_attempt_at=None,
                    settled_at__isnull=False,
                    lease_token=None,
                    lease_until=None,
                ),
                name="webhooks_delivery_waits",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "delivered"]) | ~models.Q(reason=""),
                name="webhooks_delivery_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "-created_at", "-id"], name="webhooks_delivery_new"),
            models.Index(
                fields=["brand", "endpoint", "-created_at", "-id"], name="webhooks_delivery_of"
            ),
            models.Index(
                fields=["brand", "endpoint", "next_attempt_at", "id"],
                name="webhooks_delivery_due",
                condition=models.Q(state__in=["pending", "failed"]),
            ),
            models.Index(
                fields=["brand", "state", "-created_at", "-id"], name="webhooks_delivery_in_state"
            ),
            models.Index(
                fields=["brand", "event", "-created_at", "-id"], name="webhooks_delivery_event"
            ),
            models.Index(
                fields=["created_at"],
                name="webhooks_delivery_body",
                condition=~models.Q(body=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.target}"

    @property
    def message_id(self) -> str:
        """The header `webhook-id`."""
        return f"msg_{self.event_id.hex}"

    @property
    def about(self) -> str:
        """The API's id of what the event is about."""
        return id_of(self.target, brand_id=self.brand_id)

    @property
    def is_waiting(self) -> bool:
        return self.state in WAITING_STATES


class Attempt(TenantModel):
    """One attempt to send a delivery, with the first bytes of what was answered.

    Without a status there was no answer, and `error` says why. Deleted after
    webhooks.retention.KEPT_FOR.
    """

    delivery = TenantForeignKey(Delivery)
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "delivery", "number"], name="webhooks_attempt_once"
            ),
            models.CheckConstraint(
                condition=models.Q(status__isnull=False) | ~models.Q(error=""),
                name="webhooks_attempt_outcome",
            ),
        ]
        indexes = [models.Index(fields=["at"], name="webhooks_attempt_old")]

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Sender(models.Model):
    """A place for a process that sends. One that was killed loses it after a few seconds."""

    number = models.PositiveSmallIntegerField(primary_key=True)
    lease_token = models.UUIDField()
    lease_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"sender {self.number}"
