"""Flags: sales that staff should look at, the settings of flags, and codes that leaked."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.models import OutboxEvent
from accounts.outbox.triggers import event_of_change, event_of_new
from affiliates.models import Member
from core.kept_sums import KeptSum, kept_in
from core.tenancy import TenantForeignKey, TenantModel
from offers.models import Enrollment, Offer
from tracking.models.conversions import Conversion
from tracking.models.items import PromoCode


class FlagKind(models.TextChoices):
    SELF_PURCHASE = "self_purchase", "Own purchase"
    PAID_SEARCH = "paid_search", "Paid search"
    COUPON_SITE = "coupon_site", "Coupon site"
    CODE_SURGE = "code_surge", "Code without clicks"
    FAST_ORDER = "fast_order", "Seconds after the click"
    SAME_CUSTOMER = "same_customer", "Same customer"
    SHARED_ACCOUNT = "shared_account", "Shared payout account"
    VELOCITY = "velocity", "Unusual number of sales"


class FlagState(models.TextChoices):
    OPEN = "open", "Open"
    CLEARED = "cleared", "Cleared"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"


DECIDED_FLAGS = models.Q(state__in=["cleared", "rejected"])
# What the outbox tells of a flag.
FLAG_TOLD = {
    "conversion": "added.conversion_id",
    "enrollment": "added.enrollment_id",
    "kind": "added.kind",
    "state": "added.state",
}


class Flag(TenantModel):
    """Something about a conversion that staff should look at. It changes no money by itself.

    `evidence` holds the facts and numbers that its rule found (tracking.flags.rules), from which
    its sentence is made. Facts that come later can withdraw an open flag, and raise it again. What
    staff decided stays.
    """

    conversion = TenantForeignKey(Conversion)
    enrollment = TenantForeignKey(Enrollment)
    offer = TenantForeignKey(Offer)
    member = TenantForeignKey(Member)
    kind = models.CharField(max_length=14, choices=FlagKind)
    state = models.CharField(max_length=9, choices=FlagState, default=FlagState.OPEN)
    evidence = models.JSONField()
    raised_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300, blank=True)  # of the decision

    other_name: str = ""  # of the other member that the evidence names; see flags.selectors

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "conversion", "kind"], name="tracking_flag_once"
            ),
            models.CheckConstraint(
                condition=DECIDED_FLAGS & models.Q(decided_at__isnull=False) & ~models.Q(reason="")
                | ~DECIDED_FLAGS & models.Q(decided_at=None),
                name="tracking_flag_decision",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "-raised_at", "-id"], name="tracking_flag_new"),
            models.Index(
                fields=["brand", "-raised_at", "-id"],
                name="tracking_flag_open",
                condition=models.Q(state="open"),
            ),
            models.Index(fields=["brand", "member", "-raised_at"], name="tracking_flag_member"),
            models.Index(fields=["brand", "enrollment", "kind"], name="tracking_flag_kind"),
        ]
        triggers = [
            *kept_in(
                "tracking_flagcount",
                keys={"kind": "moved.kind", "state": "moved.state"},
                sums={"flags": "1"},
                on=[pgtrigger.Insert, pgtrigger.Update, pgtrigger.Delete],
            ),
            event_of_new(
                OutboxEvent.FLAG_RAISED,
                name="tracking_flag_raised",
                target="flag",
                data=FLAG_TOLD,
            ),
            event_of_change(
                "CASE added.state WHEN 'open' THEN 'flag.raised' ELSE 'flag.decided' END",
                name="tracking_flag_decided",
                target="flag",
                data=FLAG_TOLD,
                columns=["state"],
            ),
        ]


class FlagCount(KeptSum):
    """The number of a brand's flags of a kind and state. A trigger keeps it."""

    KEYS = ("kind", "state")
    FIGURES = ("flags",)

    kind = models.CharField(max_length=14, choices=FlagKind)
    state = models.CharField(max_length=9, choices=FlagState)
    flags = models.BigIntegerField()

    class Meta(KeptSum.Meta):
        indexes = [
            *KeptSum.Meta.indexes,
            models.Index(fields=["brand", "kind", "state"], name="tracking_flagcount_kind"),
        ]


class FlagCheckState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    AWAITS_CLICK = "click", "Waiting for its click"
    FAILED = "failed", "Failed, to be tried again"


class FlagCheck(TenantModel):
    """A conversion that the rules of flags have to look at.

    A trigger adds a row with every new or changed conversion, in the same statement. Rows are added
    and removed and never updated by writers of orders, so no order waits for a check. While an
    order's click is not stored yet, its row waits for it.
    """

    conversion = TenantForeignKey(Conversion)
    state = models.CharField(
        max_length=7, choices=FlagCheckState, db_default=FlagCheckState.WAITING
    )
    due_at = models.DateTimeField(db_default=Now())
    tries = models.PositiveSmallIntegerField(db_default=0)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["brand", "due_at"], name="tracking_check_due")]


class FlagSettings(TenantModel):
    """A brand's settings of flags: kinds that are off, and coupon sites that staff added."""

    off_kinds = ArrayField(
        models.CharField(max_length=14, choices=FlagKind), default=list, blank=True
    )
    coupon_hosts = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    version = models.PositiveIntegerField(default=1)  # for optimistic locking of staff's changes

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand"], name="tracking_flagsettings_once"),
        ]


class FlagHold(TenantModel):
    """The kinds of flags that hold an offer's sales for review; "all" stands for every kind."""

    ALL = "all"

    offer = TenantForeignKey(Offer)
    kinds = ArrayField(models.CharField(max_length=14), default=list, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "offer"], name="tracking_flaghold_once"),
        ]

    def holds(self, kind: str) -> bool:
        return self.ALL in self.kinds or kind in self.kinds


class LeakState(models.TextChoices):
    OPEN = "open", "Open"
    REPLACED = "replaced", "Replaced"
    DISMISSED = "dismissed", "Dismissed"


class LeakedCode(TenantModel):
    """A code that strangers seem to spread. `evidence` holds the numbers that say so."""

    promo_code = TenantForeignKey(PromoCode)
    state = models.CharField(max_length=9, choices=LeakState, default=LeakState.OPEN)
    evidence = models.JSONField()
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "promo_code"], name="tracking_leak_once"),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at=None)
                | ~models.Q(state="open") & models.Q(decided_at__isnull=False),
                name="tracking_leak_decision",
            ),
        ]
