"""What flags cost: nothing while orders are recorded, and a fixed number of queries to look."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import NOW, SYSTEM, raw_order
from tests.tracking.flags.selling import look
from tracking.models import FlagCheck
from tracking.orders.reading import read_order
from tracking.orders.recording import record_orders

pytestmark = pytest.mark.usefixtures("at_juniper")


def record(first: int, number: int) -> list[str]:
    """Record orders of strangers; return the statements that were sent."""
    orders = [
        read_order(raw_order(str(first + one)) | {"customer_email": f"{one}@buyer.example"})
        for one in range(number)
    ]
    with CaptureQueriesContext(connection) as asked:
        record_orders(source="api", orders=orders, by=SYSTEM, now=NOW)
    return [query["sql"] for query in asked.captured_queries]


def test_recording_orders_sends_no_statement_for_flags() -> None:
    record(1, 1)  # what is kept for the next ones
    statements = [record(10, 1), record(20, 3)]

    assert [sql for one in statements for sql in one if "flag" in sql] == []
    assert len(statements[0]) == len(statements[1])
    assert FlagCheck.objects.count() == 5  # written by a trigger


def test_looking_at_sales_takes_as_many_queries_for_three_as_for_one() -> None:
    record(1, 1)
    look()
    counts = []
    for first, number in ((10, 1), (20, 3)):
        record(first, number)
        with CaptureQueriesContext(connection) as asked:
            assert look() == number
        counts.append(len(asked))

    assert counts == [23, 23]
