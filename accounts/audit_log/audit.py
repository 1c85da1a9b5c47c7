"""Write the audit log, in the transaction of the change that it records.

Changes of access are also written to the log `security`, after the commit.
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
# Roles, invitations, keys and the second factor; accounts.audit_log.security_log writes logins.
ACCESS_ACTIONS = ("api_key.", "brand.created", "brand.second_factor_", "invitation.", "staff.")


def record(
    *, action: str, target: models.Model | str, by: Actor, now: datetime, **detail: Any
) -> None:
    """Record that `by` did `action` to `target`."""
    record_many(action=action, targets=[(target, detail)], by=by, now=now)


def record_many(
    *,
    action: str,
    targets: Iterable[tuple[models.Model | str, dict[str, Any]]],
    by: Actor,
    now: datetime,
) -> None:
    """The same for many targets in one statement."""
    entries = [
        (target if isinstance(target, str) else Reference.to(target), detail)
        for target, detail in targets
    ]
    AuditEntry.objects.append_many(
        AuditEntry(
            at=now,
            actor=by.label[:200],
            action=action,
            target=target,
            detail=detail,
        )
        for target, detail in entries
    )
    if action.startswith(ACCESS_ACTIONS):
        transaction.on_commit(partial(_log, action, entries, by, current_brand_id()))


def _log(
    action: str, entries: list[tuple[str, dict[str, Any]]], by: Actor, brand_id: int | None
) -> None:
    for target, detail in entries:
        facts = {"target": target, "by_user_id": by.user_id, "brand_id": brand_id}
        role = {"role": detail["role"]} if "role" in detail else {}
        LOGGER.info(action, extra={**facts, **role})
