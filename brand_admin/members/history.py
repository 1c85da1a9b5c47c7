"""Everything that was done about one member: to them, and to what is theirs. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from django.db.models import CharField, Model, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from accounts.models import AuditEntry
from offers.models import Enrollment
from payouts.models import EntryKind, LedgerEntry, Payout
from tracking.models import Conversion, PromoCode, Question, TrackingLink

# What belongs to a place in an offer, by the name that the audit log has for it.
OF_ENROLLMENT: dict[str, type[Model]] = {
    "promocode": PromoCode,
    "trackinglink": TrackingLink,
    "question": Question,
    "conversion": Conversion,
    "ledgerentry": LedgerEntry,
}


def member_history(member_id: int) -> QuerySet[AuditEntry]:
    """What was done to the member, their places in offers, codes, links, conversions, questions,
    bonuses and payments; newest first. `accounts.selectors.narrowed` searches in it.
    """
    own = Enrollment.objects.filter(member=member_id)
    found = Q(target=f"member:{member_id}") | Q(target__in=_targets("enrollment", own))
    found |= Q(target__in=_targets("payout", Payout.objects.filter(member=member_id)))
    for kind, model in OF_ENROLLMENT.items():
        rows = model._default_manager.filter(enrollment__in=own.values("pk"))
        if model is LedgerEntry:
            rows = rows.filter(kind=EntryKind.ADJUSTMENT)  # the others tell of their conversion
        found |= Q(target__in=_targets(kind, rows))
    return AuditEntry.objects.filter(found).order_by("-at", "-pk")


def offers_named_in(entries: Iterable[AuditEntry]) -> dict[str, str]:
    """The name of the offer that each target belongs to, by target; not all belong to one."""
    ids: dict[str, set[int]] = {}
    for entry in entries:
        kind, _, pk = entry.target.partition(":")
        ids.setdefault(kind, set()).add(int(pk))
    return dict(chain.from_iterable(_names(kind, found) for kind, found in ids.items()))


def _names(kind: str, ids: set[int]) -> list[tuple[str, str]]:
    model: type[Model] | None = Enrollment if kind == "enrollment" else OF_ENROLLMENT.get(kind)
    if model is None:
        return []
    name = "offer__name" if kind == "enrollment" else "enrollment__offer__name"
    rows = model._default_manager.filter(pk__in=ids).values_list("pk", name)
    return [(f"{kind}:{pk}", offer_name) for pk, offer_name in rows]


def _targets(kind: str, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    """What the audit log calls these rows."""
    name = Concat(Value(f"{kind}:"), Cast("pk", CharField()))
    named: QuerySet[Any, Any] = rows.order_by().annotate(audited=name)
    return named.values("audited")
