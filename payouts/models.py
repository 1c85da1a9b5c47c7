"""The ledger, payouts and the entries each payout pays, and runs that make many at once.

A payout posts one negative entry per enrollment when it is made; a payout that fails or is
cancelled posts them back and releases its items. A balance is the SUM of the ledger. A run in
draft names members and entries and holds no money: its payouts are made when it is confirmed.
"""

from __future__ import annotations

import uuid

import pgtrigger
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Creator, Member
from core.db import append_only
from core.kept_sums import KeptSum, kept_in
from core.money import Money
from core.tenancy import TenantForeignKey, TenantModel
from offers.models import JOIN_ENROLLMENT, Enrollment, Offer


class PayoutState(models.TextChoices):
    DRAFT = "draft", "Draft"
    PENDING_INFO = "pending_info", "Pending info"
    PROCESSING = "processing", "Processing"
    PAID = "paid", "Paid"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class PayoutMethod(models.TextChoices):
    BANK = "bank", _("Bank account")
    PAYPAL = "paypal", _("PayPal")


class PayoutDetails(models.Model):
    """Where a creator is paid, by every brand alike. `sealed` is encrypted: see payouts.sealing.

    What may be shown stands beside it: the method, the country and `ending`, the last characters of
    the account ("····4821").
    """

    creator = models.OneToOneField(Creator, on_delete=models.CASCADE, related_name="+")
    method = models.CharField(max_length=6, choices=PayoutMethod)
    country = models.CharField(max_length=2)
    ending = models.CharField(max_length=80)
    sealed = models.TextField()
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.method} {self.ending}"


class PayoutRun(TenantModel):
    """Payments to many members in one currency, drafted and then confirmed together."""

    currency = models.CharField(max_length=3)
    minimum_minor = models.BigIntegerField()  # members due less than this stay due
    state = models.CharField(max_length=12, choices=PayoutState, default=PayoutState.DRAFT)
    # What its lines add up to, without those left out.
    amount_minor = models.BigIntegerField(default=0)
    payments = models.PositiveIntegerField(default=0)
    reference = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=300, blank=True)  # why it failed or was cancelled
    confirmation = models.UUIDField()  # the form's own key: a second click finds this
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=200)
    drawn_up_at = models.DateTimeField(null=True)  # when the last of its lines was written
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True)  # when the last of its payments left processing

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "confirmation"], name="payouts_run_drafted_once"
            ),
            models.CheckConstraint(
                condition=models.Q(minimum_minor__gte=0), name="payouts_run_minimum"
            ),
        ]
        indexes = [models.Index(fields=["brand", "-created_at"], name="payouts_run_new")]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def minimum(self) -> Money:
        return Money(self.minimum_minor, self.currency)


class PayoutRunMember(TenantModel):
    """A member that a run was drawn up for, with what was due then. Below the minimum: left out."""

    run = TenantForeignKey(PayoutRun)
    member = TenantForeignKey(Member)
    due_minor = models.BigIntegerField()
    is_left_out = models.BooleanField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "run", "member"], name="payouts_runmember_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["brand", "run", "is_left_out", "-due_minor", "id"],
                name="payouts_runmember_list",
            )
        ]


