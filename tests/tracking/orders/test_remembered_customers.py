"""An offer may remember the customers whom its members brought."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import AuditEntry
from core.references import Reference
from offers.models import Enrollment
from offers.services import change_offer, create_offer, enroll
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, offer_values, order, raw_order
from tracking.links import click_ids
from tracking.links.membership import deactivate_member
from tracking.models import Conversion, Order, TrackingLink
from tracking.orders.approval import accept_conversions, reject_conversions
from tracking.orders.crediting import credit_orders_by_hand
from tracking.orders.facts import OrderFacts
from tracking.orders.reading import read_order
from tracking.orders.recording import record_order, record_orders
from tracking.orders.results import RecordingResult, RecordingStatus
from tracking.orders.sharing import Share, share_order
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.usefixtures("at_juniper")

LATER = (NOW - timedelta(minutes=1)).isoformat()  # than an order that says no time


def record(facts: OrderFacts, *, source: str = "api") -> RecordingResult:
    return record_order(source=source, order=facts, by=SYSTEM, now=NOW)


def remembering(cast: Cast) -> None:
    change_offer(offer=cast.glow, values=offer_values(remembers_customers=True), by=SYSTEM, now=NOW)


def of_the_same_customer(order_id: str = "1002", **changes: Any) -> OrderFacts:
    """A later order of customer c1, without a code."""
    changes = {"customer_id": "c1", "promo_code": None, "ordered_at": LATER} | changes
    return order(order_id, **changes)


def test_a_remembered_customer_is_credited_where_the_offer_says_so(cast: Cast) -> None:
    remembering(cast)
    record(order("1001", customer_id="c1"))

    outcome = record(of_the_same_customer())

    conversion = Conversion.objects.get(pk=outcome.conversion_id or 0)
    assert (conversion.evidence, conversion.enrollment_id) == ("customer", cast.mara_in_glow.pk)


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_a_customer_belongs_to_whoever_won_them_last_before_the_order(
    cast: Cast, in_one_batch: bool
) -> None:
    """However the orders come in, and an earlier order is nobody's."""
    remembering(cast)
    hours = {
        "0": (9, None),
        "1": (8, "MARA15"),
        "2": (7, None),
        "3": (6, "DIEGO10"),
        "4": (5, None),
    }
    facts = [
        of_the_same_customer(
            name, promo_code=code, ordered_at=(NOW - timedelta(hours=ago)).isoformat()
        )
        for name, (ago, code) in hours.items()
    ]
    first = [one for one in facts if one.promo_codes]
    others = [one for one in facts if not one.promo_codes]
    for batch in [[*first, *others]] if in_one_batch else [[one] for one in first + others]:
        record_orders(source="api", orders=batch, by=SYSTEM, now=NOW)

    won = dict(Conversion.objects.values_list("order__external_id", "member__email"))
    mara, diego = cast.mara.email, cast.diego.email
    assert won == {"1": mara, "2": mara, "3": diego, "4": diego}


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_an_order_is_credited_when_the_one_that_won_its_customer_comes_late(
    cast: Cast, in_one_batch: bool
) -> None:
    remembering(cast)
    late = order("1001", customer_id="c1", ordered_at=(NOW - timedelta(hours=1)).isoformat())
    before = of_the_same_customer("1000", ordered_at=(NOW - timedelta(hours=2)).isoformat())
    facts = [of_the_same_customer(), before, late]

    for batch in [facts] if in_one_batch else [[one] for one in facts]:
        record_orders(source="api", orders=batch, by=SYSTEM, now=NOW)

    assert dict(Conversion.objects.values_list("order__external_id", "evidence")) == {
        "1001": "code",
        "1002": "customer",
    }
    conversion = Conversion.objects.get(order__external_id="1002")
    [entry] = AuditEntry.objects.filter(action="order.credited")
    assert entry.target == Reference.to(conversion.order)
    assert entry.detail == {
        "order_id": "1002",
        "conversion": conversion.pk,
        "why": "the order brought a customer won by an earlier order",
    }


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_a_cancelled_order_wins_nobody_until_the_shop_restores_it(
    cast: Cast, in_one_batch: bool
) -> None:
    remembering(cast)
    placed = (NOW - timedelta(hours=1)).isoformat()
    first = raw_order("1001", customer_id="c1", ordered_at=placed)
    cancelled = read_order(first | {"cancelled_at": placed})
    facts = [cancelled, of_the_same_customer()]
    for batch in [facts] if in_one_batch else [[one] for one in facts]:
        record_orders(source="api", orders=batch, by=SYSTEM, now=NOW)
    assert Conversion.objects.get().status == "rejected"

    record_orders(source="api", orders=[read_order(first)], revising=True, by=SYSTEM, now=NOW)

    assert sorted(Conversion.objects.values_list("order__external_id", flat=True)) == [
        "1001",
        "1002",
    ]


