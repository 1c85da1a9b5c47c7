"""Orders of a shop that arrive at the same moment: recorded together, each with its own answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.db.models import Sum

from api import receiving
from core.tenancy import acting_for
from payouts.models import LedgerEntry
from tests.api.posts import Post, send
from tests.api.shop import REFUNDS, key_for
from tests.cast import Cast, raw_order, raw_refund
from tracking.models import Order
from tracking.orders.recording import record_orders
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The ids of the orders of each call of `record_orders`."""
    seen: list[list[str]] = []

    def noted(*, orders: Sequence[Any], **more: Any) -> Any:
        seen.append([order.external_id for order in orders])
        return record_orders(orders=orders, **more)

    monkeypatch.setattr(receiving, "record_orders", noted)
    return seen


def test_each_gets_its_own_answer(cast: Cast, groups: list[list[str]]) -> None:
    secret = key_for(cast.juniper)
    good = [Post(raw_order(f"o{number}", amount=f"{number + 1}.00"), secret) for number in range(9)]
    again = Post(raw_order("o3", amount="4.00"), secret)
    other = Post(raw_order("o4", amount="99.00"), secret)
    unreadable, wrong = Post(b"[", secret), Post(raw_order("o9") | {"currency": "?"}, secret)
    many = Post({"orders": [raw_order("m1"), raw_order("m2")]}, secret)
    stated = Post(raw_order("o5", amount="60.00"), secret, method="PUT")
    refund = Post(raw_refund("r1", order_id="o1"), secret, path=REFUNDS)
    no_key = Post(raw_order("o10"), "trb_wrong_key")

    send([*good, again, other, unreadable, wrong, many, stated, refund, no_key])

    assert [post.status for post in good] == [201] * 9
    assert [post.said["order_id"] for post in good] == [f"o{number}" for number in range(9)]
    assert (again.status, other.status) == (200, 409)
    assert (unreadable.status, wrong.status, no_key.status) == (400, 422, 401)
    assert [row["status"] for row in many.said["results"]] == [201, 201]
    assert stated.said["outcome"] == "revised"
    assert refund.status in {201, 202}
    assert groups[0] == ["o0"]
    assert [*(f"o{number}" for number in range(1, 9)), "o3", "o4", "m1", "m2"] in groups
    ids = {post.headers["x-request-id"] for post in [*good, again, other, stated]}
    assert len(ids) == 12
    with acting_for(cast.juniper):
        assert Order.objects.count() == 11
        assert list(differences(cast.juniper)) == []


def test_brands_are_kept_apart(cast: Cast, groups: list[list[str]]) -> None:
    mine, theirs = key_for(cast.juniper), key_for(cast.saltmarsh)
    posts = [
        Post(raw_order(f"o{number}"), secret) for number in range(5) for secret in (mine, theirs)
    ]

    send(posts)

    assert [post.status for post in posts] == [201] * 10
    for brand in (cast.juniper, cast.saltmarsh):
        with acting_for(brand):
            assert sorted(Order.objects.values_list("external_id", flat=True)) == [
                f"o{number}" for number in range(5)
            ]


def test_a_group_that_fails_is_recorded_one_by_one(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_for_o2(*, orders: Sequence[Any], **more: Any) -> Any:
        results = record_orders(orders=orders, **more)
        if any(order.external_id == "o2" for order in orders):
            raise ZeroDivisionError
        return results

    monkeypatch.setattr(receiving, "record_orders", fail_for_o2)
    secret = key_for(cast.juniper)
    posts = [Post(raw_order(f"o{number}"), secret) for number in range(5)]

    send(posts)

    assert [post.status for post in posts] == [201, 200, 500, 200, 200]
    with acting_for(cast.juniper):
        total = LedgerEntry.objects.aggregate(Sum("amount_minor"))["amount_minor__sum"]
        assert LedgerEntry.objects.count() == 5
        assert total > 0
        assert list(differences(cast.juniper)) == []
