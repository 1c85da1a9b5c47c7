"""Orders that nobody was credited with, added by the brand's own hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.actors import Actor
from accounts.models import AuditEntry
from core.tenancy import acting_for
from offers.models import Enrollment
from offers.services import supersede_terms
from offers.terms import TermsValues
from payouts.ledger import balances
from tests.cast import NOW, SYSTEM, Cast, order, refund
from tests.snapshot import snapshot
from tracking.models import (
    ConversionStatus,
    Evidence,
    Order,
)
from tracking.orders.approval import reject_conversions
from tracking.orders.crediting import (
    AttributionError,
    attribute_order_by_hand,
    credit_orders_by_hand,
)
from tracking.orders.recording import record_order
from tracking.orders.refunds import record_refund
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.usefixtures("at_juniper")
INES = Actor(label="Ines <ines@juniper.example>")


def record(order_id: str = "1001", *, source: str = "shop", **changes: Any) -> Order:
    """An order of £84.20 that nobody is credited with, unless told otherwise."""
    facts = order(order_id, **({"promo_code": None} | changes))
    record_order(source=source, order=facts, by=SYSTEM, now=NOW)
    return Order.objects.get(source=source, external_id=order_id)


def by_hand(found: Order, enrollment: Enrollment, reason: str = "Her code was forgotten") -> Any:
    return attribute_order_by_hand(
        order_id=found.pk, enrollment=enrollment, reason=reason, by=INES, now=NOW
    )


def test_an_order_added_by_hand_earns_like_any_other(cast: Cast) -> None:
    found = record()

    conversion = by_hand(found, cast.mara_in_glow)

    assert (conversion.evidence, conversion.status) == (Evidence.BY_HAND, "accepted")
    assert conversion.why == "the brand added it by hand: Her code was forgotten"
    assert (conversion.sale_minor, conversion.commission_minor) == (8_420, 842)
    assert balances([cast.mara_in_glow.pk], now=NOW)[cast.mara_in_glow.pk].due_minor == 842
    assert Order.objects.get(pk=found.pk).unattributed == ""
    assert list(differences(cast.juniper)) == []


def test_the_terms_are_those_of_the_orders_time(cast: Cast) -> None:
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=5_000),
        starts_at=NOW + timedelta(minutes=1),
        by=SYSTEM,
        now=NOW,
    )
    found = record()

    conversion = attribute_order_by_hand(
        order_id=found.pk,
        enrollment=cast.mara_in_glow,
        reason="late",
        by=INES,
        now=NOW + timedelta(days=1),
    )

    assert (conversion.terms.version, conversion.commission_minor) == (1, 842)
    assert conversion.payable_at == found.ordered_at


def test_what_was_refunded_before_counts(cast: Cast) -> None:
    found = record(lines=[{"sku": "GLOW-1", "quantity": 2, "unit_price": "42.10"}])
    record_refund(source="shop", refund=refund(), by=SYSTEM, now=NOW)

    conversion = by_hand(found, cast.mara_in_glow)
    record_refund(source="shop", refund=refund("R2"), by=SYSTEM, now=NOW)

    conversion.refresh_from_db()
    assert (conversion.refunded_minor, conversion.commission_minor) == (2_000, 642)
    assert list(differences(cast.juniper)) == []


def test_an_order_added_by_hand_can_be_rejected(cast: Cast) -> None:
    conversion = by_hand(record(), cast.mara_in_glow)

    reject_conversions(conversion_ids=[conversion.pk], reason="A mistake", by=INES, now=NOW)

    conversion.refresh_from_db()
    assert (conversion.status, conversion.commission_minor) == (ConversionStatus.REJECTED, 0)
    assert list(differences(cast.juniper)) == []


def test_the_same_order_told_again_changes_nothing(cast: Cast) -> None:
    by_hand(record(), cast.mara_in_glow)
    before = snapshot()

    record()

    assert snapshot() == before


def test_an_order_that_is_credited_stays_where_it_is(cast: Cast) -> None:
    found = record(promo_code="DIEGO10")
    before = snapshot()

    with pytest.raises(AttributionError, match="credited to Diego Arroyo already"):
        by_hand(found, cast.mara_in_glow)

    assert snapshot() == before


def test_an_order_in_another_currency_is_refused(cast: Cast) -> None:
    found = record(currency="USD")
    before = snapshot()

    with pytest.raises(AttributionError, match="is in USD, the offer Winter Glow creators in GBP"):
        by_hand(found, cast.mara_in_glow)

    assert snapshot() == before


def test_an_unknown_order_and_another_brands_are_refused_alike(cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        theirs = record("T1", currency="GBP")
    before = snapshot()

    for order_id in (theirs.pk, theirs.pk + 1_000):
        with pytest.raises(AttributionError, match=r"^There is no such order\.$"):
            attribute_order_by_hand(
                order_id=order_id, enrollment=cast.mara_in_glow, reason="x", by=INES, now=NOW
            )

    assert snapshot() == before


def test_adding_by_hand_needs_a_reason(cast: Cast) -> None:
    found = record()
    before = snapshot()

    with pytest.raises(AttributionError, match="Say why"):
        by_hand(found, cast.mara_in_glow, "  ")

    assert snapshot() == before


def test_many_orders_earn_as_if_each_were_added_alone(cast: Cast) -> None:
    values = TermsValues(percent_bp=1_000, cap_minor=2_000, cap_period="always")
    soon = NOW + timedelta(minutes=1)
    supersede_terms(offer=cast.glow, values=values, starts_at=soon, by=SYSTEM, now=NOW)
    later = NOW + timedelta(hours=3)
    found = []
    for number in (3, 1, 2):  # not in the order of their times
        at = (NOW + timedelta(hours=number)).isoformat()
        facts = order(f"{number}", promo_code=None, ordered_at=at)
        record_order(source="shop", order=facts, by=SYSTEM, now=later)
        found.append(Order.objects.get(external_id=f"{number}").pk)

    result = credit_orders_by_hand(
        order_ids=found, enrollment=cast.mara_in_glow, reason="Hers", by=INES, now=later
    )

    assert [(row.order.external_id, row.commission_minor) for row in result.conversions] == [
        ("1", 842),
        ("2", 842),
        ("3", 316),
    ]
    assert result.not_credited == []
    assert list(differences(cast.juniper)) == []


def test_of_many_orders_those_that_can_not_be_credited_are_reported(cast: Cast) -> None:
    credited = record("1001", promo_code="DIEGO10")
    foreign = record("1002", currency="USD")
    with acting_for(cast.saltmarsh):
        theirs = record("T1")
    free = record("1003", lines=[{"sku": "GLOW-1", "quantity": 2, "unit_price": "42.10"}])
    record_refund(source="shop", refund=refund("R1", "1003"), by=SYSTEM, now=NOW)

    result = credit_orders_by_hand(
        order_ids=[credited.pk, foreign.pk, theirs.pk, free.pk, free.pk],
        enrollment=cast.mara_in_glow,
        reason="Her code\nwas forgotten",
        by=INES,
        now=NOW,
    )

    [conversion] = result.conversions
    assert (conversion.order_id, conversion.commission_minor) == (free.pk, 742)
    assert conversion.why == "the brand added it by hand: Her code was forgotten"
    assert list(map(str, result.not_credited)) == [
        "Order 1001 is credited to Diego Arroyo already.",
        (
            "Order 1002 is in USD, the offer Winter Glow creators in GBP, and there is no exchange"
            " rate for its day."
        ),
    ]
    left = Order.objects.exclude(unattributed="")
    assert [row.external_id for row in left] == ["1002"]
    [entry] = AuditEntry.objects.filter(action="conversion.added_by_hand")
    assert entry.target == f"conversion:{conversion.pk}"
    assert entry.detail == {
        "order_id": "1003",
        "reason": "Her code\nwas forgotten",
        "was_unattributed": free.unattributed,
    }
    assert list(differences(cast.juniper)) == []


def test_adding_many_by_hand_needs_a_reason_too(cast: Cast) -> None:
    found, before = record(), snapshot()

    with pytest.raises(AttributionError, match="Say why"):
        credit_orders_by_hand(
            order_ids=[found.pk], enrollment=cast.mara_in_glow, reason=" ", by=INES, now=NOW
        )

    assert snapshot() == before
