"""The staff of a brand, and invitations to it."""

from __future__ import annotations

import uuid
from datetime import datetime

import pgtrigger
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models.users import User
from accounts.proof_triggers import requires_proven_address
from accounts.test_mode_triggers import live_brands_only
from core.tenancy import TenantModel


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    MANAGER = "manager", "Manager"
    VIEWER = "viewer", "Viewer"


class Digest(models.TextChoices):
    """When a person is mailed what waits for them in a brand."""

    NEVER = "never", "Never"
    DAILY = "daily", "Once a day, if something waits"
    AT_ONCE = "at_once", "As soon as something new waits"


class ReportEvery(models.TextChoices):
    """How often a person is mailed a brand's figures."""

    NEVER = "never", "Never"
    WEEK = "week", "Every Monday"
    MONTH = "month", "On the first day of the month"


class Staff(TenantModel):
    """A user's role in one brand, and the mails about it that they chose.

    `digest_at` and `report_at` are when the last such mail went, when there was nothing to say in
    it, or when it was chosen; `digest_counts` is what the last digest said, by kind.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="staff_roles")
    role = models.CharField(max_length=10, choices=Role)
    since = models.DateTimeField(default=timezone.now, editable=False)
    digest = models.CharField(max_length=10, choices=Digest, default=Digest.NEVER)
    digest_at = models.DateTimeField(null=True, editable=False)
    digest_counts = models.JSONField(default=dict, editable=False)
    report = models.CharField(max_length=10, choices=ReportEvery, default=ReportEvery.NEVER)
    report_at = models.DateTimeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "user"], name="accounts_staff_once"),
            models.CheckConstraint(
                condition=models.Q(digest=Digest.NEVER) | models.Q(digest_at__isnull=False),
                name="accounts_staff_digest_since",
            ),
            models.CheckConstraint(
                condition=models.Q(report=ReportEvery.NEVER) | models.Q(report_at__isnull=False),
                name="accounts_staff_report_since",
            ),
        ]
        triggers = [
            requires_proven_address("accounts_staff_proven"),
            live_brands_only("accounts_staff_live", what="staff", operation=pgtrigger.Insert),
        ]


class Invitation(TenantModel):
    """An invitation by mail to the staff of the brand. The link in the mail works once.

    `mailed_at` is when the mail server accepted the mail, `mail_problem` why it did not.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role)
    invited_by = models.CharField(max_length=200)
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)
    mail_problem = models.CharField(max_length=300, blank=True)
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                "brand",
                Lower("email"),
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="accounts_invitation_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(withdrawn_at=None),
                name="accounts_invitation_one_end",
            ),
        ]
        triggers = [
            live_brands_only(
                "accounts_invitation_live", what="invitations", operation=pgtrigger.Insert
            )
        ]

    def state_at(self, moment: datetime) -> InvitationState:
        if self.accepted_at is not None:
            return InvitationState.ACCEPTED
        if self.withdrawn_at is not None:
            return InvitationState.WITHDRAWN
        return InvitationState.EXPIRED if moment >= self.expires_at else InvitationState.OPEN


class InvitationState(models.TextChoices):
    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"
