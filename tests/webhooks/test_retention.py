"""Bodies and attempts go after 30 days; the sequence of a thing goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from core.tenancy import acting_for
from tests.cast import SYSTEM, Cast
from tests.webhooks.facts import dispatch, later, of, reject, sell
from webhooks.endpoints import delete_endpoint
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.retention import KEPT_FOR, delete_old
from webhooks.sending import sweep

pytestmark = pytest.mark.django_db


def test_old_bodies_and_attempts_go_and_the_numbers_go_on(endpoint: Endpoint) -> None:
    sell("1")
    sweep()
    assert delete_old(now=timezone.now() + KEPT_FOR - timedelta(minutes=1)) == 0

    delete_old(now=timezone.now() + KEPT_FOR + timedelta(minutes=1))

    assert {one.body for one in of(endpoint)} == {""}
    assert Attempt.objects.count() == 0
    reject("1")
    dispatch()
    assert [one.sequence for one in of(endpoint, "conversion.changed")] == [2]


def test_one_that_still_waits_is_given_up_with_its_body(endpoint: Endpoint) -> None:
    sell("1")
    dispatch()

    delete_old(now=later(days=31))

    rows = of(endpoint)
    assert {(one.state, one.body) for one in rows} == {("given_up", "")}
    assert {one.reason for one in rows} == {"It waited until its body was deleted, after 30 days."}


def test_what_belonged_to_a_deleted_endpoint_goes(endpoint: Endpoint, cast: Cast) -> None:
    with acting_for(cast.juniper):
        sell("1")
        sweep()
        delete_endpoint(endpoint=endpoint, by=SYSTEM, now=timezone.now())

        delete_old(now=timezone.now())

        assert Delivery.objects.count() == 0
        assert Attempt.objects.count() == 0
