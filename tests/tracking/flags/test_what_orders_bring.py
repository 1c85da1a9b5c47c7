"""What orders bring for flags: the customer's address as a digest, and the referrer's host."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.cast import NOW, SYSTEM
from tests.tracking.flags.selling import MARAS_ADDRESS, look, open_flags, sell
from tests.tracking.orders.stating import lines, stated
from tracking.models import Order
from tracking.orders.recording import record_orders
from tracking.orders.results import RecordingStatus
from tracking.privacy.shoppers import forget_shopper


@pytest.mark.parametrize(
    ("sent", "host"),
    [
        ("https://www.Deals.example/x?y=1", "www.deals.example"),
        ("deals.example", "deals.example"),
        ("//deals.example:8080/x", "deals.example"),
        ("android-app://com.google.android.gm/", "com.google.android.gm"),
        ("", ""),
        (None, ""),
        ("https://[::1", ""),
        ("no host", ""),
        ("localhost", ""),
        ("x" * 5_000, ""),
    ],
)
def test_a_referrer_is_kept_as_its_host_and_refuses_nothing(sent: Any, host: str) -> None:
    assert stated(referrer=sent).referrer_host == host


def test_no_text_of_an_order_shows_the_address() -> None:
    facts = stated(customer_email=MARAS_ADDRESS)

    assert MARAS_ADDRESS not in repr(facts)
    assert facts.digest() == stated().digest()  # so the same order without it is a repeat


@pytest.mark.usefixtures("at_juniper")
def test_a_later_statement_adds_an_address_and_takes_none_back() -> None:
    sell()
    look()
    for number, more in enumerate(({"customer_email": MARAS_ADDRESS}, {}), 1):
        changed = stated(
            lines=lines(f"9{number}.00"),
            updated_at=(NOW + timedelta(minutes=number)).isoformat(),
            **more,
        )
        [outcome] = record_orders(source="api", orders=[changed], by=SYSTEM, now=NOW, revising=True)
        assert outcome.status == RecordingStatus.REVISED
    look()

    assert open_flags() == {("1001", "self_purchase")}
    assert Order.objects.get().customer_digest


@pytest.mark.usefixtures("at_juniper")
@pytest.mark.parametrize("customer_id", ["c-1", ""])
def test_a_forgotten_shopper_leaves_no_digest_and_the_flag_stays(customer_id: str) -> None:
    sell(customer_email=MARAS_ADDRESS, customer_id=customer_id)
    look()
    forget_shopper(source="api", customer_ref=customer_id, order_ids=["1001"], by=SYSTEM, now=NOW)
    look()

    assert Order.objects.get().customer_digest == ""
    assert open_flags() == {("1001", "self_purchase")}
