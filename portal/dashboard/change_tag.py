"""Find out with one small query whether anything on a member's dashboard has changed.

An open page asks this repeatedly. Two equal tags mean that the page would show the same, except for
the time of day.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.db.models import Aggregate, Count, Max, Model, OuterRef, Q, QuerySet, Subquery, Sum

from core.kept_queries import kept_query
from offers.models import Enrollment, Terms
from payouts.models import EntryKind, LedgerEntry, LedgerSum, PayoutState
from tracking.figures.metrics import today
from tracking.models import IN_USE, DailyTotal, PromoCode, Question, TrackingLink


def change_tag(enrollment: Enrollment, *, now: datetime) -> str:
    """Return the change tag of an enrollment, which must have brand, offer and member fetched.

    It changes with the member's totals, ledger, payments, questions, code and links, with what is
    due in their other offers, with the offer and its terms, and when a day or a hold ends. One
    query over totals, so its cost does not depend on the number of conversions.
    """
    facts = _facts(enrollment_id=enrollment.pk, now=now)
    rows = (enrollment, enrollment.brand, enrollment.offer, enrollment.member)
    seen = ([_values(row) for row in rows], today(), facts)
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:32]


@kept_query
def _facts(*, enrollment_id: int, now: datetime) -> QuerySet[Any, Any]:
    """The one row of all that moves the version, besides what `change_tag` was given."""
    rows: QuerySet[Any, Any] = Enrollment.objects.filter(pk=enrollment_id).values_list(
        _of(DailyTotal.objects.all(), Sum("changes")),
        *_items(PromoCode.objects.all()),
        *_items(TrackingLink.objects.all()),
        _of(TrackingLink.objects.main().in_use(), Max("slug")),
        *_ledger(now),
        _due_in_all_offers(now),
        *_of_each(Question.objects.all(), Max("pk"), Max("answered_at")),
        _of(Terms.objects.all(), Max("pk"), by="offer"),
        _of(Terms.objects.all(), Count("pk"), by="offer"),
        _of(Terms.objects.filter(starts_at__lte=now), Count("pk"), by="offer"),
    )
    return rows


def _values(row: Model) -> list[object]:
    return [getattr(row, field.attname) for field in row._meta.concrete_fields]


def _of(rows: QuerySet[Any], figure: Aggregate, *, by: str = "enrollment") -> Subquery:
    """`figure` over the rows of the enrollment, or of its offer."""
    own = rows.filter(**{by: OuterRef("pk" if by == "enrollment" else by)})
    return Subquery(own.order_by().values(by).annotate(figure=figure).values("figure"))


def _of_each(rows: QuerySet[Any], *figures: Aggregate) -> list[Subquery]:
    return [_of(rows, figure) for figure in figures]


def _items(rows: QuerySet[Any]) -> list[Subquery]:
    in_use = Count("pk", filter=IN_USE)
    return _of_each(rows, Max("pk"), in_use, Max("deactivated_at"))


def _due_in_all_offers(now: datetime) -> Subquery:
    """What the next payment would be, which other offers of the brand change too."""
    due = LedgerSum.objects.filter(
        enrollment__member=OuterRef("member"),
        currency=OuterRef("offer__currency"),
        available_at__lte=now,
    )
    return Subquery(
        due.order_by().values("currency").annotate(minor=Sum("amount_minor")).values("minor")
    )


def _ledger(now: datetime) -> list[Subquery]:
    """Payments and their states, bonuses, and the end of the next hold."""
    others = LedgerEntry.objects.filter(~Q(kind=EntryKind.COMMISSION))
    waiting_for_details = Count("pk", filter=Q(payout__state=PayoutState.PENDING_INFO))
    waiting = LedgerEntry.objects.filter(enrollment=OuterRef("pk"), available_at__gt=now)
    return [
        *_of_each(others, Max("pk"), Max("payout__settled_at"), waiting_for_details),
        Subquery(waiting.order_by("available_at").values("available_at")[:1]),
    ]
