"""Tracking's tests act for Juniper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.tenancy import acting_for
from tests.cast import Cast


@pytest.fixture
def at_juniper(cast: Cast) -> Iterator[Cast]:
    with acting_for(cast.juniper):
        yield cast
