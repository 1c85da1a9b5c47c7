"""A manager is mailed what waits, finds somebody by the search, and acts on all that match."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Digest, ReportEvery, Staff
from accounts.staff_mails import choose_staff_mails
from affiliates.details import tag_members
from affiliates.models import Member
from affiliates.services import Person, add_members
from brand_admin.tasks import mail_staff
from core.tenancy import acting_for
from offers.models import Enrollment
from offers.services import create_offer
from offers.terms import TermsValues
from tests.cast import SYSTEM, Cast, offer_values
from tests.journeys.devices import DESKTOP
from tests.journeys.steps import go_to, only_mail_to, path_of, text_of
from tests.mailbox import Mailbox
from tests.worker import Worker
from tracking.orders.reading import read_order
from tracking.orders.recording import record_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CROWD = 60  # more than a page shows


@pytest.fixture
def busy(cast: Cast) -> Cast:
    """An order that nobody is credited for, an offer that is new, and many members with a tag."""
    now = timezone.now()
    with acting_for(cast.juniper):
        order = {
            "order_id": "LOST-1", "ordered_at": now.isoformat(), "currency": "GBP",
            "lines": [{"product": "Glow", "quantity": 1, "unit_price": "10.00"}],
        }  # fmt: skip
        record_order(source="shop", order=read_order(order), by=SYSTEM, now=now)
        people = [Person(f"m{number}@crowd.example", "Mia", f"{number}") for number in range(CROWD)]
        added = add_members(people=people, by=SYSTEM, now=now)
        ids = [member.pk for member in added]
        tag_members(member_ids=ids, tag="crowd", by=SYSTEM, now=now)
        create_offer(
            values=offer_values(name="Spring"), terms=TermsValues(percent_bp=500), by=SYSTEM,
            now=now,
        )  # fmt: skip
        choose_staff_mails(
            staff=Staff.objects.get(user=cast.theo),
            digest=Digest.AT_ONCE,
            report=ReportEvery.NEVER,
            now=now - timedelta(hours=1),
        )
    return cast


def test_a_managers_day(
    busy: Cast, desk: Callable[..., Page], mailbox: Mailbox, worker: Worker
) -> None:
    mail_staff.delay()
    mail = only_mail_to(mailbox, busy.theo.email)
    page = desk(busy.theo, **DESKTOP)

    [line] = [each for each in text_of(mail).splitlines() if "/conversions/unattributed/" in each]
    page.goto(path_of(line.split()[-1]))
    expect(page.get_by_role("rowheader", name="LOST-1")).to_be_visible()

    page.keyboard.press("/")
    page.keyboard.type("Diego")
    found = page.locator("#search-found")
    expect(found.get_by_role("link", name="Diego Arroyo").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Diego Arroyo")

    go_to(page, "Members")
    page.goto(f"{page.url}?tag=crowd")
    page.get_by_label("Select all").first.check()
    page.get_by_role("link", name=f"Select all {CROWD} that match").click()
    expect(page.get_by_text(f"All {CROWD} that match are selected.")).to_be_visible()
    page.get_by_role("button", name="Add to offer").click()
    page.get_by_label("Offer", exact=True).select_option("Spring")
    page.get_by_role("button", name="Add to offer").click()
    expect(page.get_by_text(f"{CROWD} members in Spring now.")).to_be_visible()
    with acting_for(busy.juniper):
        joined = Enrollment.objects.filter(offer__name="Spring")
        assert set(joined.values_list("member", flat=True)) == set(
            Member.objects.filter(email__endswith="@crowd.example").values_list("pk", flat=True)
        )
