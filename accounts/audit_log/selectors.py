"""Read the audit log of a brand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast

from accounts.models import AuditCount, AuditEntry
from core.kept_queries import kept_query
from core.text import search_words

ActionsForWord = Callable[[str], Iterable[str]]  # the actions whose shown text has the word


def _no_actions(word: str) -> Iterable[str]:
    return ()


def audit_entries(
    *,
    search: str = "",
    kinds: Iterable[str] = (),
    first: datetime | None = None,
    last: datetime | None = None,
    actions_for_word: ActionsForWord = _no_actions,
) -> QuerySet[AuditEntry]:
    """The audit log of the brand acted for, newest first; an entry must contain every word.

    `kinds` are kinds of targets ("offer"); `last` is excluded.
    """
    found = AuditEntry.objects.order_by("-at", "-pk")
    of_kind = Q()
    for kind in kinds:
        of_kind |= Q(target__startswith=f"{kind}:")
    found = found.filter(of_kind)
    return filter_entries(
        found, search=search, first=first, last=last, actions_for_word=actions_for_word
    )


def filter_entries(
    found: QuerySet[AuditEntry],
    *,
    search: str = "",
    first: datetime | None = None,
    last: datetime | None = None,
    actions_for_word: ActionsForWord = _no_actions,
) -> QuerySet[AuditEntry]:
    """The entries that contain every word of `search`: in actor, action, target or details.

    `actions_for_word` returns the actions whose shown text contains a word; `last` is excluded.
    """
    if search:
        found = found.annotate(detail_text=Cast("detail", TextField()))
    for word in search_words(search):
        found = found.filter(
            Q(actor__icontains=word)
            | Q(action__icontains=word)
            | Q(action__in=actions_for_word(word))
            | Q(target__icontains=word)
            | Q(detail_text__icontains=word)
        )
    if first is not None:
        found = found.filter(at__gte=first)
    return found.filter(at__lt=last) if last is not None else found


def audit_count(kinds: Iterable[str] = ()) -> int:
    """The number of `audit_entries` of these kinds, or of all, from the stored counts."""
    return sum(_counts(kinds=sorted(set(kinds)) or None))


@kept_query
def _counts(*, kinds: list[str] | None) -> QuerySet[AuditCount, Any]:
    """The one sum of the brand; none where nothing was counted."""
    counts = (
        AuditCount.objects.all() if kinds is None else AuditCount.objects.filter(kind__in=kinds)
    )
    sums = counts.values("brand_id").annotate(sum=Sum("entries"))
    return sums.values_list("sum", flat=True)


def history_of(targets: Iterable[str]) -> QuerySet[AuditEntry]:
    """Everything done to these things ("conversion:12"), oldest first."""
    return AuditEntry.objects.filter(target__in=list(targets)).order_by("at", "pk")
