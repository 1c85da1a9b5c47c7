"""Connections to shops, the deliveries that came from them, and requests about shoppers' data."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from accounts.test_mode_triggers import live_brands_only
from core.jobs import LeasedModel
from core.tenancy import TenantForeignKey, TenantManager, TenantModel, TenantQuerySet


class ConnectionState(models.TextChoices):
    CONNECTING = "connecting", "Connecting"
    WAITING = "waiting", "Waiting for the first order"
    CONNECTED = "connected", "Connected"
    REFUSED = "refused", "The shop refuses access"
    DISCONNECTED = "disconnected", "Disconnected"
    UNINSTALLED = "uninstalled", "Removed in the shop"


LIVE_CONNECTIONS = (
    ConnectionState.CONNECTING,
    ConnectionState.WAITING,
    ConnectionState.CONNECTED,
    ConnectionState.REFUSED,
)
# A shop that removed our app still sends what shoppers ask about their data.
RECEIVING = (*LIVE_CONNECTIONS, ConnectionState.UNINSTALLED)

FIXED = """
IF TG_OP = 'DELETE' OR NEW.brand_id <> OLD.brand_id OR NEW.source <> OLD.source
  OR NEW.kind <> OLD.kind OR NEW.store <> OLD.store
THEN RAISE EXCEPTION 'a connection stays, and keeps its brand, kind, store and source';
END IF;
RETURN NEW;
"""


class ConnectionQuerySet(TenantQuerySet["Connection"]):
    def live(self) -> ConnectionQuerySet:
        """Those that orders may come from."""
        return self.filter(state__in=LIVE_CONNECTIONS)


class Connection(LeasedModel):
    """A shop that sends its orders to a brand. One row per brand and store, for ever.

    `source` is what its orders carry. What is sealed is opened by integrations.credentials alone;
    the credentials are empty once the connection has ended. The lease is of the worker that fetches
    from it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)  # in its webhooks' address
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    store = models.CharField(max_length=200)  # as the shop names it, such as shop.example.com
    source = models.CharField(max_length=60)
    state = models.CharField(
        max_length=12, choices=ConnectionState, default=ConnectionState.CONNECTING
    )
    problem = models.CharField(max_length=500, blank=True)  # a sentence, and what to do
    problem_at = models.DateTimeField(null=True)

    sealed_credentials = models.TextField(blank=True)
    # At most two secrets are live, while the shop changes from one to the other.
    sealed_secret = models.TextField(blank=True)
    secret_at = models.DateTimeField(null=True)
    sealed_former_secret = models.TextField(blank=True)
    former_secret_until = models.DateTimeField(null=True)

    created_at = models.DateTimeField()
    connected_at = models.DateTimeField(null=True)  # the shop was told where to send
    ended_at = models.DateTimeField(null=True)
    last_event_at = models.DateTimeField(null=True)
    last_order_at = models.DateTimeField(null=True)  # an order arrived; test orders don't count
    filled_until = models.DateTimeField(null=True)  # what changed before was fetched
    next_fill_at = models.DateTimeField(null=True)
    subscribed_at = models.DateTimeField(null=True)  # its webhooks were last checked
    # The currencies of its orders, in the order in which they were first seen.
    currencies = ArrayField(models.CharField(max_length=3), default=list, blank=True)
    silent_since = models.DateTimeField(null=True)  # staff and owners were told

    objects: ClassVar = TenantManager.from_queryset(ConnectionQuerySet)()

    class Meta(LeasedModel.Meta):
        constraints = [
            *LeasedModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["kind", "store"],
                condition=models.Q(state__in=["connecting", "waiting", "connected", "refused"]),
                name="integrations_connection_live_once",
            ),
            models.UniqueConstraint(
                fields=["brand", "kind", "store"], name="integrations_connection_store_once"
            ),
            models.UniqueConstraint(
                fields=["brand", "source"], name="integrations_connection_source_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ConnectionState.values),
                name="integrations_connection_state",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["connecting", "waiting", "connected", "refused"], ended_at=None
                )
                & ~models.Q(sealed_credentials="")
                | models.Q(
                    state__in=["disconnected", "uninstalled"],
                    ended_at__isnull=False,
                    sealed_credentials="",
                ),
                name="integrations_connection_credentials",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="disconnected") | models.Q(sealed_secret=""),
                name="integrations_connection_no_secret",
            ),
            models.CheckConstraint(
                condition=models.Q(sealed_former_secret="", former_secret_until=None)
                | ~models.Q(sealed_former_secret="") & models.Q(former_secret_until__isnull=False),
                name="integrations_connection_former",
            ),
            models.CheckConstraint(
                condition=~models.Q(source="") & ~models.Q(store=""),
                name="integrations_connection_named",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_fill_at"],
                name="integrations_connection_fill",
                condition=models.Q(state__in=["waiting", "connected"]),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="integrations_connection_fixed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=FIXED,
            ),
            live_brands_only(
                "integrations_connection_live_brand",
                what="connected shops",
                operation=pgtrigger.Insert,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_CONNECTIONS


class EventState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    IGNORED = "ignored", "Ignored"


class EventOrigin(models.TextChoices):
    DELIVERED = "delivered", "Sent by the shop"
    FETCHED = "fetched", "Fetched from the shop"
    TEST = "test", "Test order"


class Event(LeasedModel):
    """One delivery from a shop, as raw bytes. It is stored before it is understood.

    The body is emptied after integrations.retention.BODIES_KEPT_FOR. `reason` says why it failed,
    was ignored, or waits to be tried again. The ids are those of the orders and refunds that it
    stated; of the orders in `listed_order_ids` it listed all refunds, and those in
    `deleted_order_ids` are gone in the shop for good.
    """

    connection = TenantForeignKey(Connection)
    origin = models.CharField(max_length=9, choices=EventOrigin, default=EventOrigin.DELIVERED)
    topic = models.CharField(max_length=120, blank=True)
    event_id = models.CharField(max_length=200, blank=True)  # a repeat has the same; "": none
    store = models.CharField(max_length=200, blank=True)
    # By the shop's clock. Of an order, once it is recorded, when the order was as it is stated.
    happened_at = models.DateTimeField(null=True)
    headers = models.JSONField(default=dict)  # lower case, without authorization and cookies
    body = models.BinaryField(null=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=EventState, default=EventState.WAITING)
    reason = models.CharField(max_length=1000, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    try_again_at = models.DateTimeField(null=True)
    worked_at = models.DateTimeField(null=True)
    order_ids = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    refund_ids = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    listed_order_ids = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    deleted_order_ids = ArrayField(
        models.CharField(max_length=120), default=list, db_default=[], blank=True
    )

    class Meta(LeasedModel.Meta):
        constraints = [
            *LeasedModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "connection", "event_id"],
                condition=~models.Q(event_id=""),
                name="integrations_event_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=EventState.values), name="integrations_event_state"
            ),
            models.CheckConstraint(
                condition=models.Q(state="waiting", try_again_at__isnull=False, body__isnull=False)
                | ~models.Q(state="waiting") & models.Q(try_again_at=None),
                name="integrations_event_waits",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "done"]) | ~models.Q(reason=""),
                name="integrations_event_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "-received_at", "-id"], name="integrations_event_new"),
            models.Index(
                fields=["brand", "connection", "-received_at", "-id"],
                name="integrations_event_of",
            ),
            models.Index(
                fields=["brand", "connection", "state", "-received_at"],
                name="integrations_event_to_look_at",
                condition=models.Q(state__in=["waiting", "failed"]),
            ),
            models.Index(
                fields=["try_again_at"],
                name="integrations_event_due",
                condition=models.Q(state="waiting"),
            ),
            models.Index(
                fields=["received_at"],
                name="integrations_event_body",
                condition=models.Q(body__isnull=False),
            ),
            GinIndex(fields=["order_ids"], name="integrations_event_orders"),
            GinIndex(
                fields=["deleted_order_ids"],
                name="integrations_event_deleted",
                condition=~models.Q(deleted_order_ids=[]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.event_id}".strip()

    @property
    def has_body(self) -> bool:
        return self.body is not None


class RefusalReason(models.TextChoices):
    SIGNATURE = "signature", "The signature is wrong or missing"
    TOO_LARGE = "too_large", "The delivery is too large"


class RefusedDelivery(TenantModel):
    """Deliveries to a connection that were refused: how many in an hour, for the same reason.

    One row per hour, so that a flood makes few rows. Nothing of a delivery is kept.
    """

    connection = TenantForeignKey(Connection)
    reason = models.CharField(max_length=10, choices=RefusalReason)
    hour = models.DateTimeField()
    number = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField()
    last_network = models.CharField(max_length=64, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "connection", "reason", "hour"],
                name="integrations_refused_once_an_hour",
            ),
        ]
        indexes = [models.Index(fields=["hour"], name="integrations_refused_hour")]


class DataRequest(TenantModel):
    """A shopper asked the shop what is known of them: the brand has to answer by `due_at`.

    `customer_ref` and `order_ids` are the shop's own; no name or address is kept.
    """

    connection = TenantForeignKey(Connection)
    event = TenantForeignKey(Event)
    customer_ref = models.CharField(max_length=120, blank=True)
    order_ids = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=200, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "event", "customer_ref"], name="integrations_data_request_once"
            ),
            models.CheckConstraint(
                condition=models.Q(answered_at=None, answered_by="")
                | models.Q(answered_at__isnull=False) & ~models.Q(answered_by=""),
                name="integrations_data_request_answer",
            ),
        ]

    def is_late(self, now: datetime) -> bool:
        return self.answered_at is None and now > self.due_at
