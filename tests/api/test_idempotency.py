"""A POST with an Idempotency-Key runs once, also at the same moment and after a kill."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.idempotency import KEPT_FOR, RUNNING_SECONDS, claim_request, delete_old_answers
from accounts.models import ApiKey, AuditEntry, IdempotentRequest
from api.idempotency import idempotent
from core.tenancy import across_brands, acting_for
from tests.answers import Answer
from tests.api.shop import ORDERS, REFUNDS, Shop, key_for
from tests.api.test_concurrency import all_at_once
from tests.cast import NOW, Cast, raw_order, raw_refund
from tests.own_processes import MAX_WAIT_SECONDS
from tracking.models import Order

REPEATED = "Idempotency-Replayed"


def send(shop: Shop, body: Any, name: str = "k-1", path: str = ORDERS) -> Answer:
    return shop.send(path, body, headers=shop.headers | {"Idempotency-Key": name})


def orders_of(cast: Cast) -> int:
    with acting_for(cast.juniper):
        return Order.objects.count()


def test_a_repeat_gets_the_first_answer(cast: Cast, shop: Shop) -> None:
    first = send(shop, raw_order("1001"))
    again = send(shop, raw_order("1001"))

    assert (first.status_code, first.has_header(REPEATED)) == (201, False)
    assert (again.status_code, again[REPEATED]) == (201, "true")
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"]
    assert orders_of(cast) == 1


@pytest.mark.parametrize("name", ["k-1", '"k-1"', " k-1 "])
def test_a_key_may_stand_in_quotation_marks(shop: Shop, name: str) -> None:
    send(shop, raw_order("1001"))

    assert send(shop, raw_order("1001"), name).has_header(REPEATED)


def test_the_same_key_with_another_request_is_refused(cast: Cast, shop: Shop) -> None:
    send(shop, raw_order("1001"))

    others = [
        send(shop, raw_order("1002")),
        send(shop, raw_order("1001"), path=f"{ORDERS}?really=1"),
        send(shop, raw_refund("R-1"), path=REFUNDS),
    ]

    for other in others:
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert orders_of(cast) == 1


def test_two_api_keys_do_not_share_idempotency_keys(cast: Cast, shop: Shop) -> None:
    send(shop, raw_order("1001"))

    other = send(Shop(key_for(cast.juniper)), raw_order("1002"))
    elsewhere = send(Shop(key_for(cast.saltmarsh)), raw_order("1003"))

    assert (other.status_code, elsewhere.status_code) == (201, 201)


@pytest.mark.parametrize("name", ["", '""', "x" * 256, "ключ"])
def test_a_key_that_is_none_is_refused(cast: Cast, shop: Shop, name: str) -> None:
    answer = send(shop, raw_order("1001"), name.encode().decode("latin-1"))

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")
    assert orders_of(cast) == 0


def test_what_was_refused_may_be_sent_again_otherwise(cast: Cast, shop: Shop) -> None:
    refused = send(shop, raw_order("1001", currency="nothing"))
    taken = send(shop, raw_order("1001"))

    assert (refused.status_code, taken.status_code) == (422, 201)
    assert not taken.has_header(REPEATED)


def test_a_wrong_key_learns_nothing_of_idempotency_keys(shop: Shop) -> None:
    send(shop, raw_order("1001"))

    answer = send(Shop(shop.secret + "x"), raw_order("1001"))

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_api_key")


def test_a_revoked_key_gets_no_kept_answer(cast: Cast, shop: Shop) -> None:
    send(shop, raw_order("1001"))
    with acting_for(cast.juniper):
        ApiKey.objects.update(revoked_at=NOW)

    assert send(shop, raw_order("1001")).status_code == 401


def test_after_a_day_a_key_is_a_new_one(cast: Cast, shop: Shop) -> None:
    send(shop, raw_order("1001"))

    with time_machine.travel(timezone.now() + KEPT_FOR - timedelta(minutes=1), tick=False):
        assert send(shop, raw_order("1002")).status_code == 422
    with time_machine.travel(timezone.now() + KEPT_FOR + timedelta(hours=1), tick=False):
        assert send(shop, raw_order("1002")).status_code == 201
    assert orders_of(cast) == 2


def test_old_answers_are_deleted(cast: Cast, shop: Shop) -> None:
    send(shop, raw_order("1001"))

    assert delete_old_answers(now=timezone.now() + KEPT_FOR - timedelta(minutes=1)) == 0
    assert delete_old_answers(now=timezone.now() + KEPT_FOR) == 1
    with across_brands(reason="test"):
        assert not IdempotentRequest.objects.exists()


def test_a_request_without_the_header_asks_postgresql_no_more(cast: Cast, shop: Shop) -> None:
    shop.send(ORDERS, raw_order("1000"))
    with CaptureQueriesContext(connection) as asked:
        shop.send(ORDERS, raw_order("1001"))

    assert not [one for one in asked.captured_queries if "idempotent" in one["sql"]]
    with CaptureQueriesContext(connection) as asked_with:
        send(shop, raw_order("1002"))
    assert len(asked_with) == len(asked) + 2


def test_a_killed_process_holds_a_key_for_a_bounded_time(cast: Cast, shop: Shop) -> None:
    """It recorded the order, and died before it kept its answer."""
    body = json.dumps(raw_order("1001")).encode()
    shop.send(ORDERS, body)
    died_at = timezone.now()
    with acting_for(cast.juniper):
        claim_request(
            key=ApiKey.objects.get(),
            name="k-1",
            operation=f"POST {ORDERS}",
            body_digest=hashlib.sha256(body).hexdigest(),
            now=died_at,
        )

    with time_machine.travel(died_at + timedelta(seconds=1), tick=False):
        waiting = send(shop, body)
        other = send(shop, raw_order("1002"))
    with time_machine.travel(died_at + timedelta(seconds=RUNNING_SECONDS), tick=False):
        after = send(shop, body)
        again = send(shop, body)

    assert (waiting.status_code, waiting.json()["code"]) == (409, "in_progress")
    assert waiting["Retry-After"] == str(RUNNING_SECONDS - 1)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (after.status_code, after.json()["outcome"]) == (200, "duplicate")
    assert again[REPEATED] == "true"
    assert orders_of(cast) == 1


class Counting:
    """A view that writes an audit entry for each time it runs, and answers as it is told."""

    def __init__(self, answers: list[HttpResponseBase | Exception]) -> None:
        self.answers = answers
        self.during: Callable[[], None] = lambda: None

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with acting_for(request.known_key.brand):  # type: ignore[attr-defined]
            audit.record(
                action="test.ran", target="test:1", by=Actor.system("test"), now=timezone.now()
            )
        self.during()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def runs_of(cast: Cast) -> int:
    with acting_for(cast.juniper):
        return AuditEntry.objects.filter(action="test.ran").count()


def ask(shop: Shop, view: Counting, name: str = "k-1") -> HttpResponseBase:
    request = RequestFactory().post(
        "/api/v1/things",
        "{}",
        content_type="application/json",
        headers=shop.headers | {"Idempotency-Key": name},
    )
    return idempotent(view)(request)


def test_what_an_operation_did_and_its_answer_are_one_transaction(cast: Cast, shop: Shop) -> None:
    view = Counting([HttpResponse("no", status=422), HttpResponse("out", status=503)])
    ask(shop, view)
    ask(shop, view)
    assert runs_of(cast) == 0

    view.answers = [RuntimeError("it fails"), HttpResponse("done", status=201)]
    with pytest.raises(RuntimeError):
        ask(shop, view)
    assert runs_of(cast) == 0
    ask(shop, view)
    again = ask(shop, view)

    assert (again.status_code, again[REPEATED], runs_of(cast)) == (201, "true", 1)


@pytest.mark.django_db(transaction=True)
def test_a_slow_process_whose_claim_was_taken_over_does_nothing(cast: Cast) -> None:
    shop = Shop(key_for(cast.juniper))
    slow, quick = Counting([HttpResponse("slow")]), Counting([HttpResponse("quick")])

    def take_over() -> None:
        with acting_for(cast.juniper):
            IdempotentRequest.objects.update(claimed_until=NOW)
        ask(shop, quick)
        connection.close()

    def meanwhile() -> None:
        thread = threading.Thread(target=take_over)
        thread.start()
        thread.join(MAX_WAIT_SECONDS)

    slow.during = meanwhile
    answer, again = ask(shop, slow), ask(shop, slow)

    assert answer.status_code == 409
    assert isinstance(again, HttpResponse)
    assert (again.content, again[REPEATED], runs_of(cast)) == (b"quick", "true", 1)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_runs(cast: Cast) -> None:
    shop = Shop(key_for(cast.juniper))
    inside, may_end = threading.Event(), threading.Event()
    view = Counting([HttpResponse("done", status=201)])

    def wait() -> None:
        inside.set()
        assert may_end.wait(MAX_WAIT_SECONDS)

    view.during = wait
    answers: dict[str, HttpResponseBase] = {}

    def first() -> None:
        answers["first"] = ask(shop, view)
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(MAX_WAIT_SECONDS)
    second = ask(shop, view)
    may_end.set()
    thread.join(MAX_WAIT_SECONDS)
    third = ask(shop, view)

    assert (second.status_code, answers["first"].status_code) == (409, 201)
    assert (third.status_code, third[REPEATED], runs_of(cast)) == (201, "true", 1)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_order_comes(cast: Cast) -> None:
    shop = Shop(key_for(cast.juniper))

    def one() -> int:
        mine = Shop(shop.secret)
        mine.client = Client()
        status = send(mine, raw_order("1001")).status_code
        connection.close()
        return status

    statuses = all_at_once([one] * 8)

    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert orders_of(cast) == 1
