"""Servers and processes that these tests kill and freeze. They are whole again before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.victims import Victims, eventually, start_victims
from tests.faults.web_server import WebServer


@pytest.fixture(scope="session")
def started_victims() -> Iterator[Victims]:
    victims = start_victims()
    yield victims
    victims.services.stop()


@pytest.fixture
def victims(started_victims: Victims) -> Iterator[Victims]:
    """A PostgreSQL and a Valkey of these tests' own, both running."""
    started_victims.revive()
    yield started_victims
    started_victims.revive()


@pytest.fixture(scope="session")
def started_web(started_victims: Victims) -> Iterator[WebServer]:
    server = WebServer(started_victims)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def web(victims: Victims, started_web: WebServer) -> WebServer:
    """The web process with both workers, able to do its work."""
    eventually(started_web.is_whole, seconds=60, what="the web process is whole")
    return started_web
