"""An import that takes longer than a page: leave it, come back, see it done; and every state of it
looks right to everybody.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from background.models import Work
from background.running import MAX_ROWS_RUN_AT_ONCE
from background.sweeping import sweep_work
from core.tenancy import acting_for
from payouts import run_work
from payouts.services import adjust
from tests.cast import SYSTEM, Cast
from tests.inspection import faults_of, prepare
from tests.journeys.devices import on_a
from tests.worker import Worker
from tracking.importing.members_in_background import ask_for_preview

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HEADER = "email,first_name,last_name,promo_code\n"
Desk = Callable[..., Page]


def rows(number: int) -> str:
    return "".join(f"m{each}@crowd.example,M,{each},\n" for each in range(number))


@on_a("phone")
def test_a_large_import_goes_on_when_the_page_is_left(
    cast: Cast, desk: Desk, worker: Worker, device: dict[str, Any]
) -> None:
    page = desk(cast.theo, **device)
    page.goto("/admin/juniper/members/import/")
    content = (HEADER + rows(MAX_ROWS_RUN_AT_ONCE + 100) + "no address,,,\n").encode()
    page.get_by_label("CSV or Excel file").set_input_files(
        {"name": "crowd.csv", "mimeType": "text/csv", "buffer": content}
    )
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Preview of crowd.csv")).to_be_visible()
    page.goto("/admin/juniper/")
    sweep_work(now=timezone.now() + timedelta(minutes=1))
    page.goto("/admin/juniper/background/")
    page.get_by_role("link", name="Preview of crowd.csv").click()

    expect(page.get_by_role("button", name="Import these members")).to_be_visible()
    expect(page.get_by_text("Line 302")).to_be_visible()
    page.get_by_role("button", name="Import these members").click()

    expect(page.get_by_text("The file is in")).to_be_visible()
    page.get_by_role("link", name="See members").click()
    expect(page.get_by_text("of 303 members")).to_be_visible()


@on_a("desktop")
def test_every_state_looks_right(cast: Cast, desk: Desk, device: dict[str, Any]) -> None:
    pages = [f"/admin/juniper/background/{pk}/" for pk in works_of_every_state(cast)]
    with acting_for(cast.juniper):
        run_id = Work.objects.get(kind=run_work.DRAFT).parameters["run"]
    page = prepare(desk(cast.ines, **device), is_shown_on_both=True)
    faults = []
    for address in [
        *pages,
        "/admin/juniper/background/",
        "/admin/juniper/members/import/",
        f"/admin/juniper/payments/runs/{run_id}/",
    ]:
        page.goto(address)
        faults += faults_of(page, address)

    assert faults == []


def works_of_every_state(cast: Cast) -> list[int]:
    now = timezone.now()
    with acting_for(cast.juniper):
        works = [
            ask_for_preview(
                content=(HEADER + rows(number)).encode(), filename="autumn-newsletter.csv",
                rows=number, offer=cast.glow, confirmation=uuid.uuid4(), by=SYSTEM, now=now,
            )
            for number in (3, 1_000, 1_001, 1_002)
        ]  # fmt: skip
        held = {"lease_token": uuid.uuid4(), "lease_until": now + timedelta(days=1)}
        _, waiting, running, failed = works
        Work.objects.filter(pk=waiting.pk).update(**held)
        Work.objects.filter(pk=running.pk).update(
            state="running", done=600, started_at=now, counts={"added": 600}, **held
        )
        Work.objects.filter(pk=failed.pk).update(
            state="failed", done=200, started_at=now, finished_at=now,
            error="It failed 5 times in a row and was stopped.",
        )  # fmt: skip
        adjust(
            enrollment=cast.mara_in_glow, currency="GBP", amount_minor=900, note="bonus",
            by=SYSTEM, now=now,
        )  # fmt: skip
        run_work.ask_for_draft(
            currency="GBP", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(),
            by=SYSTEM, now=now,
        )  # fmt: skip
        Work.objects.filter(kind=run_work.DRAFT).update(state="running", **held)
        return [work.pk for work in works]
