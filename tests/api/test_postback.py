"""Postbacks: orders, and what became of them, said by an address alone."""

from __future__ import annotations

import io
import logging
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.models import ApiRequest
from accounts.order_keys import create_postback_key
from api import reports
from api.request_log import REQUESTS
from config.logs import formatter
from core.tenancy import acting_for
from tests.answers import Answer
from tests.api.shop import Shop, key_for
from tests.cast import NOW, RANDOM_PART, SYSTEM, Cast
from tracking.models import Conversion, Order, Refund

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/postback"
SALE = {"order_id": "N-1", "amount": "84.20", "currency": "GBP", "code": "MARA15"}


@pytest.fixture
def secret(cast: Cast) -> str:
    with acting_for(cast.juniper):
        return create_postback_key(label="Network", by=SYSTEM, now=NOW).secret


def call(secret: str, **said: Any) -> Answer:
    return Client().get(ADDRESS, {"key": secret, **said})


def conversion(cast: Cast) -> Conversion:
    with acting_for(cast.juniper):
        return Conversion.objects.select_related("order").get()


def test_an_order_is_credited_and_recorded_once(cast: Cast, secret: str) -> None:
    first, again = call(secret, **SALE), call(secret, **SALE)

    assert (first.status_code, first.json()) == (
        200,
        {"order_id": "N-1", "source": "postback", "outcome": "recorded", "reasons": [],
         "ignored": []},
    )  # fmt: skip
    assert (again.status_code, again.json()["outcome"]) == (200, "duplicate")
    found = conversion(cast)
    assert (found.status, found.order.source, found.order.total_minor) == (
        "accepted", "postback", 8420,
    )  # fmt: skip


def test_a_form_says_the_same_and_keeps_the_key_out_of_the_address(cast: Cast, secret: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(ADDRESS, {"key": secret, **SALE})

    assert answer.status_code == 200, answer.content
    assert conversion(cast).order.external_id == "N-1"


def test_without_a_currency_it_is_the_brand_s(cast: Cast, secret: str) -> None:
    call(secret, order_id="N-1", amount="10", code="MARA15")

    assert conversion(cast).order.currency == "GBP"


def test_another_amount_needs_a_status(cast: Cast, secret: str) -> None:
    call(secret, **SALE)
    refused = call(secret, **{**SALE, "amount": "50.00"})
    changed = call(secret, **{**SALE, "amount": "50.00"}, status="approved")

    assert refused.status_code == 409
    assert refused.json()["code"] == "recorded_differently"
    assert (changed.status_code, changed.json()["outcome"]) == (200, "revised")
    assert conversion(cast).order.total_minor == 5000


def test_a_sale_that_waits_earns_once_it_is_approved(cast: Cast, secret: str) -> None:
    call(secret, **SALE, status="pending")
    assert conversion(cast).status == "pending"

    call(secret, order_id="N-1", status="approved")
    assert conversion(cast).status == "accepted"

    late = call(secret, **SALE, status="pending")  # it was on its way for long
    assert late.json()["outcome"] == "duplicate"
    assert conversion(cast).status == "accepted"


@pytest.mark.parametrize("status", ["rejected", "cancelled", "REJECTED"])
def test_a_rejected_sale_earns_nothing_until_it_is_approved(
    cast: Cast, secret: str, status: str
) -> None:
    call(secret, **SALE)
    first = call(secret, order_id="N-1", status=status)
    again = call(secret, order_id="N-1", status=status)

    assert [first.json()["outcome"], again.json()["outcome"]] == ["revised", "duplicate"]
    assert conversion(cast).status == "rejected"
    call(secret, order_id="N-1", status="approved")
    assert conversion(cast).status == "accepted"


def test_a_refund_takes_its_part_once(cast: Cast, secret: str) -> None:
    call(secret, **SALE)
    first = call(secret, order_id="N-1", status="refunded", refund_amount="20.00")
    again = call(secret, order_id="N-1", status="refunded", refund_amount="20.00")
    other = call(secret, order_id="N-1", status="refunded", refund_amount="5.00")
    second = call(secret, order_id="N-1", status="refunded", refund_amount="5", refund_id="R2")

    assert first.json()["refund"] == {"outcome": "recorded", "applied": "20.00", "reasons": []}
    assert again.json()["refund"]["outcome"] == "duplicate"
    assert other.status_code == 409
    assert second.json()["refund"]["applied"] == "5.00"
    assert conversion(cast).refunded_minor == 2500


def test_all_is_refunded_without_an_amount(cast: Cast, secret: str) -> None:
    answer = call(secret, **SALE, status="refunded")

    assert (answer.json()["outcome"], answer.json()["refund"]["applied"]) == ("recorded", "84.20")
    with acting_for(cast.juniper):
        assert Refund.objects.get().source == "postback"


def test_two_systems_may_use_the_same_ids(cast: Cast, secret: str) -> None:
    for system in ("awin", "cj"):
        assert call(secret, **SALE, source=system).json()["source"] == f"postback-{system}"

    with acting_for(cast.juniper):
        assert Order.objects.count() == 2


def test_unknown_parameters_are_named_and_change_nothing(cast: Cast, secret: str) -> None:
    answer = call(secret, **SALE, ammount="9", cachebuster="77")

    assert answer.json()["ignored"] == ["ammount", "cachebuster"]
    assert conversion(cast).order.total_minor == 8420


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"order_id": ""}, "order_id"),
        ({"order_id": "a\x00b"}, "order_id"),
        ({"order_id": "a\nb"}, "order_id"),
        ({"order_id": "x" * 121}, "order_id"),
        ({"amount": ""}, "amount"),
        ({"amount": "12,50"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "{amount}"}, "amount"),
        ({"currency": "XXQ"}, "currency"),
        ({"status": "maybe"}, "status"),
        ({"refund_amount": "5"}, "status"),
        ({"source": "-x"}, "source"),
        ({"ordered_at": "yesterday"}, "ordered_at"),
        ({"ordered_at": "2099-01-01T00:00:00Z"}, "ordered_at"),
        ({"order_id": ["1", "2"]}, "order_id"),
        ({"code": ["MARA15", "MARA15"]}, "code"),
    ],
)
def test_what_can_not_be_read_is_refused_field_by_field(
    cast: Cast, secret: str, changes: dict[str, Any], field: str
) -> None:
    answer = call(secret, **{**SALE, **changes})

    assert answer.status_code == 422, answer.content
    assert [problem["field"] for problem in answer.json()["problems"]] == [field]
    with acting_for(cast.juniper):
        assert not Order.objects.exists()


