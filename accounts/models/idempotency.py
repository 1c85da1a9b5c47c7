"""What the API answered to requests with an Idempotency-Key."""

from __future__ import annotations

from django.db import models

from accounts.models.api_keys import ApiKey
from core.tenancy import TenantForeignKey, TenantModel

MAX_IDEMPOTENCY_NAME = 255  # characters of an Idempotency-Key


class IdempotentRequest(TenantModel):
    """A request whose Idempotency-Key is `name`, and its answer once there is one.

    `operation` is its method and path, `body_digest` the SHA-256 of its body. Until it is answered,
    `status` is null and the request `claim` runs; from `claimed_until` on another one may, because
    the process of that one was killed. `headers` and `content` are those of the answer.
    """

    key = TenantForeignKey(ApiKey)
    name = models.CharField(max_length=MAX_IDEMPOTENCY_NAME)
    operation = models.CharField(max_length=520)
    body_digest = models.CharField(max_length=64)
    claim = models.UUIDField()
    claimed_until = models.DateTimeField()
    created_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    content = models.TextField(blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "key", "name"], name="accounts_idempotent_once"
            ),
            models.CheckConstraint(
                condition=models.Q(status=None) | models.Q(status__gte=200, status__lt=400),
                name="accounts_idempotent_status",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="accounts_idempotent_age")]

    def __str__(self) -> str:
        return f"{self.operation} {self.name}"
