"""Background work: what runs, how far it is, what came of it, and where it is found again."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from affiliates.services import Person, add_members
from background.models import Work
from background.running import run_slice
from background.work_requests import WorkRequest, request_work
from brand_admin.payments import run_views
from brand_admin.projects.generate_list import ToGenerate
from brand_admin.work_handlers import HANDLERS
from brand_admin.work_kinds import KINDS
from core.tenancy import acting_for
from offers.models import Project
from offers.projects import add_to_project, create_project, set_up_stage
from payouts.models import Payout, PayoutRun
from payouts.services import adjust
from tests.brand_admin.desk import at, desk_of, queries_of, seen_at, shown
from tests.brand_admin.launch import new_offer
from tests.cast import NOW, SYSTEM, Cast
from tests.snapshot import snapshot
from tracking.models import PromoCode, TrackingLink

KEY = "00000000-0000-4000-8000-000000000009"


def asked(cast: Cast, **changes: Any) -> Work:
    """An export of 4,000 rows that nobody took up yet, changed as told."""
    with acting_for(cast.juniper):
        work, _ = request_work(
            WorkRequest(
                kind="export", title="Export of members", about="export:members", total=4_000,
                parameters={"list": "members?"},
                confirmation=uuid.uuid4(),
            ),
            by=SYSTEM,
            now=NOW,
        )  # fmt: skip
        Work.objects.filter(pk=work.pk).update(**changes)
        return Work.objects.get(pk=work.pk)


def let_a_worker(cast: Cast) -> Work:
    """Take up what was asked for last."""
    with acting_for(cast.juniper):
        work = Work.objects.latest("pk")
        run_slice(work.pk, handlers=HANDLERS, now=timezone.now())
        return Work.objects.get(pk=work.pk)


def test_every_kind_has_its_words_and_somebody_who_does_it() -> None:
    assert KINDS.keys() == HANDLERS.keys()


def test_nothing_has_run_yet(cast: Cast, theo: Client) -> None:
    page = shown(theo.get(at(cast.juniper, "work_list")))

    assert "Nothing has run yet" in page
    assert 'data-hx-trigger="every' not in page


def test_how_far_it_is_is_a_bar_that_asks_again_and_a_link_without_script(
    cast: Cast, theo: Client
) -> None:
    work = asked(cast, state="running", done=1_000, started_at=NOW)

    page = shown(theo.get(at(cast.juniper, "work", work_id=work.pk)))

    assert '<progress value="1000" max="4000"' in page
    assert "1,000 of 4,000 rows" in page
    assert "25%" in page
    assert 'data-hx-trigger="every 2s"' in page
    assert "Reload to see the progress" in page


def test_the_navigation_says_that_something_runs_on_every_page(cast: Cast, theo: Client) -> None:
    home = at(cast.juniper, "home")
    assert "under way" not in shown(theo.get(home))

    work = asked(cast, state="running", started_at=NOW)
    assert '<b class="number">1</b><span class="visually-hidden"> under way' in shown(
        theo.get(home)
    )

    with acting_for(cast.juniper):
        Work.objects.filter(pk=work.pk).update(state="done", finished_at=NOW)
    assert "under way" not in shown(theo.get(home))


def test_work_of_another_brand_is_not_counted(cast: Cast, theo: Client) -> None:
    asked(cast)

    assert "under way" not in shown(desk_of(cast.otto).get(at(cast.saltmarsh, "home")))


def test_a_failure_says_what_happened(cast: Cast, theo: Client) -> None:
    work = asked(cast, state="failed", error="It stopped 5 times.", done=1_000, finished_at=NOW)

    page = shown(theo.get(at(cast.juniper, "work", work_id=work.pk)))

    assert "It could not be finished" in page
    assert "It stopped 5 times." in page
    assert 'data-hx-trigger="every' not in page


def test_the_list_takes_as_many_queries_for_three_as_for_one(cast: Cast, theo: Client) -> None:
    address = at(cast.juniper, "work_list")
    asked(cast)
    assert queries_of(theo, address) == 5

    asked(cast, state="running")
    asked(cast, state="done")
    assert queries_of(theo, address) == 5


# --- where it is started


@pytest.fixture
def crowded(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project of five who have nothing to share yet; the page of Generate holds two."""
    monkeypatch.setattr(ToGenerate, "per_page", 2)
    with acting_for(cast.juniper):
        people = [Person(f"a{each}@crowd.example", "Ana", "") for each in range(5)]
        members = add_members(people=people, by=SYSTEM, now=NOW)
        project = create_project(name="Crowd", by=SYSTEM, now=NOW)
        add_to_project(project=project, members=members, by=SYSTEM, now=NOW)
        return set_up_stage(project=project, offer=new_offer(), by=SYSTEM, now=NOW)


