"""Members with amounts due, before a run is drafted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.tenancy import acting_for
from tests.cast import Cast
from tests.payouts.owing import earn


@pytest.fixture
def owed(cast: Cast) -> Iterator[Cast]:
    """Mara is due £10.00 in two entries, Diego £6.00, June less than nothing; at Juniper."""
    with acting_for(cast.juniper):
        for enrollment, minor in (
            (cast.mara_in_glow, 700),
            (cast.mara_in_glow, 300),
            (cast.diego_in_glow, 600),
            (cast.june_in_glow, -100),
        ):
            earn(enrollment, minor)
        yield cast
