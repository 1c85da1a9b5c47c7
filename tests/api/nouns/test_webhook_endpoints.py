"""Endpoints of webhooks by API: their secrets, and those that are off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import IdempotentRequest
from core.tenancy import acting_for
from tests.api.nouns.stage import ROOT, Stage
from tests.cast import SYSTEM
from webhooks import redelivering
from webhooks.endpoints import MAX_FORMER_SECRETS, send_test


def test_a_secret_is_shown_once_also_where_the_request_is_repeated(stage: Stage) -> None:
    headers = {**stage.shop.headers, "Idempotency-Key": "new"}
    path, body = f"{ROOT}/webhook-endpoints", {"address": "http://127.0.0.1:8/hook"}

    first, again = (
        stage.shop.client.post(path, body, content_type="application/json", headers=headers)
        for _ in range(2)
    )

    assert first.json()["secret"].startswith("whsec_")
    assert again.json() == {**first.json(), "secret": None}
    assert again["Idempotency-Replayed"] == "true"
    with acting_for(stage.cast.juniper):
        assert not IdempotentRequest.objects.filter(content__contains="whsec_").exists()


def test_a_fourth_secret_within_a_day_is_refused(stage: Stage) -> None:
    path = f"/webhook-endpoints/{stage.id('endpoint')}/secret"

    answers = [stage.send("POST", path, None) for _ in range(MAX_FORMER_SECRETS + 1)]

    assert [one.status_code for one in answers] == [200, 200, 200, 422]
    assert "Make the next one in 24 hours." in answers[-1].json()["detail"]


def test_nothing_is_sent_to_an_endpoint_that_is_off(stage: Stage) -> None:
    address = f"/webhook-endpoints/{stage.id('endpoint')}"
    stage.send("POST", f"{address}/off", None)

    refused = [
        stage.send("POST", f"{address}/test", None),
        stage.send("POST", f"{address}/send-again", {"since": "2026-11-01T00:00:00Z"}),
    ]
    again = stage.send(
        "POST", "/webhook-deliveries/send-again", {"deliveries": [stage.id("delivery")]}
    )

    assert [
        (one.status_code, one.json()["code"], one.json()["current"]["state"]) for one in refused
    ] == [(409, "not_possible_now", "off")] * 2
    assert again.json() == {
        "changed": 0, "without_body": 0, "not_on": 1, "busy": 0, "left": 0, "go_on_since": None,
    }  # fmt: skip
    assert stage.send("DELETE", address, None).json()["outcome"] == "deleted"
    assert stage.get(address).status_code == 404


def test_what_is_beyond_the_limit_is_counted_and_sent_by_the_next_request(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redelivering, "MAX_AT_ONCE", 2)
    with stage.at_juniper():
        first = stage.rows["delivery"]
        for number in range(1, 5):
            made = first.created_at + timedelta(microseconds=number)
            send_test(endpoint=stage.rows["endpoint"], by=SYSTEM, now=made)
    path = f"/webhook-endpoints/{stage.id('endpoint')}/send-again"
    since = first.created_at.isoformat()
    told = []

    while since:
        sent = {"since": since, "only_missed": False}
        answer = stage.send("POST", path, sent).json()
        told.append((answer["changed"], answer["left"]))
        since = answer["go_on_since"]

    assert told == [(2, 3), (2, 1), (1, 0)]
