"""The list of coupon sites: a file that we keep, and the hosts that a brand added."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

KEPT_LIST = Path(__file__).with_name("coupon_sites.txt")


@lru_cache(maxsize=1)
def known_coupon_sites() -> frozenset[str]:
    """Return the hosts of the file beside this module."""
    lines = (line.strip() for line in KEPT_LIST.read_text(encoding="utf-8").splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))
