"""Everything about one person in one file, and nothing about anybody else."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest

from affiliates.logins import user_for_proven_address
from affiliates.models import Creator
from core.tenancy import acting_for
from payouts.services import adjust
from tests.cast import IBAN, NOW, SYSTEM, Cast, order
from tests.notifications.senders import confirm, recipient
from tracking.orders.recording import record_order
from tracking.privacy.export import write_export

JUNE = "june@okafor.example"
FILES = ["you", "payout_details", "payout_details_shared", "brands", "offers", "codes_and_links",
         "conversions", "ledger", "payments", "questions", "emails", "sessions",
         "passkeys"]  # fmt: skip


@pytest.fixture
def archive(cast: Cast) -> zipfile.ZipFile:
    """June's file, after she and Mara have sold."""
    user = user_for_proven_address(email=JUNE, now=NOW)
    assert user is not None
    with acting_for(cast.juniper):
        for number, code in (("SHOP-55-7001", "JUNE20"), ("SHOP-55-8001", "MARA15")):
            facts = order(number, promo_code=code, customer_id="shopper-17")
            record_order(order=facts, source="shop", by=SYSTEM, now=NOW)
        confirm(
            [recipient(recipient=f"member:{cast.june.pk}", to_address=JUNE),
             recipient(recipient=f"member:{cast.mara.pk}", to_address=cast.mara.email)]
        )  # fmt: skip
    with acting_for(cast.saltmarsh):
        adjust(
            enrollment=cast.june_in_tide, currency="USD", amount_minor=1_234,
            note="=HYPERLINK()", by=SYSTEM, now=NOW,
        )  # fmt: skip
    file = io.BytesIO()
    write_export(creator=Creator.objects.get(email=JUNE), user=user, to=file, now=NOW)
    return zipfile.ZipFile(file)


def rows(archive: zipfile.ZipFile, name: str) -> list[list[str]]:
    return list(csv.reader(archive.read(f"{name}.csv").decode("utf-8-sig").splitlines()))


def test_it_holds_a_table_for_everything(archive: zipfile.ZipFile) -> None:
    assert archive.testzip() is None
    assert archive.namelist() == [f"{name}.csv" for name in FILES]
    assert all(len({len(row) for row in rows(archive, name)}) == 1 for name in FILES)


def test_it_is_about_both_brands(archive: zipfile.ZipFile) -> None:
    assert [row[0] for row in rows(archive, "brands")[1:]] == ["Juniper & Co", "Saltmarsh"]
    assert [row[1] for row in rows(archive, "offers")[1:]] == ["Winter Glow creators", "Tide"]
    codes = [row[3] for row in rows(archive, "codes_and_links")[1:] if row[2] == "code"]
    assert codes == ["JUNE20", "JUNETIDE"]
    assert ["iban", IBAN] in rows(archive, "payout_details")
    shared = rows(archive, "payout_details_shared")[1:]
    assert sorted(row[0] for row in shared) == ["Juniper & Co", "Saltmarsh"]
    assert {(row[1], row[2]) for row in shared} == {(NOW.isoformat(), "")}


def test_money_is_there_to_the_penny_and_runs_no_formula(archive: zipfile.ZipFile) -> None:
    [sale] = rows(archive, "conversions")[1:]
    assert sale[2] == "····7001"
    assert sale[4:8] == ["GBP", "84.20", "0.00", "8.42"]
    amounts = {(row[3], row[4]) for row in rows(archive, "ledger")[1:]}
    assert amounts == {("8.42", "GBP"), ("12.34", "USD")}
    assert rows(archive, "ledger")[-1][-1] == "'=HYPERLINK()"


def test_nothing_about_anybody_else(cast: Cast, archive: zipfile.ZipFile) -> None:
    text = "".join(archive.read(name).decode() for name in archive.namelist())

    for foreign in ("MARA15", cast.mara.email, "Lindqvist", "shopper-17", "SHOP-55", "8001"):
        assert foreign not in text, foreign
    assert len(rows(archive, "emails")) == 2
