"""A brand with as many members and ledger entries as a measurement needs, written with COPY."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Model

from accounts.actors import Actor
from accounts.brands import create_brand
from accounts.models import Brand
from accounts.proven_addresses import make_proven_user
from affiliates.models import Member
from core.db import copy_rows
from core.tenancy import acting_for
from offers.models import Enrollment, Offer
from offers.services import create_offer
from offers.terms import TermsValues
from offers.values import OfferValues

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BY = Actor.system("benchmark")


@dataclass(frozen=True)
class BrandWithMembers:
    brand: Brand
    offer: Offer


def make_brand(slug: str, *, members: int, first_names: int) -> BrandWithMembers:
    """Make a brand with one offer and `members` members in it, without codes."""
    make_proven_user(email=f"owner@{slug}.example", name="", password=None, now=NOW)
    brand = create_brand(
        slug=slug, name=slug, currency="GBP", time_zone="Europe/London",
        owner_email=f"owner@{slug}.example", by=BY, now=NOW,
    )  # fmt: skip
    with acting_for(brand):
        values = OfferValues(
            name="All", kind="both", destination_url="https://bench.example/", currency="GBP"
        )
        offer = create_offer(values=values, terms=TermsValues(percent_bp=1_000), by=BY, now=NOW)
        _copy(
            Member,
            (
                Member(
                    brand=brand, email=f"m{number}@{slug}.example", last_name=f"L{number}",
                    first_name=f"Name{number % first_names}",
                )
                for number in range(members)
            ),
        )  # fmt: skip
        analyze()
        rows = Member.objects.only("pk").iterator(chunk_size=10_000)
        _copy(Enrollment, (Enrollment(brand=brand, member=row, offer=offer) for row in rows))
        analyze()
    return BrandWithMembers(brand, offer)


def add_due_entries(sample: BrandWithMembers, *, entries: int) -> None:
    """Add `entries` due ledger entries for each member."""
    copy_rows(
        table="payouts_ledgerentry",
        columns=("brand_id", "enrollment_id", "kind", "amount_minor", "currency", "note",
                 "posted_at", "available_at"),
        rows=(
            (sample.brand.pk, pk, "adjustment", 100 + number, "GBP", "", NOW, NOW - timedelta(1))
            for pk in _ids("offers_enrollment", sample.brand)
            for number in range(entries)
        ),
    )  # fmt: skip


def analyze() -> None:
    """Run VACUUM ANALYZE, as autovacuum does on a live database.

    Without it, foreign key checks keep plans sample for small tables.
    """
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _copy(model: type[Model], rows: Iterable[Model]) -> None:
    fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
    copy_rows(
        table=model._meta.db_table,
        columns=[str(field.column) for field in fields],
        rows=(
            [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
            for row in list(rows)
        ),
    )


def _ids(table: str, brand: Brand) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table} WHERE brand_id = %s", [brand.pk])  # noqa: S608
        return [pk for (pk,) in cursor.fetchall()]
