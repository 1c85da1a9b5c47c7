"""Read the audit log of a brand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db.models import Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast

from accounts.models import AuditCount, AuditEntry

Worded = Callable[[str], Iterable[str]]  # the actions that are shown with this word in them


def _as_named(word: str) -> Iterable[str]:
    return ()


def audit_entries(
    *,
    search: str = "",
    kinds: Iterable[str] = (),
    first: datetime | None = None,
    last: datetime | None = None,
    worded: Worded = _as_named,
) -> QuerySet[AuditEntry]:
    """The audit log of the brand acted for, newest first; every word must stand in the entry.

    `kinds` are of what something was done to ("offer"); `first` and `last` are moments, the second
    one excluded.
    """
    found = AuditEntry.objects.order_by("-at", "-pk")
    of_kind = Q()
    for kind in kinds:
        of_kind |= Q(target__startswith=f"{kind}:")
    found = found.filter(of_kind)
    return narrowed(found, search=search, first=first, last=last, worded=worded)


def narrowed(
    found: QuerySet[AuditEntry],
    *,
    search: str = "",
    first: datetime | None = None,
    last: datetime | None = None,
    worded: Worded = _as_named,
) -> QuerySet[AuditEntry]:
    """Those of the entries in which every word stands: in who, in what or in its details.

    `worded` tells the actions that are shown with a word in them; `last` is excluded.
    """
    if search:
        found = found.annotate(told=Cast("detail", TextField()))
    for word in search.split():
        found = found.filter(
            Q(actor__icontains=word)
            | Q(action__icontains=word)
            | Q(action__in=worded(word))
            | Q(target__icontains=word)
            | Q(told__icontains=word)
        )
    if first is not None:
        found = found.filter(at__gte=first)
    return found.filter(at__lt=last) if last is not None else found


def audit_count(kinds: Iterable[str] = ()) -> int:
    """How many `audit_entries` there are of these kinds, or of all, from the kept counts."""
    wanted = set(kinds)
    counts = AuditCount.objects.filter(kind__in=wanted) if wanted else AuditCount.objects.all()
    return counts.aggregate(sum=Sum("entries"))["sum"] or 0


def history_of(targets: Iterable[str]) -> QuerySet[AuditEntry]:
    """Everything done to these things ("conversion:12"), oldest first."""
    return AuditEntry.objects.filter(target__in=list(targets)).order_by("at", "pk")
