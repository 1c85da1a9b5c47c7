"""Attributed orders, and the earnings of clicks."""

from __future__ import annotations

import pgtrigger
from django.db import models

from accounts.models import OutboxEvent
from accounts.outbox.triggers import event_of_change, event_of_new
from affiliates.models import Member
from core.kept_sums import KeptSum, after_statement, kept_in
from core.money import BASIS_POINTS, Money
from core.tenancy import TenantForeignKey, TenantModel
from offers.joins import JOIN_ENROLLMENT_OF_ADDED, JOIN_OFFER, WHO_IS_TOLD
from offers.models import Enrollment, Offer, Terms
from tracking.models.orders import Order


class ConversionStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"


class Evidence(models.TextChoices):
    CODE = "code", "Promo code"
    CLICK = "click", "Tracking link"
    CUSTOMER = "customer", "Remembered customer"
    BY_HAND = "by_hand", "Added by hand"


# What the outbox tells of a conversion.
CONVERSION_TOLD = {
    "order": "added.order_id",
    "enrollment": "added.enrollment_id",
    "status": "added.status",
    "currency": "added.currency",
    "sale_minor": "added.sale_minor",
    "refunded_minor": "added.refunded_minor",
    "commission_minor": "added.commission_minor",
}
CLICKS_TOLD = {
    **WHO_IS_TOLD,
    "day": "added.day",
    "clicks": "added.clicks",
    "currency": "offer.currency",
    "amount_minor": "added.amount_minor",
}
JOIN_OFFER_OF_CLICKS = f"{JOIN_ENROLLMENT_OF_ADDED} {JOIN_OFFER}"


# One conversion with the whole share needs no look at the others: an index allows but one.
_SHARES = """
IF (SELECT sum(share_bp) FROM tracking_conversion
    WHERE brand_id = NEW.brand_id AND order_id = NEW.order_id) <> 10000 THEN
  RAISE EXCEPTION 'the shares of an order add up to 10000 basis points'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'tracking_conversion_shares';
END IF;
RETURN NULL;
"""


# A new conversion, or one that counts again or no more, is looked at by the rules of flags.
_CHECK_NEW = """
INSERT INTO tracking_flagcheck (brand_id, conversion_id)
SELECT brand_id, id FROM added;
RETURN NULL;
"""
_CHECK_CHANGED = """
INSERT INTO tracking_flagcheck (brand_id, conversion_id)
SELECT added.brand_id, added.id
FROM added JOIN removed ON removed.brand_id = added.brand_id AND removed.id = added.id
WHERE (added.status = 'rejected') <> (removed.status = 'rejected');
RETURN NULL;
"""


