"""The ledger, payouts with the entries each one pays, and runs that make many payouts at once.

A payout posts one negative entry per enrollment when it is made. A payout that fails or is
cancelled posts them back and releases its items. A balance is the sum of the ledger. A draft run
lists members and entries and moves no money: its payouts are made when it is confirmed.
"""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Case, Value, When
from django.utils import timezone

from accounts.models import OutboxEvent
from accounts.outbox.triggers import event_of_change, event_of_new
from affiliates.models import Member
from core.db import append_only
from core.kept_sums import KeptSum, kept_in
from core.money import Money
from core.tenancy import TenantForeignKey, TenantManager, TenantModel, TenantQuerySet
from core.word_search import index_of_pieces, pieces_of
from offers.joins import JOIN_ENROLLMENT
from offers.models import Enrollment, Offer
from payouts.models.adjustments_told import tells_adjustments
from payouts.models.details import DetailsRelease

REFERENCE_INDEX = "payouts_payout_pieces"


class PayoutState(models.TextChoices):
    DRAFT = "draft", "Draft"
    PENDING_INFO = "pending_info", "Waiting for details"
    PROCESSING = "processing", "Processing"
    PAID = "paid", "Paid"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


# What the outbox tells of a run and of a payment.
RUN_TOLD = {
    "state": "added.state",
    "currency": "added.currency",
    "amount_minor": "added.amount_minor",
    "payments": "added.payments",
}
PAYOUT_TOLD = {
    "run": "added.run_id",
    "member": "added.member_id",
    "state": "added.state",
    "currency": "added.currency",
    "amount_minor": "added.amount_minor",
}


