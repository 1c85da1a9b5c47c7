"""The chat channel that a brand's staff read what waits for them in."""

from __future__ import annotations

import pgtrigger
from django.db import models

from accounts.models import Digest
from accounts.test_mode_triggers import live_brands_only
from core.tenancy import TenantModel


class Channel(TenantModel):
    """An incoming webhook of Slack, or of a chat that takes the same messages; one of a brand.

    Its address is a secret: who knows it can write into the channel. `host` is shown of it.
    `digest_at` is when the last digest went, had nothing to say, or was chosen; `digest_counts` is
    what it said, by kind. Before `entered_at`, it says that a digest is owed from another address.
    `problem` says why the last message was not taken. A digest that was not taken `tries` times is
    posted again at `retry_at`. After `stopped_at` nothing is posted until somebody enters the
    address anew.
    """

    sealed_address = models.TextField()
    host = models.CharField(max_length=255)
    digest = models.CharField(max_length=10, choices=Digest)
    digest_at = models.DateTimeField()
    digest_counts = models.JSONField(default=dict)
    entered_at = models.DateTimeField()
    posted_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    retry_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["brand"], name="webhooks_channel_once"),
            models.CheckConstraint(
                condition=~models.Q(digest=Digest.NEVER), name="webhooks_channel_digest"
            ),
            models.CheckConstraint(
                condition=models.Q(stopped_at=None) | ~models.Q(problem=""),
                name="webhooks_channel_stopped",
            ),
        ]
        triggers = [
            live_brands_only(
                "webhooks_channel_live", what="chat channels", operation=pgtrigger.Insert
            )
        ]

    def __str__(self) -> str:
        return self.host
