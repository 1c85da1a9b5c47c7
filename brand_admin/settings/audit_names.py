"""The names of the audit log's objects: "Mara Lindqvist in Winter Glow". Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db.models import Model, QuerySet

from accounts.models import AuditEntry, Staff
from affiliates.models import Member
from core.kept_queries import KeptQuery, kept_query
from core.references import Reference
from integrations.models import Connection
from notifications.models import Campaign
from offers.models import Enrollment, Offer, Project
from payouts.models import LedgerEntry, Payout
from tracking.models import Conversion, LinkDomain, PromoCode, Question, TrackingLink


def _place(enrollment: Enrollment) -> str:
    return f"{enrollment.member} in {enrollment.offer.name}"


def _of_place(row: Any) -> str:
    return _place(row.enrollment)


def _rows_of(model: type[Model], *related: str) -> KeptQuery:
    """A kept query of the rows with some ids, with these relations."""

    def rows(*, ids: Sequence[int]) -> QuerySet[Any]:
        found = model._default_manager.filter(pk__in=ids)
        return found.select_related(*related) if related else found

    return kept_query(rows)


PLACE = ("enrollment__member", "enrollment__offer")
# By the name in the audit log: a query of the rows, and a function that returns the name of one.
NAMES: dict[str, tuple[KeptQuery, Callable[[Any], str]]] = {
    "campaign": (_rows_of(Campaign), lambda campaign: campaign.title),
    "connection": (_rows_of(Connection), lambda connection: connection.name),
    "conversion": (_rows_of(Conversion, "order"), lambda row: f"Order {row.order.external_id}"),
    "enrollment": (_rows_of(Enrollment, "member", "offer"), _place),
    "ledgerentry": (_rows_of(LedgerEntry, *PLACE), _of_place),
    "linkdomain": (_rows_of(LinkDomain), str),
    "member": (_rows_of(Member), str),
    "offer": (_rows_of(Offer), lambda offer: offer.name),
    "payout": (_rows_of(Payout, "member"), lambda payout: str(payout.member)),
    "project": (_rows_of(Project), lambda project: project.name),
    "promocode": (_rows_of(PromoCode, *PLACE), _of_place),
    "question": (_rows_of(Question, *PLACE), _of_place),
    "staff": (_rows_of(Staff, "user"), lambda staff: str(staff.user)),
    "trackinglink": (_rows_of(TrackingLink, *PLACE), _of_place),
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
        rows, called = NAMES[kind]
        named |= {Reference.to(row): called(row) for row in rows(ids=sorted(found))}
    return named