def test_two_orders_of_a_customer_are_credited_by_hand_at_once(cast: Cast) -> None:
    """The first wins the customer, and the second is not credited a second time for that."""
    remembering(cast)
    placed = (NOW - timedelta(hours=1)).isoformat()
    record(of_the_same_customer("1001", ordered_at=placed))
    record(of_the_same_customer())

    credit_orders_by_hand(
        order_ids=Order.objects.values_list("pk", flat=True),
        enrollment=cast.mara_in_glow,
        reason="Theirs",
        by=SYSTEM,
        now=NOW,
    )

    assert list(Conversion.objects.values_list("evidence", flat=True)) == ["by_hand", "by_hand"]


def test_of_those_who_share_an_order_the_larger_share_wins_its_customer(cast: Cast) -> None:
    remembering(cast)
    placed = (NOW - timedelta(hours=1)).isoformat()
    record(order("1001", customer_id="c1", ordered_at=placed))
    share_order(
        order_id=Order.objects.get().pk,
        shares=[Share(cast.mara_in_glow, 9_000), Share(cast.diego_in_glow, 1_000)],
        reason="Together",
        by=SYSTEM,
        now=NOW,
    )

    record(of_the_same_customer())

    later = Conversion.objects.get(order__external_id="1002")
    assert later.enrollment == cast.mara_in_glow


def test_an_order_that_is_given_back_wins_its_customer_again(cast: Cast) -> None:
    """Also the orders that came while it was somebody else's."""
    second = create_offer(
        values=offer_values(name="Second", remembers_customers=True),
        terms=TermsValues(percent_bp=500),
        by=SYSTEM,
        now=NOW - timedelta(days=2),
    )
    [diego] = enroll(offer=second, members=[cast.diego], by=SYSTEM, now=NOW - timedelta(days=2))
    record(order("1001", customer_id="c1"))
    for enrollment in (diego, cast.mara_in_glow):
        give(enrollment)
    assert record(of_the_same_customer()).conversion_id is None

    give(diego)

    assert Conversion.objects.get(order__external_id="1002").member == cast.diego


def give(enrollment: Enrollment) -> None:
    share_order(
        order_id=Order.objects.get(external_id="1001").pk,
        shares=[Share(enrollment, 10_000)],
        reason="Theirs",
        by=SYSTEM,
        now=NOW,
    )


@pytest.mark.parametrize(("days", "is_credited"), [(89, True), (90, True), (91, False)])
def test_a_customer_is_remembered_as_long_as_the_offer_says(
    cast: Cast, days: int, is_credited: bool
) -> None:
    values = offer_values(remembers_customers=True, customer_window_days=90)
    change_offer(offer=cast.glow, values=values, by=SYSTEM, now=NOW)
    won_at = NOW - timedelta(days=100)
    record(order("1001", customer_id="c1", ordered_at=won_at.isoformat()))

    again = (won_at + timedelta(days=days)).isoformat()
    outcome = record(of_the_same_customer(ordered_at=again))

    assert (outcome.status == RecordingStatus.RECORDED) is is_credited


