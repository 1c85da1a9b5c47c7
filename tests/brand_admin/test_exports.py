"""Exports: a download while small, a file made by a worker when large; the same lines both ways."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.utils import timezone

from background.models import Work, WorkChunk
from background.running import run_slice
from background.sweeping import FILES_KEPT, sweep_work
from brand_admin import work_exports
from brand_admin.listing import views
from brand_admin.lists import LISTS
from brand_admin.work_handlers import HANDLERS
from core.tenancy import acting_for
from tests.answers import Answer
from tests.architecture.routes import in_brand_admin
from tests.brand_admin.desk import at, csv_of, desk_of, shown
from tests.cast import Cast
from tests.snapshot import snapshot


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is large is a matter of two rows here."""
    monkeypatch.setattr(views, "MAX_DOWNLOADED_ROWS", 2)
    monkeypatch.setattr(work_exports, "ROWS", 2)


def order_file(cast: Cast, client: Client, query: str = "") -> Answer:
    address = at(cast.juniper, "members_export") + query
    return client.post(address, {"confirmation": str(uuid.uuid4())}, follow=True)


def let_a_worker(cast: Cast, work: Work) -> Work:
    with acting_for(cast.juniper):
        run_slice(work.pk, handlers=HANDLERS, now=timezone.now())
        return Work.objects.get(pk=work.pk)


def test_a_small_export_is_a_download(cast: Cast, theo: Client) -> None:
    assert len(csv_of(theo.get(at(cast.juniper, "members_export")))) == 4
    with acting_for(cast.juniper):
        assert not Work.objects.exists()


@pytest.mark.usefixtures("few")
def test_a_large_one_is_offered_and_looking_orders_nothing(cast: Cast, theo: Client) -> None:
    before = snapshot()

    page = shown(theo.get(at(cast.juniper, "members_export")))

    assert "Make the file" in page
    assert snapshot() == before


@pytest.mark.usefixtures("few")
def test_the_file_holds_exactly_what_the_download_would(
    cast: Cast, theo: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = order_file(cast, theo, "?sort=-name").context["work"]
    waiting = theo.get(at(cast.juniper, "work_file", work_id=work.pk))

    work = let_a_worker(cast, work)

    page = shown(theo.get(at(cast.juniper, "work", work_id=work.pk)))
    file = theo.get(at(cast.juniper, "work_file", work_id=work.pk))
    monkeypatch.setattr(views, "MAX_DOWNLOADED_ROWS", 1_000)
    download = theo.get(at(cast.juniper, "members_export") + "?sort=-name")
    assert waiting.status_code == 404
    assert (work.state, work.done, work.total) == ("done", 3, 3)
    assert "The file is made" in page
    assert file["Content-Disposition"] == 'attachment; filename="juniper-members.csv"'
    assert csv_of(file) == csv_of(download)
    with acting_for(cast.juniper):
        assert WorkChunk.objects.filter(work=work).count() == 2


@pytest.mark.usefixtures("few")
def test_an_attempt_that_died_leaves_nothing_in_the_file(cast: Cast, theo: Client) -> None:
    work = order_file(cast, theo).context["work"]
    with acting_for(cast.juniper):
        WorkChunk.objects.create(work=work, file="made", number=0, content=b"half a line")
        Work.objects.filter(pk=work.pk).update(state="running", done=2)

    work = let_a_worker(cast, work)

    lines = csv_of(theo.get(at(cast.juniper, "work_file", work_id=work.pk)))
    assert (len(lines), lines[0][0], work.done) == (4, "email", 3)


@pytest.mark.parametrize("name", ["offers_export", "reporting_csv"])
def test_many_offers_are_written_by_a_worker_too(
    cast: Cast, theo: Client, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = at(cast.juniper, name) + "?sort=name&status="
    download = csv_of(theo.get(address))
    monkeypatch.setattr(views, "MAX_DOWNLOADED_ROWS", 0)

    ordered = theo.post(address, {"confirmation": str(uuid.uuid4())}, follow=True)

    work = let_a_worker(cast, ordered.context["work"])
    assert work.done == len(download) - 1 > 0
    assert csv_of(theo.get(at(cast.juniper, "work_file", work_id=work.pk))) == download


@pytest.mark.usefixtures("few")
def test_the_file_goes_after_its_days(cast: Cast, theo: Client) -> None:
    work = let_a_worker(cast, order_file(cast, theo).context["work"])

    sweep_work(now=timezone.now() + FILES_KEPT)

    assert theo.get(at(cast.juniper, "work_file", work_id=work.pk)).status_code == 404
    assert "The file is gone" in shown(theo.get(at(cast.juniper, "work", work_id=work.pk)))


@pytest.mark.usefixtures("few")
def test_a_viewer_reads_who_can_make_the_file(cast: Cast) -> None:
    vera, before = desk_of(cast.vera), snapshot()

    page = shown(vera.get(at(cast.juniper, "members_export")))
    posted = order_file(cast, vera)

    assert "Owners and managers can make it" in page
    assert "Make the file" not in page
    assert posted.status_code == 403
    assert snapshot() == before


@pytest.mark.usefixtures("few")
def test_a_list_that_was_deleted_before_the_export_is_reported(cast: Cast, theo: Client) -> None:
    work = order_file(cast, theo).context["work"]
    with acting_for(cast.juniper):
        told = {"list": f"offer?offer_id={10**9}"}
        Work.objects.filter(pk=work.pk).update(parameters=told)

    work = let_a_worker(cast, work)

    assert (work.state, work.error) == (
        "failed", "the list to export does not exist any more",
    )  # fmt: skip
    assert "It could not be finished" in shown(theo.get(at(cast.juniper, "work", work_id=work.pk)))


def test_every_export_that_a_page_orders_is_known_to_the_worker(cast: Cast) -> None:
    """Each answers a POST with the form's own key, or with the file itself while it is small."""
    ordered = {str(route) for route in in_brand_admin() if route.pattern.endswith(".csv")}

    exported = {name for name, kind in LISTS.items() if kind.file_page}
    assert len(ordered) >= len(exported)
    assert sorted(exported) == [
        "api_requests", "audit",
        "campaign", "campaigns", "compared_codes", "conversions", "data_requests", "due", "events",
        "exchange_rates", "flags", "links", "member_history", "members", "messages", "offer",
        "offers",
        "payments", "project", "project_generate", "project_members", "project_send", "projects",
        "questions", "refunds", "refused_deliveries", "run", "runs", "sales_tracking", "shop_codes",
        "suppressed", "unattributed",
        "webhook_deliveries", "work",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["payments_due_csv", "payments_csv"])
def test_the_lists_of_payments_can_be_taken_home(cast: Cast, theo: Client, name: str) -> None:
    assert len(csv_of(theo.get(at(cast.juniper, name)))) == 1