class Payout(TenantModel):
    """A payment to one member, in one currency."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    run = TenantForeignKey(PayoutRun, null=True)  # none: recorded by hand
    member = TenantForeignKey(Member)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    state = models.CharField(max_length=12, choices=PayoutState)
    reference = models.CharField(max_length=120, blank=True)  # the bank's or PayPal's
    reason = models.CharField(max_length=300, blank=True)  # why it failed or was cancelled
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=200)
    settled_at = models.DateTimeField(null=True)  # when it became paid, failed or cancelled

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="payouts_payout_positive"
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "member", "-id"], name="payouts_payout_member"),
            models.Index(fields=["brand", "-created_at", "-id"], name="payouts_payout_newest"),
            models.Index(
                fields=["brand", "run", "member"],
                name="payouts_payout_run",
                condition=models.Q(run__isnull=False),
            ),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class EntryKind(models.TextChoices):
    COMMISSION = "commission", "Commission"
    ADJUSTMENT = "adjustment", "Adjustment"
    PAYOUT = "payout", "Payout"
    PAYOUT_RETURNED = "payout_returned", "Payout returned"


OPEN_STATES = (PayoutState.PROCESSING, PayoutState.PENDING_INFO)
OF_NOTHING = models.Q(conversion_id=None, click_earning_id=None)
EARNED_KINDS = (EntryKind.COMMISSION, EntryKind.ADJUSTMENT)


class LedgerEntry(TenantModel):
    """One posting, in minor units, positive towards the member. Append-only.

    A commission is of a conversion or of a day's clicks: `conversion_id` and `click_earning_id`
    point into tracking. Their composite foreign keys are made by tracking's migration, since
    payouts lies below it. `available_at` says when it may be paid.
    """

    enrollment = TenantForeignKey(Enrollment)
    kind = models.CharField(max_length=16, choices=EntryKind)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    conversion_id = models.BigIntegerField(null=True)
    click_earning_id = models.BigIntegerField(null=True)
    payout = TenantForeignKey(Payout, null=True)
    note = models.CharField(max_length=300, blank=True)
    confirmation = models.UUIDField(null=True)  # the form's own key: a second click finds this
    posted_at = models.DateTimeField()
    available_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=~models.Q(amount_minor=0), name="payouts_entry_not_zero"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    kind="commission", conversion_id__isnull=False, click_earning_id=None
                )
                | models.Q(kind="commission", conversion_id=None, click_earning_id__isnull=False)
                | models.Q(kind="adjustment", payout=None) & OF_NOTHING
                | models.Q(kind__in=["payout", "payout_returned"], payout__isnull=False)
                & OF_NOTHING,
                name="payouts_entry_kind",
            ),
            models.UniqueConstraint(
                fields=["brand", "confirmation"],
                condition=models.Q(confirmation__isnull=False),
                name="payouts_entry_confirmed_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["brand", "enrollment", "available_at"],
                name="payouts_entry_who",
                include=["amount_minor", "kind"],
            ),
            models.Index(
                fields=["brand", "conversion_id"],
                name="payouts_entry_conversion",
                condition=models.Q(conversion_id__isnull=False),
            ),
            models.Index(
                fields=["brand", "click_earning_id"],
                name="payouts_entry_clicks",
                condition=models.Q(click_earning_id__isnull=False),
            ),
            models.Index(
                fields=["brand", "payout"],
                name="payouts_entry_payout",
                condition=models.Q(payout__isnull=False),
            ),
            # Few beside the commissions: payments, what came back, bonuses and corrections.
            models.Index(
                fields=["brand", "enrollment", "kind", "-posted_at", "-id"],
                name="payouts_entry_few",
                condition=~models.Q(kind="commission"),
            ),
        ]
        triggers = [
            append_only("payouts_entry_append_only"),
            *kept_in(
                "payouts_ledgersum",
                keys={
                    "enrollment_id": "moved.enrollment_id",
                    "offer_id": "enrollment.offer_id",
                    "member_id": "enrollment.member_id",
                    "currency": "moved.currency",
                    "available_at": "moved.available_at",
                },
                join=JOIN_ENROLLMENT,
                sums={"amount_minor": "moved.amount_minor"},
                on=[pgtrigger.Insert],
            ),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class LedgerSum(KeptSum):
    """What entries of an enrollment add up to, by when they may be paid. Kept by a trigger."""

    KEYS = ("enrollment_id", "offer_id", "member_id", "currency")
    FIGURES = ("amount_minor",)
    COUNTS_FROM = "available_at"

    enrollment = TenantForeignKey(Enrollment)
    offer = TenantForeignKey(Offer)
    member = TenantForeignKey(Member)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    available_at = models.DateTimeField()

    class Meta(KeptSum.Meta):
        indexes = [
            *KeptSum.Meta.indexes,
            models.Index(fields=["brand", "enrollment", "currency"], name="payouts_sum_who"),
            models.Index(fields=["brand", "available_at"], name="payouts_sum_due"),
        ]


class PayoutItem(TenantModel):
    """A ledger entry that a payout pays. An entry stands in at most one live payout."""

    payout = TenantForeignKey(Payout)
    entry = TenantForeignKey(LedgerEntry)
    released_at = models.DateTimeField(null=True)  # set when the payout failed or was cancelled

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "entry"],
                condition=models.Q(released_at=None),
                name="payouts_item_entry_paid_once",
            ),
        ]
        indexes = [models.Index(fields=["brand", "payout"], name="payouts_item_payout")]


class PayoutRunEntry(TenantModel):
    """An entry that a draft names for a member. Gone when the run is confirmed or cancelled: a
    confirmed one's are its payments' items.
    """

    line = TenantForeignKey(PayoutRunMember)
    entry = TenantForeignKey(LedgerEntry)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "line", "entry"], name="payouts_runentry_once"
            ),
        ]
