"""Read payouts."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import OuterRef, Q, QuerySet, Subquery

from payouts.models import EntryKind, LedgerEntry, Payout, PayoutItem


def payouts(*, search: str = "", member_id: int | None = None, state: str = "") -> QuerySet[Payout]:
    """The brand's payments, newest first; `search` looks in the member's name and the reference."""
    found = Payout.objects.select_related("member").order_by("-created_at", "-pk")
    if member_id is not None:
        found = found.filter(member=member_id)
    for word in search.split():
        found = found.filter(
            Q(member__first_name__icontains=word)
            | Q(member__last_name__icontains=word)
            | Q(member__email__icontains=word)
            | Q(reference__icontains=word)
        )
    return found.filter(state=state) if state else found


def payouts_touching(enrollment_id: int) -> QuerySet[Payout]:
    """The payments that pay any entry of this enrollment, newest first."""
    return Payout.objects.filter(
        pk__in=PayoutItem.objects.filter(entry__enrollment=enrollment_id).values("payout")
    ).order_by("-created_at", "-pk")


def items_of(payout_ids: Iterable[int]) -> QuerySet[PayoutItem]:
    """What payments pay, oldest entry first."""
    return (
        PayoutItem.objects.filter(payout__in=set(payout_ids))
        .select_related("entry__enrollment__offer")
        .order_by("entry__available_at", "entry_id")
    )


def payout_of(entry_ids: Iterable[int]) -> Payout | None:
    """The live payment that pays exactly these entries, if there is one."""
    wanted = set(entry_ids)
    payout_ids = set(
        PayoutItem.objects.filter(entry__in=wanted, released_at=None).values_list(
            "payout_id", flat=True
        )
    )
    if len(payout_ids) != 1:
        return None
    items = PayoutItem.objects.filter(payout__in=payout_ids, released_at=None)
    if set(items.values_list("entry_id", flat=True)) != wanted:
        return None
    return Payout.objects.get(pk__in=payout_ids)


def entries_of_conversion(conversion_id: int) -> QuerySet[LedgerEntry]:
    """What was posted for a conversion, oldest first; `paid_by` is the id of the live payment."""
    live = PayoutItem.objects.filter(entry=OuterRef("pk"), released_at=None)
    return (
        LedgerEntry.objects.filter(kind=EntryKind.COMMISSION, conversion_id=conversion_id)
        .annotate(paid_by=Subquery(live.values("payout_id")[:1]))
        .order_by("pk")
    )
