"""Sessions and invoices become orders. The figures are worked out by hand."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from integrations.shop import NotUnderstoodError, Statements
from integrations.stripe import mapping, payload
from tests.integrations.stripe.objects import BEGUN, event, fixture, invoice, item, page, session
from tracking.orders.reading import read_order


def of_session(found: dict[str, Any], *items: dict[str, Any], **codes: str) -> Statements:
    read = mapping.read_event(json.dumps(found).encode())
    return mapping.session_order(read, codes=codes, items=items)


def of_invoice(found: dict[str, Any], *, is_of_session: bool = False) -> Statements:
    read = mapping.read_event(json.dumps(found).encode())
    return mapping.invoice_order(read, codes={}, is_of_session=is_of_session)


def order(statements: Statements) -> dict[str, Any]:
    assert (statements.refunds, statements.whole_refunds_of, statements.ignored) == ((), (), "")
    (stated,) = statements.orders
    return dict(stated)


def net_minor(stated: dict[str, Any]) -> int:
    return read_order(stated).total_minor


def test_a_session_whose_tax_is_added() -> None:
    """84.20 less 12.63 is 71.57; 14.31 tax, 4.99 shipping and 1.00 tax of it earn nothing."""
    glow = item(
        7, amount_subtotal=8_420, amount_discount=1_263, amount_tax=1_431, amount_total=8_588,
        quantity=2,
    )  # fmt: skip

    stated = order(of_session(fixture("checkout_session_completed"), glow, promo_1PMara15="MARA15"))

    assert stated == {
        "order_id": "pi_3PglowSet0001",
        "ordered_at": "2026-11-25T09:46:40+00:00",
        "updated_at": "2026-11-25T09:49:40+00:00",
        "currency": "GBP",
        "customer_id": "cus_Q1w2E3r4T5y6U7",
        "customer_email": "shopper@example.com",
        "is_test": False,
        "click_id": "AAAAAAAAAAEAaVlOcgdqZ3V6c2VlZHNlZWQtX3NlZWRzZWVk",
        "promo_codes": ["MARA15"],
        "payment_status": "paid",
        "lines": [
            {
                "line_id": "li_7",
                "sku": "prod_glow",
                "product": "Glow set",
                "quantity": "2",
                "unit_price": "42.10",
                "discount": "12.63",
            }
        ],
    }
    assert net_minor(stated) == 7_157


def test_a_session_whose_prices_hold_their_tax() -> None:
    """119.00 less 11.90 is 107.10, which is 90.00 and 17.10 tax; it is not paid yet."""
    stated = order(of_session(fixture("checkout_session_tax_inside")))

    assert stated["order_id"] == "pi_3PtaxInside01"  # not the invoice that is made for the books
    assert stated["click_id"].startswith("BBBB")  # of the metadata
    assert stated["promo_codes"] == ["WELCOME10"]  # a coupon without a promotion code
    assert stated["payment_status"] == "pending"
    assert stated["customer_id"] == ""
    assert stated["lines"][0]["unit_price"] == "90.00"
    assert net_minor(stated) == 9_000


def test_a_session_that_starts_a_subscription_is_the_order_of_its_invoice() -> None:
    """25.00 less 2.50 discount; 4.50 tax."""
    stated = order(of_session(fixture("checkout_session_subscription"), promo_1PMara15="MARA15"))

    assert stated["order_id"] == "in_1Pfirst"
    assert net_minor(stated) == 2_250


def test_a_free_order_has_the_sessions_own_id() -> None:
    free = session(3, payment_intent=None, amount_total=0, payment_status="no_payment_required")

    stated = order(of_session(event("checkout.session.completed", free)))

    assert (stated["order_id"], stated["payment_status"]) == ("cs_live_3", "paid")
    assert net_minor(stated) == 0


def test_a_slow_payment_waits_and_is_paid_or_not() -> None:
    unpaid, paid = session(payment_status="unpaid"), session()
    stated = [
        order(of_session(event(topic, found)))
        for topic, found in [
            ("checkout.session.completed", unpaid),
            ("checkout.session.async_payment_succeeded", paid),
            ("checkout.session.async_payment_failed", unpaid),
        ]
    ]

    assert [one["payment_status"] for one in stated] == ["pending", "paid", "voided"]
    assert len({(one["order_id"], one["ordered_at"]) for one in stated}) == 1
    # All in one second: what follows the checkout counts, however they come.
    times = [read_order(one).updated_at for one in stated]
    assert times[0] is not None
    assert all(later is not None and later > times[0] for later in times[1:])


def test_a_session_that_saves_a_card_is_no_order() -> None:
    saved = session(mode="setup", amount_total=None, payment_intent=None)

    assert "nothing was sold" in of_session(event("checkout.session.completed", saved)).ignored


@pytest.mark.parametrize(("livemode", "is_test"), [(True, False), (False, True)])
def test_test_mode_makes_test_orders(livemode: bool, is_test: bool) -> None:
    found = event("checkout.session.completed", session(), livemode=livemode)

    assert order(of_session(found))["is_test"] is is_test


@pytest.mark.parametrize(
    ("currency", "units", "text", "minor"),
    [
        ("gbp", 1_999, "19.99", 1_999),
        ("jpy", 500, "500", 500),
        ("krw", 12_000, "12000", 12_000),
        ("mga", 700, "700", 700),
        ("isk", 500, "5.00", 5),  # no smaller unit, but two digits: "to charge 5 ISK, 500"
        ("ugx", 500, "5.00", 5),
        ("kwd", 5_120, "5.120", 5_120),
        ("bhd", 10, "0.010", 10),
        ("huf", 1_045, "10.45", 1_045),
        ("twd", 80_045, "800.45", 80_045),
    ],
)
def test_amounts_are_in_stripes_units(currency: str, units: int, text: str, minor: int) -> None:
    found = session(currency=currency, amount_subtotal=units, amount_total=units)

    stated = order(of_session(event("checkout.session.completed", found)))

    assert stated["lines"][0]["unit_price"] == text
    assert net_minor(stated) == minor


def test_a_negative_amount_is_written_with_its_digits() -> None:
    assert [payload.amount(-5, "GBP"), payload.amount(-1_234, "GBP")] == ["-0.05", "-12.34"]


def test_lines_add_up_exactly_where_a_price_has_no_end() -> None:
    """Three for 10.00, of which 9.99 stays after a discount of a penny."""
    three = item(amount_subtotal=1_000, amount_discount=1, amount_total=999, quantity=3)
    found = session(amount_subtotal=1_000, amount_total=999)

    stated = order(of_session(event("checkout.session.completed", found), three))

    assert Decimal(stated["lines"][0]["unit_price"]) * 3 >= 10
    assert net_minor(stated) == 999


@pytest.mark.parametrize(
    "items",
    [
        [],
        [item(1, amount_total=9_999)],  # a list that is cut off, or a trial
        [item(1, amount_total=5_000), item(1, amount_total=5_000)],  # of one id
        [item(1, amount_total=12_000), item(2, amount_total=-2_000)],
        [item(1, quantity=0)],
    ],
)
def test_lines_that_do_not_fit_become_one(items: list[dict[str, Any]]) -> None:
    stated = order(of_session(event("checkout.session.completed", session()), *items))

    assert [line["line_id"] for line in stated["lines"]] == ["whole"]
    assert net_minor(stated) == 10_000


def test_a_renewal() -> None:
    """50.00 less half; 5.00 tax and 1.00 shipping earn nothing."""
    stated = order(of_invoice(fixture("invoice_paid")))

    assert stated["order_id"] == "in_1Prenewal"
    assert (stated["customer_id"], stated["payment_status"]) == ("cus_subscriber", "paid")
    assert stated["lines"] == [
        {
            "line_id": "il_1Pbox",
            "sku": "prod_box",
            "product": "2 \u00d7 Glow box (at £25.00 / month)",
            "quantity": "2",
            "unit_price": "25.00",
            "discount": "25.00",
        }
    ]
    assert net_minor(stated) == 2_500


def test_a_renewal_as_stripe_wrote_it_in_2020() -> None:
    """23.80, which is 20.00 and 3.80 tax, at an endpoint that a person made long ago."""
    stated = order(of_invoice(fixture("invoice_paid_2020")))

    assert (stated["order_id"], stated["lines"][0]["sku"]) == ("in_1Kold", "prod_old")
    assert net_minor(stated) == 2_000


def test_the_first_invoice_of_a_session_does_not_count_twice() -> None:
    first = event("invoice.paid", invoice(billing_reason="subscription_create"))

    assert "states this order" in of_invoice(first, is_of_session=True).ignored
    assert order(of_invoice(first))["order_id"] == "in_1"  # a subscription by the shop's program
    renewal = event("invoice.paid", invoice(2))
    assert order(of_invoice(renewal, is_of_session=True))["order_id"] == "in_2"


def test_an_invoice_without_a_subscription_is_ignored() -> None:
    assert of_invoice(event("invoice.paid", invoice(parent=None))).ignored


def test_an_invoice_that_gives_money_back_earns_nothing() -> None:
    down = invoice(total=-500, total_excluding_tax=-500, total_taxes=[], lines=page())

    assert net_minor(order(of_invoice(event("invoice.paid", down)))) == 0


def test_codes_are_found_in_each_form() -> None:
    discounts: list[dict[str, Any]] = [
        {"coupon": "c1", "promotion_code": "promo_1"},
        {"coupon": "c1", "promotion_code": {"id": "promo_2", "code": "SAM"}},
        {"coupon": {"id": "25% off"}, "promotion_code": None},
        {"source": {"type": "coupon", "coupon": "c2"}, "promotion_code": None},
        {"coupon": "c1", "promotion_code": "promo_unknown"},
    ]

    assert mapping.unknown_codes(discounts) == ["promo_1", "promo_unknown"]
    codes = mapping.codes_of(discounts, {"promo_1": "MARA15"})
    assert codes == ["MARA15", "SAM", "25% off", "c2"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "not an event"),
        (b'{"object": "v2.core.event"}', "Snapshot"),
        (b'{"object": "event", "id": "evt_1", "type": "x", "created": 1}', "data.object"),
        (b'{"object": "event", "id": "evt_1", "created": 1, "data": {"object": {}}}', "type"),
        (b'{"object": "event", "type": "x", "created": 1, "data": {"object": {}}}', "no id"),
        (b'{"object": "event", "id": "../x", "type": "x", "data": {"object": {}}}', "not an id"),
        (b'{"object": "event", "id": "evt_1", "type": "x", "data": {"object": {}}}', "created"),
    ],
)
def test_what_is_no_event_is_said(body: bytes, said: str) -> None:
    with pytest.raises(NotUnderstoodError, match=said):
        mapping.read_event(body)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"currency": "abc"}, "currency"),
        ({"currency": None}, "currency"),
        ({"amount_total": None}, "amount_total"),
        ({"amount_total": "100"}, "amount_total"),
        ({"amount_total": 10**16}, "amount_total"),
        ({"payment_intent": "pi/../../x"}, "payment_intent"),
        ({"payment_status": "perhaps"}, "payment_status"),
        ({"created": -1}, "created"),
        ({"total_details": {"amount_tax": -5_000}}, "contradict"),
    ],
)
def test_a_session_that_is_not_understood(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(NotUnderstoodError, match=said):
        of_session(event("checkout.session.completed", session(**wrong)))


def test_the_times_are_the_shops_own() -> None:
    found = event("checkout.session.completed", session(), created=BEGUN + 60)

    stated = order(of_session(found))

    assert stated["ordered_at"] == "2026-11-25T09:46:40+00:00"
    assert stated["updated_at"] == "2026-11-25T09:47:40+00:00"
