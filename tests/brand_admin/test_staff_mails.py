"""Staff are mailed what waits for them and the brand's figures, as often as each chose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from smtplib import SMTPRecipientsRefused
from zoneinfo import ZoneInfo

import pytest
from django.core.mail import EmailMessage

from accounts.models import Brand, Digest, ReportEvery, Staff, User
from accounts.operators import deactivate_login
from accounts.owner_mail import mail_owners
from accounts.staff_mails import SHORTEST_PAUSE, choose_staff_mails, last_morning
from affiliates.models import Member
from brand_admin.home import digest as digests
from brand_admin.home.digest import mail_digests
from brand_admin.reporting import report_mail
from brand_admin.reporting.report import Report, report_of
from brand_admin.reporting.report_mail import mail_reports
from core.tenancy import acting_for
from offers.models import Approval
from offers.services import supersede_terms
from offers.terms import TermsValues
from tests.brand_admin.desk import at, desk_of, sell, shown
from tests.cast import NOW, SYSTEM, Cast
from tracking.models import Conversion
from tracking.orders.approval import accept_conversions
from webhooks.endpoints import add_endpoint
from webhooks.models import Endpoint

FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)  # NOW, in London
NEXT_MORNING = datetime(2026, 11, 21, 8, tzinfo=UTC)


def choose(
    cast: Cast,
    user: User,
    *,
    digest: Digest = Digest.NEVER,
    report: ReportEvery = ReportEvery.NEVER,
) -> None:
    with acting_for(cast.juniper):
        staff = Staff.objects.get(user=user)
        choose_staff_mails(staff=staff, digest=digest, report=report, now=NOW)


@pytest.fixture
def by_hand(cast: Cast) -> None:
    """From 13:00 on, staff accept each of Juniper's sales."""
    values = TermsValues(percent_bp=1_000, approval=Approval.BY_HAND)
    with acting_for(cast.juniper):
        supersede_terms(
            offer=cast.glow, values=values, starts_at=NOW.replace(hour=13), by=SYSTEM, now=NOW
        )


def leave_to_review(cast: Cast, order_id: str) -> Conversion:
    return sell(cast, order_id, ordered_at=NOW.replace(hour=14).isoformat())


@pytest.mark.usefixtures("by_hand")
def test_what_waits_is_mailed_once_in_the_morning(
    cast: Cast, mailoutbox: list[EmailMessage]
) -> None:
    choose(cast, cast.ines, digest=Digest.DAILY)
    leave_to_review(cast, "1")

    assert mail_digests(now=NEXT_MORNING - timedelta(seconds=1)) == 0
    for minutes in range(3):
        mail_digests(now=NEXT_MORNING + timedelta(minutes=minutes))

    [mail] = mailoutbox
    assert mail.to == [cast.ines.email]
    assert "- Conversions to review: 1\n  They earn nothing until accepted." in mail.body
    assert "/admin/juniper/conversions/?status=undecided&sort=time" in mail.body
    assert "/admin/juniper/settings/account/" in mail.body
    assert mail_digests(now=NEXT_MORNING + timedelta(days=1)) == 1


@pytest.mark.usefixtures("by_hand")
def test_who_wants_it_at_once_is_told_of_what_is_new_alone(
    cast: Cast, mailoutbox: list[EmailMessage]
) -> None:
    choose(cast, cast.ines, digest=Digest.AT_ONCE)
    now = NOW + SHORTEST_PAUSE
    mail_digests(now=now)
    mailoutbox.clear()
    sales = [leave_to_review(cast, order_id) for order_id in ("1", "2")]

    for _ in range(2):
        now += SHORTEST_PAUSE
        mail_digests(now=now)

    [mail] = mailoutbox
    assert mail.subject == "Juniper & Co: Conversions to review: 2"
    mailoutbox.clear()
    with acting_for(cast.juniper):
        accept_conversions(conversion_ids=[sales[0].pk], by=SYSTEM, now=NOW)
    mail_digests(now=now + SHORTEST_PAUSE)
    assert mailoutbox == []
    leave_to_review(cast, "3")
    mail_digests(now=now + 2 * SHORTEST_PAUSE)
    assert "Conversions to review: 2 (1 new)" in mailoutbox[0].body


