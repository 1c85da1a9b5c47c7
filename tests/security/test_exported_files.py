"""No file that anybody can take home holds a cell that a spreadsheet runs.

Hostile text stands in every column of the brand; every address is asked for its file.
"""

from __future__ import annotations

import csv
import io
import re
import uuid
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import Brand
from affiliates.logins import user_for_proven_address
from affiliates.models import Creator
from background.models import WorkProblem
from core.tenancy import acting_for
from offers.dashboard_links import token_for
from offers.models import Offer
from payouts.destinations import bank_account, paypal_account
from payouts.models import Payout
from payouts.runs import confirm_run, draft_run
from payouts.services import adjust
from tests.architecture.routes import in_brand_admin, routes
from tests.architecture.source import imported, modules, relative
from tests.architecture.test_urls import body, browser
from tests.architecture.world import World
from tests.cast import IBAN, NOW, SYSTEM, give_details
from tests.security.hostile import fill_with
from tracking.privacy.export import write_export

FORMULA = '=1+1;=2+2\t=3+3\r\n \ufeff=4+4;"@x'
HOLDER = "=1+1; =2+2"  # printable, as an account's holder has to be
FORMULA_START = re.compile(
    r"[\s\"\x00-\x1f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*[=+\-@]"
)
NUMBER = re.compile(r"-?\d+(\.\d+)?")
SEPARATORS = ",;\t"  # of spreadsheets, by country
# Nobody stands at these steps of the project; they are lists like all others. The last was made
# before the hostile text came, by the code that makes the downloads.
WITHOUT_ROWS = {
    "admin/<slug:slug>/projects/<int:project_id>/generate.csv",
    "admin/<slug:slug>/projects/<int:project_id>/send.csv",
    "admin/<slug:slug>/projects/<int:project_id>/tracking.csv",
    "admin/<slug:slug>/background/<int:work_id>/file/",
    # The shop's ids in the request and in the orders are not the same hostile text.
    "admin/<slug:slug>/connections/data-requests/<int:data_request_id>/known.csv",
    "admin/<slug:slug>/conversions/rates.csv",  # days, currencies and numbers
}
# Where CSV is read or written. Who makes another file writes it with `csv_file` too.
CSV_MODULES = {
    "core/csv_export.py",
    "tracking/importing/csv_rows.py",
    "tracking/importing/sheet_reader.py",  # lines that `csv_rows` reads again
}
CSV_ANSWERS = {
    "brand_admin/background/views.py",
    "brand_admin/pages.py",
    "brand_admin/reporting/report_mail.py",
    "portal/dashboard/views.py",
}


@pytest.fixture
def world(world: World) -> World:
    """Everything of a brand, with a run on its way to a bank and to PayPal."""
    cast = world.cast
    give_details(cast.diego, bank_account(country="DE", holder=HOLDER, iban=IBAN, tax_id=HOLDER))
    give_details(cast.june, paypal_account(country="GB", holder=HOLDER, paypal="j@pay.example"))
    with acting_for(cast.juniper):
        for enrollment in (cast.diego_in_glow, cast.june_in_glow):
            adjust(
                enrollment=enrollment, currency="GBP", amount_minor=900, note="x", by=SYSTEM,
                now=NOW,
            )  # fmt: skip
        run = draft_run(
            currency="GBP", member_ids=[cast.diego.pk, cast.june.pk], minimum_minor=0,
            confirmation=uuid.uuid4(), by=SYSTEM, now=NOW,
        )  # fmt: skip
        confirm_run(run=run, by=SYSTEM, now=NOW)
        WorkProblem.objects.create(work_id=world.own["work_id"], line=1, subject="x", message="x")
    world.own["run_id"] = run.pk
    Brand.objects.filter(pk=cast.juniper.pk).update(name=FORMULA)
    assert fill_with(FORMULA, brand=cast.juniper) > 30
    return world


def test_no_file_of_the_brand_admin_holds_a_formula(world: World) -> None:
    owner, found = browser(world.cast.ines), {}

    for route in in_brand_admin():
        address = route.address(world.own_values())
        answer = owner.get(address)
        if answer.status_code == 405 and route.pattern.endswith(".csv"):
            answer = owner.post(address)
        if answer.get("Content-Type", "").startswith("text/csv"):
            found[route.pattern] = body(answer).decode()

    assert {str(route) for route in in_brand_admin() if str(route).endswith(".csv")} <= found.keys()
    assert {name for name, text in found.items() if "=1+1" not in text} <= WITHOUT_ROWS
    assert run_by_a_spreadsheet(found) == {}


def test_no_file_of_the_dashboard_holds_a_formula(world: World) -> None:
    values = {"token": token_for(world.cast.mara_in_glow)}
    with acting_for(world.cast.juniper):
        values["public_id"] = str(Payout.objects.get(member=world.cast.mara, run=None).public_id)
    asked = [route for route in routes() if route.pattern.startswith("d/") and ".csv" in str(route)]

    found = {str(one): body(Client().get(one.address(values))).decode() for one in asked}

    assert len(found) >= 3
    assert {name for name, text in found.items() if "=1+1" not in text} == set()
    assert run_by_a_spreadsheet(found) == {}


def test_no_file_of_a_persons_own_data_holds_a_formula(world: World) -> None:
    june = Creator.objects.get(email=world.cast.june_at_saltmarsh.email)
    user = user_for_proven_address(email=june.email, now=NOW)
    assert user is not None
    made = io.BytesIO()

    write_export(creator=june, user=user, to=made, now=NOW)

    with zipfile.ZipFile(made) as archive:
        found = {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}
    assert sum("=1+1" in text for text in found.values()) > 4
    assert run_by_a_spreadsheet(found) == {}


def test_the_file_of_the_command_holds_no_formula(world: World, tmp_path: Path) -> None:
    with acting_for(world.cast.juniper):
        offer = Offer.objects.get(pk=world.cast.glow.pk)
    path = tmp_path / "offer.csv"

    call_command("export_offer", brand="juniper", offer=offer.name, output=str(path))

    text = path.read_text(encoding="utf-8")
    assert "=1+1" in text
    assert run_by_a_spreadsheet({"offer.csv": text}) == {}


def test_every_csv_is_written_in_one_place() -> None:
    """Another file is written with `csv_file` too, and its address is walked above."""
    writing = {relative(path) for path in modules() if "csv" in imported(path)}
    answering = {relative(path) for path in modules() if "text/csv" in path.read_text()}

    assert writing == CSV_MODULES
    assert answering == CSV_ANSWERS


def run_by_a_spreadsheet(files: dict[str, str]) -> dict[str, list[str]]:
    """The cells that begin a formula, by file, whichever separator the spreadsheet expects."""
    found: dict[str, list[str]] = {}
    for name, text in files.items():
        for separator in SEPARATORS:
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
                found.setdefault(name, []).extend(cell for cell in row if is_formula(cell))
    return {name: cells for name, cells in found.items() if cells}


def is_formula(cell: str) -> bool:
    return bool(FORMULA_START.match(cell)) and not NUMBER.fullmatch(cell)
