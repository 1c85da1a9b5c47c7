"""Conversions are found by their order's number and by their member, few or many."""

from __future__ import annotations

import pytest

from core import word_search
from tests.cast import NOW, SYSTEM, Cast, order
from tracking.figures.conversion_list import conversions
from tracking.orders.recording import record_order

pytestmark = pytest.mark.usefixtures("at_juniper")

NUMBERS = {"SM-1001": "MARA15", "SM-1002": "DIEGO10", "50%_off/Straße\\1": "MARA15"}


@pytest.mark.parametrize("few", [0, 1, 1_000])  # of more than these, each row is compared
@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("SM-1001", ["SM-1001"]),
        ("sm-10", ["SM-1001", "SM-1002"]),
        ("1002", ["SM-1002"]),
        ("-100", []),  # neither its beginning nor its end
        ("50%", ["50%_off/Straße\\1"]),
        ("50_", []),
        ("aße\\1", ["50%_off/Straße\\1"]),
        ("%", []),
        ("\\", []),
        ("mara", ["50%_off/Straße\\1", "SM-1001"]),
        ("MARA@ sm-", ["SM-1001"]),  # every word must be found
        ("diego mara", []),
        ("nobody", []),
    ],
)
def test_a_word_is_a_number_or_a_member(
    cast: Cast, search: str, found: list[str], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_search, "MAX_LISTED_IDS", few)
    for number, code in NUMBERS.items():
        record_order(source="shop", order=order(number, promo_code=code), by=SYSTEM, now=NOW)

    rows = conversions(search=search)

    assert sorted(row.order.external_id for row in rows) == found
