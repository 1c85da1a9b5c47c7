"""A dashboard in every state it can be in, by name, and with everything that may be typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from affiliates.services import add_member
from core.tenancy import acting_for
from offers.dashboard_links import token_for
from offers.models import Enrollment, Offer, OfferStatus
from offers.services import create_offer, enroll, set_offer_status
from offers.terms import TermsValues
from payouts.ledger import due_entries
from payouts.services import record_payment
from tests.cast import Cast, offer_values, order
from tracking.links.generating import deactivate_items, generate_items
from tracking.links.membership import deactivate_member, remove_from_offer
from tracking.orders.recording import record_order

BACKWARDS = "range=custom&first=2026-11-09&last=2026-11-01"
NAMES = {
    "in Arabic": ("محمد", "عبد الرحمن الفاسي"),
    "with an emoji": ("Zoë 🌿", "Sunshine ✨"),
    "of 200 characters": ("Maximiliana " * 16 + "Konstanz", ""),
    "of one word": ("A" * 60, ""),
}


def dashboards(cast: Cast) -> dict[str, str]:
    """The addresses by the state."""
    with acting_for(cast.juniper):
        return {
            "paused": _with_history(cast, "Paused", _status(OfferStatus.PAUSED)),
            "ended": _with_history(cast, "Ended", _status(OfferStatus.ENDED)),
            "not begun": _with_history(cast, "Not begun", _begins_tomorrow),
            "inactive code": _with_history(cast, "Inactive code", _without_items),
            "inactive member": _with_history(cast, "Inactive member", _inactive),
            "removed member": _with_history(cast, "Removed member", _removed),
            "nothing given yet": _with_nothing(cast),
            "no conversions": f"/d/{token_for(cast.diego_in_glow)}",
            **{f"a name {name}": _called(cast, name) for name in NAMES},
            **_typed(cast),
        }


def _typed(cast: Cast) -> dict[str, str]:
    link = f"/d/{token_for(cast.mara_in_glow)}"
    return {
        "a range that ends before it starts": f"{link}?{BACKWARDS}",
        "a range of nothing": f"{link}?range=custom",
        "a range to come": f"{link}?range=custom&first=2027-01-01&last=2027-02-01",
        "a status nobody has": f"{link}?status=pending",
        "a link that never was": "/d/never-was-one",
        "a link cut short": link[:-1],
        "a payment of nobody's": f"{link}/payments/00000000-0000-4000-8000-000000000000",
    }


def _with_history(cast: Cast, name: str, happen: Callable[[Cast, Enrollment], None]) -> str:
    """A member with sales from before, after which something happened."""
    enrollment = _enrolled(cast, offer_values(name=f"Offer: {name}"))
    code = f"MARA-{enrollment.pk}"
    generate_items(
        enrollments=[enrollment], codes={enrollment.pk: code}, links=True, by=cast.by, now=cast.now
    )
    for number in range(3):
        at = cast.now - timedelta(days=number, hours=1)
        facts = order(
            f"{name}-{number}", promo_code=code, ordered_at=at.isoformat(), amount=f"{number}9.90"
        )
        record_order(order=facts, source="shop", by=cast.by, now=cast.now)
    happen(cast, enrollment)
    return f"/d/{token_for(enrollment)}"


def _enrolled(cast: Cast, values: object) -> Enrollment:
    offer = create_offer(
        values=values,  # type: ignore[arg-type]
        terms=TermsValues(percent_bp=1_000),
        by=cast.by,
        now=cast.now - timedelta(days=30),
    )
    [enrollment] = enroll(offer=offer, members=[cast.mara], by=cast.by, now=cast.now)
    return enrollment


def _status(status: OfferStatus) -> Callable[[Cast, Enrollment], None]:
    def happen(cast: Cast, enrollment: Enrollment) -> None:
        set_offer_status(offer=enrollment.offer, status=status, by=cast.by, now=cast.now)

    return happen


def _begins_tomorrow(cast: Cast, enrollment: Enrollment) -> None:
    begins = cast.now + timedelta(days=1)
    Offer.objects.filter(pk=enrollment.offer_id).update(starts_at=begins)


def _without_items(cast: Cast, enrollment: Enrollment) -> None:
    deactivate_items(enrollment=enrollment, by=cast.by, now=cast.now)


def _inactive(cast: Cast, enrollment: Enrollment) -> None:
    deactivate_member(enrollment=enrollment, by=cast.by, now=cast.now)


def _removed(cast: Cast, enrollment: Enrollment) -> None:
    due = due_entries(member_id=cast.mara.pk, currency="GBP", now=cast.now)
    mine = [entry.pk for entry in due if entry.enrollment_id == enrollment.pk]
    record_payment(
        member=cast.mara, currency="GBP", entry_ids=mine, reference="BACS", by=cast.by, now=cast.now
    )
    remove_from_offer(enrollment=enrollment, by=cast.by, now=cast.now)


def _with_nothing(cast: Cast) -> str:
    return f"/d/{token_for(_enrolled(cast, offer_values(name='Nothing given yet')))}"


def _called(cast: Cast, name: str) -> str:
    first, last = NAMES[name]
    member = add_member(email="", first_name=first[:200], last_name=last, by=cast.by, now=cast.now)
    [enrollment] = enroll(offer=cast.glow, members=[member], by=cast.by, now=cast.now)
    generate_items(
        enrollments=[enrollment], codes={enrollment.pk: f"NAME{enrollment.pk}"}, links=True,
        by=cast.by, now=cast.now,
    )  # fmt: skip
    return f"/d/{token_for(enrollment)}"
