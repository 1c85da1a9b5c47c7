"""Bad input: each has a named error that says which field and why, and no effect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.api_keys import revoke_api_key
from accounts.models import ApiKey
from api.bodies import MAX_BATCH_ITEMS
from core.tenancy import acting_for
from tests.answers import Answer
from tests.api.shop import ORDERS, REFUNDS, Shop, key_for
from tests.cast import NOW, SYSTEM, Cast, raw_order, raw_refund
from tests.snapshot import Snapshot, snapshot

LINE = {"sku": "GLOW-1", "quantity": 1, "unit_price": "84.20"}


def with_line(**changes: Any) -> dict[str, Any]:
    """An order whose only line is changed as told."""
    line = {key: value for key, value in (LINE | changes).items() if value is not None}
    return raw_order(lines=[line])


@pytest.fixture
def before(shop: Shop) -> Snapshot:
    """The database with order 1000 in it, as it has to stay."""
    assert shop.send(ORDERS, raw_order("1000")).status_code == 201
    return snapshot()


def assert_refused(answer: Answer, status: int, code: str, before: Snapshot) -> Any:
    """Problem details of the one shape, and a database that nothing happened to."""
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert {"type", "title", "status", "code", "detail", "problems"} <= said.keys()
    assert (said["status"], said["code"]) == (status, code)
    assert snapshot() == before
    return said


WRONG_ORDERS = [
    ("order_id", "missing", raw_order(order_id=None)),
    ("order_id", "missing", raw_order(order_id="   ")),
    ("order_id", "too_long", raw_order("x" * 121)),
    ("order_id", "not_text", raw_order(order_id=["1001"])),
    ("order_id", "not_text", raw_order(order_id="10\x0001")),
    ("order_id", "not_text", raw_order(order_id="\ud83d")),
    ("order_id", "control_character", raw_order(order_id="10\n01")),
    ("order_id", "control_character", raw_order(order_id="10\x8501")),
    ("ordered_at", "missing", raw_order(ordered_at=None)),
    ("ordered_at", "not_a_time", raw_order(ordered_at="yesterday")),
    ("ordered_at", "not_a_time", raw_order(ordered_at="0001-01-01T00:00:00+14:00")),
    ("ordered_at", "not_a_time", raw_order(ordered_at="9999-12-31T23:59:59-12:00")),
    ("ordered_at", "no_time_zone", raw_order(ordered_at="2026-11-20T11:00:00")),
    ("currency", "missing", raw_order(currency=None)),
    ("currency", "unknown_currency", raw_order(currency="XYZ")),
    ("currency", "too_long", raw_order(currency="POUND")),
    ("lines", "missing", raw_order(lines=[])),
    ("lines", "missing", raw_order(lines="one")),
    ("lines", "too_large", raw_order(lines=[LINE | {"unit_price": "9000000000000"}] * 2)),
    ("lines.0.quantity", "not_positive", with_line(quantity=-1)),
    ("lines.0.quantity", "too_large", with_line(quantity=2**31)),
    ("lines.0.quantity", "not_a_number", with_line(quantity="two")),
    ("lines.0.quantity", "not_a_number", with_line(quantity=True)),
    ("lines.0.quantity", "not_a_number", with_line(quantity="9" * 5000)),
    ("lines.0.unit_price", "negative", with_line(unit_price="-84.20")),
    ("lines.0.unit_price", "not_an_amount", with_line(unit_price=None)),
    ("lines.0.unit_price", "not_an_amount", with_line(unit_price="a lot")),
    ("lines.0.unit_price", "not_an_amount", with_line(unit_price="1e5")),
    ("lines.0.unit_price", "not_an_amount", with_line(unit_price="NaN")),
    ("lines.0.unit_price", "too_large", with_line(unit_price=1e16)),
    ("lines.0.unit_price", "not_an_amount", with_line(unit_price=float("nan"))),
    ("lines.0.unit_price", "not_an_amount", with_line(unit_price="1." + "0" * 40)),
    ("lines.0.unit_price", "too_large", with_line(unit_price="99999999999999")),
    ("lines.0.discount", "negative", with_line(discount="-1")),
    ("lines.0.discount", "too_large", with_line(discount="84.21")),
    ("lines.0.quantity", "not_a_number", raw_order(lines=[None])),
    ("lines.1.line_id", "duplicate", raw_order(lines=[LINE | {"line_id": "7"}] * 2)),
    ("payment_status", "not_a_choice", raw_order() | {"payment_status": "maybe"}),
    ("cancelled_at", "not_a_time", raw_order() | {"cancelled_at": "yesterday"}),
    ("updated_at", "in_the_future", raw_order() | {"updated_at": "2076-01-01T00:00:00Z"}),
    ("cancelled_at", "in_the_future", raw_order() | {"cancelled_at": "2076-01-01T00:00:00Z"}),
    ("is_test", "not_yes_or_no", raw_order() | {"is_test": "perhaps"}),
]


@pytest.mark.parametrize(("field", "code", "sent"), WRONG_ORDERS)
def test_a_wrong_order_is_refused(
    shop: Shop, before: Snapshot, field: str, code: str, sent: dict[str, Any]
) -> None:
    answer = shop.send(ORDERS, sent)

    said = assert_refused(answer, 422, "invalid_input", before)
    assert (field, code) in {(found["field"], found["code"]) for found in said["problems"]}
    assert all(found["message"] for found in said["problems"])


WRONG_REFUNDS = [
    ("refund_id", "missing", raw_refund(None)),
    ("refund_id", "control_character", raw_refund("R\t1")),
    ("order_id", "missing", raw_refund("R1", None)),
    ("refunded_at", "not_a_time", raw_refund("R1", "1000", refunded_at="soon")),
    ("currency", "unknown_currency", raw_refund("R1", "1000", currency="XYZ")),
    ("quantity", "not_positive", raw_refund("R1", "1000", quantity=-1)),
    ("sku", "missing", raw_refund("R1", "1000", sku="", amount=None)),
    ("lines.0.sku", "missing", raw_refund("R1", "1000", sku="") | {"lines": [{"quantity": 1}]}),
    ("lines", "misplaced", raw_refund("R1", "1000") | {"lines": [{"sku": "GLOW-1"}]}),
    ("refunded_at", "in_the_future", raw_refund("R1", "1000", refunded_at="2076-01-01T00:00:00Z")),
    ("amount", "negative", raw_refund("R1", "1000", amount="-1")),
    ("amount", "not_positive", raw_refund("R1", "1000", amount="0")),
    ("amount", "not_an_amount", raw_refund("R1", "1000", amount="all")),
    ("amount", "not_an_amount", raw_refund("R1", "1000", amount=[10])),
]


@pytest.mark.parametrize(("field", "code", "sent"), WRONG_REFUNDS)
def test_a_wrong_refund_is_refused(
    shop: Shop, before: Snapshot, field: str, code: str, sent: dict[str, Any]
) -> None:
    answer = shop.send(REFUNDS, sent)

    said = assert_refused(answer, 422, "invalid_input", before)
    assert (field, code) in {(found["field"], found["code"]) for found in said["problems"]}


def test_everything_wrong_is_said_at_once(shop: Shop, before: Snapshot) -> None:
    answer = shop.send(ORDERS, with_line(quantity=-1, unit_price="-1") | {"currency": "XYZ"})

    said = assert_refused(answer, 422, "invalid_input", before)
    assert {found["field"] for found in said["problems"]} == {
        "currency",
        "lines.0.quantity",
        "lines.0.unit_price",
    }


def test_an_order_with_other_contents_is_refused_and_both_are_shown(
    shop: Shop, before: Snapshot
) -> None:
    answer = shop.send(ORDERS, raw_order("1000", amount="1.00"))

    said = assert_refused(answer, 409, "recorded_differently", before)
    assert [(found["field"], found["code"]) for found in said["problems"]] == [
        ("order_id", "recorded_differently")
    ]
    assert said["recorded"]["lines"][0]["amount"] == "84.20"
    assert said["received"]["lines"][0]["amount"] == "1.00"
    assert said["recorded"].keys() == said["received"].keys()
    assert "PUT it to /api/v1/orders/api/1000" in said["detail"]


def test_a_refund_with_other_contents_is_refused_and_both_are_shown(
    shop: Shop, before: Snapshot
) -> None:
    shop.send(REFUNDS, raw_refund("R1", "1000"))
    after_first = snapshot()

    answer = shop.send(REFUNDS, raw_refund("R1", "1000", amount="11.00"))

    said = assert_refused(answer, 409, "recorded_differently", after_first)
    assert (said["recorded"]["amount"], said["received"]["amount"]) == ("10.00", "11.00")


MALFORMED = [
    (b'{"order_id": "1001",\n  "currency": GBP}', 2, 15),
    (b" ", 1, 2),
    (b'{"order_id": "1001"', 1, 20),
    (b'{"order_id": "10\xff01"}', 1, 17),
    (b'\n{"order_id": "10\xff01"}', 2, 17),
    (b"[" * 200_000, 1, 1),
    (b"\xef\xbb\xbf{}", 1, 1),
]


@pytest.mark.parametrize(("body", "line", "column"), MALFORMED)
def test_malformed_json_is_refused_with_line_and_column(
    shop: Shop, before: Snapshot, body: bytes, line: int, column: int
) -> None:
    answer = shop.send(ORDERS, body)

    said = assert_refused(answer, 400, "malformed_json", before)
    assert (said["line"], said["column"]) == (line, column)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"order_id": "1", "currency": "GBP", "order_id": "2"}', "order_id"),
        (b'{"order_id": "1", "lines": [{"quantity": 1, "sku": "A", "quantity": 9}]}', "quantity"),
    ],
)
def test_a_key_that_stands_twice_is_refused(
    shop: Shop, before: Snapshot, body: bytes, key: str
) -> None:
    said = assert_refused(shop.send(ORDERS, body), 422, "invalid_input", before)

    assert [(found["field"], found["code"]) for found in said["problems"]] == [(key, "duplicate")]


@pytest.mark.parametrize("body", [[], "order", 1, None])
def test_a_body_that_is_no_object_is_refused(shop: Shop, before: Snapshot, body: Any) -> None:
    answer = shop.send(ORDERS, body)

    said = assert_refused(answer, 422, "invalid_input", before)
    assert [(found["field"], found["code"]) for found in said["problems"]] == [
        ("body", "not_an_object")
    ]


@pytest.mark.parametrize("source", ["", "My Shop", "-x", "x" * 61, 7, None, "a\n", "straße"])
def test_an_odd_source_is_refused(shop: Shop, before: Snapshot, source: Any) -> None:
    answer = shop.send(ORDERS, raw_order() | {"source": source})

    said = assert_refused(answer, 422, "invalid_input", before)
    assert [(found["field"], found["code"]) for found in said["problems"]] == [
        ("source", "not_a_source")
    ]


UNKNOWN: list[tuple[str, Any, str, str]] = [
    (ORDERS, raw_order(promocode="MARA15"), "promocode", "did you mean promo_code?"),
    (ORDERS, {"orders": [raw_order(note="x")]}, "note", "is not a field here"),
    (ORDERS, {"orders": [raw_order()], "sources": "till"}, "sources", "did you mean source?"),
    (
        ORDERS,
        raw_order(lines=[{"sku": "A", "quantity": 1, "unitprice": "1", "unit_price": "1"}]),
        "lines.0.unitprice",
        "did you mean unit_price?",
    ),
    (REFUNDS, raw_refund(ammount="1.00"), "ammount", "did you mean amount?"),
]


@pytest.mark.parametrize(("path", "body", "field", "words"), UNKNOWN)
def test_a_key_that_is_no_field_is_named(
    shop: Shop, before: Snapshot, path: str, body: Any, field: str, words: str
) -> None:
    """A shop that misspells a key would wonder for ever why nobody is credited."""
    answer = shop.send(path, body)

    said = answer.json()
    if "results" in said:
        said = said["results"][0]["problem"]
    [problem] = said["problems"]
    assert (problem["field"], problem["code"]) == (field, "unknown_field")
    assert words in problem["message"]
    assert snapshot() == before


@pytest.mark.parametrize(
    ("listed", "code"),
    [
        ([], "missing"),
        ({}, "missing"),
        ("all", "missing"),
        ([{}] * (MAX_BATCH_ITEMS + 1), "too_many"),
    ],
)
def test_a_batch_that_is_none_or_too_many_is_refused(
    shop: Shop, before: Snapshot, listed: Any, code: str
) -> None:
    answer = shop.send(ORDERS, {"orders": listed})

    said = assert_refused(answer, 422, "invalid_input", before)
    assert [(found["field"], found["code"]) for found in said["problems"]] == [("orders", code)]


def test_a_body_that_is_too_large_is_refused(shop: Shop, before: Snapshot, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000

    answer = shop.send(ORDERS, raw_order(customer_id="x" * 1_000))

    assert_refused(answer, 413, "body_too_large", before)


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""],
)
def test_a_body_that_does_not_say_json_is_refused(
    shop: Shop, before: Snapshot, content_type: str
) -> None:
    answer = shop.send(ORDERS, json.dumps(raw_order()).encode(), content_type=content_type)

    assert_refused(answer, 415, "not_json", before)


@pytest.mark.parametrize("method", ["patch", "delete", "options", "head"])
def test_another_method_is_refused(shop: Shop, before: Snapshot, method: str) -> None:
    answer = getattr(shop.client, method)(ORDERS, headers=shop.headers)

    assert (answer.status_code, answer["Allow"]) == (405, "GET, POST, PUT")
    assert answer["Content-Type"] == "application/problem+json"
    assert snapshot() == before


@pytest.mark.parametrize("path", ["/api/v1/", "/api/v1/nowhere", "/api/v1/orders/"])
def test_an_address_that_leads_nowhere_is_refused_in_the_same_shape(
    shop: Shop, before: Snapshot, path: str
) -> None:
    assert_refused(shop.ask(path), 404, "not_found", before)


def test_a_body_sent_to_an_address_that_leads_nowhere_is_refused_in_the_same_shape() -> None:
    """Also from a client that has no CSRF token: it is a program."""
    program = Client(enforce_csrf_checks=True)

    for method in ("post", "put", "patch", "delete"):
        answer = getattr(program, method)("/api/v1/nowhere", "{}", content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), method


def wrong_keys(cast: Cast) -> Iterator[str | None]:
    """An Authorization header for everything that is no valid key."""
    good = key_for(cast.juniper)
    revoked = key_for(cast.juniper)
    with acting_for(cast.juniper):
        key = ApiKey.objects.get(prefix=revoked.split("_")[2])
        revoke_api_key(key=key, by=SYSTEM, now=NOW)
    prefix = good.split("_")[2]
    yield None
    yield ""
    yield "Bearer"
    yield f"Basic {good}"
    yield f"Bearer {revoked}"
    yield f"Bearer {key_for(cast.juniper, expires_at=NOW + timedelta(seconds=1))}"
    yield f"Bearer {key_for(cast.juniper, allowed_addresses=['192.0.2.0/24'])}"
    yield f"Bearer {good.replace('live', 'test')}"
    yield f"Bearer {good.replace('live_', '')}"
    yield f"Bearer {good}x"
    yield f"Bearer {good[:-1]}"
    yield f"Bearer trb_live_{prefix}_"
    yield f"Bearer trb_live_{prefix}"
    yield f"Bearer trb_{prefix}_"
    yield f"Bearer trb_{prefix}"
    yield "Bearer trb_000000000000_x"
    yield f"Bearer trb_{prefix}\x00_x"
    yield "Bearer nonsense"
    yield "Bearer " + "x" * 5_000


def test_wrong_malformed_and_revoked_keys_answer_alike(cast: Cast) -> None:
    headers = list(wrong_keys(cast))
    shop = Shop("")
    before = snapshot()

    answers = [
        shop.send(path, raw_order(), headers={} if header is None else {"Authorization": header})
        for header in headers
        for path in (ORDERS, REFUNDS)
    ]

    for answer in answers:
        said = assert_refused(answer, 401, "invalid_api_key", before)
        assert answer["WWW-Authenticate"] == "Bearer"
        assert answer.content == answers[0].content
        assert "key" in said["detail"]


def test_a_key_is_asked_for_before_anything_else_is_said(cast: Cast) -> None:
    before = snapshot()

    answer = Shop("wrong").send(ORDERS, b"{")
    unseen = Shop("wrong").ask(f"{ORDERS}/1000")

    assert_refused(answer, 401, "invalid_api_key", before)
    assert_refused(unseen, 401, "invalid_api_key", before)


def test_a_failure_of_ours_keeps_nothing_and_says_nothing_of_itself(
    shop: Shop, before: Snapshot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("tracking.orders.recording._audit", fail)

    answer = shop.send(ORDERS, raw_order())

    assert_refused(answer, 500, "internal_error", before)
    assert b"secret" not in answer.content
    assert "a secret" in caplog.text
