"""What the tests of the API's nouns may ask for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.nouns.stage import LATER, Stage, stage_of
from tests.cast import Cast


@pytest.fixture
def stage(cast: Cast, time_machine: Any) -> Stage:
    """Juniper with one of everything, five days later."""
    found = stage_of(cast)
    time_machine.move_to(LATER, tick=False)
    return found
