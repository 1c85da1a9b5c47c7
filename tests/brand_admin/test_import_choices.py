"""What staff choose for an import: its columns, its source, and a form that is posted again."""

from __future__ import annotations

import uuid

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import AuditEntry
from background.models import Work
from payouts.models import LedgerEntry
from tests.brand_admin import test_member_import as members
from tests.brand_admin.desk import csv_of, shown
from tests.brand_admin.staff import address
from tests.brand_admin.test_order_import import (
    HEADER,
    KEY,
    OF_SHOP,
    ROWS,
    SHOP,
    confirm,
    file_of,
    left_out,
    totals,
    upload,
)
from tests.cast import Cast
from tests.snapshot import snapshot
from tracking.models import ColumnMapping, Conversion, Order

pytestmark = pytest.mark.usefixtures("at_noon", "at_juniper")

UNREAD = "These columns have names that an import reads, and were not chosen"
STATED = (  # a later file of the same shop
    f"{SHOP[0]};payment_status;is_test;commissionable",
    "#6001;2026-11-18 09:50:26 +0000;GBP;MARA15;2;20,50;;voided;no;yes",
    "#6002;2026-11-18 09:50:26 +0000;GBP;MARA15;2;20,50;;paid;yes;yes",
    "#6003;2026-11-18 09:50:26 +0000;GBP;MARA15;2;20,50;;paid;no;no",
)


def choose(client: Client, content: bytes, columns: dict[str, str], *, key: str = KEY) -> None:
    """Upload a file of a shop, and choose its columns."""
    preview = upload(client, content).context["work"]
    sent = {**columns, "confirmation": key}
    client.post(address("orders_import_columns", preview.pk), sent, follow=True)


def test_a_column_that_an_earlier_file_had_not_is_read_from_a_later_one(
    cast: Cast, theo: Client
) -> None:
    choose(theo, file_of(*SHOP), OF_SHOP)

    preview = upload(theo, file_of(*STATED))
    confirm(theo, preview)

    assert UNREAD not in shown(preview)
    assert ColumnMapping.objects.get().columns == OF_SHOP
    conversions = Conversion.objects.order_by("order__external_id")
    assert [(row.order.external_id, row.status) for row in conversions] == [
        ("#6001", "rejected"),
        ("#6003", "accepted"),
    ]
    assert Order.objects.get(external_id="#6002").is_test
    assert not LedgerEntry.objects.exists()


def test_a_column_that_staff_chose_not_to_read_stays_unread_and_is_named(
    cast: Cast, theo: Client
) -> None:
    choose(theo, file_of(*STATED), {**OF_SHOP, "commissionable": "commissionable"})

    preview = upload(theo, file_of(*STATED))

    chosen = {**OF_SHOP, "commissionable": "commissionable"}
    assert ColumnMapping.objects.get().columns == {
        **chosen, "payment_status": None, "is_test": None,
    }  # fmt: skip
    columns = preview.context["choice"].columns
    assert {name: column for name, column in columns.items() if column} == chosen
    assert f"{UNREAD}: payment_status, is_test." in shown(preview)


def test_what_was_remembered_of_files_without_a_column_says_nothing(theo: Client) -> None:
    """Older rows have "" for each column that the file did not have."""
    ColumnMapping.objects.create(kind="orders", columns={**OF_SHOP, "payment_status": ""})

    preview = upload(theo, file_of(*STATED))

    assert preview.context["choice"].columns["payment_status"] == "payment_status"


def test_a_form_of_orders_with_another_file_or_choice_is_another_preview(theo: Client) -> None:
    other = file_of(HEADER, ROWS[0].replace("5201", "9999"))

    first = upload(theo, file_of(HEADER, ROWS[0]), key=KEY)
    second = upload(theo, other, key=KEY, known="update", source="web")
    again = upload(theo, other, key=KEY, known="update", source="web")

    assert second.context["work"] == again.context["work"]
    assert Work.objects.count() == 2
    assert [entry.entry.number for entry in second.context["entries"]] == ["9999"]
    assert "of web that are recorded already become what the file says" in shown(second)

    confirm(theo, second)

    assert totals() == {"9999": 4000}
    assert Order.objects.get().source == "web"
    confirm(theo, first)
    assert totals() == {"5201": 4000, "9999": 4000}


def test_a_form_of_members_with_another_file_or_offer_is_another_preview(
    cast: Cast, theo: Client
) -> None:
    ann, zoe = (f"{members.HEADER}{name}@x.example,A,B,\n" for name in ("ann", "zoe"))

    pages = [
        members.upload(theo, ann, key=KEY, offer=cast.glow.pk),
        members.upload(theo, zoe, key=KEY, offer=cast.glow.pk),
        members.upload(theo, zoe, key=KEY),
        members.upload(theo, ann, key=KEY, offer=cast.glow.pk),
    ]

    works = [page.context["work"].pk for page in pages]
    assert len(set(works)) == 3
    assert works[0] == works[3]
    assert [page.context["rows"][0][1]["email"] for page in pages] == [
        "ann@x.example", "zoe@x.example", "zoe@x.example", "ann@x.example",
    ]  # fmt: skip
    assert [page.context["offer"] for page in pages] == [cast.glow, cast.glow, None, cast.glow]


