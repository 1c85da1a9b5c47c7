"""The name of an exported file says what it was filtered by: short, and safe everywhere."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client

from brand_admin.listing import views
from brand_admin.listing.file_names import MAX_NAME_LENGTH, days_in_name
from tests.brand_admin.choosing import let_a_worker
from tests.brand_admin.desk import at, sell
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("at_noon", "at_juniper")


def name_of(client: Client, address: str) -> str:
    found = re.fullmatch(r'attachment; filename="(.+)"', client.get(address)["Content-Disposition"])
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("page", "query", "name"),
    [
        ("conversions_csv", "", "juniper-conversions.csv"),
        ("conversions_csv", "?sort=time&page=2", "juniper-conversions.csv"),
        ("conversions_csv", "?status=pending", "juniper-conversions_pending.csv"),
        (
            "conversions_csv",
            "?status=pending&first=2026-10-01&last=2026-10-31",
            "juniper-conversions_pending_2026-10.csv",
        ),
        ("conversions_csv", "?status=nonsense", "juniper-conversions.csv"),
        ("conversions_csv", "?q=../../etc/passwd%00", "juniper-conversions_etc-passwd.csv"),
        ("conversions_csv", "?q=%22%0D%0ASet-Cookie", "juniper-conversions_set-cookie.csv"),
        ("members_export", "?q=K%C5%8Dy%C5%8D", "juniper-members_koyo.csv"),
        ("members_export", "?offer={glow}", "juniper-members_winter-glow-creators.csv"),
        ("unattributed_csv", "?brought=code&last=2026-11-05",
         "juniper-unattributed-orders_code_until-2026-11-05.csv"),
        ("refunds_csv", "?outcome=in-part", "juniper-refunds-to-check_in-part.csv"),
        ("conversions_csv", "?member={mara}", "juniper-conversions_mara-lindqvist.csv"),
        ("reporting_csv", "?range=30d&status=all",
         "juniper-sales-tracking_all_2026-10-22-to-2026-11-20.csv"),
    ],
)  # fmt: skip
def test_the_name_says_what_was_filtered(
    page: str, query: str, name: str, cast: Cast, theo: Client
) -> None:
    ids = query.format(glow=cast.glow.pk, mara=cast.mara.pk)

    assert name_of(theo, at(cast.juniper, page) + ids) == name


def test_a_name_is_never_too_long(cast: Cast, theo: Client) -> None:
    query = f"?q={'long ' * 60}&status=pending&offer={cast.glow.pk}&evidence=code&first=2026-01-02"

    name = name_of(theo, at(cast.juniper, "conversions_csv") + query)

    assert len(name) <= MAX_NAME_LENGTH
    assert re.fullmatch(r"[a-z0-9_-]+\.csv", name)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-01-01", "2026-12-31", "2026"),
        ("2026-02-01", "2026-02-28", "2026-02"),
        ("2026-02-01", "2026-02-27", "2026-02-01-to-2026-02-27"),
        ("2026-10-05", "2026-10-05", "2026-10-05"),
        ("2026-10-01", "2026-11-30", "2026-10-01-to-2026-11-30"),
        ("2026-10-05", None, "from-2026-10-05"),
        (None, "2026-10-05", "until-2026-10-05"),
        (None, None, ""),
    ],
)
def test_days_are_short(first: str | None, last: str | None, words: str) -> None:
    days = [date.fromisoformat(day) if day else None for day in (first, last)]

    assert days_in_name(*days) == words


def test_a_large_file_has_the_same_name(
    cast: Cast, theo: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MAX_DOWNLOADED_ROWS", 0)
    sell(cast)
    address = at(cast.juniper, "conversions_csv") + "?status=accepted"

    key = "00000000-0000-4000-8000-000000000001"
    work = let_a_worker(theo.post(address, {"confirmation": key}, follow=True))

    assert work.filename == "juniper-conversions_accepted.csv"