@pytest.mark.usefixtures("by_hand")
def test_what_comes_after_a_morning_without_anything_waits_for_the_next_one(
    cast: Cast, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(cast, cast.ines, digest=Digest.DAILY)
    with monkeypatch.context() as patch:
        patch.setattr(digests, "needs", lambda *_args, **_named: [])
        assert mail_digests(now=NEXT_MORNING) == 0
    leave_to_review(cast, "1")

    assert mail_digests(now=NEXT_MORNING + timedelta(hours=4)) == 0
    assert mail_digests(now=NEXT_MORNING + timedelta(days=1)) == 1
    assert "Conversions to review: 1" in mailoutbox[0].body


def test_a_defect_of_one_brand_holds_up_no_other(
    cast: Cast, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(cast, cast.ines, report=ReportEvery.WEEK)
    with acting_for(cast.saltmarsh):
        other = Staff.objects.get(user=cast.otto)
        choose_staff_mails(staff=other, digest=Digest.NEVER, report=ReportEvery.WEEK, now=NOW)
    monday = datetime(2026, 11, 23, 20, tzinfo=UTC)  # morning is over in both time zones

    def of_other_brands(brand: Brand, every: ReportEvery, *, morning: datetime) -> Report:
        if brand == cast.juniper:
            raise ValueError("a defect")
        return report_of(brand, every, morning=morning)

    with monkeypatch.context() as patch:
        patch.setattr(report_mail, "report_of", of_other_brands)
        assert mail_reports(now=monday) == 1

    assert mail_reports(now=monday) == 1
    assert {to for mail in mailoutbox for to in mail.to} == {cast.ines.email, cast.otto.email}


def test_a_report_is_made_once_for_all_who_get_it(
    cast: Cast, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in (cast.ines, cast.theo):
        choose(cast, user, report=ReportEvery.WEEK)
    made: list[Report] = []

    def make(report: Report) -> bytes:
        made.append(report)
        return b"%PDF"

    monkeypatch.setattr("brand_admin.reporting.report_pdf.report_pdf", make)

    assert mail_reports(now=datetime(2026, 11, 23, 8, tzinfo=UTC)) == 2

    assert len(made) == 1
    assert len({mail.subject for mail in mailoutbox}) == 1


def test_nobody_is_mailed_who_did_not_choose_it(cast: Cast, mailoutbox: list[EmailMessage]) -> None:
    leave_to_review(cast, "1")

    assert mail_digests(now=NEXT_MORNING) == 0
    assert mail_reports(now=NEXT_MORNING + timedelta(days=30)) == 0
    assert mailoutbox == []


def test_a_deactivated_login_is_mailed_nothing(cast: Cast, mailoutbox: list[EmailMessage]) -> None:
    choose(cast, cast.ines, digest=Digest.DAILY, report=ReportEvery.WEEK)
    leave_to_review(cast, "1")
    deactivate_login(user=cast.ines, reason="left", by=SYSTEM, now=NOW)

    assert mail_digests(now=NEXT_MORNING) == 0
    assert mail_reports(now=NEXT_MORNING + timedelta(days=30)) == 0
    with acting_for(cast.juniper):
        mail_owners("staff/webhook_disabled", values={})
    assert [mail for mail in mailoutbox if cast.ines.email in mail.to] == []


def test_a_mail_that_the_server_refuses_is_tried_again(
    cast: Cast, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(cast, cast.ines, digest=Digest.DAILY, report=ReportEvery.WEEK)
    leave_to_review(cast, "1")
    monday = datetime(2026, 11, 23, 8, tzinfo=UTC)

    def refuse(_mail: EmailMessage) -> int:
        raise OSError("refused")

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", refuse)
        assert (mail_digests(now=monday), mail_reports(now=monday)) == (0, 0)

    assert (mail_digests(now=monday), mail_reports(now=monday)) == (1, 1)
    assert len(mailoutbox) == 2


def test_what_people_named_stays_in_its_line_and_is_plain_text(
    cast: Cast, mailoutbox: list[EmailMessage]
) -> None:
    choose(cast, cast.ines, digest=Digest.DAILY, report=ReportEvery.WEEK)
    sell(cast, "1")
    with acting_for(cast.juniper):
        Member.objects.filter(pk=cast.mara.pk).update(last_name="L\n\nLog in: https://x.example")
        add_endpoint(
            address="http://127.0.0.1:9/a/b?c&d", events=[], description="", by=SYSTEM, now=NOW
        )
        Endpoint.objects.update(state="disabled", reason="It answered 410.")
    monday = datetime(2026, 11, 23, 8, tzinfo=UTC)

    assert (mail_digests(now=monday), mail_reports(now=monday)) == (1, 1)

    digest, report = (mail.body for mail in mailoutbox)
    assert "- http://127.0.0.1:9/a/b?c&d: webhooks disabled\n" in digest
    assert "Best members: Mara L Log in: https://x.example\n" in report


def test_a_mail_to_a_refused_address_is_not_tried_again(
    cast: Cast, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(cast, cast.ines, digest=Digest.DAILY, report=ReportEvery.WEEK)
    leave_to_review(cast, "1")
    monday = datetime(2026, 11, 23, 8, tzinfo=UTC)

    def refuse(_mail: EmailMessage) -> int:
        raise SMTPRecipientsRefused({cast.ines.email: (550, b"no such mailbox")})

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", refuse)
        assert (mail_digests(now=monday), mail_reports(now=monday)) == (0, 0)

    later = monday + timedelta(minutes=1)
    assert (mail_digests(now=later), mail_reports(now=later)) == (0, 0)
    assert mail_digests(now=monday + timedelta(days=1)) == 1


def test_the_week_is_mailed_on_monday_with_a_pdf_and_a_file(
    cast: Cast, mailoutbox: list[EmailMessage]
) -> None:
    choose(cast, cast.theo, report=ReportEvery.WEEK)
    sell(cast, "1")
    sell(cast, "2", days_ago=1)
    sell(cast, "3", days_ago=7)
    monday = datetime(2026, 11, 23, 8, tzinfo=UTC)

    assert mail_reports(now=monday - timedelta(seconds=1)) == 0
    assert mail_reports(now=monday) == 1
    assert mail_reports(now=monday + timedelta(days=1)) == 0

    [mail] = mailoutbox
    assert mail.subject == "Juniper & Co: 16 Nov to 22 Nov 2026"
    assert "- Sales: £168.40 (+100%)" in mail.body
    assert "Best offers: Winter Glow creators" in mail.body
    assert "range=custom&first=2026-11-16&last=2026-11-22" in mail.body
    pdf, rows = mail.attachments
    assert pdf.filename == "juniper-16-nov-to-22-nov-2026.pdf"
    assert pdf.content.startswith(b"%PDF")
    assert "mara@lindqvist.example,Winter Glow creators,GBP,0,2,168.40,0.00," in rows.content


def test_the_month_is_mailed_on_its_morrow(cast: Cast, mailoutbox: list[EmailMessage]) -> None:
    choose(cast, cast.theo, report=ReportEvery.MONTH)
    sell(cast, "1")

    mail_reports(now=datetime(2026, 12, 1, 8, tzinfo=UTC))

    [mail] = mailoutbox
    assert mail.subject == "Juniper & Co: November 2026"


@pytest.mark.parametrize(
    ("now", "every", "morning"),
    [
        ("2026-11-20T07:59+00:00", None, "2026-11-19T08:00+00:00"),
        ("2026-11-20T08:00+00:00", None, "2026-11-20T08:00+00:00"),
        ("2026-11-23T07:59+00:00", ReportEvery.WEEK, "2026-11-16T08:00+00:00"),
        ("2026-11-23T08:00+00:00", ReportEvery.WEEK, "2026-11-23T08:00+00:00"),
        ("2026-12-01T07:59+00:00", ReportEvery.MONTH, "2026-11-01T08:00+00:00"),
        ("2026-12-31T23:00+00:00", ReportEvery.MONTH, "2026-12-01T08:00+00:00"),
    ],
)
def test_a_morning_is_that_of_the_zone(now: str, every: ReportEvery | None, morning: str) -> None:
    found = last_morning(datetime.fromisoformat(now), ZoneInfo("Europe/London"), every=every)

    assert found == datetime.fromisoformat(morning)


def test_each_person_chooses_for_themselves(cast: Cast) -> None:
    desk = desk_of(cast.vera)

    page = shown(
        desk.post(at(cast.juniper, "own_mails"), {"digest": "daily", "report": "week"}, follow=True)
    )

    assert "Saved." in page
    with acting_for(cast.juniper):
        chosen = {one.user_id: (one.digest, one.report) for one in Staff.objects.all()}
    assert chosen.pop(cast.vera.pk) == ("daily", "week")
    assert set(chosen.values()) == {("never", "never")}


def test_a_time_that_does_not_exist_is_refused(cast: Cast) -> None:
    values = {"digest": "hourly", "report": "never"}

    page = shown(desk_of(cast.ines).post(at(cast.juniper, "own_mails"), values, follow=True))

    assert "Nothing was saved" in page
