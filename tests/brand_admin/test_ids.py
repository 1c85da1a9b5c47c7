"""An id in an address that can't be one is no error, however long it is."""

from __future__ import annotations

import pytest

from brand_admin.pages import id_in
from tests.brand_admin.desk import at, desk_of
from tests.cast import Cast

LONG = "9" * 5_000  # more digits than int() takes
OVER = "9" * 25  # more than a bigint holds


@pytest.mark.parametrize(
    ("text", "found"),
    [("12", 12), ("9" * 18, 10**18 - 1), ("9" * 19, None), (LONG, None), ("-1", None),
     ("", None), ("²", None), ("x", None)],
)  # fmt: skip
def test_an_id(text: str, found: int | None) -> None:
    assert id_in(text) == found


@pytest.mark.parametrize("number", [LONG, OVER], ids=["long", "over"])
def test_an_id_that_is_none_is_no_error(cast: Cast, number: str) -> None:
    ines = desk_of(cast.ines)
    for name, query in (
        ("payments", "page"), ("adjustment_new", "enrollment"), ("offer_new", "project"),
    ):  # fmt: skip
        assert ines.get(at(cast.juniper, name), {query: number}).status_code < 500, name
