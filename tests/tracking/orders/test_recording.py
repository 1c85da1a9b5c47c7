"""The one way in for orders."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from offers.models import OfferStatus
from offers.services import create_offer, enroll, set_offer_status, supersede_terms
from offers.terms import TermsValues
from payouts.ledger import balances
from payouts.models import LedgerEntry
from tests.cast import NOW, SYSTEM, Cast, offer_values, order, refund
from tracking.links import click_ids
from tracking.links.membership import deactivate_member
from tracking.links.tracking_links import give_links
from tracking.models import Conversion, DailyTotal, Order, OrderLine, Refund, TrackingLink
from tracking.orders.approval import reject_conversions
from tracking.orders.as_sent import order_as_sent
from tracking.orders.facts import OrderFacts
from tracking.orders.lookup import orders_as_sent
from tracking.orders.recording import record_order, record_orders
from tracking.orders.refunds import record_refund
from tracking.orders.results import RecordingResult, RecordingStatus

pytestmark = pytest.mark.usefixtures("at_juniper")


def record(facts: OrderFacts, *, source: str = "api", now: datetime = NOW) -> RecordingResult:
    """It comes in when it was made, or at `now` if that is later."""
    now = max(now, facts.ordered_at)
    return record_order(source=source, order=facts, by=SYSTEM, now=now)


def of(outcome: RecordingResult) -> Conversion:
    assert outcome.conversion_id
    return Conversion.objects.get(pk=outcome.conversion_id)


def test_an_order_with_a_code_earns_its_member_a_commission(cast: Cast) -> None:
    outcome = record(order("1001", amount="84.20"))

    conversion = of(outcome)
    assert outcome.status == RecordingStatus.RECORDED
    assert conversion.enrollment_id == cast.mara_in_glow.pk
    assert (conversion.sale_minor, conversion.commission_minor) == (8420, 842)
    assert conversion.why == "the order brought the code MARA15"
    assert conversion.explanation == [
        {"step": "percent", "base": 8420, "rate_bp": 1000, "amount": 842}
    ]
    assert balances([cast.mara_in_glow.pk], now=NOW)[cast.mara_in_glow.pk].due_minor == 842
    day = DailyTotal.objects.get(enrollment=cast.mara_in_glow)
    assert (day.conversions, day.sales_minor, day.commission_minor) == (1, 8420, 842)


def test_the_same_order_again_changes_nothing(cast: Cast) -> None:
    record(order("1001"))

    again = record(order("1001"))

    assert again.status == RecordingStatus.DUPLICATE
    assert (Order.objects.count(), Conversion.objects.count(), LedgerEntry.objects.count()) == (
        1,
        1,
        1,
    )


def test_the_same_order_with_other_contents_is_refused_with_both_shown(cast: Cast) -> None:
    record(order("1001", amount="84.20"))

    outcome = record(order("1001", amount="90.00"))

    assert outcome.status == RecordingStatus.CONFLICT
    assert outcome.problems[0].code == "recorded_differently"
    assert outcome.recorded
    assert outcome.received
    assert outcome.recorded["lines"][0]["amount"] == "84.20"
    assert outcome.received["lines"][0]["amount"] == "90.00"
    assert Conversion.objects.get().sale_minor == 8420


def test_recorded_orders_read_back_as_they_were_sent(cast: Cast) -> None:
    facts = order(
        "1001",
        customer_id="c9",
        lines=[
            {"sku": "A", "product": "Ä tea", "quantity": 3, "unit_price": "1.005"},
            {"sku": "A", "quantity": 1, "unit_price": "2", "discount": "0.50"},
        ],
    )
    record(facts)

    assert orders_as_sent("api", ["1001"])["1001"] == order_as_sent(facts, facts.lines)
    assert [line.net_minor for line in OrderLine.objects.order_by("position")] == [302, 150]


def test_one_batch_may_hold_the_same_order_twice(cast: Cast) -> None:
    outcomes = record_orders(
        source="api", orders=[order("1"), order("1"), order("1", amount="1")], by=SYSTEM, now=NOW
    )

    assert [o.status for o in outcomes] == [
        RecordingStatus.RECORDED,
        RecordingStatus.DUPLICATE,
        RecordingStatus.CONFLICT,
    ]
    assert Conversion.objects.count() == 1


def test_two_sources_may_use_the_same_order_id(cast: Cast) -> None:
    record(order("1001"))
    record(order("1001", amount="20.00"), source="shopify")

    assert Conversion.objects.count() == 2


def test_an_unknown_code_is_named_and_credits_nobody(cast: Cast) -> None:
    outcome = record(order("1001", promo_code="NOBODY"))

    assert outcome.status == RecordingStatus.UNATTRIBUTED
    assert [(p.field, p.code) for p in outcome.problems] == [("promo_code", "unknown_code")]
    assert Order.objects.get().unattributed == "no member has the code NOBODY"
    assert (Conversion.objects.count(), LedgerEntry.objects.count()) == (0, 0)


def test_a_code_of_another_brand_is_an_unknown_code(cast: Cast) -> None:
    outcome = record(order("1001", promo_code="JUNETIDE"))

    assert outcome.problems[0].code == "unknown_code"


def test_an_order_in_another_currency_than_the_offers_is_kept_and_credited_to_nobody(
    cast: Cast,
) -> None:
    """Not to the member of a weaker kind of evidence either."""
    dollars = offer_values(name="Dollars", currency="USD")
    offer = create_offer(values=dollars, terms=TermsValues(percent_bp=1_000), by=SYSTEM, now=NOW)
    [in_dollars] = enroll(offer=offer, members=[cast.diego], by=SYSTEM, now=NOW)
    [link] = give_links(enrollments=[in_dollars], by=SYSTEM, now=NOW)
    click = click_ids.make(link_id=link.pk, clicked_at=NOW - timedelta(hours=2))

    outcome = record(order("1001", currency="USD", click_id=click))

    kept = Order.objects.get()
    assert outcome.status == RecordingStatus.UNATTRIBUTED
    assert [(p.field, p.code) for p in outcome.problems] == [
        ("currency", "not_the_offers_currency")
    ]
    said = "the order is in USD, the offer Winter Glow creators in GBP"
    assert (kept.currency, kept.unattributed) == ("USD", said)
    assert Conversion.objects.count() == 0


def test_a_click_id_proves_itself_without_the_clicks_row(cast: Cast) -> None:
    link = TrackingLink.objects.get(enrollment=cast.diego_in_glow)
    click = click_ids.make(link_id=link.pk, clicked_at=NOW - timedelta(days=3))

    outcome = record(order("1001", promo_code=None, click_id=click))

    conversion = of(outcome)
    assert (conversion.evidence, conversion.enrollment_id) == ("click", cast.diego_in_glow.pk)
    assert conversion.why == "the order brought a click on 17 Nov 2026"


def test_the_code_wins_over_the_link_and_the_links_claim_is_kept(cast: Cast) -> None:
    link = TrackingLink.objects.get(enrollment=cast.diego_in_glow)
    click = click_ids.make(link_id=link.pk, clicked_at=NOW - timedelta(days=3))

    outcome = record(order("1001", click_id=click))

    conversion = of(outcome)
    assert conversion.enrollment_id == cast.mara_in_glow.pk
    assert [claim["enrollment"] for claim in conversion.claims] == [
        cast.mara_in_glow.pk,
        cast.diego_in_glow.pk,
    ]
    assert conversion.why == (
        "the order brought the code MARA15, which wins over a click on 17 Nov 2026"
    )


@pytest.mark.parametrize(
    ("age", "code"),
    [
        (timedelta(days=28, hours=2), "outside_window"),
        (-timedelta(hours=2), "click_after_order"),
    ],
)
def test_a_click_outside_its_window_does_not_count(cast: Cast, age: timedelta, code: str) -> None:
    link = TrackingLink.objects.get(enrollment=cast.mara_in_glow)
    click = click_ids.make(link_id=link.pk, clicked_at=NOW - timedelta(hours=1) - age)

    outcome = record(order("1001", promo_code=None, click_id=click))

    assert [problem.code for problem in outcome.problems] == [code]
    assert Conversion.objects.count() == 0


def test_a_forged_click_id_is_named(cast: Cast) -> None:
    link = TrackingLink.objects.get(enrollment=cast.mara_in_glow)
    click = click_ids.make(link_id=link.pk, clicked_at=NOW)
    forged = ("A" if click[10] != "A" else "B").join([click[:10], click[11:]])

    outcome = record(order("1001", promo_code=None, click_id=forged))

    assert [problem.code for problem in outcome.problems] == ["unknown_click"]


def test_an_order_older_than_its_code_counts(cast: Cast) -> None:
    outcome = record(order("1001", ordered_at="2010-12-01T08:26:00Z"))

    assert outcome.status == RecordingStatus.RECORDED


def test_a_code_taken_out_of_use_keeps_its_past_and_gets_no_future(cast: Cast) -> None:
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)

    before = record(order("1001", ordered_at=(NOW - timedelta(days=1)).isoformat()))
    after = record(order("1002", ordered_at=(NOW + timedelta(days=1)).isoformat()))

    assert before.status == RecordingStatus.RECORDED
    assert [problem.code for problem in after.problems] == ["inactive_code"]


@pytest.mark.parametrize(("hours", "codes"), [(1, []), (2, ["in_the_future"])])
def test_what_is_dated_in_the_future_is_refused(cast: Cast, hours: int, codes: list[str]) -> None:
    later = (NOW + timedelta(hours=hours)).isoformat()
    record(order("0"))

    dated = record_order(source="api", order=order("1", ordered_at=later), by=SYSTEM, now=NOW)
    refunded = record_refund(
        source="api", refund=refund(order_id="0", refunded_at=later), by=SYSTEM, now=NOW
    )

    assert [problem.code for problem in dated.problems] == codes
    assert [problem.code for problem in refunded.problems] == codes
    assert (Order.objects.count(), Refund.objects.count()) == ((1, 0) if codes else (2, 1))


def test_a_paused_offer_stops_counting_from_then_on(cast: Cast) -> None:
    set_offer_status(offer=cast.glow, status=OfferStatus.PAUSED, by=SYSTEM, now=NOW)

    before = record(order("1001"))
    after = record(order("1002", ordered_at=NOW.isoformat()))

    assert before.status == RecordingStatus.RECORDED
    assert [problem.code for problem in after.problems] == ["offer_not_counting"]


def test_an_order_from_inside_a_pause_never_counts(cast: Cast) -> None:
    """Also when it comes in after the offer was resumed, or ended right out of the pause."""
    for status, days in ((OfferStatus.PAUSED, 1), (OfferStatus.ACTIVE, 2), (OfferStatus.PAUSED, 3)):
        moment = NOW + timedelta(days=days)
        set_offer_status(offer=cast.glow, status=status, by=SYSTEM, now=moment)
    ended_at = NOW + timedelta(days=4)
    set_offer_status(offer=cast.glow, status=OfferStatus.ENDED, by=SYSTEM, now=ended_at)

    counted = [
        record(order(str(hours), ordered_at=(NOW + timedelta(hours=hours)).isoformat())).status
        for hours in (12, 36, 60, 84)
    ]

    assert counted == [
        RecordingStatus.RECORDED,
        RecordingStatus.UNATTRIBUTED,
        RecordingStatus.RECORDED,
        RecordingStatus.UNATTRIBUTED,
    ]


def test_terms_count_from_their_start_and_never_backwards(cast: Cast) -> None:
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=2_000, fixed_minor=150, hold_days=14),
        starts_at=NOW + timedelta(days=1),
        by=SYSTEM,
        now=NOW,
    )

    old = record(order("1001"))
    new = record(order("1002", ordered_at=(NOW + timedelta(days=2)).isoformat()))

    rows = Conversion.objects.in_bulk([old.conversion_id, new.conversion_id])
    assert rows[old.conversion_id].commission_minor == 842
    assert rows[new.conversion_id].commission_minor == 1684 + 150
    assert rows[new.conversion_id].payable_at == NOW + timedelta(days=16)


def test_by_hand_terms_leave_a_conversion_pending_and_unpaid(cast: Cast) -> None:
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=1_000, approval="by_hand"),
        starts_at=NOW + timedelta(seconds=1),
        by=SYSTEM,
        now=NOW,
    )

    record(order("1001", ordered_at=(NOW + timedelta(days=2)).isoformat()))

    assert Conversion.objects.get().status == "pending"
    assert LedgerEntry.objects.count() == 0
    assert DailyTotal.objects.get().pending == 1


def test_a_rejected_conversion_earns_nothing_and_its_refund_changes_nothing(cast: Cast) -> None:
    outcome = record(order("1001"))
    reject_conversions(conversion_ids=[of(outcome).pk], reason="own order", by=SYSTEM, now=NOW)

    record_refund(source="api", refund=refund(), by=SYSTEM, now=NOW)

    assert sum(LedgerEntry.objects.values_list("amount_minor", flat=True)) == 0
    assert Conversion.objects.get().refunded_minor == 1000
    assert DailyTotal.objects.get().conversions == 0
