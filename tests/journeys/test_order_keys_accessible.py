"""Page script, postbacks and tests of links: no axe violation, nothing wider than the screen."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.api_keys import revoke_api_key
from accounts.order_keys import create_postback_key, create_publishable_key
from background.models import Work
from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast
from tests.inspection import faults_of, prepare
from tests.journeys.devices import on_a
from tests.journeys.furnished import LONG
from tracking.links.following import Followed, Hop
from tracking.links.link_test import link_to_test, request_link_test, verdict_on

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Desk = Callable[..., Page]


def furnish(cast: Cast) -> int:
    """Keys of each kind and state; returns one publishable key."""
    with acting_for(cast.juniper):
        told: dict[str, Any] = {"by": SYSTEM, "now": NOW}
        origins = [f"https://{'very-long-name-' * 3}{n}.example" for n in range(3)]
        key = create_publishable_key(label=LONG[:80], origins=origins, is_trusted=True, **told)
        create_publishable_key(label="Trying", origins=origins[:1], is_for_test=True, **told)
        create_postback_key(label="Awin", **told)
        create_postback_key(label="Trying", is_for_test=True, **told)
        old = create_postback_key(label=LONG[:80], **told).key
        revoke_api_key(key=old, **told)
    return key.pk


def reports(cast: Cast) -> list[int]:
    """Reports of three tests: lost on the way, kept, and not reached."""
    lost = [
        Hop("https://go.juniper.example/r/mara", "go.juniper.example", 302),
        Hop(f"https://juniper.example/{'x' * 200}?trb=…", "juniper.example", 301, True,
            cookies=["session (juniper.example)", "currency (juniper.example)"]),
        Hop("https://juniper.example/en", "juniper.example", 200, lost=["utm_source", "trb"]),
    ]  # fmt: skip
    kept = [lost[0], Hop("https://juniper.example/?trb=…", "juniper.example", 200, True, True)]
    away = [
        lost[0],
        Hop("https://juniper.example/?trb=…", "juniper.example", problem="has no page"),
    ]
    made = []
    with acting_for(cast.juniper):
        link = link_to_test(cast.mara_in_glow)
        assert link is not None
        for hops in (lost, kept, away):
            found = Followed(hops)
            verdict = verdict_on(found)
            work = request_link_test(link=link, confirmation=uuid.uuid4(), by=SYSTEM, now=NOW)
            told = {"tone": verdict.tone, "title": verdict.title, "text": verdict.text}
            kept_report = {"link": link.pk, "report": found.as_json(), "verdict": told}
            Work.objects.filter(pk=work.pk).update(
                state="done",
                total=len(hops),
                done=len(hops),
                finished_at=NOW,
                started_at=NOW,
                parameters=kept_report,
            )
            made.append(work.pk)
    return made


@on_a("desktop")
def test_every_page(cast: Cast, desk: Desk, device: dict[str, Any]) -> None:
    page = prepare(desk(cast.ines, **device), is_shown_on_both=True)
    faults: list[str] = []

    def look(address: str, name: str) -> None:
        answer = page.goto(f"/admin/juniper/{address}")
        assert answer is not None
        assert answer.status == 200, address
        faults.extend(faults_of(page, name))
        picture(page, name)

    look("connections/script/", "script, empty")
    look("connections/postbacks/", "postbacks, empty")
    key = furnish(cast)
    works = reports(cast)
    look("connections/script/", "script")
    look(f"connections/script/keys/{key}/", "page key")
    look("connections/postbacks/", "postbacks")
    look(f"reporting/sales-tracking/link-test/{cast.mara_in_glow.pk}/", "link test")
    for work in works:
        look(f"background/{work}/", f"report {work}")
    page.goto("/admin/juniper/connections/postbacks/")
    page.get_by_label("What calls it").fill("Network")
    page.get_by_role("button", name="Make key").click()
    expect(page.locator("[data-new-key]")).to_contain_text("/api/v1/postback?key=trb_postback_")
    faults += faults_of(page, "new postback")
    picture(page, "new postback")
    page.get_by_label("Address or parameters").fill("order_id=1&amount=10&code=MARA15&foo=1")
    page.get_by_role("button", name="Send as a test").click()
    expect(page.locator("#try")).to_contain_text("not looked at: foo")
    faults += faults_of(page, "tried")
    picture(page, "tried")
    assert not faults, "\n".join(faults)


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("SCRIPT_PICTURES")
    if folder:
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(
            path=Path(folder) / f"{name.replace(', ', '-').replace(' ', '-')}-{width}.png",
            full_page=True,
        )
