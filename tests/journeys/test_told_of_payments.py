"""A creator is paid, is told by mail, opens the dashboard from it, and stops such mails."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from core.tenancy import acting_for
from notices.models import DeclinedKind, Notice
from notices.tasks import sweep
from payouts.services import adjust
from tests.cast import SYSTEM, assemble, pay_all_due
from tests.journeys.conftest import OpenPage
from tests.journeys.devices import PHONE
from tests.journeys.steps import only_mail_to, path_of
from tests.mailbox import Mailbox
from tests.own_processes import until
from tests.worker import Worker

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MARA = "mara@lindqvist.example"


def test_a_payment_reaches_the_creators_mailbox_and_the_next_one_does_not(
    open_page: OpenPage, mailbox: Mailbox, worker: Worker
) -> None:
    now = timezone.now()
    cast = assemble(now)
    with acting_for(cast.juniper):
        adjust(
            enrollment=cast.mara_in_glow, currency="GBP", amount_minor=4210, note="Bonus",
            by=SYSTEM, now=now,
        )  # fmt: skip
        pay_all_due(cast.mara, now=now)
    sweep.delay()

    mail = only_mail_to(mailbox, MARA)

    assert mail["Subject"] == "Juniper & Co has sent you £42.10"
    page = open_page(**PHONE)
    page.goto(path_of(mail["List-Unsubscribe"].strip("<>")))
    page.get_by_role("button", name="Stop these mails").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You get these mails no more")
    with acting_for(cast.juniper):
        assert DeclinedKind.objects.get().kind == "payment_sent"
        adjust(
            enrollment=cast.mara_in_glow, currency="GBP", amount_minor=100, note="Bonus",
            by=SYSTEM, now=now,
        )  # fmt: skip
        pay_all_due(cast.mara, now=now)
        sweep.delay()
        until(
            lambda: Notice.objects.filter(reason="member_off").exists(),
            "the second payment is settled without a mail",
        )
    assert len(mailbox.to(MARA)) == 1
