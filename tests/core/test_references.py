"""A reference names a row by its kind and its id, the same in Python and in PostgreSQL."""

from __future__ import annotations

import pytest
from django.db.models import F

from accounts.models import Brand, Staff
from core.references import Reference, reference_in_sql


def test_a_reference_names_a_row() -> None:
    brand = Brand(pk=12)

    assert Reference.to(brand) == Reference.by_id(Brand, 12) == Reference.of("brand", 12)
    assert Reference.to(brand) == "brand:12"


def test_a_reference_tells_what_it_names() -> None:
    found = Reference("brand:12")

    assert (found.kind, found.key, found.number) == ("brand", "12", 12)
    assert (found.id_of(Brand), found.id_of(Staff)) == (12, None)


@pytest.mark.parametrize("text", ["", "address", "export:members", "brand:", "brand:\u0661", "12"])
def test_other_texts_name_no_row(text: str) -> None:
    assert Reference(text).number is None
    assert Reference(text).id_of(Brand) is None


@pytest.mark.django_db
def test_postgresql_makes_the_same() -> None:
    brand = Brand.objects.create(name="Juniper", slug="juniper")

    made = Brand.objects.annotate(own=reference_in_sql(Brand), f=reference_in_sql(Staff, F("pk")))

    assert made.values_list("own", "f").get() == (f"brand:{brand.pk}", f"staff:{brand.pk}")
    assert made.filter(own=Reference.to(brand)).get() == brand
