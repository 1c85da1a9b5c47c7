"""Campaigns, their messages, and suppressed addresses.

A message is one row per recipient, written when the send is confirmed. It refers upward by plain
keys (`recipient` "member:55", `about` "enrollment:123"), because sending knows no offers.
"""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.test_mode_triggers import live_brands_only
from core.jobs import LeasedModel
from core.tenancy import TenantForeignKey, TenantManager, TenantModel, TenantQuerySet


class Purpose(models.TextChoices):
    SALES_TRACKING_ITEMS = "sales_tracking_items", "Sales Tracking Items"
    EMAIL_MEMBERS = "email_members", "Email Members"
    QUESTION_ANSWERED = "question_answered", "Answer to a question"
    TERMS_CHANGED = "terms_changed", "New terms"
    WELCOME = "welcome", "Welcome"
    SALES = "sales", "Sales"
    PAYMENT_SENT = "payment_sent", "Payment sent"
    DETAILS_NEEDED = "details_needed", "Payout details needed"
    PAYMENT_FAILED = "payment_failed", "Payment failed"
    MONTH = "month", "Month in figures"
    TEST = "test", "Test mail"


# About taking part in an offer: who is not in it any more gets none of them.
OFFER_PURPOSES = frozenset(
    {Purpose.SALES_TRACKING_ITEMS, Purpose.EMAIL_MEMBERS, Purpose.TERMS_CHANGED}
)
# Sent automatically to one member about what happened to them. A campaign each, so lists of
# campaigns leave them out unless they are asked for, and the audit log does not hold them.
NOTICE_PURPOSES = frozenset(
    {
        Purpose.WELCOME,
        Purpose.SALES,
        Purpose.PAYMENT_SENT,
        Purpose.DETAILS_NEEDED,
        Purpose.PAYMENT_FAILED,
        Purpose.MONTH,
    }
)


class EmailTemplate(TenantModel):
    """A saved text that staff start from; one per purpose and name."""

    purpose = models.CharField(max_length=30, choices=Purpose)
    name = models.CharField(max_length=80)
    subject = models.CharField(max_length=300)
    body = models.TextField()
    saved_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)  # raised each time it is saved

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "purpose", "name"], name="notifications_template_once"
            ),
        ]


class CampaignState(models.TextChoices):
    SENDING = "sending", "Sending"
    PAUSED = "paused", "Paused"
    CANCELLED = "cancelled", "Cancelled"
    DONE = "done", "Done"


class Campaign(TenantModel):
    """One confirmed bulk send. `confirmation` is the form's own key: a second click finds this."""

    purpose = models.CharField(max_length=30, choices=Purpose)
    about = models.CharField(max_length=60, blank=True)  # "offer:3"
    title = models.CharField(max_length=200)  # "Winter Glow creators"
    subject = models.CharField(max_length=300)
    body = models.TextField()  # as staff wrote it
    html = models.TextField()  # prepared: laid out, variables still in it
    text = models.TextField()  # its plain-text twin
    from_name = models.CharField(max_length=120)
    reply_to = models.EmailField(blank=True)
    confirmation = models.UUIDField()
    state = models.CharField(max_length=10, choices=CampaignState, default=CampaignState.SENDING)
    recipients = models.PositiveIntegerField()
    confirmed_by = models.CharField(max_length=200)
    confirmed_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # The token of the one valid message in the broker. A worker uses it up; older ones are void.
    queue_token = models.UUIDField(null=True, editable=False)
    enqueued_at = models.DateTimeField(null=True, editable=False)
    served_at = models.DateTimeField(null=True, editable=False)  # when it was last served
    waits_until = models.DateTimeField(null=True, editable=False)  # for the sending account

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "confirmation"], name="notifications_campaign_confirmed_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["enqueued_at"],
                name="notifications_campaign_live",
                condition=models.Q(state="sending"),
            ),
            models.Index(fields=["brand", "-confirmed_at"], name="notifications_campaign_new"),
            models.Index(fields=["brand", "about"], name="notifications_campaign_about"),
            models.Index(fields=["brand", "-served_at"], name="notifications_campaign_served"),
        ]
        # A message is submitted only while its campaign is being sent.
        triggers = [
            live_brands_only(
                "notifications_campaign_live_brand",
                what="campaigns that are sent",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Q(new__state__in=["sending", "paused"]),
            )
        ]

    def __str__(self) -> str:
        return self.title


class MessageState(models.TextChoices):
    PENDING = "pending", "Waiting"
    SUBMITTING = "submitting", "Being sent"
    RETRY = "retry", "Will be tried again"
    ACCEPTED = "accepted", "Accepted"
    DELIVERED = "delivered", "Delivered"
    BOUNCED = "bounced", "Bounced"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Suppressed"
    CANCELLED = "cancelled", "Cancelled"
    UNKNOWN = "unknown", "Unknown"


