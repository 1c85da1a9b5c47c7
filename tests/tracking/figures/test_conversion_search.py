"""Conversions are found by their order's number and by their member, few or many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core import word_search
from tests.cast import NOW, SYSTEM, Cast, order
from tracking.figures.conversion_list import conversions
from tracking.figures.unattributed_orders import unattributed_orders
from tracking.orders.recording import record_order
from tracking.questions.selectors import orders_by_reference

pytestmark = pytest.mark.usefixtures("at_juniper")

NUMBERS = {"SM-1001": "MARA15", "SM-1002": "DIEGO10", "50%_off/Straße\\1": "MARA15"}
SHOWN = {"82098239842": "#7001", "SHOP 2026 77002": ""}


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


@pytest.mark.parametrize("few", [0, 1, 1_000])
@pytest.mark.parametrize("code", ["MARA15", "NOBODY"])
@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("7001", ["82098239842"]),
        ("#7001", ["82098239842"]),
        ("#70", ["82098239842"]),
        ("001", []),
        ("82098239842", ["82098239842"]),
        ("SHOP 2026 77002", ["SHOP 2026 77002"]),
        ("shop  2026 77", ["SHOP 2026 77002"]),
        ("2026 77002", ["SHOP 2026 77002"]),
        ("2026", []),
    ],
)
def test_an_order_is_found_by_what_the_shop_shows_and_by_a_number_with_spaces(
    cast: Cast, search: str, found: list[str], code: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_search, "MAX_LISTED_IDS", few)
    for number, shown in SHOWN.items():
        facts = replace(order(number, promo_code=code), number=shown)
        record_order(source="shop", order=facts, by=SYSTEM, now=NOW)

    listed = [row.order for row in conversions(search=search)]
    lost = list(unattributed_orders(search=search))

    assert [row.external_id for row in listed + lost] == found


@pytest.mark.parametrize("reference", ["#7001", "7001", "82098239842"])
def test_a_question_finds_the_order_that_the_member_knows_by_its_shown_number(
    cast: Cast, reference: str
) -> None:
    facts = replace(order("82098239842", promo_code="NOBODY"), number="#7001")
    record_order(source="shop", order=facts, by=SYSTEM, now=NOW)

    found = orders_by_reference([reference, "#7002"])

    assert [one.order.external_id for one in found[reference]] == ["82098239842"]
    assert found["#7002"] == []