def test_other_columns_in_the_same_form_are_previewed_and_remembered(theo: Client) -> None:
    preview = upload(theo, file_of(*SHOP)).context["work"]
    page = address("orders_import_columns", preview.pk)
    other = {**OF_SHOP, "discount_code": "", "product": "notes"}

    theo.post(page, {**OF_SHOP, "confirmation": KEY}, follow=True)
    second = theo.post(page, {**other, "confirmation": KEY}, follow=True)

    shown_columns = second.context["choice"].columns
    assert (shown_columns["product"], shown_columns["discount_code"]) == ("notes", "")
    remembered = ColumnMapping.objects.get().columns
    assert (remembered["product"], remembered["discount_code"]) == ("notes", None)


@pytest.mark.parametrize("source", ["script", " Script ", "postback", "postback-crm"])
def test_orders_can_not_be_imported_under_the_names_of_the_product(
    source: str, theo: Client
) -> None:
    before = snapshot()

    answer = upload(theo, file_of(HEADER, ROWS[0]), source=source)

    assert answer.status_code == 422
    assert answer.context["form"].errors["source"] == [
        (
            f"“{source.strip()}” is the name for orders that the page script or a postback reports."
            " Type the name of the shop."
        )
    ]
    assert snapshot() == before
    with pytest.raises(CommandError, match=f"source: {source.strip()} is the name for orders"):
        call_command("import_orders", "none.csv", "--brand", "juniper", "--source", source)


def test_refunds_of_reported_orders_can_be_imported(theo: Client) -> None:
    refunds = file_of(
        "refund_id,order_id,refunded_at,currency,sku,quantity,amount",
        "R1,5201,2026-11-19T09:00:00Z,GBP,,,5.00",
    )

    page = upload(theo, refunds, kind="refunds", source="script")

    assert "Import these refunds" in shown(page)
    assert "Import these orders" in shown(upload(theo, file_of(HEADER, ROWS[0]), source="scripts"))


def test_a_refund_that_takes_nothing_is_counted_as_not_applied(cast: Cast, theo: Client) -> None:
    confirm(theo, upload(theo, file_of(HEADER, *ROWS[:2])))
    refunds = file_of(
        "refund_id,order_id,refunded_at,currency,sku,quantity,amount",
        "R1,5201,2026-11-19T09:00:00Z,USD,GLOW,1,20.00",
        "R2,5201,2026-11-19T09:00:00Z,GBP,GLOW,1,20.00",
        "R3,5201,2026-11-19T09:00:00Z,GBP,NONE,1,20.00",
        "R4,9999,2026-11-19T09:00:00Z,GBP,,,5.00",
        "R5,5202,2026-11-19T09:00:00Z,GBP,,,99.00",
    )

    done = confirm(theo, upload(theo, refunds, kind="refunds"))

    assert done.context["row"].tiles == [
        ("Applied", "2"), ("Not applied", "2"), ("Waiting for their order", "1"),
        ("Changed", "0"), ("As they were already", "0"),
    ]  # fmt: skip
    assert "2 refunds could not be applied" in shown(done)
    report = csv_of(theo.get(address("work_file", done.context["work"].pk)))
    assert report[1] == ["2", "R1", "unapplied", "", "it is in USD, the order in GBP"]
    again = confirm(theo, upload(theo, refunds, kind="refunds"))
    assert dict(again.context["row"].tiles)["As they were already"] == "5"
    assert "could not be applied" not in shown(again)


def test_a_preview_of_members_says_which_codes_look_like_dates(cast: Cast, theo: Client) -> None:
    rows = "a@x.example,A,B,20-Jun\nb@x.example,B,B,BEA15\n"

    page = members.upload(theo, members.HEADER + rows, offer=cast.glow.pk)

    assert "Codes that look like dates" in shown(page)
    assert "Codes that somebody else had before" not in shown(page)
    assert (page.context["row"].left_out, page.context["row"].label) == (0, "Done")
    assert [row[3] for row in page.context["rows"]] == ["in", None]
    assert left_out(page) == [
        (
            "2: promo_code: 20-JUN looks like a date: check that a spreadsheet did not make it of"
            " another code"
        )
    ]


def test_a_file_that_ends_inside_a_quotation_mark_is_refused(cast: Cast, theo: Client) -> None:
    rows = 'a@x.example,Ann,B,A1\nb@x.example,"Bo,B,B1\nc@x.example,Cy,B,C1\n'
    long = f'"{members.HEADER}' + "a@x.example,A,B,\n" * 9_000
    before = snapshot()

    answers = [
        members.upload(theo, members.HEADER + rows, offer=cast.glow.pk),
        members.upload(theo, long, key=str(uuid.uuid4())),
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert [answer.context["form"].errors["file"][0] for answer in answers] == [
        (
            "Line 3 opens a quotation mark that is not closed before the file ends: close it, or"
            " remove it."
        ),
        (
            "The row on line 1 has a cell of more than 131,072 characters: check whether a"
            " quotation mark in it is not closed."
        ),
    ]
    assert snapshot() == before
    assert not AuditEntry.objects.filter(action="work.asked").exists()
