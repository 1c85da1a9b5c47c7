"""Users, brands, staff, API keys and the audit log; the other models of this app by name."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.identity_models import OperatorAction, UnusedEmailAddress
from accounts.proof_triggers import address_changes_with_proof, only_for_the_proven
from accounts.session_models import FailureReason, LoginFailure, Session, SessionKind
from accounts.work_models import (
    LIVE_WORK,
    Work,
    WorkChunk,
    WorkFile,
    WorkProblem,
    WorkState,
)
from core.db import append_only
from core.kept_sums import KeptSum, kept_in
from core.tenancy import TenantModel

__all__ = [
    "LIVE_WORK",
    "ApiKey",
    "AuditCount",
    "AuditEntry",
    "Brand",
    "CodePurpose",
    "FailureReason",
    "Invitation",
    "InvitationState",
    "LoginFailure",
    "MailedCode",
    "OperatorAction",
    "Picture",
    "Role",
    "Session",
    "SessionKind",
    "Staff",
    "UnusedEmailAddress",
    "User",
    "UserManager",
    "Work",
    "WorkChunk",
    "WorkFile",
    "WorkProblem",
    "WorkState",
]


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in: brand staff, a creator, or the operator (`is_staff`)."""

    email = models.EmailField(unique=True)
    # When somebody last showed that they read mail at `email`; until then it means nothing.
    email_proven_at = models.DateTimeField(null=True, blank=True)
    name = models.CharField(max_length=200, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email")]
        triggers = [address_changes_with_proof("accounts_user_address")]

    def __str__(self) -> str:
        return self.name or self.email


class CodePurpose(models.TextChoices):
    """What a mailed code lets its reader do. Each purpose has codes of its own."""

    LOG_IN = "log_in", _("Logging in")
    PAYOUT_DETAILS = "payout_details", _("Changing where you are paid")
    DETAILS_RELEASE = "details_release", _("Sharing where you are paid")
    PASSKEYS = "passkeys", _("Adding a passkey")
    EXPORT = "export", _("Downloading your data")
    DELETION = "deletion", _("Deleting your data")
    FRESH_LOGIN = "fresh_login", _("Confirming that it is you")
    NEW_ADDRESS = "new_address", _("Changing your email address")
    # Mails a link instead of a code: see accounts.password_reset.
    PASSWORD_RESET = "password_reset", "Setting a new password"  # pragma: allowlist secret


class CodeState(models.TextChoices):
    """Where the mail of a code is. A code that was never handed over opens nothing."""

    WAITING = "waiting", "Waiting to be mailed"
    NOBODY = "nobody", "Not mailed: nobody has this address"
    MAILING = "mailing", "Being handed to the mail server"
    MAILED = "mailed", "Taken by the mail server"
    FAILED = "failed", "Not taken by the mail server"


UNSETTLED_CODE_STATES = (CodeState.WAITING, CodeState.MAILING)
MAILED_CODE_STATES = (CodeState.MAILING, CodeState.MAILED, CodeState.FAILED)


class MailedCode(models.Model):
    """A six-digit code that proves that somebody reads an address. The code itself is not kept.

    Asked for, then mailed, then proven by entering it, then over. One that is over by being
    replaced, used or tried too often has `ended_at`; an old one is over without. An address that
    nobody has gets the same row, so that it is counted and answered alike.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    address = models.EmailField()
    purpose = models.CharField(max_length=20, choices=CodePurpose)
    browser = models.CharField(max_length=64)  # a keyed digest of the secret in its session
    language = models.CharField(max_length=12, blank=True)  # the tag that the mail is written in
    state = models.CharField(max_length=10, choices=CodeState, default=CodeState.WAITING)
    mail_due_at = models.DateTimeField()  # when the mail may be handed over, or tried again
    mail_tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    proven_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["browser", "purpose"],
                condition=models.Q(ended_at=None),
                name="accounts_code_one_live",
            ),
            models.CheckConstraint(condition=models.Q(tries__lte=5), name="accounts_code_tries"),
            models.CheckConstraint(
                condition=models.Q(proven_at=None) | models.Q(state__in=MAILED_CODE_STATES),
                name="accounts_code_mailed_first",
            ),
        ]
        indexes = [
            models.Index(fields=["address"], name="accounts_code_address"),
            models.Index(fields=["asked_at"], name="accounts_code_age"),
            models.Index(
                fields=["mail_due_at"],
                condition=models.Q(state__in=UNSETTLED_CODE_STATES, ended_at=None),
                name="accounts_code_to_mail",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose}, asked at {self.asked_at}"


class CodeCount(models.Model):
    """How often something that a limit counts happened in one period; see accounts.code_limits."""

    name = models.CharField(max_length=60)  # of the limit
    whom = models.CharField(max_length=64)  # a keyed digest: of an address, a network, a browser
    since = models.DateTimeField()  # the beginning of the period
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name", "whom", "since"], name="accounts_codecount_once"
            )
        ]
        indexes = [models.Index(fields=["since"], name="accounts_codecount_age")]

    def __str__(self) -> str:
        return f"{self.name}: {self.count} since {self.since}"


class Brand(models.Model):
    """The tenant."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=64)
    accent = models.CharField(max_length=7, blank=True)
    logo = models.CharField(max_length=64, blank=True)  # the digest of a Picture of this brand
    sender_name = models.CharField(max_length=120, blank=True)
    reply_to = models.EmailField(blank=True)
    # Members get their Sales Tracking Items as soon as they have them, without anybody's hand.
    sends_items_automatically = models.BooleanField(default=False)
    # What a payout run proposes to pay at least, in minor units of the brand's currency.
    minimum_payout_minor = models.BigIntegerField(default=0)
    # Nobody opens a page of the brand who has not used a second factor in this session.
    requires_second_factor = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)  # of its settings: raised by each change
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    MANAGER = "manager", "Manager"
    VIEWER = "viewer", "Viewer"


