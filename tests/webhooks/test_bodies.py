"""What receivers read."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from datetime import timezone as fixed_zone
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from core.public_ids import IdKind, public_id
from core.tenancy import acting_for
from offers.models import Terms
from payouts.services import adjust
from tests.cast import NOW, SYSTEM, Cast, order
from tests.webhooks.facts import dispatch, of, sell
from tracking.models import ClickEarning, Conversion, Order
from tracking.orders.recording import record_orders
from webhooks.bodies import body_of
from webhooks.models import Endpoint
from webhooks.naming import TARGETS, target_of


def test_ids_are_those_of_the_api_and_amounts_say_their_currency() -> None:
    at = datetime(2026, 11, 20, 13, 0, tzinfo=fixed_zone(timedelta(hours=1)))
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


def body_of_last(endpoint: Endpoint, event: str) -> dict[str, Any]:
    dispatch()
    data: dict[str, Any] = json.loads(of(endpoint, event)[-1].body)["data"]
    return data


@pytest.mark.django_db
def test_the_body_of_an_order_names_it_as_its_shop_does(endpoint: Endpoint) -> None:
    sell("1", payment_status="pending")
    row = Order.objects.get()
    told = {
        "id": public_id(IdKind.ORDER, brand_id=row.brand_id, row_id=row.pk),
        "sequence": 1,
        "order_id": "1",
        "source": "shop",
        "currency": "GBP",
        "total": {"amount": "84.20", "minor": 8420, "currency": "GBP"},
        "payment_status": "pending",
        "cancelled_at": None,
    }
    assert body_of_last(endpoint, "order.recorded") == told

    changed = order("1", cancelled_at=NOW.isoformat(), updated_at=timezone.now().isoformat())
    record_orders(source="shop", orders=[changed], revising=True, by=SYSTEM, now=timezone.now())

    assert body_of_last(endpoint, "order.revised") == told | {
        "sequence": 2, "payment_status": "paid", "cancelled_at": NOW.isoformat(),
    }  # fmt: skip


@pytest.mark.django_db
def test_the_body_of_what_no_operation_reads_says_all_of_it(endpoint: Endpoint, cast: Cast) -> None:
    row = cast.mara_in_glow
    who = {
        "enrollment": public_id(IdKind.ENROLLMENT, brand_id=row.brand_id, row_id=row.pk),
        "member": public_id(IdKind.MEMBER, brand_id=row.brand_id, row_id=row.member_id),
        "offer": public_id(IdKind.OFFER, brand_id=row.brand_id, row_id=row.offer_id),
        "currency": "GBP",
    }
    adjust(enrollment=row, currency="GBP", amount_minor=500, note="A gift", by=SYSTEM, now=NOW)
    earning = ClickEarning(
        enrollment=row, day=NOW, terms=Terms.objects.filter(offer=row.offer).earliest("pk"),
        clicks=3, amount_minor=15,
    )  # fmt: skip
    earning.save()

    adjusted, credited = (
        body_of_last(endpoint, event) for event in ("balance.adjusted", "clicks.credited")
    )
    earning.amount_minor = 10
    earning.save()

    del adjusted["id"], credited["id"]
    amount = {"amount": "5.00", "minor": 500, "currency": "GBP"}
    assert adjusted == {**who, "sequence": 1, "kind": "adjustment", "amount": amount}
    amount = {"amount": "0.15", "minor": 15, "currency": "GBP"}
    day = f"{NOW:%Y-%m-%d}"
    assert credited == {**who, "sequence": 1, "day": day, "clicks": 3, "amount": amount}
    assert body_of_last(endpoint, "clicks.credited")["amount"]["minor"] == 10


def test_everything_that_an_event_is_about_has_an_id() -> None:
    written = {
        target
        for model in apps.get_models()
        for trigger in getattr(model._meta, "triggers", ())
        for target in re.findall(r"'(\w+):' \|\|", str(getattr(trigger, "func", "")))
    }
    assert len(written) > 5
    assert written <= set(TARGETS)