def test_a_customer_of_another_shop_is_somebody_else(cast: Cast) -> None:
    remembering(cast)
    record(order("1001", customer_id="c1"), source="first-shop")

    outcome = record(of_the_same_customer(), source="second-shop")

    assert outcome.status == RecordingStatus.UNATTRIBUTED


def test_a_rejected_order_wins_no_customer(cast: Cast) -> None:
    remembering(cast)
    record(order("1001", customer_id="c1"))
    first = Conversion.objects.get()
    reject_conversions(conversion_ids=[first.pk], reason="own order", by=SYSTEM, now=NOW)

    assert record(of_the_same_customer()).status == RecordingStatus.UNATTRIBUTED


def test_an_order_that_is_accepted_after_all_wins_its_customers_later_orders(cast: Cast) -> None:
    """Those that came while it was rejected, too; what is somebody's already stays theirs."""
    remembering(cast)
    hours = {"0": 9, "1": 8, "2": 7, "3": 6, "4": 5}
    codes = {"1": "MARA15", "3": "DIEGO10"}
    sent = {
        name: of_the_same_customer(
            name,
            promo_code=codes.get(name),
            ordered_at=(NOW - timedelta(hours=ago)).isoformat(),
        )
        for name, ago in hours.items()
    }
    record(sent["1"])
    first = Conversion.objects.get()
    reject_conversions(conversion_ids=[first.pk], reason="own order", by=SYSTEM, now=NOW)
    for name in ("4", "2", "0", "3"):
        record(sent[name])
    assert Conversion.objects.filter(order__external_id="2").count() == 0

    assert accept_conversions(conversion_ids=[first.pk], by=SYSTEM, now=NOW) == 1
    assert accept_conversions(conversion_ids=[first.pk], by=SYSTEM, now=NOW) == 0

    won = dict(Conversion.objects.values_list("order__external_id", "member__email"))
    mara, diego = cast.mara.email, cast.diego.email
    assert won == {"1": mara, "2": mara, "3": diego, "4": diego}
    assert list(differences(cast.juniper)) == []


def test_one_that_the_shop_cancelled_wins_nobody_though_it_is_accepted(cast: Cast) -> None:
    remembering(cast)
    placed = (NOW - timedelta(hours=1)).isoformat()
    first = raw_order("1001", customer_id="c1", ordered_at=placed)
    record(read_order(first))
    pk = Conversion.objects.get().pk
    reject_conversions(conversion_ids=[pk], reason="own order", by=SYSTEM, now=NOW)
    cancelled = read_order(first | {"cancelled_at": placed})
    record_orders(source="api", orders=[cancelled], revising=True, by=SYSTEM, now=NOW)
    record(of_the_same_customer())

    accept_conversions(conversion_ids=[pk], by=SYSTEM, now=NOW)

    assert Conversion.objects.count() == 1


def test_who_left_an_offer_earns_nothing_new(cast: Cast) -> None:
    """Neither by a customer nor by a click from before."""
    remembering(cast)
    record(order("1001", customer_id="c1"))
    link = TrackingLink.objects.get(enrollment=cast.mara_in_glow)
    click = click_ids.make(link_id=link.pk, clicked_at=NOW - timedelta(minutes=50))
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW - timedelta(minutes=30))

    by_customer = record(of_the_same_customer())
    by_click = record(of_the_same_customer("1003", customer_id="", click_id=click))
    earlier = (NOW - timedelta(minutes=40)).isoformat()
    before = record(of_the_same_customer("1004", click_id=click, ordered_at=earlier))

    assert by_customer.status == RecordingStatus.UNATTRIBUTED
    assert [problem.code for problem in by_click.problems] == ["inactive_member"]
    assert before.status == RecordingStatus.RECORDED


def test_customers_are_not_remembered_unless_the_offer_says_so(cast: Cast) -> None:
    record(order("1001", customer_id="c1"))

    outcome = record(of_the_same_customer())

    assert outcome.status == RecordingStatus.UNATTRIBUTED
