"""Write the audit log, inside the transaction of what it tells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models

from accounts.actors import Actor
from accounts.models import AuditEntry


def target_of(row: models.Model) -> str:
    """ "offer:12" for a row."""
    return f"{row._meta.model_name}:{row.pk}"


def record(
    *, action: str, target: models.Model | str, by: Actor, now: datetime, **detail: Any
) -> None:
    """Say that `by` did `action` to `target`."""
    record_many(action=action, targets=[(target, detail)], by=by, now=now)


def record_many(
    *,
    action: str,
    targets: Iterable[tuple[models.Model | str, dict[str, Any]]],
    by: Actor,
    now: datetime,
) -> None:
    """The same for many targets in one statement."""
    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=now,
            actor=by.label[:200],
            action=action,
            target=target if isinstance(target, str) else target_of(target),
            detail=detail,
        )
        for target, detail in targets
    )
