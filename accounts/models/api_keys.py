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
    WEBHOOKS = "webhooks", "Add and change webhooks; send deliveries again"
    EMAILS = "emails", "Send emails to members; pause and cancel them"


EVERY_SCOPE: list[str] = [scope.value for scope in Scope]
FIRST_SCOPES = ["read", "orders", "members", "payouts"]  # of keys from before there were others


class KeyKind(models.TextChoices):
    """Where a key stands. A key of the last two can only send orders, each to its own address."""

    SECRET = "secret", "API key"  # pragma: allowlist secret
    PUBLISHABLE = "publishable", "Publishable key"
    POSTBACK = "postback", "Postback key"


class ApiKey(TenantModel):
    """A key of a brand. Only its digest is kept; the key itself is shown once.

    A publishable key stands in a shop's pages, so it is no secret: it is made of its prefix, and
    shown at any time. It works in pages of `origins` (https://shop.example.com). Orders with it
    wait for review unless `is_trusted`.

    `allowed_addresses` are networks such as 192.0.2.0/24; without any, the key works from
    everywhere. From `expires_at` on it does not work.
    """

    label = models.CharField(max_length=80)
    kind = models.CharField(
        max_length=12,
        choices=KeyKind.choices,
        default=KeyKind.SECRET,
        db_default=KeyKind.SECRET,
    )
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    # `db_default` is for web processes of before.
    scopes = ArrayField(models.CharField(max_length=10), db_default=FIRST_SCOPES)
    allowed_addresses = ArrayField(
        models.CharField(max_length=43), default=list, db_default=[], blank=True
    )
    origins = ArrayField(models.CharField(max_length=300), default=list, db_default=[], blank=True)
    is_trusted = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(
                    kind=KeyKind.SECRET, scopes__len__gt=0, scopes__contained_by=EVERY_SCOPE
                )
                | models.Q(kind__in=[KeyKind.PUBLISHABLE, KeyKind.POSTBACK], scopes__len=0),
                name="accounts_apikey_scopes",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=KeyKind.PUBLISHABLE, origins__len__gt=0)
                | ~models.Q(kind=KeyKind.PUBLISHABLE) & models.Q(origins__len=0, is_trusted=False),
                name="accounts_apikey_origins",
            ),
        ]

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now
