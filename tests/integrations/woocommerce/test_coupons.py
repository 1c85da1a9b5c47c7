"""Members' codes as coupons of the store."""

from __future__ import annotations

import pytest

from integrations.shop import Discount, ShopAwayError, ShopCode
from integrations.woocommerce.client import WooClient
from tests.integrations.stand_in import Fault, Reply
from tests.integrations.woocommerce.stand_in import WooStore

SPRING = Discount("Spring & summer", 1_250)
AUTUMN = Discount("Autumn", 2_000)


def coupon(store: WooStore, code: str) -> dict[str, object]:
    [found] = [one for one in store.coupons.values() if one["code"] == code]
    return found


def own_coupon(store: WooStore, code: str) -> None:
    """One that the merchant made."""
    store.coupons[1] = {
        "id": 1, "code": code, "status": "publish", "usage_count": 4, "date_expires_gmt": None,
        "description": "For friends", "meta_data": [], "discount_type": "fixed_cart",
        "amount": "5.00",
    }  # fmt: skip


def test_codes_are_made_in_batches_and_listed(store: WooStore, client: WooClient) -> None:
    codes = [f"CODE{number}" for number in range(230)]
    assert client.make_codes(SPRING, codes) == {}
    posts = [one.json() for one in store.requests if one.method == "POST"]
    assert [len(one["create"]) for one in posts] == [100, 100, 30]
    found = list(client.codes(SPRING))
    assert [one.code for one in found] == [code.lower() for code in codes]
    assert all(one.is_active and one.times_used == 0 for one in found)
    made = coupon(store, "code7")
    assert (made["discount_type"], made["amount"]) == ("percent", "12.50")


def test_codes_that_are_right_are_left_alone(store: WooStore, client: WooClient) -> None:
    client.make_codes(SPRING, ["MARA15", "mara15"])
    store.requests.clear()
    assert client.make_codes(SPRING, ["Mara15"]) == {}
    assert [one.method for one in store.requests] == ["GET"]


def test_codes_of_another_discount_are_not_listed(store: WooStore, client: WooClient) -> None:
    client.make_codes(SPRING, ["MARA15"])
    client.make_codes(AUTUMN, ["JO20"])
    own_coupon(store, "friends")
    assert [one.code for one in client.codes(AUTUMN)] == ["jo20"]


def test_the_count_of_uses(store: WooStore, client: WooClient) -> None:
    client.make_codes(SPRING, ["MARA15"])
    coupon(store, "mara15")["usage_count"] = 3
    shop_id = str(coupon(store, "mara15")["id"])
    assert list(client.codes(SPRING)) == [ShopCode("mara15", True, shop_id, 3)]


def test_a_code_is_ended_and_comes_back(store: WooStore, client: WooClient) -> None:
    client.make_codes(SPRING, ["MARA15", "JO20"])
    coupon(store, "mara15")["usage_count"] = 3
    assert client.end_codes(SPRING, ["MARA15"]) == {}
    assert [(one.code, one.is_active) for one in client.codes(SPRING)] == [
        ("mara15", False), ("jo20", True),
    ]  # fmt: skip
    assert client.make_codes(SPRING, ["MARA15"]) == {}
    assert [(one.is_active, one.times_used) for one in client.codes(SPRING)] == [
        (True, 3), (True, 0),
    ]  # fmt: skip
    assert len(store.coupons) == 2


def test_a_code_that_moves_to_another_discount(store: WooStore, client: WooClient) -> None:
    client.make_codes(SPRING, ["MARA15"])
    assert client.make_codes(AUTUMN, ["MARA15"]) == {}
    assert coupon(store, "mara15")["amount"] == "20.00"
    assert (list(client.codes(SPRING)), len(list(client.codes(AUTUMN)))) == ([], 1)


def test_a_draft_counts_as_ended(store: WooStore, client: WooClient) -> None:
    client.make_codes(SPRING, ["MARA15"])
    coupon(store, "mara15")["status"] = "draft"
    assert [one.is_active for one in client.codes(SPRING)] == [False]


def test_a_coupon_of_the_merchant_is_never_changed(store: WooStore, client: WooClient) -> None:
    own_coupon(store, "mara15")
    before = dict(store.coupons[1])
    made = client.make_codes(SPRING, ["MARA15", "JO20"])
    assert list(made) == ["MARA15"]
    assert "not made by Tributary" in made["MARA15"]
    ended = client.end_codes(SPRING, ["MARA15"])
    assert "left as it is" in ended["MARA15"]
    assert store.coupons[1] == before


def test_a_code_that_does_not_exist_is_ended_already(store: WooStore, client: WooClient) -> None:
    assert client.end_codes(SPRING, ["NONE"]) == {}


def test_a_code_that_the_store_refuses(client: WooClient) -> None:
    assert client.make_codes(SPRING, [" "]) == {
        " ": "The store refused the coupon  . The coupon code cannot be empty."
    }


def test_an_answer_that_says_nothing_of_a_code(store: WooStore, client: WooClient) -> None:
    store.faults.extend([Fault(Reply.of([])), Fault(Reply.of({"create": []}))])
    assert list(client.make_codes(SPRING, ["MARA15"])) == ["MARA15"]


def test_a_store_that_fails_between_batches(store: WooStore, client: WooClient) -> None:
    """What was made is found the next time, and not made twice."""
    codes = [f"CODE{number}" for number in range(150)]
    empty = Reply.of([])
    store.faults.append(Fault(empty))
    client.make_codes(SPRING, codes[:100])
    store.faults.extend([Fault(Reply(502))])
    with pytest.raises(ShopAwayError):
        client.make_codes(SPRING, codes)
    assert client.make_codes(SPRING, codes) == {}
    assert len(store.coupons) == 150
