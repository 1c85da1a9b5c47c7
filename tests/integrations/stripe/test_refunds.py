"""Refunds and disputes are stated whole, in proportion to what earns commission."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.shop import NotUnderstoodError, ShopAwayError, Statements
from integrations.stripe.client import StripeShopClient
from integrations.stripe.mapping import Sale
from integrations.stripe.refunds import TOPICS, refunds_of
from integrations.stripe.shop import StripeShop
from tests.integrations.stripe.objects import (
    JSON,
    dispute,
    fixture,
    invoice,
    invoice_payment,
    refund,
    session,
)
from tests.integrations.stripe.stand_in import StripeStandIn
from tests.integrations.stripe.work import understand
from tracking.orders.reading import read_refund

PLAIN = Sale("pi_1", "GBP", net=10_000, total=10_000)
# 71.57 earn commission, of 91.87 that were paid with tax and shipping.
TAXED = Sale("pi_3PglowSet0001", "GBP", net=7_157, total=9_187)


def amounts(stated: Statements) -> dict[str, str | None]:
    return {one["refund_id"]: one.get("amount") for one in stated.refunds}


def test_a_part_of_the_payment_lowers_the_sale_in_proportion() -> None:
    """20.00 of 91.87 is 21.77%; of 71.57 that is 15.5807."""
    stated = refunds_of(TAXED, refunds=[refund(amount=2_000)], disputes=[])

    assert stated == Statements(
        refunds=(
            {
                "refund_id": "re_1",
                "order_id": "pi_3PglowSet0001",
                "refunded_at": "2026-11-25T09:48:20+00:00",
                "currency": "GBP",
                "amount": "15.58",
            },
        ),
        whole_refunds_of=("pi_3PglowSet0001",),
    )


def test_what_reaches_the_whole_payment_takes_all_that_is_left() -> None:
    parts = [refund(1, amount=2_000), refund(2, amount=7_187)]

    assert amounts(refunds_of(TAXED, refunds=parts, disputes=[])) == {"re_1": "15.58", "re_2": None}
    assert amounts(refunds_of(TAXED, refunds=[refund(amount=9_187)], disputes=[])) == {"re_1": None}


def test_refunds_that_failed_are_undone() -> None:
    found = [
        refund(1, status="failed"),
        refund(2, status="canceled"),
        refund(3, status="pending"),
        refund(4, status="requires_action"),
    ]

    stated = refunds_of(PLAIN, refunds=found, disputes=[])

    assert amounts(stated) == {"re_3": "10.00", "re_4": "10.00"}
    assert stated.whole_refunds_of == ("pi_1",)
    assert refunds_of(PLAIN, refunds=[], disputes=[]).whole_refunds_of == ("pi_1",)


@pytest.mark.parametrize(
    ("status", "takes"),
    [
        ("needs_response", True),
        ("under_review", True),
        ("lost", True),
        ("appeal_under_review", True),
        ("won", False),
        ("prevented", False),
        ("warning_needs_response", False),  # an inquiry: the bank has taken nothing
        ("warning_closed", False),
    ],
)
def test_a_dispute_takes_until_it_is_won(status: str, takes: bool) -> None:
    stated = refunds_of(PLAIN, refunds=[], disputes=[dispute(status=status)])

    assert amounts(stated) == ({"du_1": None} if takes else {})


def test_a_dispute_after_a_refund_takes_what_is_left() -> None:
    stated = refunds_of(PLAIN, refunds=[refund(amount=4_000)], disputes=[dispute(amount=10_000)])

    assert amounts(stated) == {"re_1": "40.00", "du_1": None}


def test_a_dispute_in_the_cards_currency_is_of_the_whole_payment() -> None:
    stated = refunds_of(PLAIN, refunds=[], disputes=[dispute(amount=11_732, currency="eur")])

    assert amounts(stated) == {"du_1": None}


def test_a_refund_in_another_currency_is_said() -> None:
    with pytest.raises(NotUnderstoodError, match="re_1 is in another currency"):
        refunds_of(PLAIN, refunds=[refund(currency="eur")], disputes=[])


def test_a_currency_without_a_smaller_unit_is_refunded_in_whole_ones() -> None:
    """10 ISK of 30 paid, of which 25 earn: 8.33 would be no amount of ISK."""
    sale = Sale("pi_1", "ISK", net=2_500, total=3_000)

    stated = refunds_of(sale, refunds=[refund(amount=1_000, currency="isk")], disputes=[])

    assert amounts(stated) == {"re_1": "8.00"}
    assert read_refund(dict(stated.refunds[0])).amount_minor == 8


def test_what_was_free_has_nothing_to_give_back() -> None:
    only_shipping = Sale("pi_1", "GBP", net=0, total=499)

    assert amounts(refunds_of(only_shipping, refunds=[refund(amount=499)], disputes=[])) == {}


@given(
    net=st.integers(0, 10_000),
    more=st.integers(0, 3_000),
    parts=st.lists(st.integers(1, 4_000), max_size=8),
    seed=st.randoms(use_true_random=False),
)
def test_parts_never_add_up_to_another_amount(
    net: int, more: int, parts: list[int], seed: random.Random
) -> None:
    """However many refunds: together never more than the sale, whatever their order."""
    sale = Sale("pi_1", "GBP", net=net, total=net + more)
    found = [refund(number, amount=amount) for number, amount in enumerate(parts, start=1)]
    stated = refunds_of(sale, refunds=found, disputes=[])
    seed.shuffle(found)

    assert refunds_of(sale, refunds=found, disputes=[]) == stated
    read = [read_refund(dict(one)) for one in stated.refunds]
    known = sum(one.amount_minor for one in read if one.amount_minor is not None)
    paid_back = min(sum(parts), sale.total)
    if all(one.amount_minor is not None for one in read):
        assert abs(known * max(sale.total, 1) - paid_back * net) * 2 <= max(sale.total, 1)
    else:  # the last one takes what is left
        assert known < net
        assert paid_back == sale.total


# With the client: the order is found, and what is true now is stated


def keep_payment(stripe: StripeStandIn) -> JSON:
    sold = fixture("checkout_session_completed")["data"]["object"]
    stripe.stored["checkout/sessions"].append(sold)
    kept = refund(amount=2_000, payment_intent=sold["payment_intent"], status="succeeded")
    stripe.stored["refunds"].append(kept)
    return kept


def test_an_events_refund_is_stated_as_stripe_knows_it_now(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    kept = keep_payment(stripe)

    assert amounts(understand(fixture("charge_refunded"), client)) == {"re_1": "15.58"}
    kept["status"] = "failed"
    for late in ("refund_failed", "charge_refunded", "dispute_closed"):
        stated = understand(fixture(late), client)
        assert (stated.refunds, stated.whole_refunds_of) == ((), ("pi_3PglowSet0001",))


def test_the_last_event_states_the_same_in_whatever_order_they_come(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    keep_payment(stripe)
    stripe.stored["refunds"].append(
        refund(2, amount=500, payment_intent="pi_3PglowSet0001", status="failed")
    )
    stripe.stored["disputes"].append(
        dispute(status="lost", amount=7_187, payment_intent="pi_3PglowSet0001")
    )
    events = [fixture(name) for name in ("charge_refunded", "refund_failed", "dispute_closed")]

    last = {str(understand(order[-1], client)) for order in itertools.permutations(events) if order}

    assert len(last) == 1
    assert amounts(understand(events[0], client)) == {"re_1": "15.58", "du_1": None}


def test_a_renewals_refund_leads_to_its_invoice(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    """15.00 of 30.00 that were paid, of which 25.00 earn; the invoice was paid in two parts."""
    stripe.stored["invoices"].append(invoice(5))
    stripe.stored["invoice_payments"] += [
        invoice_payment(1, invoice="in_5", payment_intent="pi_a"),
        invoice_payment(2, invoice="in_5", payment_intent="pi_b"),
    ]
    stripe.stored["refunds"] += [
        refund(1, amount=600, payment_intent="pi_a"),
        refund(2, amount=900, payment_intent="pi_b"),
    ]

    for payment_intent in ("pi_a", "pi_b"):
        made = refund(payment_intent=payment_intent)
        stated = understand(stripe.happen("refund.created", made), client)
        assert stated.whole_refunds_of == ("in_5",)
        assert amounts(stated) == {"re_1": "5.00", "re_2": "7.50"}


def test_the_books_invoice_of_a_checkout_does_not_change_its_order(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    stripe.stored["checkout/sessions"].append(session(invoice="in_9"))
    stripe.stored["invoices"].append(invoice(9, parent=None))
    stripe.stored["invoice_payments"].append(
        invoice_payment(1, invoice="in_9", payment_intent="pi_1")
    )
    stripe.stored["refunds"].append(refund())

    stated = understand(stripe.happen("refund.created", refund()), client)

    assert stated.whole_refunds_of == ("pi_1",)


def test_another_payment_of_the_account_is_ignored(
    stripe: StripeStandIn, client: StripeShopClient
) -> None:
    stripe.stored["invoices"].append(invoice(9, parent=None))
    stripe.stored["invoice_payments"].append(
        invoice_payment(1, invoice="in_9", payment_intent="pi_1")
    )

    for payment_intent in ("pi_1", "pi_2", None):
        made = stripe.happen("refund.created", refund(payment_intent=payment_intent))
        assert "without a checkout" in understand(made, client).ignored


@pytest.mark.parametrize("topic", TOPICS)
def test_each_topic_of_refunds_needs_stripe(topic: str) -> None:
    found: dict[str, Any] = {**fixture("refund_failed"), "type": topic}

    with pytest.raises(ShopAwayError, match="has to be asked"):
        understand(found, None)


def test_what_is_no_order_and_no_refund_is_ignored() -> None:
    for topic in ("checkout.session.expired", "customer.created"):
        assert understand({**fixture("refund_failed"), "type": topic}, None).ignored
    assert StripeShop().is_ping({}, b"") is False
