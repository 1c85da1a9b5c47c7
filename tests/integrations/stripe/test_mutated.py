"""Whatever a delivery holds, it is understood, or said not to be."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from integrations.shop import NotUnderstoodError
from integrations.stripe import mapping, refunds
from integrations.stripe.client import Payment
from integrations.stripe.payload import Object
from integrations.stripe.shop import StripeShop
from tests.integrations.stripe.objects import dispute, fixture, invoice, item, refund, session
from tracking.orders.reading import read_order, read_refund

NAMES = (
    "checkout_session_completed",
    "checkout_session_tax_inside",
    "checkout_session_subscription",
    "invoice_paid",
    "invoice_paid_2020",
    "charge_refunded",
    "refund_failed",
    "dispute_closed",
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**17), 10**17),
    st.integers(-10, 10),
    st.floats(),
    st.text(),
    st.sampled_from(["", "\x00", "\ud800", "a" * 500, "jpy", "subscription", "unpaid", "pi_2"]),
    st.sampled_from([[], {}, [None, 1, "x", {}], {"data": [{}, None]}, {"id": 5}]),
)


def places(found: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values inside."""
    inner: Any = found.items() if isinstance(found, dict) else ()
    inner = enumerate(found) if isinstance(found, list) else inner
    below = [one for key, value in inner for one in places(value, (*path, key))]
    return [path, *below] if path else below


def mutate(found: Any, data: st.DataObject) -> Any:
    """Change or remove up to three values."""
    found = copy.deepcopy(found)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(found) or [()]))
        if not path:
            return found
        place = found
        for key in path[:-1]:
            place = place[key]
        if data.draw(st.booleans()):
            place[path[-1]] = copy.deepcopy(data.draw(VALUES))
        else:
            del place[path[-1]]
    return found


class MutatedBooks:
    """Answers with mutated objects, as an API of another version could."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def line_items(self, session_id: str) -> list[Object]:
        return [mutate(item(), self.data)]

    def promotion_codes(self, ids: Any) -> dict[str, str]:
        return {one: self.data.draw(st.text()) for one in ids}

    def invoice_discounts(self, invoice_id: str) -> list[Object]:
        return [mutate({"id": "di_1", "promotion_code": {"id": "promo_1", "code": "A"}}, self.data)]

    def has_session(self, subscription_id: str) -> bool:
        return self.data.draw(st.booleans())

    def payment(self, payment_intent: str) -> Payment:
        sold = mapping.sale_of_session(mutate(session(), self.data))
        renewal = mapping.sale_of_invoice(mutate(invoice(), self.data))
        return Payment(
            self.data.draw(st.sampled_from([sold, renewal])),
            [mutate(refund(), self.data)],
            [mutate(dispute(), self.data)],
        )


def check(body: bytes, books: MutatedBooks | None) -> None:
    shop = StripeShop()
    try:
        delivery = shop.read_headers({}, body)
        stated = shop.understand(delivery, body, client=books)  # type: ignore[arg-type]
    except NotUnderstoodError:
        return
    for order in stated.orders:
        read_order(json.loads(json.dumps(order)))
    for one in stated.refunds:
        read_refund(json.loads(json.dumps(one)))
    assert stated.orders or stated.whole_refunds_of or stated.ignored


@given(st.data(), st.sampled_from(NAMES))
def test_a_mutated_event_is_understood_or_said_not_to_be(data: st.DataObject, name: str) -> None:
    body = json.dumps(mutate(fixture(name), data)).encode()

    check(body, MutatedBooks(data))


@given(st.binary())
def test_any_bytes_are_no_event(body: bytes) -> None:
    check(body, None)


@given(st.data(), st.sampled_from(refunds.TOPICS))
def test_mutated_refunds_are_understood_or_said_not_to_be(data: st.DataObject, topic: str) -> None:
    found = {**fixture("refund_failed"), "type": topic}

    check(json.dumps(found).encode(), MutatedBooks(data))
