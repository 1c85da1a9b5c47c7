"""The audit log of one member and of the member's own objects. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model, Q, QuerySet

from accounts.models import AuditEntry
from affiliates.models import Member
from core.references import Reference, kind_of, reference_in_sql
from offers.models import Enrollment
from payouts.models import GIVEN_KINDS, LedgerEntry, Payout
from tracking.models import Conversion, PromoCode, Question, TrackingLink

# What belongs to an enrollment, by the name that the audit log uses.
OF_ENROLLMENT: tuple[type[Model], ...] = (
    PromoCode, TrackingLink, Question, Conversion, LedgerEntry,
)  # fmt: skip
WITH_OFFERS: tuple[type[Model], ...] = (Enrollment, *OF_ENROLLMENT)


def member_history(member_id: int) -> QuerySet[AuditEntry]:
    """Return the entries about the member and their objects, newest first.

    These are enrollments, codes, links, conversions, questions, bonuses and payments.
    `filter_entries` searches the result.
    """
    own = Enrollment.objects.filter(member=member_id)
    found = Q(target=Reference.by_id(Member, member_id)) | Q(target__in=_targets(own))
    found |= Q(target__in=_targets(Payout.objects.filter(member=member_id)))
    for model in OF_ENROLLMENT:
        rows = model._default_manager.filter(enrollment__in=own.values("pk"))
        if model is LedgerEntry:
            rows = rows.filter(kind__in=GIVEN_KINDS)  # others are of a conversion
        found |= Q(target__in=_targets(rows))
    return AuditEntry.objects.filter(found).order_by("-at", "-pk")


def offers_named_in(entries: Iterable[AuditEntry]) -> dict[str, str]:
    """Return the name of each target's offer, by target; targets without an offer are left out."""
    ids: dict[str, set[int]] = {}
    for entry in entries:
        target = Reference(entry.target)
        if target.number is not None:
            ids.setdefault(target.kind, set()).add(target.number)
    return {
        Reference.by_id(model, pk): name
        for model in WITH_OFFERS
        for pk, name in _offers_of(model, ids.get(kind_of(model), set()))
    }


def _offers_of(model: type[Model], ids: set[int]) -> Iterable[tuple[int, str]]:
    if not ids:
        return []
    name = "offer__name" if model is Enrollment else "enrollment__offer__name"
    rows: Iterable[tuple[int, str]] = model._default_manager.filter(pk__in=ids).values_list(
        "pk", name
    )
    return rows


def _targets(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    """Return the references that the audit log uses for these rows."""
    named: QuerySet[Any, Any] = rows.order_by().annotate(audited=reference_in_sql(rows.model))
    return named.values("audited")
