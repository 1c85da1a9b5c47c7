"""What receivers read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from core.tenancy import acting_for
from tests.cast import Cast
from tests.webhooks.facts import dispatch, of, sell
from tracking.models import Conversion
from webhooks.bodies import body_of
from webhooks.models import Endpoint


def test_ids_are_names_of_things_and_amounts_say_their_currency() -> None:
    at = datetime(2026, 11, 20, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    body = body_of(
        event="payout.changed",
        happened_at=at,
        target="payout:7",
        sequence=2,
        values={"run": 3, "member": None, "state": "paid", "currency": "JPY", "amount_minor": 500},
    )

    assert json.loads(body) == {
        "type": "payout.changed",
        "timestamp": "2026-11-20T12:00:00Z",
        "data": {
            "id": "payout:7",
            "sequence": 2,
            "run": "payoutrun:3",
            "member": None,
            "state": "paid",
            "currency": "JPY",
            "amount": {"amount": "500", "minor": 500, "currency": "JPY"},
        },
    }


def test_an_amount_without_a_currency_stays_as_it_is() -> None:
    body = body_of(
        event="x.y", happened_at=datetime.now(tz=UTC), target="x:1", sequence=1,
        values={"amount_minor": 5, "odd_minor": "text"},
    )  # fmt: skip

    assert json.loads(body)["data"] == {
        "id": "x:1", "sequence": 1, "amount_minor": 5, "odd_minor": "text",
    }  # fmt: skip


@pytest.mark.django_db
def test_the_body_of_a_conversion(endpoint: Endpoint, cast: Cast) -> None:
    with acting_for(cast.juniper):
        sell("1")
        dispatch()
        [row] = of(endpoint, "conversion.recorded")
        conversion = Conversion.objects.get()

    data = json.loads(row.body)["data"]
    assert data["id"] == f"conversion:{conversion.pk}"
    assert data["order"] == f"order:{conversion.order_id}"
    assert data["commission"] == {"amount": "8.42", "minor": 842, "currency": "GBP"}
    assert "Mara" not in row.body
