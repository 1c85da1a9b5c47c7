"""Rows are inserted with COPY, and end as those that Django inserts."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.forms import model_to_dict

from core import db
from core.tenancy import WrongBrandError, acting_for
from tests.cast import NOW, SYSTEM, Cast, order
from tracking.models import Order
from tracking.orders.recording import record_orders

pytestmark = pytest.mark.usefixtures("at_juniper")


def some_orders(number: int, *, first: int = 0) -> list[Order]:
    return [
        Order(
            source="api",
            external_id=f"{first + each}\t\\N \N{SNOWMAN}",
            ordered_at=NOW - timedelta(minutes=each),
            currency="GBP",
            total_minor=100,
            commissionable_minor=100,
            promo_codes=["A", 'b "c"'] if each % 2 else [],
            digest="d",
            updated_at=NOW,
            received_at=NOW,
        )
        for each in range(number)
    ]


@pytest.mark.parametrize("number", [1, 20])
def test_rows_get_their_ids_and_are_what_they_were(cast: Cast, number: int) -> None:
    rows = Order.objects.insert_many(some_orders(number))

    found = Order.objects.in_bulk([row.pk for row in rows])
    assert len(found) == number
    for row in rows:
        assert model_to_dict(found[row.pk]) == model_to_dict(row)
        assert (row.brand_id, row._state.adding) == (cast.juniper.pk, False)


@pytest.mark.parametrize("number", [1, 20])
def test_rows_that_are_appended_are_the_same_and_get_their_ids_in_sequence(
    cast: Cast, number: int
) -> None:
    rows = some_orders(number)
    Order.objects.append_many(rows)

    found = list(Order.objects.order_by("pk"))
    assert [row.pk for row in rows] == [None] * number
    for row, stored in zip(rows, found, strict=True):
        assert model_to_dict(stored, exclude=["id"]) == model_to_dict(row, exclude=["id"])
        assert stored.brand_id == cast.juniper.pk
    rows[-1].brand = cast.saltmarsh
    with pytest.raises(WrongBrandError):
        Order.objects.append_many(rows)


@pytest.mark.parametrize("number", [1, 20])
def test_what_postgresql_refuses_is_an_error_of_django(number: int) -> None:
    Order.objects.insert_many(some_orders(number))

    with pytest.raises(IntegrityError, match="tracking_order_once"), transaction.atomic():
        Order.objects.insert_many(some_orders(number))


def test_a_row_of_another_brand_is_refused(cast: Cast) -> None:
    rows = some_orders(20)
    rows[-1].brand = cast.saltmarsh

    with pytest.raises(WrongBrandError):
        Order.objects.insert_many(rows)


@pytest.mark.django_db(transaction=True)
def test_an_empty_table_gets_statistics_with_its_first_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else checks of foreign keys would read all rows of a brand, until autovacuum comes by."""

    def known_rows() -> float:
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'tracking_order'")
            [(rows,)] = cursor.fetchall()
        return float(rows)

    monkeypatch.setattr(db, "_inserts", Counter())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tracking_order")
    assert known_rows() == 0
    found = []
    for number in range(4):
        Order.objects.insert_many(some_orders(1, first=number))
        found.append(known_rows())
    assert found == [1, 2, 2, 4]


def test_a_batch_of_orders_equals_the_same_orders_one_by_one(cast: Cast) -> None:
    def rows_of(brand: object) -> list[dict[str, object]]:
        left_out = {"id", "brand", "order", "enrollment", "offer", "member", "terms"}
        return [
            {
                field.name: getattr(row, field.attname)
                for field in row._meta.concrete_fields
                if field.name not in left_out
            }
            for row in Order.objects.order_by("external_id")
        ]

    facts = [order(f"{number:03}", promo_code=None) for number in range(20)]
    record_orders(source="api", orders=facts, by=SYSTEM, now=NOW)
    batch = rows_of(cast.juniper)
    with acting_for(cast.saltmarsh):
        for one in facts:
            record_orders(source="api", orders=[one], by=SYSTEM, now=NOW)
        assert rows_of(cast.saltmarsh) == batch


def test_a_field_that_the_rows_do_not_have_is_an_error(at_juniper: Cast) -> None:
    [row] = Order.objects.insert_many(some_orders(1))
    row.currency = "USD"

    with pytest.raises(KeyError, match="curency"):
        db.update_rows([row], ["curency", "currency"])

    assert Order.objects.get().currency == "GBP"
