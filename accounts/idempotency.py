"""Run a request with an Idempotency-Key once, and keep its answer for repeats.

A key is claimed by one statement that is committed before the request runs, so of two requests at
once PostgreSQL lets one run. A process that is killed leaves its claim behind; after
`RUNNING_SECONDS` a repeat of the same request takes it over. Only an answer that says that
something was done is kept: a request that was refused had no effect and may be sent again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import ApiKey, IdempotentRequest
from core.batches import found_in_batches
from core.tenancy import across_brands, current_brand_id

KEPT_FOR = timedelta(hours=24)
RUNNING_SECONDS = 30  # longer than any request of the API may take
MAX_DELETED_AT_ONCE = 5_000

# A row that is too old counts as none. The claim of the same request may be taken over.
_CLAIM = """
INSERT INTO accounts_idempotentrequest AS kept
  (brand_id, key_id, name, operation, body_digest, claim, claimed_until, created_at, status,
   headers, content)
VALUES (%(brand)s, %(key)s, %(name)s, %(operation)s, %(digest)s, %(claim)s, %(until)s, %(now)s,
  NULL, '{}', '')
ON CONFLICT (brand_id, key_id, name) DO UPDATE SET
  operation = excluded.operation, body_digest = excluded.body_digest, claim = excluded.claim,
  claimed_until = excluded.claimed_until, created_at = excluded.created_at, status = NULL,
  headers = '{}', content = ''
WHERE kept.created_at <= %(oldest)s OR (
  kept.status IS NULL AND kept.claimed_until <= %(now)s
  AND kept.operation = excluded.operation AND kept.body_digest = excluded.body_digest)
RETURNING id
"""


class KeyReusedError(ValueError):
    """The Idempotency-Key was used for another request."""


class InProgressError(Exception):
    """A request with the Idempotency-Key runs; it is over, or given up, in `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"a request with this key runs, for at most {seconds} seconds more")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Claim:
    """The right of one request to run. `token` tells it from one that took the row over."""

    row_id: int
    token: UUID


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The answer to the first request with the key."""

    status: int
    headers: dict[str, str]
    content: str


def claim_request(
    *, key: ApiKey, name: str, operation: str, body_digest: str, now: datetime
) -> Claim | KeptAnswer:
    """Claim an Idempotency-Key: return the claim, or the answer that is kept.

    Raises KeyReusedError and InProgressError.
    """
    token = uuid4()
    values: dict[str, Any] = {
        "brand": current_brand_id(),
        "key": key.pk,
        "name": name,
        "operation": operation,
        "digest": body_digest,
        "claim": token,
        "until": now + timedelta(seconds=RUNNING_SECONDS),
        "now": now,
        "oldest": now - KEPT_FOR,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        claimed = cursor.fetchone()
    if claimed:
        return Claim(claimed[0], token)
    kept = IdempotentRequest.objects.filter(key=key, name=name).first()
    if kept is None:  # it was given up at this moment
        raise InProgressError(1)
    if (kept.operation, kept.body_digest) != (operation, body_digest):
        raise KeyReusedError
    if kept.status is None:
        seconds = (kept.claimed_until - now).total_seconds()
        raise InProgressError(max(1, min(RUNNING_SECONDS, round(seconds))))
    return KeptAnswer(kept.status, kept.headers, kept.content)


def keep_answer(*, claim: Claim, answer: KeptAnswer) -> bool:
    """Keep the answer for repeats; return whether the claim was still this request's."""
    kept = _row(claim).update(status=answer.status, headers=answer.headers, content=answer.content)
    return bool(kept)


def give_up_claim(*, claim: Claim) -> None:
    """Let the key be used again: the request had no effect."""
    _row(claim).delete()


def _row(claim: Claim) -> QuerySet[IdempotentRequest]:
    return IdempotentRequest.objects.filter(pk=claim.row_id, claim=claim.token, status=None)


def delete_old_answers(*, now: datetime) -> int:
    """Delete what is older than KEPT_FOR, of all brands; return how many rows."""
    deleted = 0
    with across_brands(reason="old answers of every brand are deleted"):
        old = IdempotentRequest.objects.filter(created_at__lte=now - KEPT_FOR)
        for ids in found_in_batches(old, MAX_DELETED_AT_ONCE):
            deleted += IdempotentRequest.objects.filter(pk__in=ids).delete()[0]
    return deleted


def forget_answers_with(texts: Iterable[str]) -> None:
    """Empty the kept answers of the brand acted for that hold a text, such as a mail address.

    The requests stay answered: a repeat does nothing, and gets an empty object. JSON may write what
    is not ASCII by its number.
    """
    holds = Q()
    for text in texts:
        for form in {text, json.dumps(text)[1:-1]}:
            holds |= Q(content__icontains=form)
    if holds:
        IdempotentRequest.objects.filter(holds).exclude(status=None).update(content="{}")
