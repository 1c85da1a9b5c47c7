"""Sub-ids: words in a link's query by which its clicks are told apart, such as `sub=youtube`. Pure.

A click keeps five of at most 60 characters; they are not passed on to the shop.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from tracking.links.click_lines import SUB_ID_LENGTH

SUB_IDS = ("sub", "sub2", "sub3", "sub4", "sub5")


def with_sub_ids(url: str, values: Mapping[str, str]) -> str:
    """Return a tracking link's address, which has no query, with those sub-ids that have a text."""
    given = [(name, values[name][:SUB_ID_LENGTH]) for name in SUB_IDS if values.get(name)]
    return f"{url}?{urlencode(given, quote_via=quote)}" if given else url
