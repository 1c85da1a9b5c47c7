"""API keys of a brand, and what each may do."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from core.tenancy import TenantModel


class Scope(models.TextChoices):
    """What a key may do. The label is what staff read beside it."""

    READ = "read", "Read everything"
    ORDERS = "orders", "Send and change orders and refunds; credit and decide conversions"
    MEMBERS = "members", "Change members, enrollments, offers, terms, codes and links"
    PAYOUTS = "payouts", "Make and change payments"


EVERY_SCOPE: list[str] = [scope.value for scope in Scope]


class ApiKey(TenantModel):
    """A shop's key. Only its digest is kept; the key itself is shown once.

    `allowed_addresses` are networks such as 192.0.2.0/24; without any, the key works from
    everywhere. From `expires_at` on it does not work.
    """

    label = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    # `db_default` is for web processes of before.
    scopes = ArrayField(models.CharField(max_length=10), db_default=EVERY_SCOPE)
    allowed_addresses = ArrayField(
        models.CharField(max_length=43), default=list, db_default=[], blank=True
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(scopes__len__gt=0, scopes__contained_by=EVERY_SCOPE),
                name="accounts_apikey_scopes",
            ),
        ]

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now
