"""A shop's file of orders and a file of members, from the upload to the report, in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.tenancy import acting_for
from tests.cast import Cast
from tests.inspection import faults_of, prepare
from tests.journeys.devices import on_a
from tracking.models import Order, PromoCode

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Desk = Callable[..., Page]

LONG = "GIFT-BOX-WITH-EVERYTHING-UNTIL-THE-END-OF-NOVEMBER-2026"
ORDERS = f"""Name;Created at;Currency;Discount Code;Lineitem quantity;Lineitem price;Notes
#5201;2026-11-18 09:50:26 +0000;GBP;MARA15;2;20,50;
#5202;2026-11-18 09:51:26 +0000;GBP;"WELCOME10, {LONG}";1;1.234,50;gift
#5203;yesterday;GBP;;1;20,00;
#5201;;;;1;10,00;
"""
MEMBERS = """email,first_name,last_name,promo_code
mara@lindqvist.example,Mara,Lindqvist,MIA12
elif@demir.example,Elif,Demir,ELIF20
"""


def choose_file(page: Page, name: str, text: str, encoding: str = "utf-8") -> None:
    content = text.encode(encoding)
    page.get_by_label("CSV or Excel file").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content}
    )


@on_a("desktop")
def test_orders_of_a_shop_with_columns_of_its_own(
    cast: Cast, desk: Desk, device: dict[str, Any]
) -> None:
    page = prepare(desk(cast.theo, **device), is_shown_on_both=True)
    page.goto("/admin/juniper/conversions/")
    page.get_by_role("link", name="Import orders").first.click()
    faults = faults_of(page, "upload")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Choose a file.", exact=True)).to_be_visible()
    faults += faults_of(page, "nothing chosen")
    choose_file(page, "orders_export.csv", ORDERS, "cp1252")
    page.get_by_label("Which shop it is from").fill("Till in the High Street")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Choose the columns of the file")).to_be_visible()
    faults += faults_of(page, "columns missing")
    page.get_by_role("button", name="Preview with these columns").click()
    expect(page.get_by_text("Choose the column that holds it.").first).to_be_visible()
    faults += faults_of(page, "no column chosen")
    for field, column in (
        ("Order number", "Name"),
        ("Time of the order", "Created at"),
        ("Quantity", "Lineitem quantity"),
        ("Price of a piece without tax", "Lineitem price"),
    ):
        page.get_by_label(field, exact=True).select_option(label=column)
    page.get_by_role("button", name="Preview with these columns").click()
    expect(page.get_by_text("£1,234.50")).to_be_visible()
    expect(page.get_by_text("£51.00")).to_be_visible()
    faults += faults_of(page, "preview")
    page.get_by_role("button", name="Import these orders").click()
    expect(page.get_by_text("The file is in")).to_be_visible()
    faults += faults_of(page, "imported")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the report").click()

    assert download.value.suggested_filename.startswith("juniper-import-report-")
    assert faults == []
    with acting_for(cast.juniper):
        assert dict(Order.objects.values_list("external_id", "total_minor")) == {
            "#5201": 5100,
            "#5202": 123450,
        }


@on_a("phone")
def test_members_whose_codes_would_stop(cast: Cast, desk: Desk, device: dict[str, Any]) -> None:
    page = prepare(desk(cast.theo, **device), is_shown_on_both=True)
    page.goto("/admin/juniper/members/import/")
    choose_file(page, "members.csv", MEMBERS)
    page.get_by_label("Offer").select_option(label="Winter Glow creators")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Codes in use would stop")).to_be_visible()
    expect(page.get_by_text("replaces MARA15, which stops at once").first).to_be_visible()
    faults = faults_of(page, "asked")
    page.get_by_label("Replace these codes; the old ones stop at once").check()
    page.get_by_role("button", name="Import these members").click()
    expect(page.get_by_text("The file is in")).to_be_visible()

    assert faults == []
    with acting_for(cast.juniper):
        in_use = set(PromoCode.objects.in_use().values_list("code", flat=True))
        assert in_use == {"MIA12", "ELIF20", "DIEGO10", "JUNE20"}
