"""Who did what to which thing, when."""

from __future__ import annotations

import pgtrigger
from django.db import models

from core.db import append_only
from core.kept_sums import KeptSum, kept_in
from core.tenancy import TenantModel


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
