"""What receivers read."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.apps import apps

from core.public_ids import IdKind, public_id
from core.tenancy import acting_for
from tests.cast import Cast
from tests.webhooks.facts import dispatch, of, sell
from tracking.models import Conversion
from webhooks.bodies import body_of
from webhooks.models import Endpoint
from webhooks.naming import TARGETS, target_of


def test_ids_are_those_of_the_api_and_amounts_say_their_currency() -> None:
    at = datetime(2026, 11, 20, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    body = body_of(
        brand_id=5,
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
            "id": public_id(IdKind.PAYOUT, brand_id=5, row_id=7),
            "sequence": 2,
            "run": public_id(IdKind.RUN, brand_id=5, row_id=3),
            "member": None,
            "state": "paid",
            "currency": "JPY",
            "amount": {"amount": "500", "minor": 500, "currency": "JPY"},
        },
    }


def test_an_amount_without_a_currency_stays_as_it_is() -> None:
    body = body_of(
        brand_id=5, event="x.y", happened_at=datetime.now(tz=UTC), target="order:1", sequence=1,
        values={"amount_minor": 5, "odd_minor": "text"},
    )  # fmt: skip

    assert json.loads(body)["data"] == {
        "id": public_id(IdKind.ORDER, brand_id=5, row_id=1), "sequence": 1, "amount_minor": 5,
        "odd_minor": "text",
    }  # fmt: skip


@pytest.mark.django_db
def test_the_body_of_a_conversion(endpoint: Endpoint, cast: Cast) -> None:
    with acting_for(cast.juniper):
        sell("1")
        dispatch()
        [row] = of(endpoint, "conversion.recorded")
        conversion = Conversion.objects.get()

    data = json.loads(row.body)["data"]
    ids = {"brand_id": cast.juniper.pk}
    assert data["id"] == public_id(IdKind.CONVERSION, row_id=conversion.pk, **ids)
    assert data["order"] == public_id(IdKind.ORDER, row_id=conversion.order_id, **ids)
    assert row.about == data["id"]
    assert target_of(data["id"], **ids) == row.target
    assert target_of(data["id"], brand_id=cast.saltmarsh.pk) == ""
    assert data["commission"] == {"amount": "8.42", "minor": 842, "currency": "GBP"}
    assert "Mara" not in row.body


def test_everything_that_an_event_is_about_has_an_id() -> None:
    written = {
        target
        for model in apps.get_models()
        for trigger in getattr(model._meta, "triggers", ())
        for target in re.findall(r"'(\w+):' \|\|", str(getattr(trigger, "func", "")))
    }
    assert len(written) > 5
    assert written <= set(TARGETS)
