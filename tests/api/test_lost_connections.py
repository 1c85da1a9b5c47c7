"""PostgreSQL is lost while a request of the API is answered: what moves money moves it once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.test import Client

from api import idempotency
from api.resources import payouts
from core.postgres.base import DatabaseWrapper
from core.postgres.outages import CommitUnknownError
from core.tenancy import acting_for
from payouts.models import LedgerEntry
from tests.answers import Answer
from tests.api.nouns.stage import id_of
from tests.api.shop import ORDERS, key_for
from tests.cast import Cast, raw_order
from tracking.models import Order

pytestmark = pytest.mark.django_db(transaction=True)
UNKNOWN = "We do not know whether this request was recorded."


@pytest.fixture
def send(cast: Cast) -> Callable[..., Answer]:
    """POST as Juniper's shop, with headers. The key is in use: that is noted once a minute."""
    secret = key_for(cast.juniper)
    client = Client(raise_request_exception=False)
    client.get("/api/v1/offers", headers={"Authorization": f"Bearer {secret}"})

    def post(path: str, body: Any, **headers: str) -> Answer:
        told = {"Authorization": f"Bearer {secret}", **headers}
        answer: Answer = client.post(path, body, content_type="application/json", headers=told)
        return answer

    return post


def bonus(cast: Cast) -> dict[str, str]:
    return {"enrollment": id_of(cast.mara_in_glow), "amount": "5.00", "note": "Bonus"}


def posted(cast: Cast) -> int:
    with acting_for(cast.juniper):
        return LedgerEntry.objects.filter(kind="adjustment").count()


def lost() -> psycopg.OperationalError:
    return psycopg.OperationalError("the connection is lost")


class Once:
    """Calls the function; the first time, `fails` is raised afterwards."""

    def __init__(self, function: Callable[..., Any], fails: Exception) -> None:
        self.function, self.fails = function, fails
        self.is_over = False

    def __call__(self, *args: Any) -> Any:
        found = self.function(*args)
        if not self.is_over:
            self.is_over = True
            raise self.fails
        return found


def lose_the_answer_of_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL commits, and its answer to the first COMMIT does not arrive."""
    commit, left = DatabaseWrapper._commit, [True]

    def committed(self: DatabaseWrapper) -> None:
        commit(self)
        if left and left.pop():
            raise CommitUnknownError("lost") from lost()

    monkeypatch.setattr(DatabaseWrapper, "_commit", committed)


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k-1"}])
def test_what_was_posted_before_its_answer_was_lost_is_posted_once(
    cast: Cast, send: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
) -> None:  # fmt: skip
    monkeypatch.setattr(payouts, "_entries", Once(payouts._entries, lost()))

    answer = send("/api/v1/adjustments", bonus(cast), **headers)

    assert (answer.status_code, posted(cast)) == (201, 1)


def test_what_may_be_committed_is_not_done_again(
    cast: Cast, send: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_the_answer_of_the_commit(monkeypatch)

    answer = send("/api/v1/adjustments", bonus(cast))

    assert (answer.status_code, posted(cast)) == (503, 1)
    assert UNKNOWN in answer.json()["detail"]
    assert "It is safe" not in answer.json()["detail"]


def test_with_an_idempotency_key_it_is_answered(
    cast: Cast, send: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_the_answer_of_the_commit(monkeypatch)

    answer = send("/api/v1/adjustments", bonus(cast), **{"Idempotency-Key": "k-1"})

    assert (answer.status_code, answer["Idempotency-Replayed"]) == (201, "true")
    assert posted(cast) == 1


def test_a_defect_outside_of_an_operation_is_a_problem_document_too(
    cast: Cast, send: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**told: Any) -> bool:
        raise RuntimeError("a defect")

    monkeypatch.setattr(idempotency, "keep_answer", fail)

    answer = send("/api/v1/adjustments", bonus(cast), **{"Idempotency-Key": "k-1"})

    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert (answer.json()["code"], posted(cast)) == ("internal_error", 0)


def test_an_order_is_sent_again_as_it_has_an_identity(
    cast: Cast, send: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_the_answer_of_the_commit(monkeypatch)

    answer = send(ORDERS, raw_order("1001"))

    assert (answer.status_code, answer.json()["outcome"]) == (200, "duplicate")
    with acting_for(cast.juniper):
        assert Order.objects.count() == 1
