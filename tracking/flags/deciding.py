"""Staff clear and reject flags, and accept and reject sales that have some."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q

from accounts.actors import Actor
from accounts.audit_log import audit
from core.db import retried_transaction
from core.refused import RefusedError
from tracking.commissions.settlement import changing
from tracking.flags.checking import set_held
from tracking.models import Conversion, ConversionStatus, Flag, FlagKind, FlagState
from tracking.orders import approval

MAX_REASON = 300  # characters
ACCEPTED = "The sale was accepted."


class FlagError(RefusedError):
    """The flags can't be decided; the message says why."""


@retried_transaction
def clear_flags(*, flag_ids: Iterable[int], reason: str, by: Actor, now: datetime) -> int:
    """Clear open flags: they were false. Returns how many.

    A sale that was held earns again once none of its flags holds it. Raises FlagError when the
    reason is empty.
    """
    why = _reason(reason, "say why: it is shown with the flag")
    flags = Flag.objects.filter(pk__in=list(flag_ids), state=FlagState.OPEN)
    with changing(_conversions(flags), now=now) as conversions:
        cleared = _decide(flags, FlagState.CLEARED, why, by=by, now=now)
        set_held(conversions)
    return cleared


@retried_transaction
def reject_flags(*, flag_ids: Iterable[int], reason: str, by: Actor, now: datetime) -> int:
    """Reject the sales of open flags, with a reason that the member reads; return how many flags.

    All open flags of these sales are decided with it. Raises FlagError when the reason is empty.
    """
    why = _reason(reason, "say why: the member reads it")
    asked = Flag.objects.filter(pk__in=list(flag_ids), state=FlagState.OPEN)
    return _reject(_conversions(asked), why, by=by, now=now)[1]


@retried_transaction
def accept_conversions(*, conversion_ids: Iterable[int], by: Actor, now: datetime) -> int:
    """Accept sales as `approval.accept_conversions` does, and clear their flags.

    A sale that was held is accepted with it. Returns how many changed. Those that stay rejected,
    as another order that may be the same is credited, keep their flags.
    """
    ids = list(conversion_ids)
    of_these = Conversion.objects.filter(pk__in=ids)
    differing = ~Q(decision=ConversionStatus.ACCEPTED) | Q(is_held=True)
    before = set(of_these.filter(differing).values_list("pk", flat=True))
    approval.accept_conversions(conversion_ids=ids, by=by, now=now)
    accepted = of_these.filter(decision=ConversionStatus.ACCEPTED)
    flags = Flag.objects.filter(
        conversion__in=accepted, state__in=[FlagState.OPEN, FlagState.REJECTED]
    )
    with changing(_conversions(flags), now=now) as conversions:
        _decide(flags, FlagState.CLEARED, ACCEPTED, by=by, now=now)
        set_held(conversions)
    return len(before.intersection(accepted.values_list("pk", flat=True)))


@retried_transaction
def reject_conversions(
    *, conversion_ids: Iterable[int], reason: str, by: Actor, now: datetime
) -> int:
    """Reject sales as `approval.reject_conversions` does, and with them their open flags."""
    return _reject(list(conversion_ids), reason, by=by, now=now)[0]


def _reject(
    conversion_ids: Collection[int], reason: str, *, by: Actor, now: datetime
) -> tuple[int, int]:
    """Return how many conversions and how many flags changed."""
    changed = approval.reject_conversions(
        conversion_ids=conversion_ids, reason=reason, by=by, now=now
    )
    flags = Flag.objects.filter(conversion__in=list(conversion_ids), state=FlagState.OPEN)
    with changing(_conversions(flags), now=now) as conversions:
        decided = _decide(flags, FlagState.REJECTED, reason.strip()[:MAX_REASON], by=by, now=now)
        set_held(conversions)
    return changed, decided


def _conversions(flags: Iterable[Flag]) -> list[int]:
    return sorted({flag.conversion_id for flag in flags})


def _decide(
    flags: Iterable[Flag], state: FlagState, reason: str, *, by: Actor, now: datetime
) -> int:
    """Decide the flags that still can be; the caller holds the locks of their conversions."""
    rows = Flag.objects.filter(pk__in=[flag.pk for flag in flags]).exclude(
        state__in=[state, FlagState.WITHDRAWN]
    )
    decided = list(rows.select_related("conversion").order_by("pk"))
    for row in decided:
        row.state, row.reason, row.decided_at, row.decided_by = state, reason, now, by.label[:200]
    Flag.objects.bulk_update(decided, ["state", "reason", "decided_at", "decided_by"])
    audit.record_many(
        action=f"flag.{state.value}",
        targets=[
            (row.conversion, {"kind": FlagKind(row.kind).label, "reason": reason})
            for row in decided
        ],
        by=by,
        now=now,
    )
    return len(decided)


def _reason(text: str, problem: str) -> str:
    if not text.strip():
        raise FlagError(problem, "reason")
    return text.strip()[:MAX_REASON]
