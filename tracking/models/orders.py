"""Orders and refunds as the shop sent them. Facts only, no commission."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Collate, Reverse, Upper

from accounts.models import OutboxEvent
from accounts.outbox.triggers import event_of_change, event_of_new
from core.money import Money
from core.tenancy import TenantForeignKey, TenantModel

# Search finds order numbers by their beginning and their end. LIKE uses an index only with
# collation "C".
NUMBER_FORWARDS = Collate(Upper("external_id"), "C")
NUMBER_BACKWARDS = Collate(Reverse(Upper("external_id")), "C")


class Order(TenantModel):
    """Identity is (brand, source, external_id), once for ever.

    `digest` is the SHA-256 of the order's contents: a repeat has the same digest, and an order with
    other contents is refused. `unattributed` says why the order has no conversion.
    """

    source = models.CharField(max_length=60)
    external_id = models.CharField(max_length=120)
    ordered_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField()  # of the lines, after discounts, no tax, no shipping
    customer_ref = models.CharField(max_length=120, blank=True)
    # As they were sent, in their order; tracking.links.code_text says which are the same code.
    promo_codes = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    click_id = models.CharField(max_length=120, blank=True)
    customer_is_new = models.BooleanField(null=True)  # where the shop says so
    digest = models.CharField(max_length=64)
    unattributed = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "source", "external_id"], name="tracking_order_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["brand", "customer_ref", "-ordered_at"],
                name="tracking_order_customer",
                condition=~models.Q(customer_ref=""),
            ),
            models.Index(models.F("brand"), NUMBER_FORWARDS, name="tracking_order_number"),
            models.Index(models.F("brand"), NUMBER_BACKWARDS, name="tracking_order_number_end"),
        ]
        triggers = [
            event_of_new(
                OutboxEvent.ORDER_RECORDED,
                name="tracking_order_recorded",
                target="order",
                data={"currency": "added.currency", "total_minor": "added.total_minor"},
            )
        ]


class OrderLine(TenantModel):
    order = TenantForeignKey(Order)
    position = models.PositiveIntegerField()
    sku = models.CharField(max_length=120)
    product = models.CharField(max_length=300, blank=True)
    collections = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    quantity = models.PositiveIntegerField()
    net_minor = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "order", "position"], name="tracking_line_position"
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0, net_minor__gte=0), name="tracking_line_positive"
            ),
        ]


class RefundState(models.TextChoices):
    PARKED = "parked", "Waiting for its order"
    APPLIED = "applied", "Applied"
    REFUSED = "refused", "Refused"


# What the outbox tells of a refund that was applied.
REFUND_TOLD = {
    "order": "added.order_id",
    "currency": "added.currency",
    "amount_minor": "added.amount_minor",
}


class Refund(TenantModel):
    """Money given back for all lines of one sku in one order.

    A refund that arrives before its order is parked, and applied when the order arrives. If it is
    then larger than its lines, it is refused and `reason` says so.
    """

    source = models.CharField(max_length=60)
    external_id = models.CharField(max_length=120)
    order_external_id = models.CharField(max_length=120)
    order = TenantForeignKey(Order, null=True)
    sku = models.CharField(max_length=120)
    quantity = models.PositiveIntegerField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    refunded_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=RefundState)
    reason = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "source", "external_id"], name="tracking_refund_once"
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0, amount_minor__gt=0),
                name="tracking_refund_positive",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="applied", order=None), name="tracking_refund_has_order"
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "order"], name="tracking_refund_order"),
            models.Index(
                fields=["brand", "source", "order_external_id"],
                name="tracking_refund_parked",
                condition=models.Q(state="parked"),
            ),
        ]
        triggers = [
            event_of_new(
                OutboxEvent.ORDER_REFUNDED,
                name="tracking_refund_applied",
                target="refund",
                data=REFUND_TOLD,
                where="added.state = 'applied'",
            ),
            event_of_change(
                OutboxEvent.ORDER_REFUNDED,
                name="tracking_refund_applied_later",
                target="refund",
                data=REFUND_TOLD,
                columns=["state"],
                where="added.state = 'applied'",
            ),
        ]

    @property
    def given_back(self) -> Money:
        return Money(self.amount_minor, self.currency)