WAITING_STATES = frozenset({MessageState.PENDING, MessageState.RETRY})
LIVE_STATES = WAITING_STATES | {MessageState.SUBMITTING}
TERMINAL_STATES = frozenset(MessageState) - LIVE_STATES
REACHED_STATES = frozenset({MessageState.ACCEPTED, MessageState.DELIVERED})
# Sent as far as anybody knows: taken, under way, or perhaps taken.
PERHAPS_REACHED_STATES = REACHED_STATES | LIVE_STATES | {MessageState.UNKNOWN}


class MessageQuerySet(TenantQuerySet["Message"]):
    def reached(self) -> Self:
        """Taken by the mail server, as far as is known: what "sent" means on every screen."""
        return self.filter(state__in=REACHED_STATES)

    def perhaps_reached(self) -> Self:
        """Perhaps sent: the person gets no second one unless staff ask for it."""
        return self.filter(state__in=PERHAPS_REACHED_STATES)


class Message(LeasedModel):
    """One email to one person. `values` are the variables as they stood at confirmation.

    While it waits, its address and some of them follow the member: see services.waiting_mails.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    campaign = TenantForeignKey(Campaign)
    recipient = models.CharField(max_length=60)  # "member:55"
    about = models.CharField(max_length=60, blank=True)  # "enrollment:123"
    purpose = models.CharField(max_length=30, choices=Purpose)
    to_address = models.EmailField()
    to_name = models.CharField(max_length=200, blank=True)
    values = models.JSONField()
    state = models.CharField(max_length=12, choices=MessageState, default=MessageState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()  # not before this time
    reason = models.CharField(max_length=500, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True)  # when the state became terminal
    opened_at = models.DateTimeField(null=True)  # the first time, as the provider reports it
    clicked_at = models.DateTimeField(null=True)
    complained_at = models.DateTimeField(null=True)

    objects: ClassVar = TenantManager.from_queryset(MessageQuerySet)()

    class Meta(LeasedModel.Meta):
        constraints = [
            *LeasedModel.Meta.constraints,
            models.UniqueConstraint(
                "brand", "campaign", Lower("to_address"), name="notifications_message_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["brand", "campaign", "due_at", "id"],  # the order in which they are claimed
                name="notifications_message_due",
                condition=models.Q(state__in=["pending", "retry", "submitting"]),
            ),
            models.Index(fields=["brand", "campaign", "state"], name="notifications_message_state"),
            models.Index(fields=["brand", "about", "-id"], name="notifications_message_about"),
            models.Index(fields=["brand", "recipient", "-id"], name="notifications_message_who"),
            models.Index(
                fields=["brand", "campaign", "lease_until"],
                name="notifications_message_held",
                condition=models.Q(lease_until__isnull=False),
            ),
            # The operator watches over all brands.
            models.Index(
                fields=["settled_at", "state"],
                name="notifications_message_lost",
                condition=models.Q(state__in=["failed", "unknown"]),
            ),
            # A provider's event names a message, not a brand.
            models.Index(fields=["public_id"], name="notifications_message_public"),
            models.Index(
                fields=["provider_id"],
                name="notifications_message_provider",
                condition=~models.Q(provider_id=""),
            ),
        ]


class ProviderEvent(TenantModel):
    """An event that a delivery service reported about one message; each event once."""

    provider = models.CharField(max_length=30)  # "Postmark"
    event_id = models.CharField(max_length=200)
    message = TenantForeignKey(Message)
    kind = models.CharField(max_length=20)  # "bounced", in anymail's words
    at = models.DateTimeField()
    detail = models.CharField(max_length=500, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "provider", "event_id"], name="notifications_event_once"
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "message", "at"], name="notifications_event_message")
        ]


class SendingAccount(models.Model):
    """One account at a delivery service, which all brands share: how fast it may be used.

    `paid_until` is the time up to which what was already sent has used up its rate.
    """

    name = models.CharField(max_length=60, unique=True)
    paid_until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class SuppressionReason(models.TextChoices):
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    BOUNCED = "bounced", "Bounced"
    COMPLAINED = "complained", "Complained"
    BY_STAFF = "by_staff", "By staff"
    DELETED = "deleted", "Asked to be deleted"  # the address itself is erased


class Suppression(TenantModel):
    """An address that this brand may not write to."""

    address = models.EmailField()
    reason = models.CharField(max_length=20, choices=SuppressionReason)
    since = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                "brand", Lower("address"), name="notifications_suppression_once"
            ),
        ]
