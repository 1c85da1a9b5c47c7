"""Codes that are mailed, and the counts of rate limits."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class CodePurpose(models.TextChoices):
    """What a mailed code is for. Each purpose has its own codes."""

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
    """The state of a code's mail. A code that was never mailed is not valid."""

    WAITING = "waiting", "Waiting to be mailed"
    NOBODY = "nobody", "Not mailed: nobody has this address"
    MAILING = "mailing", "Being handed to the mail server"
    MAILED = "mailed", "Taken by the mail server"
    FAILED = "failed", "Not taken by the mail server"


UNSETTLED_CODE_STATES = (CodeState.WAITING, CodeState.MAILING)
MAILED_CODE_STATES = (CodeState.MAILING, CodeState.MAILED, CodeState.FAILED)


class MailedCode(models.Model):
    """A six-digit code that proves that somebody reads an address. The code itself is not stored.

    A code is requested, mailed, proven by entering it, and then ends. `ended_at` is set when it is
    replaced, used or tried too often; a code that only became too old has none. A request for an
    unknown address gets the same row, so that it is counted and answered in the same way.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    address = models.EmailField()
    purpose = models.CharField(max_length=20, choices=CodePurpose)
    browser = models.CharField(max_length=64)  # a keyed digest of the secret in its session
    language = models.CharField(max_length=12, blank=True)  # the tag that the mail is written in
    state = models.CharField(max_length=10, choices=CodeState, default=CodeState.WAITING)
    mail_due_at = models.DateTimeField()  # when the mail may be sent, or tried again
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
    """A count of one limit in one period; see accounts.code_limits."""

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
