"""Orders of the documented shape become statements; every figure here is worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from integrations.shop import NotUnderstoodError, Statements
from integrations.shopify.mapping import fetched_order_statements, order_statements
from tests.integrations.shopify.payloads import as_graphql, line, order, refund, refunded
from tracking.orders.facts import OrderFacts
from tracking.orders.reading import read_order


def stated(payload: Mapping[str, Any]) -> OrderFacts:
    """What our reader makes of the one order that is stated."""
    (raw,) = order_statements(payload).orders
    return read_order(raw)


def nets(payload: Mapping[str, Any]) -> list[int]:
    return [one.net_minor for one in stated(payload).lines]


def by_webhook(payload: dict[str, Any]) -> Statements:
    """What the webhook states, without what an order that is fetched does not tell."""
    stated = order_statements(payload)
    untold = {"customer_email", "referrer"}
    orders = tuple(
        {name: value for name, value in one.items() if name not in untold} for one in stated.orders
    )
    return replace(stated, orders=orders)


def fetched(payload: dict[str, Any]) -> Statements:
    """What the same order states when it comes by GraphQL."""
    node = as_graphql(payload)
    node["lineItems"] = {"nodes": node["lineItems"]}
    lists = ("refundLineItems", "orderAdjustments", "refundShippingLines", "transactions")
    node["refunds"] = [
        {name: {"nodes": value} if name in lists else value for name, value in one.items()}
        for one in node["refunds"]
    ]
    return fetched_order_statements(node)


def test_an_order_is_stated_with_all_that_it_is_now() -> None:
    (raw,) = order_statements(order(line(quantity=2, discounts=["3.00"]))).orders

    assert raw == {
        "order_id": "6012345678901",
        "number": "#7001",
        "ordered_at": "2026-11-27T14:50:26+00:00",
        "updated_at": "2026-11-27T14:50:30+00:00",
        "currency": "GBP",
        "is_test": False,
        "payment_status": "paid",
        "customer_id": "7000000000001",
        "promo_codes": ["MARA15"],
        "referrer": "https://example.com/",
        "lines": [
            {
                "line_id": "1",
                "sku": "GLOW-1",
                "product": "Glow set",
                "quantity": "2",
                "unit_price": "20.00",
                "discount": "3.00",
                "commissionable": True,
            }
        ],
    }
    assert order_statements(order()).whole_refunds_of == ("6012345678901",)


def test_three_lines_share_a_discount_as_the_data_says() -> None:
    lines = [line(n, price="199.00", discounts=[part]) for n, part in enumerate(SHARES, 1)]

    assert nets(order(*lines)) == [19566, 19567, 19567]


SHARES = ("3.34", "3.33", "3.33")  # of 10.00


def test_a_discount_on_the_whole_order_counts_though_total_discount_is_zero() -> None:
    payload = order(line(quantity=2, discounts=["3.33", "1.00"]))

    assert payload["line_items"][0]["total_discount"] == "0.00"
    assert nets(payload) == [4000 - 433]


def test_tax_that_prices_include_is_taken_off() -> None:
    included = line(price="24.00", quantity=2, discounts=["12.00"], taxes=["4.00", "2.00"])

    assert nets(order(included, taxes_included=True)) == [3000]  # 48.00 - 12.00 - 6.00
    assert nets(order(included, taxes_included=False)) == [3600]


def test_a_line_is_never_worth_less_than_nothing() -> None:
    gift = line(price="5.00", discounts=["5.00"], taxes=["0.83"])

    assert nets(order(gift, taxes_included=True)) == [0]
    assert nets(order(line(price="5.00", discounts=["7.00"]))) == [0]


def test_gift_cards_earn_no_commission() -> None:
    facts = stated(order(line(1), line(2, gift_card=True)))

    assert [one.is_commissionable for one in facts.lines] == [True, False]


def test_what_an_edit_removed_is_gone_and_what_was_refunded_is_not() -> None:
    removed = line(1, quantity=3, discounts=["3.00"], current_quantity=1)
    back = refund(refunded(1, quantity=1, subtotal="19.00"))

    # 57.00 for three; without a refund two were removed, with one of them refunded one was.
    assert nets(order(removed)) == [1900]
    assert nets(order(removed, refunds=[back])) == [3800]
    assert [str(one.quantity) for one in stated(order(removed)).lines] == ["1.000"]


def test_a_removed_line_stays_with_quantity_zero() -> None:
    facts = stated(order(line(1), line(2, current_quantity=0)))

    assert [one.net_minor for one in facts.lines] == [2000, 0]
    assert facts.lines[1].quantity == 0


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("pending", "pending"),
        ("authorized", "pending"),
        ("partially_paid", "pending"),
        ("expired", "pending"),
        ("a word of a later version", "pending"),
        ("paid", "paid"),
        ("partially_refunded", "paid"),
        ("refunded", "paid"),
        ("voided", "voided"),
        (None, "paid"),
    ],
)
def test_what_shopify_says_of_the_money(word: str | None, status: str) -> None:
    assert stated(order(financial_status=word)).payment_status == status


def test_cancelled_and_test_orders_say_so() -> None:
    facts = stated(order(cancelled_at="2026-11-29T00:00:00Z", test=True))

    assert facts.is_test
    assert facts.cancelled_at is not None
    assert facts.cancelled_at.isoformat() == "2026-11-29T00:00:00+00:00"
    assert stated(order()).cancelled_at is None


def test_all_codes_are_named_and_automatic_discounts_have_none() -> None:
    codes = [{"code": "WELCOME10"}, {"code": ""}, {"amount": "1.00"}, {"code": "mara15"}]

    assert stated(order(discount_codes=codes)).promo_codes == ("WELCOME10", "mara15")
    assert stated(order(discount_codes=[])).promo_codes == ()


@pytest.mark.parametrize(
    ("attributes", "landing", "click_id"),
    [
        ([{"name": "trb", "value": "abc"}], "/?trb=other", "abc"),
        ([{"name": "_trb", "value": " abc "}], None, "abc"),
        ([{"name": "TRB", "value": ""}, {"name": "gift", "value": "x"}], "/p?a=1&trb=xyz", "xyz"),
        ([], "/discount/MARA15?redirect=/p%3Fa%3D1%26trb%3Dxyz", "xyz"),
        ([{"name": "trb", "value": 5}, None, "text"], "https://[", ""),
        ("none", 7, ""),
        ([], "/?" + "&".join(f"p{n}=1" for n in range(300)) + "&trb=x", ""),
        ([], "/?trb=" + "x" * 130, "x" * 119 + "…"),
    ],
)
def test_the_click_id_comes_by_cart_attribute_or_landing_address(
    attributes: Any, landing: Any, click_id: str
) -> None:
    payload = order(note_attributes=attributes, landing_site=landing)

    assert stated(payload).click_id == click_id


def test_an_order_from_a_till_without_a_customer_is_an_order() -> None:
    facts = stated(order(source_name="pos", customer=None, landing_site=None))

    assert (facts.customer_ref, facts.total_minor) == ("", 2000)


def test_an_order_of_an_old_version_has_numbers_as_text_and_no_sets() -> None:
    payload = {
        "id": "450789469",
        "name": "#1001",
        "created_at": "2019-01-10T11:00:00-05:00",
        "updated_at": "2019-01-10T11:00:00-05:00",
        "currency": "USD",
        "financial_status": "paid",
        "taxes_included": "false",
        "test": "false",
        "discount_codes": [{"code": "TENOFF", "amount": "10.00", "type": "fixed_amount"}],
        "customer": {"id": "207119551"},
        "line_items": [
            {
                "id": "466157049",
                "sku": None,
                "title": "IPod Nano",
                "quantity": "1",
                "price": "199.00",
                "discount_allocations": [{"amount": "3.34"}],
                "tax_lines": [{"price": "3.98"}],
                "gift_card": "false",
            }
        ],
    }

    facts = stated(payload)

    assert (facts.external_id, facts.currency, facts.total_minor) == ("450789469", "USD", 19566)
    assert facts.lines[0].sku == ""
    assert order_statements(payload).whole_refunds_of == ()


def test_the_order_of_the_small_cases_is_3667() -> None:
    """2 x 20.00 - 3.33; the second code is among them, the removed line earns nothing."""
    payload = {
        "id": 6012345678901,
        "name": "#7001",
        "created_at": "2026-11-27T09:50:26-05:00",
        "currency": "GBP",
        "presentment_currency": "EUR",
        "discount_codes": [{"code": "WELCOME10"}, {"code": "mara15"}],
        "customer": {"id": 7000000000001},
        "line_items": [
            {"id": 1, "sku": "", "title": "Glow set", "quantity": 2, "current_quantity": 2,
             "price": "20.00", "discount_allocations": [{"amount": "3.33"}]},
            {"id": 2, "sku": None, "title": "Gift wrap", "quantity": 1, "current_quantity": 0,
             "price": "0.00", "discount_allocations": []},
        ],
    }  # fmt: skip

    assert nets(payload) == [3667, 0]
    assert "mara15" in stated(payload).promo_codes


def test_an_order_of_900_lines_is_read() -> None:
    lines = [line(n, price="0.10", discounts=["0.01"]) for n in range(1, 901)]

    facts = stated(order(*lines))

    assert len(facts.lines) == 900
    assert facts.total_minor == 900 * 9


def test_numbers_from_json_are_read_by_their_digits() -> None:
    text = json.dumps(order(line(price="19.99"))).replace('"19.99"', "19.99")

    assert nets(json.loads(text, parse_float=str)) == [1999]


def test_currencies_without_decimals() -> None:
    payload = order(
        line(price="1500", quantity=3, current_quantity=1, currency="JPY"), currency="JPY"
    )

    assert nets(payload) == [1500]


def test_long_and_odd_texts_refuse_no_order() -> None:
    odd = line(title="x" * 400, sku="y\x00" * 100)
    payload = order(odd, discount_codes=[{"code": "\ud800MARA" + "z" * 80}])

    facts = stated(payload)

    assert len(facts.lines[0].product) == 300
    assert len(facts.lines[0].sku) == 120
    assert facts.total_minor == 2000


PAYLOADS = [
    order(line(1, quantity=3, discounts=["3.34", "1.00"], taxes=["5.00"]), line(2, gift_card=True)),
    order(taxes_included=True, financial_status="partially_refunded", customer=None, test=True),
    order(note_attributes=[{"name": "trb", "value": "abc"}], cancelled_at="2026-11-28T00:00:00Z"),
    order(
        line(1, quantity=2, current_quantity=1, taxes=["8.00"]),
        refunds=[refund(refunded(1, subtotal="20.00", tax="4.00"))],
    ),
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_fetched_order_says_the_same_as_its_webhook(payload: dict[str, Any]) -> None:
    assert fetched(payload) == by_webhook(payload)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"id": None}, "The order has no `id`."),
        ({"id": True}, "The order has a `id` that is not an id."),
        ({"currency": "XXY"}, "The order has no currency that is known."),
        ({"currency": None}, "The order has no currency that is known."),
        ({"created_at": None, "processed_at": None}, "The order does not say when it was made."),
        ({"updated_at": "yesterday"}, "The order has a `updated_at` that is not a time"),
        ({"updated_at": "2026-11-27T09:50:26"}, "is not a time with an offset"),
        ({"line_items": {"id": 1}}, "The order has a `line_items` that is not a list of objects."),
        ({"line_items": [line(price="-1.00")]}, "Line 1 has a negative `price`."),
        ({"line_items": [line(), line(2, price="x")]}, "Line 2 has a `price` that is not a number"),
        ({"line_items": [line(quantity=-1)]}, "Line 1 has a negative `quantity`."),
        ({"line_items": [line(currency="USD")]}, "Line 1 is in another currency than GBP."),
        ({"customer": "Ann"}, "The order has a `customer` that is not an object."),
        ({"test": "perhaps"}, "The order has a `test` that is neither true nor false."),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NotUnderstoodError) as caught:
        order_statements(order(**changes))

    assert sentence in str(caught.value)
