"""The outbox: domain events, to be sent to other systems later."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from core.tenancy import TenantModel


class OutboxEvent(models.TextChoices):
    """The kinds of events, with the names that other systems receive."""

    BALANCE_ADJUSTED = "balance.adjusted", "A member's balance was adjusted"
    CLICKS_CREDITED = "clicks.credited", "A day's clicks earned something, or something else"
    CONVERSION_CHANGED = "conversion.changed", "A conversion's state or amounts changed"
    CONVERSION_RECORDED = "conversion.recorded", "An order was credited to a member"
    FLAG_DECIDED = "flag.decided", "A flag was cleared, rejected or withdrawn"
    FLAG_RAISED = "flag.raised", "A sale was flagged for staff to look at"
    MEMBER_JOINED = "member.joined", "A member joined an offer"
    MEMBER_LEFT = "member.left", "A member stopped counting in an offer"
    ORDER_RECORDED = "order.recorded", "An order was recorded"
    ORDER_REFUNDED = "order.refunded", "A refund was applied to an order, changed or undone"
    ORDER_REVISED = "order.revised", "A shop stated an order anew"
    PAYOUT_CHANGED = "payout.changed", "A payment was made or its state changed"
    PAYOUT_RUN_CHANGED = "payout_run.changed", "A payout run's state changed"
    TERMS_CHANGED = "terms.changed", "An offer got another version of its terms"
    TERMS_WITHDRAWN = "terms.withdrawn", "Terms were withdrawn before they began"


class OutboxEntry(TenantModel):
    """One event, written by a trigger in the transaction of the change.

    `target` names the changed thing ("order:12"); `data` holds ids, amounts and states, and never
    personal data. Kept for `accounts.outbox.retention.ENTRIES_KEPT_FOR`.
    """

    written_at = models.DateTimeField()
    event = models.CharField(max_length=40, choices=OutboxEvent)
    target = models.CharField(max_length=80)
    data = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        indexes = [BrinIndex(fields=["written_at"], name="accounts_outbox_age", autosummarize=True)]

    def __str__(self) -> str:
        return f"{self.event} {self.target}"
