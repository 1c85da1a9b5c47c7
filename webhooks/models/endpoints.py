"""The addresses that a brand wants its events sent to."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.tenancy import TenantManager, TenantModel, TenantQuerySet

MAX_ADDRESS = 1_000  # characters


class EndpointState(models.TextChoices):
    ON = "on", "On"
    OFF = "off", "Off"
    DISABLED = "disabled", "Disabled"
    DELETED = "deleted", "Deleted"


class EndpointQuerySet(TenantQuerySet["Endpoint"]):
    def kept(self) -> EndpointQuerySet:
        """Those that were not deleted."""
        return self.exclude(state=EndpointState.DELETED)


class Endpoint(TenantModel):
    """An address that receives a brand's events.

    `events` are those that it receives; none stands for all. Staff turn it on and off; it is
    disabled when its receiver answers 410, or fails day after day, and `reason` then says why. The
    sealed secrets sign what is sent (webhooks.signing); a deleted endpoint has none.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    address = models.CharField(max_length=MAX_ADDRESS)
    description = models.CharField(max_length=120, blank=True)
    events = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    state = models.CharField(max_length=8, choices=EndpointState, default=EndpointState.ON)
    state_at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True)
    owners_told_at = models.DateTimeField(null=True)  # that it was disabled, by mail

    sealed_secret = models.TextField(blank=True)
    secret_at = models.DateTimeField()
    # Former ones that sign still, in one text (webhooks.signing), and until when the newest does.
    sealed_former_secret = models.TextField(blank=True)
    former_secret_until = models.DateTimeField(null=True)

    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    # How its receiver does.
    last_attempt_at = models.DateTimeField(null=True)
    last_milliseconds = models.PositiveIntegerField(null=True)
    last_success_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)  # the first failure since the last success
    paused_until = models.DateTimeField(null=True)  # the receiver asked for it (Retry-After)

    objects: ClassVar = TenantManager.from_queryset(EndpointQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "address"],
                condition=~models.Q(state="deleted"),
                name="webhooks_endpoint_address_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=EndpointState.values), name="webhooks_endpoint_state"
            ),
            models.CheckConstraint(
                condition=models.Q(state="disabled") & ~models.Q(reason="")
                | ~models.Q(state="disabled") & models.Q(reason="", owners_told_at=None),
                name="webhooks_endpoint_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(state="deleted", sealed_secret="", sealed_former_secret="")
                | ~models.Q(state="deleted") & ~models.Q(sealed_secret=""),
                name="webhooks_endpoint_secret",
            ),
            models.CheckConstraint(
                condition=models.Q(sealed_former_secret="", former_secret_until=None)
                | ~models.Q(sealed_former_secret="") & models.Q(former_secret_until__isnull=False),
                name="webhooks_endpoint_former",
            ),
            models.CheckConstraint(
                condition=~models.Q(address=""), name="webhooks_endpoint_has_address"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.description or self.address

    @property
    def is_on(self) -> bool:
        return self.state == EndpointState.ON
