"""The web process that these tests kill and freeze. It is whole again before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.web_server import WebServer
from tests.own_servers import OwnServers


@pytest.fixture(scope="session")
def started_web(started_servers: OwnServers) -> Iterator[WebServer]:
    server = WebServer(started_servers)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def web(own_servers: OwnServers, started_web: WebServer) -> WebServer:
    """The web process with both workers, able to do its work."""
    started_web.wait_until_whole()
    return started_web
