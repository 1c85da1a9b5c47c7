"""Every asynchronous unit of work is a row with a state; a Celery message only names the row.

A worker claims rows by compare-and-swap, with a lease and its own token. When the lease has
expired, any worker may claim the row again. The periodic sweep of each app handles such rows.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import models, transaction
from django.db.models.expressions import RawSQL

from core.tenancy import TenantModel


class LeasedModel(TenantModel):
    """A unit of work that at most one worker holds."""

    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        abstract = True


L = TypeVar("L", bound=LeasedModel)


def unleased(rows: models.QuerySet[L], *, now: datetime) -> models.QuerySet[L]:
    """Return those of `rows` that no worker holds at `now`."""
    return rows.filter(models.Q(lease_until=None) | models.Q(lease_until__lte=now))


def claim(
    rows: models.QuerySet[L], *, limit: int, lease: timedelta, now: datetime
) -> tuple[uuid.UUID, list[int]]:
    """Claim up to `limit` free rows; return the claim's token and the rows' ids, in order.

    Skips rows that another transaction is claiming now (SKIP LOCKED).
    """
    token = uuid.uuid4()
    with transaction.atomic():
        free = unleased(rows, now=now).select_for_update(skip_locked=True, of=("self",))
        ids = list(free.values_list("pk", flat=True)[:limit])
        if ids:
            taken = RawSQL("SELECT unnest(%s::bigint[])", [ids])  # one value, not hundreds
            rows.model._base_manager.filter(pk__in=taken).update(
                lease_token=token, lease_until=now + lease
            )
    return token, ids
