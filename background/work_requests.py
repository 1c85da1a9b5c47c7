"""Request long work: write its row, and enqueue it once that is committed."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from background.files import save_file
from background.models import LIVE_WORK, Work, WorkFile
from core.broker import publish
from core.tenancy import current_brand_id

# By their names, because this package may not import the handlers.
TASK, OUTSIDE_TASK = "brand_admin.do_work", "brand_admin.do_outside_work"
OUTSIDE_KINDS = frozenset({"link_test"})  # they wait for servers of others; see config.settings


@dataclass(frozen=True, slots=True)
class WorkRequest:
    """The work to do. `total` is the number of rows or members; `given` is the file it reads."""

    kind: str
    title: str
    about: str
    total: int
    confirmation: uuid.UUID
    parameters: dict[str, Any] = field(default_factory=dict)
    given: Iterable[bytes] = ()

    def with_key_of_contents(self) -> WorkRequest:
        """The same request, with a key made of the confirmation, the parameters and the file.

        So a form that is posted again with another file, or with other choices, asks for another
        work, and one that is posted twice for the same. Only for work that changes nothing, such as
        a preview: its form may be posted with other contents again and again. `given` is a list.
        """
        digest = hashlib.sha256(json.dumps([self.kind, self.parameters], sort_keys=True).encode())
        for chunk in self.given:
            digest.update(chunk)
        return replace(self, confirmation=uuid.uuid5(self.confirmation, digest.hexdigest()))


@transaction.atomic
def request_work(request: WorkRequest, *, by: Actor, now: datetime) -> tuple[Work, bool]:
    """The work of this confirmation, and whether it is new: posting a form twice makes one work.

    Call it in the transaction of the confirmation, and then call `enqueue_work` or run it.
    """
    work, is_new = Work.objects.get_or_create(
        confirmation=request.confirmation,
        defaults={
            "kind": request.kind,
            "title": request.title[:200],
            "about": request.about,
            "parameters": request.parameters,
            "total": request.total,
            "asked_by": by.label[:200],
            "asked_at": now,
        },
    )
    if is_new:
        save_file(work, WorkFile.GIVEN, request.given)
        audit.record(action="work.asked", target=work, by=by, now=now, title=work.title)
    return work, is_new


@transaction.atomic
def request_and_enqueue_work(request: WorkRequest, *, by: Actor, now: datetime) -> Work:
    """The work of this confirmation; if it is new, a worker does it."""
    work, is_new = request_work(request, by=by, now=now)
    if is_new:
        enqueue_work(work.pk, now=now)
    return work


def enqueue_work(work_id: int, *, now: datetime) -> None:
    """Enqueue the work when the transaction commits. The message may be lost or arrive twice."""
    live = Work.objects.filter(pk=work_id, state__in=LIVE_WORK)
    kind = live.values_list("kind", flat=True).first()
    if kind is not None and live.update(enqueued_at=now):
        brand_id, task = current_brand_id(), OUTSIDE_TASK if kind in OUTSIDE_KINDS else TASK
        transaction.on_commit(lambda: publish(task, brand_id=brand_id, work_id=work_id))
