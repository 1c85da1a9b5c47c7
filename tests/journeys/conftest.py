"""The whole product for a journey: web server, worker and mail server, and people in browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.cast import Cast, assemble
from tests.copies import copied
from tests.journeys.furnished import Furnished, furnish_richly
from tests.journeys.shops import HighStreet, open_high_street
from tests.mailbox import Mailbox, open_mailbox, send_to
from tests.worker import Worker

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def post_office() -> Iterator[Mailbox]:
    """One mail server for all journeys, since the worker knows one address."""
    with open_mailbox() as box:
        yield box


@pytest.fixture(scope="package")
def high_street() -> Iterator[HighStreet]:
    """The addresses of shops, at each of which a journey can put a stand-in."""
    with open_high_street() as street:
        yield street


@pytest.fixture(scope="package")
def worker(
    post_office: Mailbox, live_server: LiveServer, django_db_setup: None, high_street: HighStreet
) -> Iterator[Worker]:
    """A worker that sends what the journeys confirm, and no other test's mails after them."""
    led_there = ",".join(f"{host}={where}" for host, where in high_street.stand_ins.items())
    one = Worker(post_office.port, BASE_URL=live_server.url, STAND_INS=led_there)
    one.start()
    yield one
    one.stop()


@pytest.fixture(autouse=True)
def _links_are_followed(settings: Settings) -> None:
    """The live server is Django's alone; tracking links are answered before Django."""
    settings.ROOT_URLCONF = "tests.journeys.urls"


@pytest.fixture
def mailbox(post_office: Mailbox, settings: Settings) -> Mailbox:
    """An empty mailbox that web server and worker send to."""
    post_office.mails.clear()
    send_to(post_office, settings)
    return post_office


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Everybody, as of a few minutes ago, at this very moment: worker and browser keep no other."""
    cache.clear()
    everybody = copied("cast of today", lambda: assemble(timezone.now()))
    return replace(everybody, now=timezone.now())


@pytest.fixture
def at_noon(transactional_db: None) -> Cast:
    """The cast at its own time, so that there is something in every corner."""
    cache.clear()
    return copied("cast", assemble)


@pytest.fixture
def full(transactional_db: None) -> Furnished:
    """A brand with something of everything, at the time of the cast."""
    cache.clear()
    return copied("full", lambda: furnish_richly(assemble()))
