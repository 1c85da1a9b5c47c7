"""What the API's tests may ask for."""

from __future__ import annotations

import pytest

from tests.api.shop import Shop, key_for
from tests.cast import Cast


@pytest.fixture
def shop(cast: Cast) -> Shop:
    """Juniper's shop."""
    return Shop(key_for(cast.juniper))
