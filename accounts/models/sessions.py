"""Sessions and failed logins."""

from __future__ import annotations

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class SessionKind(models.TextChoices):
    """The kind of user, which decides how long a session lasts (settings.SESSION_LIMITS)."""

    VISITOR = "visitor", "Visitor"  # nobody has logged in
    CREATOR = "creator", "Creator"
    STAFF = "staff", "Staff"
    OPERATOR = "operator", "Operator"


class Session(AbstractBaseSession):
    """A browser's session with its user, so that people can see and end their sessions.

    `user` is also set in a visitor's session that waits for that user's second factor.
    `expire_date` is when it ends unless it is used before. accounts.sessions updates the other
    columns, at most once a minute.
    """

    user = models.ForeignKey(
        "accounts.User",
        on_delete=models.CASCADE,
        null=True,
        related_name="sessions",
        db_constraint=False,
    )  # no constraint, so that a request that runs while its user is deleted does not fail
    kind = models.CharField(max_length=10, choices=SessionKind, default=SessionKind.VISITOR)
    began_at = models.DateTimeField(null=True)  # the login; null in sessions from before this
    used_at = models.DateTimeField(null=True)
    network = models.CharField(max_length=64, blank=True)  # the address it was last used from
    agent = models.CharField(max_length=300, blank=True)  # the browser's User-Agent header


class FailureReason(models.TextChoices):
    """Why a login failed."""

    PASSWORD = "password", "wrong password"  # pragma: allowlist secret
    CODE = "code", "wrong code"
    SECOND_FACTOR = "second_factor", "wrong second factor"
    TOO_MANY = "too_many", "too many tries"


class LoginFailure(models.Model):
    """Failed logins of one address for one reason that the audit log does not contain yet.

    An unknown address gets a row too, so that both take the same time; a periodic task deletes it.
    The address itself is not stored. The audit log gets at most one entry per hour
    (accounts.login_failures), so that a stranger cannot flood it.
    """

    digest = models.CharField(max_length=64)  # keyed, of the address
    reason = models.CharField(max_length=20, choices=FailureReason)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, null=True, related_name="+")
    untold = models.PositiveIntegerField(default=0)  # failures that no audit entry counts yet
    told_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField()
    network = models.CharField(max_length=64, blank=True)  # of the last one

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest", "reason"], name="accounts_failure_once"),
        ]
        indexes = [models.Index(fields=["last_at"], name="accounts_failure_age")]

    def __str__(self) -> str:
        return f"{self.untold} of {self.reason}"
