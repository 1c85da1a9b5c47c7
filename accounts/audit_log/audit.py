"""Write the audit log, inside the transaction of what it tells.

What changes who gets in also stands in the log `security`, once it is committed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import models, transaction

from accounts.actors import Actor
from accounts.models import AuditEntry
from core.references import Reference
from core.tenancy import current_brand_id

LOGGER = logging.getLogger("security")
# Roles, invitations, keys and the second factor; a person's own logins are told by
# accounts.audit_log.security_log.
WHO_GETS_IN = ("api_key.", "brand.created", "brand.second_factor_", "invitation.", "staff.")


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
    told = [
        (target if isinstance(target, str) else Reference.to(target), detail)
        for target, detail in targets
    ]
    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=now,
            actor=by.label[:200],
            action=action,
            target=target,
            detail=detail,
        )
        for target, detail in told
    )
    if action.startswith(WHO_GETS_IN):
        transaction.on_commit(partial(_log, action, told, by, current_brand_id()))


def _log(
    action: str, told: list[tuple[str, dict[str, Any]]], by: Actor, brand_id: int | None
) -> None:
    for target, detail in told:
        facts = {"target": target, "by_user_id": by.user_id, "brand_id": brand_id}
        role = {"role": detail["role"]} if "role" in detail else {}
        LOGGER.info(action, extra={**facts, **role})
