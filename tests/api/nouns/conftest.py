"""What the tests of the API's nouns may ask for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.nouns.stage import LATER, Stage
from tests.databases import Databases


@pytest.fixture
def stage(db: None, databases: Databases, time_machine: Any) -> Stage:
    """Juniper with one of everything, five days later."""
    time_machine.move_to(LATER, tick=False)
    return Stage(*databases.content("stage"))
