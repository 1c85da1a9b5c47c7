"""Long loads go in batches, and PostgreSQL learns early how large their tables have become."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Brand, Staff
from core.batches import batches


def test_nothing_is_lost_or_doubled() -> None:
    assert list(batches(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batches([], 2)) == []


@pytest.mark.django_db
def test_statistics_are_refreshed_after_batch_1_10_and_100() -> None:
    load = batches(range(1, 112), 1, tables=(Brand, Staff))
    refreshed: dict[int, list[str]] = {}
    for number in range(1, 112):
        with CaptureQueriesContext(connection) as queries:
            assert next(load) == [number]
        if queries.captured_queries:
            refreshed[number - 1] = [query["sql"] for query in queries.captured_queries]

    analysed = ['ANALYZE "accounts_brand", "accounts_staff"']
    assert refreshed == {1: analysed, 10: analysed, 100: analysed}


@pytest.mark.django_db
def test_without_tables_none_is_read_for_statistics() -> None:
    """ANALYZE without a table's name would read the whole database."""
    with CaptureQueriesContext(connection) as queries:
        assert len(list(batches(range(12), 1))) == 12

    assert queries.captured_queries == []
