"""Whatever a delivery holds: it is mapped, or refused with a sentence. Never another exception."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.shop import Delivery, NotUnderstoodError, Statements
from integrations.shopify import topics
from integrations.shopify.shop import UNDERSTANDING, Shopify
from tests.integrations.shopify.payloads import (
    adjustment,
    as_graphql,
    line,
    order,
    paid_back,
    refund,
    refunded,
    shipping_line,
)
from tracking.orders.reading import InputError, read_order, read_refund

REFUND = refund(
    refunded(tax="4.00"),
    refunded(2, subtotal="0.00"),
    order_adjustments=[adjustment("-5.00", "shipping_refund"), adjustment("1.00")],
    refund_shipping_lines=[shipping_line("5.00")],
    transactions=[paid_back("24.00")],
)
ORDER = order(
    line(1, quantity=2, discounts=["3.33"], taxes=["4.00"]),
    line(2, current_quantity=0),
    taxes_included=True,
    note_attributes=[{"name": "trb", "value": "abc"}],
    refunds=[REFUND],
)
CUSTOMER = {
    "shop_id": 1,
    "shop_domain": "glow.myshopify.com",
    "customer": {"id": 7, "email": "a@example.com"},
    "orders_requested": [1, 2],
    "orders_to_redact": [1, 2],
}


def connected(node: Any) -> Any:
    """A GraphQL node with its lists as connections, where they are some."""
    lists = {"lineItems", "refundLineItems", "orderAdjustments", "refundShippingLines",
             "transactions"}  # fmt: skip
    if isinstance(node, dict):
        return {
            name: {"nodes": connected(value)} if name in lists else connected(value)
            for name, value in node.items()
        }
    return [connected(one) for one in node] if isinstance(node, list) else node


PAYLOADS: dict[str, Any] = {
    "orders/updated": ORDER,
    topics.FETCHED: connected(as_graphql(ORDER)),
    topics.EDITED: {"order_edit": {"id": 1, "order_id": 2, "line_items": {"additions": []}}},
    topics.REFUNDED: REFUND,
    topics.UNINSTALLED: {"id": 1, "domain": "glow.myshopify.com"},
    topics.DATA_REQUEST: CUSTOMER,
    topics.CUSTOMER_ERASURE: CUSTOMER,
    topics.STORE_ERASURE: CUSTOMER,
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**17, max_value=10**400),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["1e9", "1E+400", "-0", "0.000000000000000001", "999999999999999999.99", "NaN", "\x00",
         "gid://shopify/Order/", "2026-11-27T00:00:00", "0001-01-01T00:00:00+14:00",
         "9999-12-31T23:59:59-12:00", "\ud800", "JPY", "٣"]
    ),
    st.just([]), st.just({}), st.just([1]), st.just([None]), st.just([[]]), st.just([{}]),
    st.just({"shop_money": 1}), st.just({"nodes": 1}), st.just({"amount": "1e400"}),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in entries:
        yield (*path, name)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, name))


def mutated(payload: Any, path: tuple[Any, ...], value: Any, *, drop: bool) -> Any:
    changed = copy.deepcopy(payload)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    if drop:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return changed


def understood(topic: str, body: bytes) -> Statements | None:
    """What it states; None if it is refused with a sentence."""
    try:
        return Shopify().understand(Delivery(topic), body, client=None)
    except NotUnderstoodError as error:
        sentence = str(error)
    assert sentence.endswith(".")
    assert len(sentence) < 200
    return None


def check(statements: Statements) -> None:
    """What is stated is read by our own reader, or refused by it as an InputError."""
    for raw in statements.orders:
        try:
            facts = read_order(raw)
        except InputError:
            continue
        assert all(one.net_minor >= 0 for one in facts.lines)
    for raw in statements.refunds:
        try:
            given = read_refund(raw)
        except InputError:
            continue
        assert all((one.amount_minor or 0) >= 0 for one in given.parts)


@settings(max_examples=300)
@given(st.data())
def test_a_payload_with_odd_values_is_mapped_or_refused(data: st.DataObject) -> None:
    topic = data.draw(st.sampled_from(sorted(PAYLOADS)))
    payload = PAYLOADS[topic]
    for _ in range(data.draw(st.integers(1, 3))):
        there = list(places(payload))
        if not there:
            break
        path = data.draw(st.sampled_from(there))
        payload = mutated(payload, path, data.draw(ODD), drop=data.draw(st.booleans()))

    statements = understood(topic, json.dumps(payload).encode())

    if statements is not None:
        check(statements)


def test_every_single_value_left_out_or_null_is_mapped_or_refused() -> None:
    for topic, payload in PAYLOADS.items():
        for path in places(payload):
            for drop in (True, False):
                body = json.dumps(mutated(payload, path, None, drop=drop)).encode()
                statements = understood(topic, body)
                if statements is not None:
                    check(statements)


@given(st.sampled_from(sorted(UNDERSTANDING)), st.binary(max_size=60))
def test_any_bytes_are_mapped_or_refused(topic: str, body: bytes) -> None:
    understood(topic, body)


def test_bodies_that_break_a_parser_are_refused() -> None:
    whole = json.dumps(ORDER).encode()
    for body in (
        b"",
        whole[: len(whole) // 2],
        json.dumps(ORDER | {"name": "é"}, ensure_ascii=False).encode("latin-1"),
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"id": ' + b"9" * 5_000 + b"}",
        whole.replace(b'"order_number": 7001', b'"order_number": NaN'),
        b"[]",
        b'"text"',
        whole.replace(b'"quantity": 2', b'"quantity": 1e400', 1),
    ):
        assert understood("orders/updated", body) is None
    assert understood("orders/updated", whole) is not None


@given(st.data())
def test_what_is_taken_is_never_negative_whatever_the_amounts(data: st.DataObject) -> None:
    """Amounts of any size in a refund: the sums stay at zero or above, and are always read."""
    amounts = st.decimals(min_value=-500, max_value=500, places=2).map(lambda one: f"{one:f}")
    plus = st.decimals(min_value=0, max_value=500, places=2).map(lambda one: f"{one:f}")
    one = refund(
        *(
            refunded(n, quantity=data.draw(st.integers(0, 3)), subtotal=data.draw(plus),
                     tax=data.draw(plus))
            for n in range(1, data.draw(st.integers(1, 3)))
        ),
        order_adjustments=[adjustment(data.draw(amounts)) for _ in range(2)],
        refund_shipping_lines=[shipping_line(data.draw(plus))],
        transactions=[paid_back(data.draw(plus))],
    )  # fmt: skip
    lines = [
        line(n, price=data.draw(plus), quantity=2, discounts=[data.draw(plus)],
             taxes=[data.draw(plus)], current_quantity=data.draw(st.integers(0, 2)))
        for n in (1, 2, 3)
    ]  # fmt: skip
    payload = order(*lines, refunds=[one], taxes_included=data.draw(st.booleans()))

    statements = Shopify().understand(
        Delivery("orders/updated"), json.dumps(payload).encode(), client=None
    )

    facts = read_order(statements.orders[0])
    assert all(row.net_minor >= 0 for row in facts.lines)
    for raw in statements.refunds:
        given_back = read_refund(raw)
        assert all((part.amount_minor or 0) >= 0 for part in given_back.parts)
        if given_back.amount_minor is not None:
            assert 0 < given_back.amount_minor <= facts.total_minor