class Staff(TenantModel):
    """A user's role in one brand."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="staff_roles")
    role = models.CharField(max_length=10, choices=Role)
    since = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "user"], name="accounts_staff_once"),
        ]
        triggers = [only_for_the_proven("accounts_staff_proven")]


class Invitation(TenantModel):
    """Somebody was asked by mail to work for the brand. The link in the mail works once.

    `mailed_at` is when the mail server took the mail, `mail_problem` why it did not.
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


class Picture(TenantModel):
    """A picture that was made anew from what was uploaded; everybody may see it.

    Named by the SHA-256 of its content, so that its address never shows anything else.
    """

    digest = models.CharField(max_length=64)
    content_type = models.CharField(max_length=20)
    content = models.BinaryField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    added_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand", "digest"], name="accounts_picture_once"),
        ]


class ApiKey(TenantModel):
    """A shop's key. Only its digest is kept; the key itself is shown once."""

    label = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        pass

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None


class AuditEntry(TenantModel):
    """Who did what to which thing, when. Append-only."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=200)  # "user:7 Ines Castell", "api key:shop", "import"
    action = models.CharField(max_length=80)  # "conversion.rejected"
    target = models.CharField(max_length=80)  # "conversion:12"
    detail = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["brand", "-at", "-id"], name="accounts_audit_newest"),
            models.Index(fields=["brand", "target"], name="accounts_audit_target"),
        ]
        triggers = [
            append_only("accounts_audit_append_only"),
            *kept_in(
                "accounts_auditcount",
                keys={"kind": "split_part(moved.target, ':', 1)"},
                sums={"entries": "1"},
                on=[pgtrigger.Insert],
            ),
        ]


class AuditCount(KeptSum):
    """How many entries are about things of a kind ("conversion"). Kept by a trigger."""

    KEYS = ("kind",)
    FIGURES = ("entries",)

    kind = models.CharField(max_length=80)
    entries = models.BigIntegerField()

    class Meta(KeptSum.Meta):
        indexes = [
            *KeptSum.Meta.indexes,
            models.Index(fields=["brand", "kind"], name="accounts_count_kind"),
        ]
