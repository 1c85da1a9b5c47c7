"""How much a test tries: enough of every kind in `make test`, and much more in `make soak`.

`make soak` runs every file that imports this module or `tests.journeys.devices`, with MUCH=1.
"""

from __future__ import annotations

import os

IS_SOAK = os.environ.get("MUCH") == "1"


def amount(usual: int, *, soak: int) -> int:
    """How many to try: `usual` in a run of the tests, `soak` in a soak."""
    return soak if IS_SOAK else usual
