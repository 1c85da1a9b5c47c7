"""Sub-ids: words in a link's query by which its clicks are told apart, such as `sub=youtube`. Pure.

A click keeps five of at most 60 characters; they are not passed on to the shop.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

SUB_IDS = ("sub", "sub2", "sub3", "sub4", "sub5")
MAX_SUB_ID = 60  # characters


def with_sub_ids(url: str, values: Mapping[str, str]) -> str:
    """Return a tracking link's address, which has no query, with those sub-ids that have a text."""
    given = [(name, values[name][:MAX_SUB_ID]) for name in SUB_IDS if values.get(name)]
    return f"{url}?{urlencode(given, quote_via=quote)}" if given else url
