"""Whatever stands in an order, mapping it ends in a statement or in NotUnderstoodError."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.shop import NotUnderstoodError
from integrations.woocommerce import values
from integrations.woocommerce.mapping import statements
from integrations.woocommerce.shop import WooCommerce
from tests.integrations.woocommerce.orders import fixture
from tracking.orders.reading import InputError, read_order, read_refund

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from([
        "", "0", "-1", "1e5", "NaN", "-0.00", "Infinity", "9" * 40, "0001-01-01T00:00:00+14:00",
        "2026-02-30T00:00:00", "ab\x00c", "\ud800", 10**400, "trash", "deleted", "GBP", "JPY",
    ])
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "total", "key", "value", "0"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        inner = list(value.items())
    else:
        inner = list(enumerate(value)) if isinstance(value, list) else []
    return [path, *(found for name, one in inner for found in paths_in(one, (*path, name)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    owner = value
    for name in path[:-1]:
        owner = owner[name]
    owner[path[-1]] = new
    return value


ORDER_PATHS = paths_in(fixture("order"))
REFUND_PATHS = paths_in(fixture("refunds"))


def through_json(value: Any) -> Any:
    return values.parse(json.dumps(value, default=str).encode("utf-8", "surrogatepass"))


def map_and_read(order: Any, refunds: Any) -> None:
    with suppress(NotUnderstoodError):
        found = statements(through_json(order), through_json(refunds))
        for stated in found.orders:
            with suppress(InputError):
                read_order(stated)
        for stated in found.refunds:
            with suppress(InputError):
                read_refund(stated)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ORDER_PATHS), ANYTHING)
def test_an_order_with_anything_anywhere(path: tuple[Any, ...], new: Any) -> None:
    map_and_read(changed(fixture("order"), path, new), fixture("refunds"))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([path for path in REFUND_PATHS if path]), ANYTHING)
def test_refunds_with_anything_anywhere(path: tuple[Any, ...], new: Any) -> None:
    map_and_read(fixture("order"), changed(fixture("refunds"), path, new))


AMOUNTS = st.integers(1, 10**7).map(lambda minor: f"{minor // 100}.{minor % 100:02d}")


@settings(max_examples=300, deadline=None)
@given(AMOUNTS, AMOUNTS, st.integers(1, 10**6).map(lambda part: f"{part / 1000:.3f}"))
def test_a_line_is_worth_its_total_whatever_its_quantity(
    total: str, subtotal: str, quantity: str
) -> None:
    line = {"id": 1, "quantity": quantity, "total": total, "subtotal": subtotal}
    order = {**fixture("order"), "line_items": [line], "fee_lines": []}
    minor = read_order(statements(order, None).orders[0]).total_minor
    assert minor == int(total.replace(".", ""))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 8_700), min_size=1, max_size=6))
def test_amounts_that_pay_back_everything_take_the_whole_sale(parts: list[int]) -> None:
    """Of the documented order: 87.00 paid, of which 68.50 are lines with the fee."""
    total, refunds = sum(parts), []
    shares = [8_700 * part // total for part in parts]
    shares[-1] += 8_700 - sum(shares)
    for number, share in enumerate(shares, 1):
        refunds.append({
            "id": number, "date_created_gmt": f"2026-11-21T09:00:{number:02d}",
            "amount": f"{share // 100}.{share % 100:02d}", "shipping_lines": [],
        })  # fmt: skip
    found = [read_refund(one) for one in statements(fixture("order"), refunds).refunds]
    taken = sum(one.amount_minor or 0 for one in found)
    assert abs(taken - 6_850) <= len(parts)  # each is rounded once


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=30), st.text(max_size=30)))
def test_any_bytes_with_any_headers(body: bytes, headers: dict[str, str]) -> None:
    shop = WooCommerce()
    with suppress(NotUnderstoodError):
        topic = {"x-wc-webhook-topic": "order.created"}
        shop.understand(shop.read_headers(headers | topic, body), body, client=None)
