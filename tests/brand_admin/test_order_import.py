"""Import orders and refunds in the browser: preview, columns, the import, and its report."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from itertools import chain, repeat

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from background.models import Work
from background.running import run_slice
from brand_admin.work_handlers import HANDLERS
from core.tenancy import acting_for
from tests.answers import Answer, page_text
from tests.brand_admin.desk import at, csv_of, desk_of, shown
from tests.brand_admin.staff import address
from tests.cast import Cast
from tests.snapshot import snapshot
from tests.spreadsheets import xlsx
from tracking.models import ColumnMapping, Order, Refund

pytestmark = pytest.mark.usefixtures("at_noon", "at_juniper")

HEADER = "order_id,ordered_at,currency,customer_id,discount_code,sku,product,quantity,unit_price"
ROWS = (
    "5201,2026-11-18T09:50:26Z,GBP,c1,MARA15,GLOW,Glow oil,2,20.00",
    "5202,2026-11-18T09:51:26Z,GBP,c2,WELCOME,GLOW,Glow oil,1,20.00",
    "5203,yesterday,GBP,c2,MARA15,GLOW,Glow oil,1,20.00",
    "5201,2026-11-18T09:50:26Z,GBP,c1,MARA15,MASK,Mask,1,10.00",
)
SHOP = (  # as a shop names its columns
    "Name;Created at;Currency;Discount Code;Lineitem quantity;Lineitem price;Notes",
    "#5201;2026-11-18 09:50:26 +0000;GBP;MARA15;2;20,50;gift",
)
OF_SHOP = {
    "order_id": "name", "ordered_at": "created_at", "currency": "currency",
    "discount_code": "discount_code", "quantity": "lineitem_quantity",
    "unit_price": "lineitem_price",
}  # fmt: skip
KEY = "00000000-0000-4000-8000-000000000001"


def file_of(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def upload(
    client: Client, content: bytes, *, name: str = "orders.csv", key: str = "", **fields: str
) -> Answer:
    sent = {
        "file": SimpleUploadedFile(name, content),
        "kind": "orders",
        "source": "till",
        "known": "leave",
        "confirmation": key or str(uuid.uuid4()),
        **fields,
    }
    return client.post(address("orders_import"), sent, follow=True)


def confirm(client: Client, preview: Answer) -> Answer:
    work = preview.context["work"]
    return client.post(address("orders_import_confirm", work.pk), follow=True)


def left_out(page: Answer) -> list[str]:
    return [f"{row.line}: {row.subject}: {row.message}" for row in page.context["page"]]


def totals() -> dict[str, int]:
    return dict(Order.objects.values_list("external_id", "total_minor"))


def test_the_preview_shows_how_the_file_is_read_and_records_nothing(theo: Client) -> None:
    page = upload(theo, file_of(HEADER, *ROWS))
    text = shown(page)

    assert page.context["row"].tiles == [
        ("New", "2"), ("To be changed", "0"), ("As they are already", "0"),
    ]  # fmt: skip
    assert left_out(page) == ["4: ordered_at: 'yesterday' is not an ISO 8601 time"]
    for words in (
        "Nothing is recorded yet", "Import these orders", "5201", "£50.00", "MARA15", "5202",
        "till that are recorded already stay as they are",
    ):  # fmt: skip
        assert words in text
    assert totals() == {}
    assert not AuditEntry.objects.exclude(action="work.asked").filter(action="order.recorded")


def test_confirming_records_the_orders_once_and_reports_each_row(cast: Cast, theo: Client) -> None:
    preview = upload(theo, file_of(HEADER, *ROWS))

    first, again = confirm(theo, preview), confirm(theo, preview)
    report = csv_of(theo.get(address("work_file", first.context["work"].pk)))

    assert totals() == {"5201": 5000, "5202": 2000}
    assert {row.source for row in Order.objects.all()} == {"till"}
    assert first.context["row"].tiles[:2] == [
        ("Recorded, with a member", "1"), ("Recorded, with nobody", "1"),
    ]  # fmt: skip
    assert again.context["work"] == first.context["work"]
    assert report == [
        ["line", "number", "result", "column", "why"],
        ["3", "5202", "unattributed", "", "no member has the code WELCOME"],
        ["4", "5203", "left out", "ordered_at", "'yesterday' is not an ISO 8601 time"],
        ["2", "5201", "recorded", "", ""],
        ["5", "5201", "recorded", "", ""],
    ]
    assert "Download the report" in shown(first)


def test_columns_with_other_names_are_chosen_once_and_remembered(cast: Cast, theo: Client) -> None:
    first = upload(theo, file_of(*SHOP))
    text = shown(first)

    assert "Choose the columns of the file" in text
    assert "order number, time of the order, quantity, price of a piece without tax" in text
    assert "Import these orders" not in text
    assert confirm(theo, first).redirect_chain[-1][0] == address("orders_import")
    assert totals() == {}

    chosen = theo.post(
        address("orders_import_columns", first.context["work"].pk),
        {**OF_SHOP, "confirmation": KEY},
        follow=True,
    )
    assert "Import these orders" in shown(chosen)
    assert "£41.00" in shown(chosen)
    assert "Not read: Notes" in shown(chosen)

    later = upload(theo, file_of(SHOP[0], SHOP[1].replace("#5201", "#5202")))
    confirm(theo, later)

    assert totals() == {"#5202": 4100}
    mapping = ColumnMapping.objects.get()
    assert (mapping.kind, mapping.columns) == ("orders", OF_SHOP)
    assert AuditEntry.objects.filter(action="columns.chosen").count() == 1


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"order_id": ""}, "order_id", "Choose the column that holds it."),
        ({"order_id": "nonsense"}, "order_id", "not one of the available choices"),
        ({"order_id": "currency"}, "currency", "chosen for “Order number” already"),
    ],
)
def test_a_wrong_choice_of_columns_says_why_and_is_not_remembered(
    changes: dict[str, str], field: str, message: str, theo: Client
) -> None:
    preview = upload(theo, file_of(*SHOP))
    before = snapshot()

    answer = theo.post(
        address("orders_import_columns", preview.context["work"].pk),
        {**OF_SHOP, **changes, "confirmation": KEY},
    )

    assert answer.status_code == 422
    assert message in str(answer.context["columns_form"].errors[field])
    assert "Columns of the file" in page_text(answer)
    assert snapshot() == before


def test_a_remembered_column_that_the_file_lacks_gives_way_to_the_usual_name(
    cast: Cast, theo: Client
) -> None:
    ColumnMapping.objects.create(kind="orders", columns=OF_SHOP)

    page = upload(theo, file_of(HEADER, ROWS[0]))

    assert "Import these orders" in shown(page)
    assert page.context["choice"].columns["order_id"] == "order_id"


def test_known_orders_are_left_or_changed_as_was_chosen(cast: Cast, theo: Client) -> None:
    confirm(theo, upload(theo, file_of(HEADER, *ROWS[:2])))
    changed = ROWS[0].replace(",2,20.00", ",3,20.00")

    leave = upload(theo, file_of(HEADER, changed, ROWS[1]))
    update = upload(theo, file_of(HEADER, changed, ROWS[1]), known="update")

    assert left_out(leave) == ["2: order_id: 5201 is recorded already with other contents"]
    assert "There is nothing to import" in shown(leave)
    assert [value for _, value in update.context["row"].tiles] == ["0", "1", "1"]
    assert "become what the file says" in shown(update)
    assert totals() == {"5201": 4000, "5202": 2000}

    done = confirm(theo, update)

    assert totals() == {"5201": 6000, "5202": 2000}
    assert dict(done.context["row"].tiles)["Changed"] == "1"


def test_refunds_are_imported_the_same_way(cast: Cast, theo: Client) -> None:
    confirm(theo, upload(theo, file_of(HEADER, *ROWS[:2])))
    refunds = file_of(
        "refund_id,order_id,refunded_at,currency,sku,quantity,amount",
        "R1,5201,2026-11-19T09:00:00Z,GBP,GLOW,1,",
        "R2,9999,2026-11-19T09:00:00Z,GBP,,,5.00",
        "R3,5202,2026-11-19T09:00:00Z,GBP,,,99.00",
    )

    preview = upload(theo, refunds, kind="refunds")
    done = confirm(theo, preview)
    report = csv_of(theo.get(address("work_file", done.context["work"].pk)))

    for words in ("Import these refunds", "What is left", "£5.00", "5201"):
        assert words in shown(preview)
    assert dict(Refund.objects.values_list("external_id", "amount_minor")) == {
        "R1": 2000, "R2": 0, "R3": 2000,
    }  # fmt: skip
    assert dict(done.context["row"].tiles)["Waiting for their order"] == "1"
    assert report[3][:3] == ["4", "R3", "recorded"]
    assert "99.00 GBP is more than the 20.00 GBP left on the order" in report[3][4]


def test_a_spreadsheet_is_imported_in_the_brands_time_zone(cast: Cast, theo: Client) -> None:
    placed = datetime(2026, 11, 18, 9, 50)  # noqa: DTZ001 - a spreadsheet knows no time zone
    content = xlsx(
        {
            "Cover": [],
            "Orders": [HEADER.split(","), [8491.0, placed, "GBP", None, "MARA15", "A", "A", 1, 5]],
        }
    )

    preview = upload(theo, content, name="orders.xlsx")
    confirm(theo, preview)

    assert "Only the sheet “Orders” was read" in shown(preview)
    assert "they are read as Europe/London time" in shown(preview)
    assert Order.objects.get().external_id == "8491"
    assert Order.objects.get().ordered_at.isoformat() == "2026-11-18T09:50:00+00:00"


def test_another_encoding_is_read_and_said(theo: Client) -> None:
    page = upload(theo, (HEADER + "\n" + ROWS[0]).replace("Glow", "Glöw").encode("cp1252"))

    assert "check that letters with accents are right" in shown(page)
    assert "Import these orders" in shown(page)


@pytest.mark.parametrize(
    ("content", "fields", "field", "message"),
    [
        (b"", {}, "file", "The submitted file is empty."),
        (HEADER.encode(), {}, "file", "The file has no row under its header."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", {}, "file", "old spreadsheet"),
        (file_of(HEADER, ROWS[0] + "\0"), {}, "file", "Line 2 holds a NUL character."),
        (file_of(HEADER + ",order_id", ROWS[0]), {}, "file", "The column order_id stands twice."),
        (file_of(HEADER, ROWS[0]), {"source": " "}, "source", "This field is required."),
        (file_of(HEADER, ROWS[0]), {"source": "x" * 61}, "source", "at most 60 characters"),
        (file_of(HEADER, ROWS[0]), {"kind": "members"}, "kind", "not one of the available"),
    ],
)
def test_a_form_that_can_not_be_used_says_why(
    content: bytes, fields: dict[str, str], field: str, message: str, theo: Client
) -> None:
    before = snapshot()

    answer = upload(theo, content, **fields)

    assert answer.status_code == 422
    assert message in str(answer.context["form"].errors[field])
    assert snapshot() == before


def test_a_file_sent_twice_is_looked_at_once(theo: Client) -> None:
    first, again = (upload(theo, file_of(HEADER, *ROWS), key=KEY) for _ in range(2))

    assert first.context["work"] == again.context["work"]
    assert Work.objects.count() == 1


def test_a_large_file_goes_on_after_each_slice_and_doubles_nothing(
    cast: Cast, theo: Client
) -> None:
    rows = [f"{n},2026-11-18T09:50:26Z,GBP,,MARA15,A,A,1,1.00" for n in range(900)]
    preview = upload(theo, file_of(HEADER, *rows)).context["work"]
    assert (preview.state, preview.total) == ("waiting", 900)
    _run_in_slices(preview)
    work = confirm(theo, theo.get(address("work", preview.pk))).context["work"]

    slices = _run_in_slices(work)

    work.refresh_from_db()
    assert (work.state, work.done, work.counts, slices) == ("done", 900, {"recorded": 900}, 5)
    assert Order.objects.count() == 900
    report = csv_of(theo.get(address("work_file", work.pk)))
    assert [line[0] for line in report] == ["line", *map(str, range(2, 902))]


def _run_in_slices(work: Work) -> int:
    """Run a work in slices that are over after one batch; return how many it took."""
    for number in range(1, 20):
        now = timezone.now()
        ticks = chain([now] * 3, repeat(now + timedelta(hours=1)))
        run_slice(work.pk, handlers=HANDLERS, now=now, clock=lambda ticks=ticks: next(ticks))  # type: ignore[misc]
        work.refresh_from_db()
        if not work.is_live:
            return number
    raise AssertionError("it does not end")


def test_a_preview_whose_file_is_gone_can_not_be_imported(cast: Cast, theo: Client) -> None:
    preview = upload(theo, file_of(HEADER, *ROWS))
    Work.objects.update(files_gone_at=timezone.now())

    answers = [
        confirm(theo, preview),
        theo.post(
            address("orders_import_columns", preview.context["work"].pk),
            {**dict.fromkeys(OF_SHOP, ""), **{name: name for name in OF_SHOP}, "confirmation": KEY},
            follow=True,
        ),
    ]

    for answer in answers:
        assert "This preview has expired: choose the file again." in page_text(answer)
    assert totals() == {}
    assert not ColumnMapping.objects.exists()


def test_who_only_reads_imports_nothing(cast: Cast, theo: Client) -> None:
    preview = upload(theo, file_of(HEADER, *ROWS)).context["work"]
    vera, before = desk_of(cast.vera), snapshot()

    for name in ("orders_import_confirm", "orders_import_columns"):
        assert vera.post(address(name, preview.pk), {}).status_code == 403
    assert upload(vera, file_of(HEADER, *ROWS)).status_code == 403
    page = shown(vera.get(address("work", preview.pk)))

    assert "Import these orders" not in page
    assert "Preview with these columns" not in page
    assert "Import orders" not in shown(vera.get(at(cast.juniper, "conversions")))
    assert snapshot() == before


def test_each_brand_remembers_its_own_columns(cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        ColumnMapping.objects.create(kind="orders", columns=OF_SHOP)

    page = upload(desk_of(cast.theo), file_of(*SHOP))

    assert "Choose the columns of the file" in shown(page)
