"""Endpoints are added, changed, turned off and on, and deleted; no secret is shown twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEntry, OutboxEvent
from core import outgoing
from core.resealing import Resealed
from core.sealing import SealError
from core.tenancy import acting_for
from tests.cast import SYSTEM, Cast
from webhooks import addresses
from webhooks.addresses import AddressError, check_address
from webhooks.endpoints import (
    MAX_ENDPOINTS,
    MAX_FORMER_SECRETS,
    EndpointError,
    add_endpoint,
    change_endpoint,
    delete_endpoint,
    rotate_secret,
    send_test,
    switch_off,
    switch_on,
)
from webhooks.events import WHEN, events_in_words, is_wanted, title_of
from webhooks.models import Delivery, Endpoint
from webhooks.signing import live_secrets, reseal_endpoints, seal_secret

pytestmark = pytest.mark.django_db
HERE = "http://127.0.0.1:9/hook"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def added(address: str = HERE, *events: str) -> Endpoint:
    return add_endpoint(
        address=address, events=events, description=" Warehouse ", by=SYSTEM, now=timezone.now()
    ).endpoint


def test_an_endpoint_has_a_secret_that_is_sealed(at_juniper: Cast) -> None:
    made = add_endpoint(
        address=HERE, events=["order.recorded"], description="", by=SYSTEM, now=timezone.now()
    )

    row = Endpoint.objects.get()
    assert made.secret.startswith("whsec_")
    assert made.secret not in row.sealed_secret
    assert live_secrets(row, now=timezone.now()) == (made.secret,)
    assert row.events == ["order.recorded"]
    detail = AuditEntry.objects.get(action="webhook.added").detail
    assert detail == {"address": HERE, "events": ["order.recorded"]}


def test_a_secret_opens_for_its_own_endpoint_alone(at_juniper: Cast) -> None:
    one, other = added(), added("http://127.0.0.1:10/hook")
    other.sealed_secret = one.sealed_secret

    with pytest.raises(SealError):
        live_secrets(other, now=timezone.now())


def test_one_endpoint_for_one_address_and_a_bound(at_juniper: Cast, cast: Cast) -> None:
    first = added()
    with pytest.raises(EndpointError, match="already"):
        added()
    for number in range(1, MAX_ENDPOINTS):
        added(f"http://127.0.0.1:{number + 20}/hook")
    with pytest.raises(EndpointError, match="Delete one first"):
        added("http://127.0.0.1:11/hook")
    delete_endpoint(endpoint=first, by=SYSTEM, now=timezone.now())
    added()
    with acting_for(cast.saltmarsh):
        added()


def test_postgresql_holds_one_address_and_the_secret(at_juniper: Cast) -> None:
    row = added()
    with pytest.raises(IntegrityError, match="webhooks_endpoint_secret"), transaction.atomic():
        Endpoint.objects.update(sealed_secret="")
    other = added("http://127.0.0.1:10/hook")
    with pytest.raises(IntegrityError, match="address_once"), transaction.atomic():
        Endpoint.objects.filter(pk=other.pk).update(address=row.address)
    with pytest.raises(IntegrityError, match="endpoint_reason"), transaction.atomic():
        Endpoint.objects.filter(pk=other.pk).update(state="disabled")


def test_an_endpoint_is_changed(at_juniper: Cast) -> None:
    row = added()
    other = added("http://127.0.0.1:10/hook")

    changed = change_endpoint(
        endpoint=row, address="http://127.0.0.1:11/x", events=["order.recorded"],
        description="CRM", by=SYSTEM, now=timezone.now(),
    )  # fmt: skip

    assert (changed.address, changed.events, str(changed)) == (
        "http://127.0.0.1:11/x", ["order.recorded"], "CRM",
    )  # fmt: skip
    with pytest.raises(EndpointError, match="already"):
        change_endpoint(
            endpoint=other, address=changed.address, events=[], description="", by=SYSTEM,
            now=timezone.now(),
        )  # fmt: skip
    with pytest.raises(EndpointError, match="no event"):
        added("http://127.0.0.1:12/hook", "order.eaten")


def test_what_is_not_stated_stays_as_it_is_by_then(at_juniper: Cast) -> None:
    """Each of these saw the endpoint before the others changed it."""
    row = added()
    seen = [Endpoint.objects.get(pk=row.pk) for _ in range(3)]
    changes: list[dict[str, Any]] = [
        {"address": "http://127.0.0.1:11/x"},
        {"events": ["order.recorded"]},
        {"description": "CRM"},
    ]

    for endpoint, change in zip(seen, changes, strict=True):
        changed = change_endpoint(endpoint=endpoint, **change, by=SYSTEM, now=timezone.now())

    assert (changed.address, changed.events, changed.description) == (
        "http://127.0.0.1:11/x", ["order.recorded"], "CRM",
    )  # fmt: skip


def test_an_address_is_checked_only_where_it_changes(
    at_juniper: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = added()
    Endpoint.objects.update(address="http://hooks.example/x")
    row.refresh_from_db()

    def down(host: str) -> list[IPv4Address]:
        raise outgoing.NoAnswerError("has no address")

    monkeypatch.setattr(outgoing, "_resolved", down)

    for address in (None, row.address):
        change_endpoint(
            endpoint=row, address=address, events=["order.revised"], by=SYSTEM, now=timezone.now()
        )
    with pytest.raises(AddressError, match="has no address"):
        change_endpoint(
            endpoint=row, address="http://hooks.example/y", by=SYSTEM, now=timezone.now()
        )

    row.refresh_from_db()
    assert (row.address, row.events) == ("http://hooks.example/x", ["order.revised"])


def test_every_former_secret_signs_for_a_day(at_juniper: Cast) -> None:
    first = add_endpoint(address=HERE, events=[], description="", by=SYSTEM, now=NOON)
    made = [first.secret]
    for hours in (0, 2, 4):
        at = NOON + timedelta(hours=hours)
        made.insert(0, rotate_secret(endpoint=first.endpoint, by=SYSTEM, now=at).secret)

    row = Endpoint.objects.get()
    live = [live_secrets(row, now=NOON + timedelta(hours=hours)) for hours in (4, 23, 24, 26, 28)]

    assert live == [tuple(made[:many]) for many in (4, 4, 3, 2, 1)]
    assert len(set(made)) == 4


def test_a_fourth_change_within_a_day_is_refused(at_juniper: Cast) -> None:
    row, at = added(), NOON + timedelta(minutes=30)
    for _ in range(MAX_FORMER_SECRETS):
        rotate_secret(endpoint=row, by=SYSTEM, now=NOON)
    before = live_secrets(Endpoint.objects.get(), now=at)

    with pytest.raises(EndpointError, match=r"changed 3 times .* Make the next one in 24 hours\."):
        rotate_secret(endpoint=row, by=SYSTEM, now=at)

    assert live_secrets(Endpoint.objects.get(), now=at) == before
    later = NOON + timedelta(days=1)
    new = rotate_secret(endpoint=row, by=SYSTEM, now=later).secret
    assert live_secrets(Endpoint.objects.get(), now=later) == (new, before[0])


def test_a_secret_that_can_not_be_decrypted_is_replaced(at_juniper: Cast, settings: object) -> None:
    row = added()
    rotate_secret(endpoint=row, by=SYSTEM, now=NOON)
    settings.DETAILS_KEYS = ["another key"]  # type: ignore[attr-defined]

    made = rotate_secret(endpoint=row, by=SYSTEM, now=NOON)

    assert live_secrets(Endpoint.objects.get(), now=NOON) == (made.secret,)


def test_acts_on_an_endpoint_are_logged(at_juniper: Cast) -> None:
    row, now = added(), timezone.now()
    acts: list[Callable[..., object]] = [
        switch_off, switch_off, switch_on, switch_on, rotate_secret, send_test, delete_endpoint,
    ]  # fmt: skip
    for act in acts:
        act(endpoint=row, by=SYSTEM, now=now)

    logged = AuditEntry.objects.filter(action__startswith="webhook.").order_by("pk")
    assert [one.action for one in logged] == [
        "webhook.added", "webhook.turned_off", "webhook.turned_on", "webhook.secret_rotated",
        "webhook.tested", "webhook.deleted",
    ]  # fmt: skip


def test_a_deleted_endpoint_has_no_secret_and_can_not_be_used(at_juniper: Cast) -> None:
    row = added()
    rotate_secret(endpoint=row, by=SYSTEM, now=timezone.now())
    delete_endpoint(endpoint=row, by=SYSTEM, now=timezone.now())

    row.refresh_from_db()
    assert (row.sealed_secret, row.sealed_former_secret) == ("", "")
    for act in (switch_on, rotate_secret, send_test, delete_endpoint):
        with pytest.raises(EndpointError, match="deleted"):
            act(endpoint=row, by=SYSTEM, now=timezone.now())


def test_no_test_is_sent_to_an_endpoint_that_is_off(at_juniper: Cast) -> None:
    row = switch_off(endpoint=added(), by=SYSTEM, now=timezone.now())

    with pytest.raises(EndpointError, match="on first"):
        send_test(endpoint=row, by=SYSTEM, now=timezone.now())
    assert Delivery.objects.count() == 0


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("hooks.example.com/x", "begins with https"),
        ("ftp://hooks.example.com/x", "begins with https"),
        ("https://", "begins with https"),
        ("https://me:pass@hooks.example.com/x", "name or a password"),
        ("https://127.0.0.1/x#part", "after the #"),
        ("https://hooks.example.com:99999/x", "not the address"),
        ("https://[::1/x", "not the address"),
        ("https://hooks example.com/x", "without spaces"),
        ("https://hööks.example/x", "plain letters"),
        ("https://127.0.0.1/\x00", "plain letters"),
        (f"https://127.0.0.1/{'x' * 1_000}", "more than 1,000"),
        ("https://10.0.0.8/x", "private network"),
        ("https://169.254.169.254/latest", "private network"),
        ("https://[fd00::1]/x", "private network"),
    ],
)
def test_addresses_that_are_refused(address: str, why: str) -> None:
    with pytest.raises(AddressError, match=why):
        check_address(address)


def test_outside_of_local_mode_it_is_https_and_public(
    monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    settings.LOCAL = False  # type: ignore[attr-defined]
    monkeypatch.setattr(addresses, "SCHEMES", ("https",))
    monkeypatch.setattr(
        outgoing,
        "_resolved",
        lambda host: [ip_address("10.1.2.3" if host == "inside.example" else "93.184.216.34")],
    )

    assert check_address(" https://hooks.example/x ") == "https://hooks.example/x"
    for address in ("http://hooks.example/x", "https://127.0.0.1/x", "https://inside.example/x"):
        with pytest.raises(AddressError):
            check_address(address)


def test_every_event_is_described_and_can_be_chosen(at_juniper: Cast) -> None:
    assert set(WHEN) == set(OutboxEvent)
    assert {one.event for one in events_in_words()} == set(OutboxEvent.values)
    chosen = added(HERE, "order.recorded")
    assert [is_wanted(chosen, one) for one in ("order.recorded", "order.revised")] == [True, False]
    assert is_wanted(added("http://127.0.0.1:10/hook"), "order.revised")
    assert title_of("webhook.test") == "A test that staff sent"
    assert title_of("of.another.version") == "of.another.version"


def test_secrets_are_sealed_again_with_a_new_key(at_juniper: Cast, settings: object) -> None:
    row, now = added(), timezone.now()
    for _ in range(2):
        rotate_secret(endpoint=row, by=SYSTEM, now=now)
    row.refresh_from_db()
    before = live_secrets(row, now=now)
    assert len(before) == 3
    old = settings.DETAILS_KEYS  # type: ignore[attr-defined]
    settings.DETAILS_KEYS = ["another key", *old]  # type: ignore[attr-defined]

    assert reseal_endpoints() == Resealed(1, 0)
    assert reseal_endpoints() == Resealed(0, 0)

    settings.DETAILS_KEYS = ["another key"]  # type: ignore[attr-defined]
    row.refresh_from_db()
    assert live_secrets(row, now=now) == before
    Endpoint.objects.update(sealed_secret=f"{seal_secret(row, 'x')[:-4]}AAAA")
    assert reseal_endpoints() == Resealed(0, 1)
