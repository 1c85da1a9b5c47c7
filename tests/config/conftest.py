"""For tests that answer requests outside of a database test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections


@pytest.fixture
def kept_connections() -> Iterator[None]:
    """A response that is closed leaves the connection alone which an earlier test has opened."""
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)
