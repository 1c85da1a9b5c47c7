"""Bodies that no shop would send: half characters, a million keys, endless queries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from api.bodies import _object
from api.problems import ApiError
from tests.api.nouns.conftest import stage
from tests.api.nouns.stage import Stage
from tests.api.shop import ORDERS, REFUNDS, Shop
from tests.cast import Cast, raw_order, raw_refund
from tests.snapshot import snapshot
from tracking.orders.facts import MAX_PROBLEMS

__all__ = ["stage"]
HALF = "\ud83d"
MANY = {f"key{number}": 1 for number in range(5_000)}


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/members", {"first_name": HALF}, "first_name"),
        ("POST", "/members", {"tags": ["VIP", f"a{HALF}"]}, "tags.1"),
        ("POST", "/members", {HALF: 1}, "\ufffd"),
        ("POST", "/members", {"handles": {HALF: "x"}}, "handles.\ufffd"),
        ("POST", "/members", [HALF], "0"),
        ("PATCH", "/members/{member}", {"last_name": HALF.upper()}, "last_name"),
        ("PATCH", "/offers/{offer}", {"description": HALF}, "description"),
        ("POST", "/offers/{offer}/terms", {"tiers": [{"name": HALF}]}, "tiers.0.name"),
        ("POST", "/payouts/{payout}/return", {"state": "failed", "reason": HALF}, "reason"),
    ],
)
def test_half_of_a_pair_is_named_and_changes_nothing(
    stage: Stage, method: str, path: str, body: Any, field: str
) -> None:
    before = snapshot()
    address = path.format(**{name: stage.id(name) for name in stage.rows})

    answer = stage.send(method, address, json.dumps(body))

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert [(one["field"], one["code"]) for one in answer.json()["problems"]] == [
        (field, "not_text")
    ]
    assert snapshot() == before


def test_a_whole_pair_is_one_character(stage: Stage) -> None:
    answer = stage.send("POST", "/members", json.dumps({"first_name": "Ada 🎁"}))

    assert (answer.status_code, answer.json()["first_name"]) == (201, "Ada 🎁")


@pytest.mark.parametrize("path", ["/offers", "/offers/{offer}"])
def test_a_destination_that_is_no_address_is_refused(stage: Stage, path: str) -> None:
    whole = {"name": "Summer", "kind": "link", "currency": "GBP", "terms": {"percent_bp": 1}}
    body = {"destination_url": "https://[::1", **(whole if path == "/offers" else {})}
    method = "POST" if path == "/offers" else "PATCH"

    answer = stage.send(method, path.format(offer=stage.id("offer")), body)

    [problem] = answer.json()["problems"]
    assert (answer.status_code, problem["field"]) == (422, "destination_url")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ORDERS, raw_order() | MANY),
        (ORDERS, {"orders": [raw_order()], **MANY}),
        (ORDERS, raw_order(promo_codes=[[]] * 5_000)),
        (REFUNDS, raw_refund() | MANY),
        ("/api/v1/members", {"handles": MANY}),
    ],
)
def test_of_thousands_of_wrong_keys_an_answer_names_some(
    shop: Shop, cast: Cast, path: str, body: Any
) -> None:
    before = snapshot()

    answer = shop.send(path, body)

    assert answer.status_code == 422
    assert 0 < len(answer.json()["problems"]) <= MAX_PROBLEMS
    assert len(answer.content) < 100_000
    assert snapshot() == before


def test_a_key_as_long_as_the_body_is_not_sent_back(shop: Shop, cast: Cast) -> None:
    answer = shop.send("/api/v1/members", {"x" * 100_000: 1})

    [problem] = answer.json()["problems"]
    assert (problem["code"], problem["field"]) == ("unknown_field", "x" * 60)


class Counted(str):
    """A key that counts how often it is compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_finding_a_key_that_stands_twice_looks_at_each_key_once() -> None:
    """A body of the largest size took minutes, in which the process answered nobody."""
    number = 2_000
    pairs: list[tuple[str, Any]] = [(Counted(f"key{one % 1_000}"), 1) for one in range(number)]

    with pytest.raises(ApiError) as error:
        _object(pairs)

    assert [one.field for one in error.value.problems] == ["key0"]
    assert Counted.compared < 10 * number


@pytest.mark.parametrize("path", ["/members", "/figures", "/due"])
def test_a_query_of_a_thousand_parameters_is_refused(stage: Stage, path: str) -> None:
    answer = stage.get(f"{path}?{'a&' * 1_100}")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert [(one["field"], one["code"]) for one in answer.json()["problems"]] == [
        ("query", "too_many")
    ]