class PayoutRun(TenantModel):
    """Payments to many members in one currency, drafted and then confirmed together."""

    currency = models.CharField(max_length=3)
    minimum_minor = models.BigIntegerField()  # members due less than this stay due
    state = models.CharField(max_length=12, choices=PayoutState, default=PayoutState.DRAFT)
    # The sum of its lines, without members left out.
    amount_minor = models.BigIntegerField(default=0)
    payments = models.PositiveIntegerField(default=0)
    reference = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=300, blank=True)  # why it failed or was cancelled
    confirmation = models.UUIDField()  # the form's own key: a second click finds this
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=200)
    drawn_up_at = models.DateTimeField(null=True)  # when its last line was written
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
        triggers = [
            event_of_change(
                OutboxEvent.PAYOUT_RUN_CHANGED,
                name="payouts_run_changed",
                target="payoutrun",
                data=RUN_TOLD,
                columns=["state"],
            )
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def minimum(self) -> Money:
        return Money(self.minimum_minor, self.currency)

    @property
    def draft_version(self) -> str:
        """Identify the draft as it is now. It is another one once the run is drafted again."""
        drawn_up_at = self.drawn_up_at.isoformat() if self.drawn_up_at else ""
        return f"{drawn_up_at} {self.amount_minor} {self.payments}"


class PayoutRunMember(TenantModel):
    """A member in a run, with the amount due when it was drafted. Below the minimum: left out."""

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
    """A payment to one member, in one currency.

    A payment in processing names the release that lets the brand see the account. A foreign key
    (brand, release, needs_live_release) to (brand, id, is_live) guarantees that the release is
    live. Once a file for a bank or PayPal contains the payment (`in_file_at`), it never waits for
    details again: it might be paid twice.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    run = TenantForeignKey(PayoutRun, null=True)  # null: recorded by hand
    member = TenantForeignKey(Member)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    state = models.CharField(max_length=12, choices=PayoutState)
    release = TenantForeignKey(DetailsRelease, null=True)
    in_file_at = models.DateTimeField(null=True)  # when a file for the bank or PayPal first had it
    needs_live_release = models.GeneratedField(
        expression=Case(When(state="processing", in_file_at=None, then=Value(True))),
        output_field=models.BooleanField(null=True),
        db_persist=True,
    )
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
            models.CheckConstraint(
                condition=~models.Q(state="draft"), name="payouts_payout_is_made"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="processing") | models.Q(release__isnull=False),
                name="payouts_payout_released",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "member", "-id"], name="payouts_payout_member"),
            models.Index(fields=["brand", "-created_at", "-id"], name="payouts_payout_newest"),
            index_of_pieces(pieces_of("reference"), name=REFERENCE_INDEX),
            models.Index(
                fields=["brand", "state", "-created_at", "-id"], name="payouts_payout_in_state"
            ),
            models.Index(
                fields=["brand", "run", "member"],
                name="payouts_payout_run",
                condition=models.Q(run__isnull=False),
            ),
            models.Index(
                fields=["brand", "release"],
                name="payouts_payout_release",
                condition=models.Q(release__isnull=False),
            ),
        ]
        triggers = [
            event_of_new(
                OutboxEvent.PAYOUT_CHANGED,
                name="payouts_payout_made",
                target="payout",
                data=PAYOUT_TOLD,
            ),
            event_of_change(
                OutboxEvent.PAYOUT_CHANGED,
                name="payouts_payout_changed",
                target="payout",
                data=PAYOUT_TOLD,
                columns=["state"],
            ),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class EntryKind(models.TextChoices):
    COMMISSION = "commission", "Commission"
    ADJUSTMENT = "adjustment", "Adjustment"
    WRITE_OFF = "write_off", "Write-off"  # the brand no longer asks for a debt
    PAYOUT = "payout", "Payout"
    PAYOUT_RETURNED = "payout_returned", "Payout returned"


OPEN_STATES = (PayoutState.PROCESSING, PayoutState.PENDING_INFO)
# A confirmed run has the state of the first entry here that one of its payments has.
RUN_STATE_OF_PAYMENTS = {
    PayoutState.PROCESSING: PayoutState.PROCESSING,
    PayoutState.PENDING_INFO: PayoutState.PROCESSING,
    PayoutState.PAID: PayoutState.PAID,
    PayoutState.FAILED: PayoutState.FAILED,
    PayoutState.CANCELLED: PayoutState.CANCELLED,
}
OF_NOTHING = models.Q(conversion_id=None, click_earning_id=None)
EARNED_KINDS = (EntryKind.COMMISSION, EntryKind.ADJUSTMENT)
# What a payment takes together. A write-off is not earned: it balances entries that lower what is.
PAYABLE_KINDS = (*EARNED_KINDS, EntryKind.WRITE_OFF)
GIVEN_KINDS = (EntryKind.ADJUSTMENT, EntryKind.WRITE_OFF)  # by staff, with a note for the member


class LedgerEntry(TenantModel):
    """One posting, in minor units, positive towards the member. Append-only.

    A commission is for a conversion or for a day's clicks. `conversion_id` and `click_earning_id`
    point to tables of tracking, which payouts may not import, so tracking's migration makes their
    composite foreign keys. `available_at` says when the entry may be paid.
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
                | models.Q(kind="write_off", payout=None) & OF_NOTHING  # negative: taken back
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
            # Payments, returns, bonuses and corrections are few compared to commissions.
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
            tells_adjustments(),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class LedgerSum(KeptSum):
    """The sum of an enrollment's entries per time they may be paid. A trigger keeps it."""

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


class PayoutItemQuerySet(TenantQuerySet["PayoutItem"]):
    def live(self) -> Self:
        """Items of payouts that did not fail and were not cancelled."""
        return self.filter(released_at=None)


class PayoutItem(TenantModel):
    """A ledger entry that a payout pays. An entry is in at most one live payout."""

    payout = TenantForeignKey(Payout)
    entry = TenantForeignKey(LedgerEntry)
    released_at = models.DateTimeField(null=True)  # when the payout failed or was cancelled

    objects: ClassVar = TenantManager.from_queryset(PayoutItemQuerySet)()

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
    """A ledger entry that a draft would pay; a PayoutItem in its place when it is confirmed."""

    line = TenantForeignKey(PayoutRunMember)
    entry = TenantForeignKey(LedgerEntry)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "line", "entry"], name="payouts_runentry_once"
            ),
        ]
