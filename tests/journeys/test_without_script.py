"""Both mails, sent with nothing but links and forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.tenancy import acting_for
from offers.projects import add_to_project, create_project, set_up_stage
from tests.cast import Cast
from tests.journeys.devices import on_a
from tests.journeys.drawer import Drawer, open_email_members
from tests.journeys.steps import go_to_step, link_in, only_mail_to, path_of, row_of, text_of, tick
from tests.mailbox import Mailbox
from tests.own_processes import until
from tests.worker import Worker

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MARA, DIEGO = "mara@lindqvist.example", "diego@arroyo.example"


def look_and_send(page: Page, drawer: Drawer, *people: tuple[str, str]) -> None:
    """Write one line, look at each mail, send, and reload the report until all are handed over."""
    drawer.subject.fill("For you, {{ first_name }}")
    drawer.body.fill(f"<p>Written by hand.</p>{drawer.body.input_value()}")
    drawer.press("Next")
    drawer.look_at(*people)
    drawer.press("Send")
    done = page.get_by_text("Done", exact=True)
    again = page.get_by_role("link", name="Reload to see the progress")

    def is_done() -> bool:
        expect(done.or_(again).first).to_be_visible()  # the report has come, early or late
        if not done.count():
            again.click()
            return False
        return True

    until(is_done, "the mails are not sent", every=0.2)
    expect(page.get_by_text(f"{len(people)} of {len(people)} done")).to_be_visible()


@on_a("phone")
def test_new_members_get_their_items(
    cast: Cast,
    desk: Callable[..., Page],
    mailbox: Mailbox,
    worker: Worker,
    device: dict[str, Any],
) -> None:
    with acting_for(cast.juniper):
        project = create_project(name="Winter 2026", by=cast.by, now=cast.now)
        people = [cast.mara, cast.diego]
        add_to_project(project=project, members=people, by=cast.by, now=cast.now)
        set_up_stage(project=project, offer=cast.glow, by=cast.by, now=cast.now)
    page = desk(cast.ines, **device, java_script_enabled=False)
    page.goto("/admin/juniper/")
    go_to_step(page, "Winter 2026", "Send")

    tick(page, "Mara Lindqvist")
    page.get_by_role("button", name="Send Sales Tracking Items").click()
    look_and_send(page, Drawer(page, "Send Sales Tracking Items"), ("Mara Lindqvist", "MARA15"))

    mail = only_mail_to(mailbox, MARA)
    assert mail["Subject"] == "For you, Mara"
    assert "Written by hand." in text_of(mail)
    page.goto(f"/admin/juniper/projects/{project.pk}/send/")
    expect(row_of(page, "Mara Lindqvist")).to_have_count(0)
    expect(row_of(page, "Diego Arroyo")).to_contain_text("Not sent")
    page.get_by_role("link", name="Sent", exact=True).click()
    expect(row_of(page, "Mara Lindqvist")).to_contain_text(re.compile(r"Sent\s+\d"))
    page.goto(path_of(link_in(mail)))
    expect(page.get_by_text("MARA15", exact=True)).to_be_visible()


@on_a("desktop")
def test_existing_members_get_their_dashboard_link(
    cast: Cast,
    desk: Callable[..., Page],
    mailbox: Mailbox,
    worker: Worker,
    device: dict[str, Any],
) -> None:
    page = desk(cast.ines, **device, java_script_enabled=False)

    look_and_send(
        page,
        open_email_members(page, "Winter Glow creators"),
        ("Diego Arroyo", "DIEGO10"),
        ("June Okafor", "JUNE20"),
        ("Mara Lindqvist", "MARA15"),
    )

    assert len(mailbox.mails) == 3
    page.goto(path_of(link_in(only_mail_to(mailbox, DIEGO))))
    expect(page.get_by_text("DIEGO10", exact=True)).to_be_visible()