def test_a_code_that_nobody_has_refuses_nothing(cast: Cast, secret: str) -> None:
    answer = call(secret, **{**SALE, "code": "no\x00body"}, click_id="{click}")

    assert (answer.status_code, answer.json()["outcome"]) == (200, "unattributed")


def test_a_known_order_needs_no_amount_and_another_currency_is_refused(
    cast: Cast, secret: str
) -> None:
    call(secret, **SALE)
    answer = call(secret, order_id="N-1", currency="USD", status="approved")

    assert answer.status_code == 422


def test_an_image_for_who_can_load_nothing_else(secret: str) -> None:
    taken, refused = call(secret, **SALE, format="gif"), call(secret, format="gif")

    for answer, status in ((taken, 200), (refused, 422)):
        assert (answer.status_code, answer["Content-Type"]) == (status, "image/gif")
        assert answer.content == reports.GIF
        assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_the_key_does_nothing_else_and_no_other_key_does_this(cast: Cast, secret: str) -> None:
    assert Shop(secret).ask("/api/v1/members").status_code == 401
    assert Client().post(f"/api/v1/script/orders?key={secret}").status_code == 401
    for other in (key_for(cast.juniper), "", secret[:-1], f"{secret}x", "trb_postback_x_y\x00"):
        assert call(other, **SALE).status_code == 401
    assert Client().get(ADDRESS, SALE).status_code == 401
    assert Client().get(f"{ADDRESS}?key=&key={secret}&order_id=1&amount=1").status_code == 422
    with acting_for(cast.juniper):
        assert not Order.objects.exists()


def test_methods_that_change_nothing_and_bodies_that_are_no_form(secret: str) -> None:
    address = f"{ADDRESS}?key={secret}"
    assert Client().head(address).status_code == 405
    assert Client().post(address, b"{}", content_type="application/json").status_code == 415
    large = {"key": secret, "order_id": "x" * 70_000}
    assert Client().post(ADDRESS, large).status_code == 413


def test_the_key_stands_in_no_log_and_no_note(
    cast: Cast, secret: str, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """Also when the product fails, which logs the request and what happened."""
    REQUESTS.forget()  # of other tests
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(as_json=True))
    root, access = logging.getLogger(), logging.getLogger("access")
    was = [one.level for one in (root, access)]
    for one in (root, access):
        one.addHandler(handler)
        one.setLevel(logging.DEBUG)
    try:
        call(secret, **SALE)
        call(secret, **SALE, format="gif")
        call(secret[:-3], **SALE)

        def fail(**_asked: Any) -> None:
            raise RuntimeError(f"failed with {ADDRESS}?key={secret}")

        monkeypatch.setattr(reports, "record_postback", fail)
        assert call(secret, **SALE).status_code == 500
    finally:
        for one, level in zip((root, access), was, strict=True):
            one.removeHandler(handler)
            one.setLevel(level)
    REQUESTS.store()

    own = secret[RANDOM_PART]
    logged = stream.getvalue()
    assert "RuntimeError" in logged, "the failure was not logged, so the test shows nothing"
    assert own not in logged
    with acting_for(cast.juniper):
        noted = list(ApiRequest.objects.values())
    assert len(noted) == 4
    assert own not in str(noted)
    assert "N-1" in str(noted), "what was sent is not noted"


@pytest.mark.django_db(transaction=True)
def test_ten_calls_at_one_moment_record_one_order(cast: Cast, secret: str) -> None:
    answers: list[Answer] = []
    begin = threading.Barrier(10)

    def once() -> None:
        begin.wait()
        try:
            answers.append(call(secret, **SALE))
        finally:
            connection.close()

    threads = [threading.Thread(target=once) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(one.json()["outcome"] for one in answers) == ["duplicate"] * 9 + ["recorded"]
    assert conversion(cast).order.total_minor == 8420