class Conversion(TenantModel):
    """An order that is credited to a member, whole or by share.

    The shares of an order's conversions add up to 10,000 basis points; a member who lost the order
    to others keeps a conversion with the share 0. Sale and refunds are those of the share.
    `commission_minor` is the target: the sum of its ledger entries. `earnable_minor` is the
    commission that it earns or would earn if accepted. Fields that are set when it is recorded
    decide what it earns: the version of the terms, the tier, the code, the kind of customer, and
    what was left of the cap. `is_held` keeps an accepted one pending until its flags are decided.
    `claims` holds all evidence of the order, the winner first.
    """

    order = TenantForeignKey(Order)
    enrollment = TenantForeignKey(Enrollment)
    offer = TenantForeignKey(Offer)
    member = TenantForeignKey(Member)
    terms = TenantForeignKey(Terms)
    tier = models.PositiveSmallIntegerField(default=0)  # counts from 1; 0: below the first
    share_bp = models.PositiveSmallIntegerField(default=BASIS_POINTS, db_default=BASIS_POINTS)
    # What enrollments with lower ids have of the order: rounded shares add up, one after another.
    shares_before_bp = models.PositiveSmallIntegerField(default=0, db_default=0)
    share_reason = models.CharField(max_length=300, blank=True, db_default="")  # members read it
    promo_code = models.CharField(max_length=60, blank=True)  # if it was the code that won
    customer = models.CharField(max_length=9, blank=True)  # structure.Customer, where a rule asks
    left_under_cap_minor = models.BigIntegerField(null=True)  # where a cap cuts what it earns
    # What staff or the terms decided, and why. The state of the order can stand above it:
    # tracking.commissions.status derives `status` and `reason`, which the member reads.
    decision = models.CharField(max_length=8, choices=ConversionStatus)
    decision_reason = models.CharField(max_length=300, blank=True)
    is_held = models.BooleanField(default=False, db_default=False)  # for review, by a flag
    status = models.CharField(max_length=8, choices=ConversionStatus)
    reason = models.CharField(max_length=300, blank=True)
    evidence = models.CharField(max_length=8, choices=Evidence)
    why = models.CharField(max_length=300)  # why this evidence won, in a sentence
    claims = models.JSONField(default=list)  # a list of orders.attribution.FoundEvidence
    occurred_at = models.DateTimeField()  # when the order was placed
    payable_at = models.DateTimeField()  # when the hold ends
    currency = models.CharField(max_length=3)  # the offer's
    # Where the order is in another currency: what one of it is worth, and the rate's day.
    rate = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    rate_on = models.DateField(null=True)
    sale_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0)
    commission_minor = models.BigIntegerField(default=0)
    earnable_minor = models.BigIntegerField(default=0)
    explanation = models.JSONField(default=list)  # a list of offers.commission.CommissionStep

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "order", "enrollment"], name="tracking_conversion_share"
            ),
            models.UniqueConstraint(
                fields=["brand", "order"],
                name="tracking_conversion_whole",
                condition=models.Q(share_bp=BASIS_POINTS),
            ),
            models.CheckConstraint(
                condition=models.Q(shares_before_bp__lte=BASIS_POINTS - models.F("share_bp")),
                name="tracking_conversion_share_bp",
            ),
            models.CheckConstraint(
                condition=models.Q(rate=None, rate_on=None)
                | models.Q(rate__gt=0, rate_on__isnull=False),
                name="tracking_conversion_rate",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    refunded_minor__gte=0,
                    sale_minor__gte=models.F("refunded_minor"),
                    commission_minor__gte=0,
                    earnable_minor__gte=models.F("commission_minor"),
                ),
                name="tracking_conversion_amounts",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "-occurred_at", "-id"], name="tracking_conversion_new"),
            models.Index(
                fields=["brand", "enrollment", "-occurred_at", "-id"],
                name="tracking_conversion_who",
            ),
            models.Index(
                fields=["brand", "offer", "-occurred_at", "-id"], name="tracking_conversion_offer"
            ),
            models.Index(
                fields=["brand", "-occurred_at"],
                name="tracking_conversion_pending",
                condition=models.Q(status="pending"),
            ),
            *(
                models.Index(
                    fields=["brand", f"-{figure}_minor", "-id"], name=f"tracking_by_{figure}"
                )
                for figure in ("sale", "refunded", "commission")
            ),
            # Pending and rejected conversions are few: their index holds no accepted ones.
            models.Index(
                fields=["brand", "enrollment", "status", "-occurred_at", "-id"],
                name="tracking_conversion_few",
                condition=models.Q(status__in=["pending", "rejected"]),
            ),
            models.Index(
                fields=["brand", "-occurred_at", "-id"],
                name="tracking_conversion_rejected",
                condition=models.Q(status="rejected"),
            ),
            models.Index(
                fields=["brand", "member", "-occurred_at", "-id"],
                name="tracking_conversion_member",
            ),
            models.Index(
                fields=["brand", "evidence", "-occurred_at", "-id"],
                name="tracking_conversion_evidence",
            ),
        ]
        triggers = [
            *(
                pgtrigger.Trigger(
                    name=f"tracking_conversion_shares_{name}",
                    operation=operation,
                    when=pgtrigger.After,
                    timing=pgtrigger.Deferred,
                    condition=condition,
                    func=_SHARES,
                )
                for name, operation, condition in (
                    ("insert", pgtrigger.Insert, pgtrigger.Q(new__share_bp__lt=BASIS_POINTS)),
                    ("update", pgtrigger.UpdateOf("share_bp"), None),
                )
            ),
            *kept_in(
                "tracking_conversioncount",
                keys={"offer_id": "moved.offer_id", "status": "moved.status"},
                sums={"conversions": "1"},
                on=[pgtrigger.Insert, pgtrigger.Update, pgtrigger.Delete],
            ),
            after_statement(
                pgtrigger.Insert, name="tracking_conversion_check_new", func=_CHECK_NEW
            ),
            after_statement(
                pgtrigger.Update, name="tracking_conversion_check", func=_CHECK_CHANGED
            ),
            event_of_new(
                OutboxEvent.CONVERSION_RECORDED,
                name="tracking_conversion_recorded",
                target="conversion",
                data=CONVERSION_TOLD,
            ),
            event_of_change(
                OutboxEvent.CONVERSION_CHANGED,
                name="tracking_conversion_changed",
                target="conversion",
                data=CONVERSION_TOLD,
                columns=["status", "sale_minor", "refunded_minor", "commission_minor"],
            ),
        ]

    @property
    def sale(self) -> Money:
        return Money(self.sale_minor, self.currency)

    @property
    def refunded(self) -> Money:
        return Money(self.refunded_minor, self.currency)

    @property
    def commission(self) -> Money:
        return Money(self.commission_minor, self.currency)

    @property
    def earnable(self) -> Money:
        return Money(self.earnable_minor, self.currency)


class ConversionCount(KeptSum):
    """The number of an offer's conversions with a status. A trigger keeps it."""

    KEYS = ("offer_id", "status")
    FIGURES = ("conversions",)

    offer = TenantForeignKey(Offer)
    status = models.CharField(max_length=8, choices=ConversionStatus)
    conversions = models.BigIntegerField()

    class Meta(KeptSum.Meta):
        indexes = [
            *KeptSum.Meta.indexes,
            models.Index(fields=["brand", "offer", "status"], name="tracking_count_status"),
        ]


class ClickEarning(TenantModel):
    """The earnings of one enrollment's clicks on one day under one version of the terms.

    `amount_minor` pays for `clicks`, except for what a cap cuts off. Its ledger entries add up to
    `amount_minor`.
    """

    enrollment = TenantForeignKey(Enrollment)
    day = models.DateField()  # in the brand's time zone
    terms = TenantForeignKey(Terms)
    clicks = models.PositiveIntegerField()
    amount_minor = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "enrollment", "day", "terms"], name="tracking_clickearning_once"
            ),
        ]
        triggers = [
            event_of_new(
                OutboxEvent.CLICKS_CREDITED,
                name="tracking_clicks_credited",
                target="clickearning",
                data=CLICKS_TOLD,
                join=JOIN_OFFER_OF_CLICKS,
            ),
            event_of_change(
                OutboxEvent.CLICKS_CREDITED,
                name="tracking_clicks_changed",
                target="clickearning",
                data=CLICKS_TOLD,
                columns=["amount_minor"],
                join=JOIN_OFFER_OF_CLICKS,
            ),
        ]
