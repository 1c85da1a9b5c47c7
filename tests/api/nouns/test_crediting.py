"""Orders are credited by hand; those that stay as they are are named by the ids that were sent."""

from __future__ import annotations

import pytest

from payouts.services import write_off
from tests.api.nouns.recipes import perform
from tests.api.nouns.stage import LATER, Stage, id_of
from tests.cast import SYSTEM, order
from tests.snapshot import snapshot
from tracking.links.membership import remove_from_offer
from tracking.models import Order
from tracking.orders.recording import record_order


def of_another_source(stage: Stage) -> str:
    """Another order 9001."""
    with stage.at_juniper():
        sale = order("9001", promo_code="DIEGO10", amount="12.00")
        record_order(source="other", order=sale, by=SYSTEM, now=LATER)
        return id_of(Order.objects.get(source="other"))


@pytest.mark.parametrize("path", ["/conversions", "/conversions/look-again"])
def test_an_order_that_is_credited_already_is_named_by_its_id(stage: Stage, path: str) -> None:
    both = [stage.id("order"), of_another_source(stage)]
    more = {} if "again" in path else {"enrollment": stage.id("enrollment"), "reason": "x"}

    found = stage.send("POST", path, {"orders": both, **more}).json()

    assert found["data"] == []
    assert {one["order"]: one["why"] for one in found["not_credited"]} == {
        both[0]: "Order 9001 is credited to Mara Lindqvist already.",
        both[1]: "Order 9001 is credited to Diego Arroyo already.",
    }


def test_who_was_removed_from_the_offer_is_said_to_be(stage: Stage) -> None:
    row = stage.cast.june_in_glow
    with stage.at_juniper():
        write_off(enrollment=row, debt_minor=800, note="x", by=SYSTEM, now=LATER)
        remove_from_offer(enrollment=row, by=SYSTEM, now=LATER)
    before = snapshot()
    sent = {"orders": [stage.id("unattributed")], "enrollment": id_of(row), "reason": "x"}

    refused = stage.send("POST", "/conversions", sent)

    assert refused.status_code == 422
    assert refused.json()["problems"] == [
        {
            "field": "enrollment",
            "code": "refused",
            "message": "June Okafor was removed from Winter Glow creators.",
        }
    ]
    assert snapshot() == before
    assert perform(stage, "credit_orders").status_code == 200
