"""manage.py listen: it prints what comes, and checks who signed it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from core.tenancy import acting_for
from tests.cast import SYSTEM, Cast
from tests.ports import own_port
from tests.webhooks.facts import of
from webhooks.endpoints import add_endpoint, send_test
from webhooks.listening import RIGHT, WRONG, Listener
from webhooks.models import Endpoint
from webhooks.sending import sweep
from webhooks.signing import new_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def secrets() -> list[str]:
    return []


@pytest.fixture
def listener(said: list[str], secrets: list[str]) -> Iterator[Listener]:
    with Listener(port=0, status=204, secrets=lambda: secrets, say=said.append) as one:
        thread = threading.Thread(target=one.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield one
        one.shutdown()
        thread.join()


def test_it_prints_a_delivery_and_checks_its_signature(
    listener: Listener, said: list[str], secrets: list[str], at_juniper: Cast
) -> None:
    made = add_endpoint(
        address=listener.address, events=[], description="", by=SYSTEM, now=timezone.now()
    )
    secrets.extend([new_secret(), made.secret])
    row = send_test(endpoint=made.endpoint, by=SYSTEM, now=timezone.now())

    sweep()

    assert RIGHT in said[0]
    assert "answered 204" in said[0]
    assert row.message_id in said[0]
    assert '"type": "webhook.test"' in said[1]
    assert of(made.endpoint)[0].state == "delivered"


def test_it_refuses_what_somebody_else_signed(
    listener: Listener, said: list[str], secrets: list[str], at_juniper: Cast
) -> None:
    made = add_endpoint(
        address=listener.address, events=[], description="", by=SYSTEM, now=timezone.now()
    )
    secrets.append(new_secret())
    send_test(endpoint=made.endpoint, by=SYSTEM, now=timezone.now())

    sweep()

    assert WRONG in said[0]
    assert of(made.endpoint)[0].reason == "The receiver answered 401."


def test_the_command_adds_an_endpoint_for_as_long_as_it_runs(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, port = StringIO(), own_port()

    def serve(listener: Listener) -> None:
        with acting_for(cast.juniper):
            [endpoint] = Endpoint.objects.kept()
            assert endpoint.address == listener.address
            assert len(listener.secrets()) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(Listener, "serve_forever", serve)
    call_command("listen", "--brand", "juniper", "--port", str(port), stdout=out)

    assert f"come to http://127.0.0.1:{port}/" in out.getvalue()
    with acting_for(cast.juniper):
        assert not Endpoint.objects.kept().exists()


def test_it_says_where_it_can_not_listen(cast: Cast, listener: Listener) -> None:
    taken = str(listener.server_address[1])
    with pytest.raises(CommandError, match="can't be used"):
        call_command("listen", "--brand", "juniper", "--port", taken)


def test_production_sends_nothing_to_this_machine(cast: Cast, settings: object) -> None:
    settings.LOCAL = False  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="Only local mode"):
        call_command("listen", "--brand", "juniper", "--port", "0")
