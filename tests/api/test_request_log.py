"""The developers of a shop see their last requests, and what was answered; nothing personal."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from accounts.api_keys import revoke_api_key
from accounts.api_requests import keep_requests
from accounts.models import KEPT_REQUESTS, MAX_BODY_CHARACTERS, ApiKey, ApiRequest, Brand
from api import request_log
from api.request_log import REQUESTS
from core.tenancy import acting_for
from tests.api.shop import ORDERS, Shop, key_for
from tests.architecture.source import ROOT
from tests.cast import NOW, SYSTEM, Cast, raw_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_noted() -> Iterator[None]:
    REQUESTS.forget()
    yield
    REQUESTS.forget()


def stored(brand: Brand) -> list[ApiRequest]:
    """What is kept of the brand once the notes are stored, the newest first."""
    REQUESTS.store()
    with acting_for(brand):
        return list(ApiRequest.objects.select_related("key").order_by("-pk"))


def row(key: ApiKey, number: int) -> ApiRequest:
    return ApiRequest(
        key=key, received_at=NOW, method="GET", path=f"/{number}", status=200, milliseconds=1
    )


def test_a_request_and_its_answer_are_kept(cast: Cast, shop: Shop) -> None:
    shop.send(ORDERS, raw_order("1001"))

    [kept] = stored(cast.juniper)
    assert (kept.method, kept.path, kept.status) == ("POST", ORDERS, 201)
    assert (kept.key.label, kept.code, kept.detail) == ("shop", "", "")
    assert json.loads(kept.sent)["promo_code"] == "MARA15"
    assert json.loads(kept.answered)["outcome"] == "recorded"
    with acting_for(cast.saltmarsh):
        assert not ApiRequest.objects.exists()


def test_nothing_is_stored_while_the_request_is_answered(shop: Shop, cast: Cast) -> None:
    shop.send(ORDERS, raw_order("1001"))

    with acting_for(cast.juniper):
        assert not ApiRequest.objects.exists()


def test_a_refused_request_says_why(cast: Cast, shop: Shop) -> None:
    shop.send(ORDERS, raw_order("1001", currency="pounds"))
    shop.send(ORDERS, b'{"order_id": ')
    shop.ask("/api/v1/nowhere")

    lost, malformed, wrong = stored(cast.juniper)
    assert (wrong.status, wrong.code) == (422, "invalid_input")
    assert wrong.detail.startswith("currency: ")
    assert (malformed.status, malformed.code) == (400, "malformed_json")
    assert malformed.sent == "A body of 13 bytes that is not JSON."
    assert (lost.status, lost.code, lost.sent) == (404, "not_found", "")


def test_what_can_not_be_stored_of_one_brand_loses_nothing_of_another(
    cast: Cast, shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def keep(*, brand_id: int, requests: list[ApiRequest]) -> None:
        if brand_id == cast.juniper.pk:
            raise ValueError("odd")
        keep_requests(brand_id=brand_id, requests=requests)

    monkeypatch.setattr(request_log, "keep_requests", keep)
    shop.send(ORDERS, raw_order("1001"))
    Shop(key_for(cast.saltmarsh)).send(ORDERS, raw_order("1001"))

    assert len(stored(cast.saltmarsh)) == 1
    assert stored(cast.juniper) == []
    assert "were not noted" in caplog.text


def test_a_revoked_key_and_a_wrong_one_of_the_brand_are_kept(cast: Cast, shop: Shop) -> None:
    Shop(f"{shop.secret}x").send(ORDERS, raw_order("1001"))
    with acting_for(cast.juniper):
        revoke_api_key(key=ApiKey.objects.get(), by=SYSTEM, now=NOW)
    shop.send(ORDERS, raw_order("1001"))
    Shop("trb_0123456789ab_nobodys").send(ORDERS, raw_order("1001"))
    Shop("nonsense").send(ORDERS, raw_order("1001"))

    revoked, wrong = stored(cast.juniper)
    assert (revoked.status, revoked.code) == (401, "invalid_api_key")
    assert revoked.detail == "The key of shop was revoked. Make a new one."
    assert wrong.detail.startswith("The key begins like that of shop, and goes on differently")
    assert (revoked.sent, wrong.sent) == (
        f"A body of {len(json.dumps(raw_order('1001')))} bytes, which was not read.",
    ) * 2


def test_a_wrong_method_is_kept_with_the_key_it_had(cast: Cast, shop: Shop) -> None:
    shop.delete(ORDERS)
    Shop("nonsense").delete(ORDERS)

    [kept] = stored(cast.juniper)
    assert (kept.method, kept.status, kept.code) == ("DELETE", 405, "method_not_allowed")


def test_nothing_of_a_person_and_no_secret_is_kept(cast: Cast, shop: Shop) -> None:
    told: dict[str, Any] = {
        "customer_id": "ann@shopper.example",
        "email": "ann@shopper.example",
        "shipping_address": {"name": "Ann", "city": "Annapolis"},
        "note": "call ann@shopper.example",
        "token": "ann-token",
        "comment": f"sent with {shop.secret}",
    }
    shop.send(ORDERS, raw_order("1001") | told)
    shop.send(ORDERS, raw_order("ann@shopper.example", currency="ann@shopper.example"))
    shop.ask("/api/v1/orders/shop/ann@shopper.example")

    rows = stored(cast.juniper)
    assert len(rows) == 3
    for kept in rows:
        whole = " ".join([kept.path, kept.detail, kept.sent, kept.answered]).lower()
        assert "ann" not in whole
        assert "trb_" not in whole
    assert "MARA15" in rows[-1].sent


def test_a_long_batch_is_kept_in_short_with_what_was_refused(cast: Cast, shop: Shop) -> None:
    orders = [raw_order(str(number)) for number in range(40)]
    orders[30]["currency"] = "pounds"
    shop.send(ORDERS, {"orders": orders})

    [kept] = stored(cast.juniper)
    assert "… and 37 more" in kept.sent
    assert '"currency: ' in kept.answered
    assert max(len(kept.sent.encode()), len(kept.answered.encode())) <= MAX_BODY_CHARACTERS


def test_a_huge_body_is_cut_inside_no_character(cast: Cast, shop: Shop) -> None:
    shop.send(ORDERS, raw_order("1001") | {"comment": "é" * 5_000})

    [kept] = stored(cast.juniper)
    assert kept.sent.endswith("é\n…")
    assert len(kept.sent.encode()) <= MAX_BODY_CHARACTERS


@pytest.mark.parametrize(
    "told",
    [
        {"comment": "@" + "a" * 30_000},
        {"comment": "csrf" * 10_000},
        {"birth_" * 20_000 + "!": "Ann"},
    ],
)
def test_no_body_makes_a_note_slow(cast: Cast, shop: Shop, told: dict[str, str]) -> None:
    """A slow regular expression would stop every thread of the process."""
    shop.send(ORDERS, raw_order("1001") | told)
    begun = time.process_time()

    [kept] = stored(cast.juniper)
    assert time.process_time() - begun < 1
    assert "Ann" not in kept.sent


def test_a_body_that_is_nested_deeply_loses_no_other_note(cast: Cast, shop: Shop) -> None:
    shop.send(ORDERS, b'{"order_id": ' + b"[" * 700 + b"]" * 700 + b"}")
    shop.send(ORDERS, raw_order("1001"))

    whole, deep = stored(cast.juniper)
    assert whole.status == 201
    assert deep.sent == "JSON that is nested too deeply to be shown."


def test_of_a_brand_the_last_hundred_are_kept(cast: Cast, shop: Shop) -> None:
    with acting_for(cast.juniper):
        key = ApiKey.objects.get()
    other = Shop(key_for(cast.saltmarsh))
    other.ask("/api/v1/orders/1")
    for number in range(3):
        begin = number * 60
        rows = [row(key, place) for place in range(begin, begin + 60)]
        keep_requests(brand_id=cast.juniper.pk, requests=rows)

    kept = stored(cast.juniper)
    assert [one.path for one in kept] == [f"/{number}" for number in range(179, 79, -1)]
    assert len(stored(cast.saltmarsh)) == 1


def test_the_notes_of_one_second_are_no_more_than_are_kept(cast: Cast, shop: Shop) -> None:
    for number in range(KEPT_REQUESTS + 5):
        shop.ask(f"/api/v1/orders/{number}")

    kept = stored(cast.juniper)
    assert len(kept) == KEPT_REQUESTS
    assert kept[0].path == f"/api/v1/orders/{KEPT_REQUESTS + 4}"


def test_notes_are_gathered_for_longer_while_more_are_sent_than_are_kept(shop: Shop) -> None:
    for number in range(KEPT_REQUESTS - 1):
        shop.ask(f"/api/v1/orders/{number}")
    assert not REQUESTS.store()
    for number in range(KEPT_REQUESTS):
        shop.ask(f"/api/v1/orders/{number}")
    assert REQUESTS.store()
    assert not REQUESTS.store()


@pytest.mark.django_db(transaction=True)
def test_two_processes_at_once_keep_no_more(cast: Cast) -> None:
    key_for(cast.juniper)
    with acting_for(cast.juniper):
        key = ApiKey.objects.get()

    def keep() -> None:
        try:
            for _ in range(5):
                rows = [row(key, number) for number in range(40)]
                keep_requests(brand_id=cast.juniper.pk, requests=rows)
        finally:
            connection.close()

    threads = [threading.Thread(target=keep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with acting_for(cast.juniper):
        assert ApiRequest.objects.count() == KEPT_REQUESTS


def test_only_a_web_process_that_serves_stores_notes() -> None:
    """A test that loads the application may not have its notes stored by a thread."""
    loading = "import config.asgi, threading; print([one.name for one in threading.enumerate()])"

    loaded = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", loading],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert "requests to the API" not in loaded.stdout
    assert "MainThread" in loaded.stdout
