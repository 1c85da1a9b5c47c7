"""Pages by position: nothing is left out or shown twice, and an odd cursor shows the beginning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core import keyset_pagination
from core.keyset_pagination import Keyset
from core.tenancy import acting_for
from tests.cast import Cast, order
from tracking.figures.conversion_list import own_conversions
from tracking.models import Conversion
from tracking.orders.recording import record_orders


@pytest.fixture
def listed(cast: Cast) -> Iterator[Keyset[Conversion]]:
    """Eleven conversions of Mara's, up to four ordered in the same second."""
    with acting_for(cast.juniper):
        orders = [
            order(str(number), ordered_at=(cast.now - timedelta(hours=number // 4)).isoformat())
            for number in range(11)
        ]
        record_orders(orders=orders, source="shop", by=cast.by, now=cast.now)
        asked = {"enrollment_id": cast.mara_in_glow.pk, "status": None}
        yield Keyset(own_conversions, asked, "occurred_at")


def walk(listed: Keyset[Conversion], *, size: int) -> list[list[int]]:
    """The ids on each page, from the first to the last."""
    pages: list[list[int]] = []
    cursor = "first"
    while cursor:
        page = listed.page(cursor, size=size)
        pages.append([row.pk for row in page.rows])
        cursor = page.after
    return pages


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("size", [1, 3, 4, 10, 11, 12])
def test_forwards_every_row_comes_once_in_order(
    listed: Keyset[Conversion], size: int, newest_first: bool
) -> None:
    one = replace(listed, newest_first=newest_first)
    sign = "-" if newest_first else ""
    ordered = listed.build(**listed.arguments).order_by(f"{sign}occurred_at", f"{sign}pk")

    pages = walk(one, size=size)

    assert [pk for page in pages for pk in page] == [row.pk for row in ordered]
    assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_backwards_every_row_comes_once_too(listed: Keyset[Conversion], size: int) -> None:
    page = listed.page("", size=size)
    while page.after:
        page = listed.page(page.after, size=size)

    again = [row.pk for row in page.rows]
    while page.before:
        page = listed.page(page.before, size=size)
        again = [*(row.pk for row in page.rows), *again]

    assert again == [pk for page in walk(listed, size=size) for pk in page]
    assert page.first == 1


def test_a_page_says_where_it_is(listed: Keyset[Conversion]) -> None:
    first = listed.page("", size=4)
    second = listed.page(first.after, size=4)
    third = listed.page(second.after, size=4)

    assert [(one.first, one.last, one.total) for one in (first, second, third)] == [
        (1, 4, 11), (5, 8, 11), (9, 11, 11),
    ]  # fmt: skip
    assert (first.before, third.after) == ("", "")


def test_what_is_counted_is_counted_up_to_a_limit(
    listed: Keyset[Conversion], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset_pagination, "MAX_COUNTED_ROWS", 4)

    first = listed.page("", size=3)
    last = listed.page(listed.page(first.after, size=3).after, size=3)

    assert (first.first, first.last, first.total) == (1, 3, 0)
    assert (last.first, last.last, last.total) == (0, 0, 0)
    assert len(last.rows) == 3


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense", "after", "after.1", "after.1.2.3", "sideways.1.1", "after.x.1",
        "after.99999999999999999.1", "after.-99999999999999999.1", "before.99999999999999999.1",
        "after.1763640000000000.1\x00", "after.-1.1",
    ],
)  # fmt: skip
def test_an_odd_cursor_shows_the_beginning(listed: Keyset[Conversion], cursor: str) -> None:
    assert listed.page(cursor, size=4).first == 1


def test_the_last_page_costs_the_queries_of_the_second(
    listed: Keyset[Conversion], django_assert_num_queries: Any
) -> None:
    second = listed.page(listed.page("", size=2).after, size=2)
    third = listed.page(second.after, size=2)
    with django_assert_num_queries(3):
        listed.page(third.before, size=2)
    with django_assert_num_queries(3):
        listed.page(third.after, size=2)
