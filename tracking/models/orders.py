"""Orders, what became of them, and refunds, as the shop stated them. Facts only, no commission."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Collate, Reverse, Upper

from accounts.models import Brand, OutboxEvent
from accounts.outbox.triggers import event_of_change, event_of_new
from core.db import append_only
from core.kept_sums import after_statement
from core.money import Money
from core.tenancy import TenantForeignKey, TenantModel
from core.word_search import index_of_pieces, pieces_of, pieces_of_array


# Search finds order numbers by their beginning and their end. LIKE uses an index only with
# collation "C".
def number_forwards(via: str = "") -> Collate:
    """The order's number as the index holds it; `via` leads to the order ("order__")."""
    return Collate(Upper(f"{via}external_id"), "C")


def number_backwards(via: str = "") -> Collate:
    """The same from its end."""
    return Collate(Reverse(Upper(f"{via}external_id")), "C")


def shown_number(via: str = "") -> Collate:
    """The number that the shop shows, as its index holds it."""
    return Collate(Upper(f"{via}number"), "C")


NUMBER_FORWARDS, NUMBER_BACKWARDS = number_forwards(), number_backwards()
SHOWN_NUMBER = shown_number()

NOT_CREDITED = ~models.Q(unattributed="")
HAS_CODE = ~models.Q(promo_codes=[])
CODE_PIECES, CODE_INDEX = pieces_of_array("promo_codes"), "tracking_order_code_pieces"
REFUND_INDEX = "tracking_refund_pieces"


class PaymentStatus(models.TextChoices):
    PENDING = "pending", "Not paid yet"
    PAID = "paid", "Paid"
    VOIDED = "voided", "Payment voided"


# What the outbox tells of an order.
ORDER_TOLD = {
    "order_id": "added.external_id",
    "source": "added.source",
    "currency": "added.currency",
    "total_minor": "added.total_minor",
    "payment_status": "added.payment_status",
    "cancelled_at": "added.cancelled_at",
}


# The rules of flags look at these columns.
_CHECK_AGAIN = """
INSERT INTO tracking_flagcheck (brand_id, conversion_id)
SELECT conversion.brand_id, conversion.id
FROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id
JOIN tracking_conversion conversion
  ON conversion.brand_id = added.brand_id AND conversion.order_id = added.id
WHERE (added.customer_ref, added.customer_digest, added.referrer_host, added.click_id)
  IS DISTINCT FROM
  (removed.customer_ref, removed.customer_digest, removed.referrer_host, removed.click_id);
RETURN NULL;
"""


class Order(TenantModel):
    """An order as its newest statement has it. Identity is (brand, source, external_id), for ever.

    `digest` is the SHA-256 of its contents, by which a repeat is known. `updated_at` is the shop's
    own time of the statement, and `revision` its number. `number` is what the shop shows in place
    of the id, such as "#7001". `unattributed` says why the order has no conversion.
    """

    source = models.CharField(max_length=60)
    external_id = models.CharField(max_length=120)
    # `db_default` is for web processes of before.
    number = models.CharField(max_length=120, blank=True, default="", db_default="")
    ordered_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField()  # of the lines, after discounts, no tax, no shipping
    commissionable_minor = models.BigIntegerField()  # of the lines that earn commission
    payment_status = models.CharField(
        max_length=7, choices=PaymentStatus, default=PaymentStatus.PAID
    )
    cancelled_at = models.DateTimeField(null=True)
    is_test = models.BooleanField(default=False)  # never counts
    customer_ref = models.CharField(max_length=120, blank=True)
    # The customer's address as a keyed digest (tracking.orders.customer_digest), and the site that
    # the shopper came from, where the shop says so. `db_default` is for web processes of before.
    customer_digest = models.CharField(max_length=64, blank=True, default="", db_default="")
    referrer_host = models.CharField(max_length=253, blank=True, default="", db_default="")
    # As they were sent, in their order; tracking.links.code_text says which are the same code.
    promo_codes = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    click_id = models.CharField(max_length=120, blank=True)
    customer_is_new = models.BooleanField(null=True)  # where the shop says so
    digest = models.CharField(max_length=64)
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    unattributed = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "source", "external_id"], name="tracking_order_once"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    commissionable_minor__gte=0, total_minor__gte=models.F("commissionable_minor")
                ),
                name="tracking_order_amounts",
            ),
        ]
        indexes = [
            models.Index(
                fields=["brand", "customer_ref", "-ordered_at"],
                name="tracking_order_customer",
                condition=~models.Q(customer_ref=""),
            ),
            models.Index(fields=["brand", "-received_at", "-id"], name="tracking_order_received"),
            models.Index(models.F("brand"), NUMBER_FORWARDS, name="tracking_order_number"),
            models.Index(models.F("brand"), NUMBER_BACKWARDS, name="tracking_order_number_end"),
            models.Index(
                models.F("brand"),
                SHOWN_NUMBER,
                name="tracking_order_shown_number",
                condition=~models.Q(number=""),
            ),
            models.Index(
                fields=["brand", "-ordered_at", "-id"],
                name="tracking_order_unattributed",
                condition=NOT_CREDITED,
            ),
            models.Index(
                fields=["brand", "-ordered_at", "-id"],
                name="tracking_order_lost_codes",
                condition=NOT_CREDITED & HAS_CODE,
            ),
            index_of_pieces(
                CODE_PIECES,
                name=CODE_INDEX,
                condition=NOT_CREDITED & HAS_CODE,
            ),
        ]
        triggers = [
            after_statement(pgtrigger.Update, name="tracking_order_flag_check", func=_CHECK_AGAIN),
            event_of_new(
                OutboxEvent.ORDER_RECORDED,
                name="tracking_order_recorded",
                target="order",
                data=ORDER_TOLD,
            ),
            event_of_change(
                OutboxEvent.ORDER_REVISED,
                name="tracking_order_revised",
                target="order",
                data=ORDER_TOLD,
                columns=["revision"],
            ),
        ]


