"""What members are told by mail, and what brands and members chose to have told.

Each fact is told to a member once: a unique constraint holds that.
"""

from __future__ import annotations

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import OutboxEntry
from affiliates.models import Member
from core.kept_sums import after_statement
from core.tenancy import TenantForeignKey, TenantManager, TenantModel, TenantQuerySet
from notifications.models import Campaign, Purpose

# Nobody is told of test data.
NOTE_ENTRIES = """
INSERT INTO notices_unreadentry (brand_id, entry)
SELECT added.brand_id, added.id FROM added
JOIN accounts_brand AS brand ON brand.id = added.brand_id AND brand.test_of_id IS NULL
WHERE added.event = 'payout.changed'
    AND added.data ->> 'state' IN ('paid', 'failed', 'pending_info')
  OR added.event = 'conversion.recorded'
  OR added.event = 'conversion.changed' AND added.data ->> 'status' <> 'rejected'
  OR added.event = 'member.joined' AND added.data ->> 'status' = 'active'
ORDER BY added.id;
RETURN NULL;
"""


class NoticeKind(models.TextChoices):
    """The kinds that brands and members choose by; each is a purpose of mails."""

    WELCOME = Purpose.WELCOME.value, _("You joined an offer")
    SALES = Purpose.SALES.value, _("You made a sale")
    PAYMENT_SENT = Purpose.PAYMENT_SENT.value, _("A payment was sent")
    DETAILS_NEEDED = Purpose.DETAILS_NEEDED.value, _("A payment waits for your payout details")
    PAYMENT_FAILED = Purpose.PAYMENT_FAILED.value, _("A payment failed")
    MONTH = Purpose.MONTH.value, _("Your month in figures")


# Brands that mail sales tracking items themselves need no other mail to new members.
OFF_AT_FIRST = frozenset({NoticeKind.WELCOME})
# Sent to many for the brand's sake, so they need its postal address, as staff's bulk mails do.
TO_MANY = frozenset({NoticeKind.WELCOME, NoticeKind.MONTH})


class NoMail(models.TextChoices):
    """Why a notice was settled without a mail."""

    DELETED = "deleted", "The member was deleted"
    NO_ADDRESS = "no_address", "The member has no address that mail can be sent to"
    SUPPRESSED = "suppressed", "The address is suppressed"
    BRAND_OFF = "brand_off", "The brand switched this kind off"
    MEMBER_OFF = "member_off", "The member switched this kind off"
    NO_POSTAL = "no_postal", "The brand has no postal address"
    TOO_OLD = "too_old", "It happened too long ago"
    NOT_SO = "not_so", "It was no longer so when the mail was due"


class WatchedOutbox(OutboxEntry):
    """The outbox, with the trigger that notes the entries that a member may be told of."""

    class Meta:
        proxy = True
        triggers = [
            after_statement(pgtrigger.Insert, name="notices_entry_unread", func=NOTE_ENTRIES)
        ]


class UnreadEntry(TenantModel):
    """An entry of the outbox of which no notice was made yet.

    Written by a trigger in the transaction of the entry, and deleted in the transaction that makes
    its notices. `entry` is the entry's id, without a foreign key, as checking it would slow down
    what writes the outbox.
    """

    entry = models.BigIntegerField()


class NoticeQuerySet(TenantQuerySet["Notice"]):
    def waiting(self) -> Self:
        """Neither mailed nor settled without a mail."""
        return self.filter(settled_at=None)


class Notice(TenantModel):
    """One fact that one member is told, once. `about` names it ("payout:12", "month:2026-11").

    `campaign` is the mail that told it, perhaps with others of its kind; `reason` says why there
    is none.
    """

    kind = models.CharField(max_length=20, choices=NoticeKind)
    member = TenantForeignKey(Member)
    about = models.CharField(max_length=60)
    happened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    campaign = TenantForeignKey(Campaign, null=True)
    reason = models.CharField(max_length=12, choices=NoMail, blank=True)

    objects: ClassVar = TenantManager.from_queryset(NoticeQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "kind", "member", "about"], name="notices_notice_once"
            ),
            models.CheckConstraint(
                condition=models.Q(settled_at=None, campaign=None, reason="")
                | models.Q(settled_at__isnull=False, campaign__isnull=False, reason="")
                | models.Q(settled_at__isnull=False, campaign=None) & ~models.Q(reason=""),
                name="notices_notice_settled",
            ),
        ]
        indexes = [
            models.Index(
                fields=["brand", "due_at", "id"],
                name="notices_notice_due",
                condition=models.Q(settled_at=None),
            ),
            models.Index(
                fields=["brand", "campaign"],
                name="notices_notice_campaign",
                condition=models.Q(campaign__isnull=False),
            ),
            models.Index(fields=["brand", "member", "due_at"], name="notices_notice_member"),
            models.Index(
                fields=["settled_at"],
                name="notices_notice_old",
                condition=models.Q(settled_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"


class KindSwitch(TenantModel):
    """Whether the brand sends a kind. Without a row it does, except those in OFF_AT_FIRST."""

    kind = models.CharField(max_length=20, choices=NoticeKind)
    is_on = models.BooleanField()
    since = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "kind"], name="notices_switch_once"),
        ]


class DeclinedKind(TenantModel):
    """A kind that a member does not want from this brand."""

    member = TenantForeignKey(Member)
    kind = models.CharField(max_length=20, choices=NoticeKind)
    since = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "member", "kind"], name="notices_declined_once"
            ),
        ]


class SalesAtOnce(TenantModel):
    """A member who wants to be mailed each sale at once, and not once a day."""

    member = TenantForeignKey(Member)
    since = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "member"], name="notices_at_once_once"),
        ]


class SummarisedMonth(TenantModel):
    """A month of which every member with sales in it got a notice. `month` is its first day."""

    month = models.DateField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "month"], name="notices_month_once"),
        ]
