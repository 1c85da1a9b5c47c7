"""A process is killed in the middle of a request with an Idempotency-Key: it is done once."""

from __future__ import annotations

import json
import os
import signal
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.idempotency import RUNNING_SECONDS
from accounts.models import AuditEntry, IdempotentRequest
from core.tenancy import acting_for
from tests.answers import Answer
from tests.api.shop import ORDERS, Shop, key_for
from tests.cast import Cast, raw_order
from tests.programs import run_forked
from tracking.models import Order

pytestmark = pytest.mark.django_db(transaction=True)

# The process dies when its answer is about to be kept, after everything else was done.
SCRIPT = """
import json, os, signal, sys
import django
django.setup()
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from accounts.actors import Actor
from accounts.audit_log import audit
from api import idempotency
from core.tenancy import acting_for

secret, path, body = sys.argv[1:]
headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "k-1"}

def die(**_):
    os.kill(os.getpid(), signal.SIGKILL)

def view(request):
    with acting_for(request.known_key.brand):
        audit.record(action="test.ran", target="test:1", by=Actor.system("x"), now=timezone.now())
    return HttpResponse("done", status=201)

idempotency.keep_answer = die
if path == "/api/v1/things":
    request = RequestFactory().post(
        path, body, content_type="application/json", headers=headers
    )
    idempotency.idempotent(view)(request)
else:
    Client().post(path, body, content_type="application/json", headers=headers)
"""


def die_in(path: str, body: str, secret: str) -> None:
    """Send the request to a process that is killed before it keeps its answer."""
    address, mark, where = os.environ["DATABASE_URL"].partition("?")
    database = f"{address.rpartition('/')[0]}/{connection.settings_dict['NAME']}{mark}{where}"
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ALLOWED_HOSTS": "testserver",
    }
    ended = run_forked(SCRIPT, secret, path, body, environment=environment)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def later() -> time_machine.travel:
    """When the dead process holds its claim no more."""
    return time_machine.travel(timezone.now() + timedelta(seconds=RUNNING_SECONDS), tick=False)


def test_an_order_is_recorded_once(cast: Cast) -> None:
    shop, body = Shop(key_for(cast.juniper)), json.dumps(raw_order("1001"))

    die_in(ORDERS, body, shop.secret)

    def send() -> Answer:
        return shop.send(ORDERS, body.encode(), headers=shop.headers | {"Idempotency-Key": "k-1"})

    with acting_for(cast.juniper):
        assert Order.objects.count() == 1
    waiting = send()
    with later():
        after, again = send(), send()
    assert (waiting.status_code, waiting.json()["code"]) == (409, "in_progress")
    assert (after.status_code, after.json()["outcome"]) == (200, "duplicate")
    assert again["Idempotency-Replayed"] == "true"
    with acting_for(cast.juniper):
        assert Order.objects.count() == 1


def test_what_has_no_identity_is_done_with_its_answer_or_not_at_all(cast: Cast) -> None:
    secret = key_for(cast.juniper)

    die_in("/api/v1/things", "{}", secret)

    with acting_for(cast.juniper):
        assert not AuditEntry.objects.filter(action="test.ran").exists()
        assert IdempotentRequest.objects.get().status is None
