"""The names of the audit log's objects: "Mara Lindqvist in Winter Glow". Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Model

from accounts.models import AuditEntry, Staff
from affiliates.models import Member
from core.references import Reference
from integrations.models import Connection
from notifications.models import Campaign
from offers.models import Enrollment, Offer, Project
from payouts.models import LedgerEntry, Payout
from tracking.models import Conversion, PromoCode, Question, TrackingLink


def _place(enrollment: Enrollment) -> str:
    return f"{enrollment.member} in {enrollment.offer.name}"


def _of_place(row: Any) -> str:
    return _place(row.enrollment)


PLACE = ("enrollment__member", "enrollment__offer")
# By the name in the audit log: the relations to read, and a function that returns the name.
NAMES: dict[str, tuple[type[Model], tuple[str, ...], Callable[[Any], str]]] = {
    "campaign": (Campaign, (), lambda campaign: campaign.title),
    "connection": (Connection, (), lambda connection: connection.name),
    "conversion": (Conversion, ("order",), lambda row: f"Order {row.order.external_id}"),
    "enrollment": (Enrollment, ("member", "offer"), _place),
    "ledgerentry": (LedgerEntry, PLACE, _of_place),
    "member": (Member, (), str),
    "offer": (Offer, (), lambda offer: offer.name),
    "payout": (Payout, ("member",), lambda payout: str(payout.member)),
    "project": (Project, (), lambda project: project.name),
    "promocode": (PromoCode, PLACE, _of_place),
    "question": (Question, PLACE, _of_place),
    "staff": (Staff, ("user",), lambda staff: str(staff.user)),
    "trackinglink": (TrackingLink, PLACE, _of_place),
}


def names_in(entries: Iterable[AuditEntry]) -> dict[str, str]:
    """Return the names by target, with one query per kind of object."""
    ids: dict[str, set[int]] = {}
    for entry in entries:
        target = Reference(entry.target)
        if target.kind in NAMES and target.number is not None:
            ids.setdefault(target.kind, set()).add(target.number)
    named: dict[str, str] = {}
    for kind, found in ids.items():
        model, related, called = NAMES[kind]
        rows = model._default_manager.filter(pk__in=found).select_related(*related)
        named |= {Reference.to(row): called(row) for row in rows}
    return named