class OrderRevision(TenantModel):
    """One statement of an order by its shop, numbered as they arrived.

    `contents` is the order in the words of the API. An order that was stated once has no row here:
    its only statement is the order itself. The first is written together with the second. A
    statement that is older than what was known is kept, and the order's `revision` names another.
    """

    order = TenantForeignKey(Order)
    number = models.PositiveIntegerField()
    contents = models.JSONField()
    digest = models.CharField(max_length=64)
    updated_at = models.DateTimeField()  # by the shop's clock
    received_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "order", "number"], name="tracking_revision_number"
            ),
        ]
        triggers = [append_only("tracking_revision_append_only")]


class OrderLine(TenantModel):
    """`line_id` is the shop's own name of the line, or else its place, from 1.

    `refunded_minor` is what the order's refunds take from it; see tracking.orders.applying.
    """

    order = TenantForeignKey(Order)
    position = models.PositiveIntegerField()
    line_id = models.CharField(max_length=120)
    sku = models.CharField(max_length=120, blank=True)
    product = models.CharField(max_length=300, blank=True)
    collections = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    quantity = models.DecimalField(max_digits=15, decimal_places=3)
    net_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0, db_default=0)
    is_commissionable = models.BooleanField(default=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "order", "line_id"], name="tracking_line_once"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    quantity__gte=0,
                    refunded_minor__gte=0,
                    net_minor__gte=models.F("refunded_minor"),
                ),
                name="tracking_line_amounts",
            ),
        ]

    @property
    def left_minor(self) -> int:
        """What is not refunded, in minor units."""
        return self.net_minor - self.refunded_minor

    def refund(self, minor: int) -> int:
        """Refund up to `minor` of it, unsaved; return how much that was."""
        taken = min(minor, self.left_minor)
        self.refunded_minor += taken
        return taken


class RefundState(models.TextChoices):
    PARKED = "parked", "Waiting for its order"
    APPLIED = "applied", "Applied"
    UNDONE = "undone", "Undone"


# Refunds that staff should look at: they wait for their order, or took less than was asked.
TO_CHECK = models.Q(state="parked") | models.Q(state="applied") & ~models.Q(reason="")

# What the outbox tells of a refund that was applied, applied again, or undone.
REFUND_TOLD = {
    "order": "added.order_id",
    "currency": "added.currency",
    "amount_minor": "added.amount_minor",
}


class Refund(TenantModel):
    """Money given back for an order: for some of its lines, or for the order as a whole.

    `parts` says for which lines (facts.RefundPart as JSON; none: the whole order), `asked_minor`
    how much for the whole order (None: all that is left). `amount_minor` is what it takes from the
    order's lines, and `reason` says why that is less than was asked. A refund that arrives before
    its order waits for it. tracking.orders.applying works this out.
    """

    source = models.CharField(max_length=60)
    external_id = models.CharField(max_length=120)
    order_external_id = models.CharField(max_length=120)
    order = TenantForeignKey(Order, null=True)
    parts = models.JSONField(default=list)
    asked_minor = models.BigIntegerField(null=True)
    amount_minor = models.BigIntegerField(default=0)
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
                condition=models.Q(amount_minor__gte=0), name="tracking_refund_positive"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="applied", order=None), name="tracking_refund_has_order"
            ),
            models.CheckConstraint(
                condition=models.Q(state="applied") | models.Q(amount_minor=0),
                name="tracking_refund_takes_nothing",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "order"], name="tracking_refund_order"),
            models.Index(fields=["brand", "-received_at", "-id"], name="tracking_refund_received"),
            models.Index(
                fields=["brand", "source", "order_external_id"],
                name="tracking_refund_parked",
                condition=models.Q(state="parked"),
            ),
            models.Index(
                fields=["brand", "-received_at", "-id"],
                name="tracking_refund_to_check",
                condition=TO_CHECK,
            ),
            index_of_pieces(
                pieces_of("external_id", "order_external_id"),
                name=REFUND_INDEX,
                condition=TO_CHECK,
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
                columns=["amount_minor", "state"],
                where="added.order_id IS NOT NULL",
            ),
        ]

    @property
    def given_back(self) -> Money:
        return Money(self.amount_minor, self.currency)


# An order counts on a day of the time zone, and figures are kept in the currency.
NO_ORDER_YET = """
IF EXISTS (SELECT FROM tracking_order WHERE brand_id = NEW.id) THEN
    RAISE EXCEPTION 'the currency and the time zone of a brand are fixed by its first order';
END IF;
RETURN NEW;
"""


class BrandWithOrders(Brand):
    """A brand whose currency and time zone stay as they are once it has an order."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="tracking_brand_basics",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("currency", "time_zone"),
                condition=pgtrigger.Q(old__currency__df=pgtrigger.F("new__currency"))
                | pgtrigger.Q(old__time_zone__df=pgtrigger.F("new__time_zone")),
                func=NO_ORDER_YET,
            )
        ]