def test_everybody_gets_codes_and_links_also_beyond_the_page(
    cast: Cast, theo: Client, crowded: Project
) -> None:
    page = shown(theo.get(at(cast.juniper, "project_generate", project_id=crowded.pk)))
    told = {"action": "both", "form_key": KEY}
    address = f"{at(cast.juniper, 'project_generate_all', project_id=crowded.pk)}?all=1"

    first = theo.post(address, told, follow=True)
    again = theo.post(address, told, follow=True)

    assert "Select all 5 that match" in page
    assert "Go to Send" in shown(first)
    assert again.status_code == 200
    with acting_for(cast.juniper):
        mine = {"enrollment__offer": crowded.offer_id}
        codes = set(PromoCode.objects.filter(**mine).values_list("code", flat=True))
        assert (len(codes), TrackingLink.objects.filter(**mine).count()) == (5, 5)
        assert Work.objects.count() == 1


@pytest.fixture
def large_from_two(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two payments are too many for a page; Mara is due £8.42 and Diego £20.00."""
    monkeypatch.setattr(run_views, "MAX_ROWS_RUN_AT_ONCE", 1)
    with acting_for(cast.juniper):
        for enrollment, minor in ((cast.mara_in_glow, 842), (cast.diego_in_glow, 2_000)):
            adjust(
                enrollment=enrollment, currency="GBP", amount_minor=minor, note="bonus",
                by=SYSTEM, now=NOW,
            )  # fmt: skip


@pytest.mark.usefixtures("large_from_two")
def test_a_large_run_is_drafted_confirmed_and_paid_by_a_worker(cast: Cast, theo: Client) -> None:
    told = {"currency": "GBP", "minimum": "", "confirmation": KEY}
    drafting = shown(theo.post(at(cast.juniper, "payment_run_new"), told, follow=True))
    let_a_worker(cast)
    with acting_for(cast.juniper):
        run = PayoutRun.objects.get()
    address = at(cast.juniper, "payment_run", run_id=run.pk)
    drafted, sent = shown(theo.get(address)), {"seen": seen_at(address, cast)}

    confirm = at(cast.juniper, "payment_run_confirm", run_id=run.pk)
    confirming = shown(theo.post(confirm, sent, follow=True))
    twice = shown(theo.post(confirm, sent, follow=True))
    let_a_worker(cast)
    paid = at(cast.juniper, "payment_run_paid", run_id=run.pk)
    theo.post(paid, {"reference": "BACS 7", "seen": seen_at(address, cast)})
    let_a_worker(cast)

    assert "Being drafted" in drafting
    assert "Confirm the run" not in drafting
    assert "£28.42" in drafted
    assert "Confirm the run" in drafted
    assert "Confirming a payout run" in confirming
    assert "A worker is busy with this run already." in twice
    with acting_for(cast.juniper):
        assert set(Payout.objects.values_list("run", "reference")) == {(run.pk, "BACS 7")}
        assert Payout.objects.count() == 2
    assert theo.get(address, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


@pytest.mark.usefixtures("large_from_two")
def test_who_only_reads_starts_nothing(cast: Cast, crowded: Project) -> None:
    vera, before = desk_of(cast.vera), snapshot()

    statuses = [
        vera.post(at(cast.juniper, "payment_run_new"), {"currency": "GBP", "confirmation": KEY}),
        vera.post(
            at(cast.juniper, "project_generate_all", project_id=crowded.pk),
            {"action": "both", "form_key": KEY},
        ),
    ]

    assert [answer.status_code for answer in statuses] == [403, 403]
    assert snapshot() == before
