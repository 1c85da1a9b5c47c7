"""Members are told of payments: once each, only while it is so, in their language."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import resolve

from accounts.models import AuditEntry, Brand
from accounts.test_mode import open_test_brand
from affiliates.models import Creator, Member
from core.tenancy import across_brands, acting_for
from notices import payment_mails
from notices.models import Notice, UnreadEntry
from notices.reading import TOLD_WITHIN, read_outbox
from notices.sending import TRY_AGAIN_AFTER, send_due
from notifications.models import Campaign, Suppression, SuppressionReason
from notifications.selectors import campaigns
from offers.dashboard_links import token_for
from offers.models import EnrollmentStatus
from offers.services import create_offer, enroll, set_enrollment_status
from offers.terms import TermsValues
from payouts.models import Payout, PayoutState
from payouts.services import adjust, mark_paid, return_payment
from tests.cast import NOW, SYSTEM, Cast, assemble, give_details, offer_values, pay_all_due
from tests.notices.told import mails, only_mail, reasons, sweep

MARA = "mara@lindqvist.example"


@pytest.fixture
def juniper(cast: Cast) -> Iterator[Cast]:
    with acting_for(cast.juniper):
        yield cast


def bonus(cast: Cast, minor: int = 1200) -> None:
    adjust(
        enrollment=cast.mara_in_glow, currency="GBP", amount_minor=minor, note="Bonus",
        by=SYSTEM, now=NOW,
    )  # fmt: skip


def paid(cast: Cast, minor: int = 1200) -> Payout:
    bonus(cast, minor)
    return pay_all_due(cast.mara)


def waiting(cast: Cast, minor: int = 1200, currency: str = "GBP") -> Payout:
    """A payment as a run makes it for a member who shares no details."""
    return Payout.objects.create(
        member=cast.mara, currency=currency, amount_minor=minor, state=PayoutState.PENDING_INFO,
        created_at=NOW, created_by="test",
    )  # fmt: skip


def test_a_payment_is_told_with_its_amount_and_reference(juniper: Cast) -> None:
    paid(juniper)

    sweep()

    assert mails() == [("payment_sent", MARA, "Juniper & Co has sent you £12.00")]
    text = only_mail().text
    assert "Hi Mara," in text
    assert "Juniper & Co has sent you £12.00." in text
    assert "Reference: BACS 1" in text
    assert "/d/" in text
    assert text.rstrip().endswith("Juniper & Co, 1 Test Street, London EC1A 1AA")


def test_it_is_told_once_however_often_the_worker_comes(juniper: Cast) -> None:
    paid(juniper)

    for later in range(3):
        sweep(NOW + timedelta(minutes=later))

    assert len(mails()) == 1
    assert UnreadEntry.objects.count() == 0
    assert Notice.objects.waiting().count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_it_once() -> None:
    cast = assemble(now=NOW)
    with acting_for(cast.juniper):
        paid(cast)
        waiting(cast)
    for work in (read_outbox, send_due):
        start = threading.Barrier(2)

        def run(work: Callable[..., int] = work, start: threading.Barrier = start) -> None:
            start.wait()
            try:
                work(now=NOW)
            finally:
                connection.close()

        both = [threading.Thread(target=run) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
    sweep()

    assert sorted(kind for kind, _, _ in mails()) == ["details_needed", "payment_sent"]


def test_a_worker_that_is_killed_between_the_steps_loses_nothing(juniper: Cast) -> None:
    paid(juniper)
    read_outbox(now=NOW)
    assert mails() == []

    sweep(NOW + timedelta(hours=3))

    assert len(mails()) == 1


def test_a_rolled_back_payment_is_told_to_nobody(juniper: Cast) -> None:
    with transaction.atomic():
        paid(juniper)
        transaction.set_rollback(True)
    sweep()

    assert mails() == []


def test_money_that_waits_for_details_is_told_in_all_currencies_at_once(juniper: Cast) -> None:
    waiting(juniper, 1200)
    waiting(juniper, 350)
    waiting(juniper, 900, currency="USD")

    sweep()

    assert mails() == [
        ("details_needed", MARA, "£15.50 + US$9.00 from Juniper & Co waits for your payout details")
    ]
    assert "/portal/payout/share/?brand=juniper" in only_mail().text


def test_details_that_were_given_meanwhile_are_not_asked_for(juniper: Cast) -> None:
    payout = waiting(juniper)
    read_outbox(now=NOW)
    give_details(juniper.mara)
    mark_paid(payout=payout, reference="", by=SYSTEM, now=NOW)

    sweep()

    assert [kind for kind, _, _ in mails()] == ["payment_sent"]
    assert reasons() == ["not_so"]


def test_a_failed_payment_leads_to_where_it_is_mended(juniper: Cast) -> None:
    payout = paid(juniper)
    sweep()
    return_payment(
        payout=payout, state=PayoutState.FAILED, reason="Account <closed> {{ x }}", by=SYSTEM,
        now=NOW,
    )  # fmt: skip

    sweep()

    assert mails()[-1] == (
        "payment_failed", MARA, "Your payment of £12.00 from Juniper & Co failed",
    )  # fmt: skip
    with across_brands(reason="a test reads what every brand sent"):
        body = Campaign.objects.get(purpose="payment_failed").html
    assert "Account &lt;closed&gt;" in body
    assert "/portal/payout/" in body


def test_a_payment_that_failed_before_the_mail_is_told_as_failed_alone(juniper: Cast) -> None:
    payout = paid(juniper)
    return_payment(payout=payout, state=PayoutState.FAILED, reason="Closed", by=SYSTEM, now=NOW)

    sweep()

    assert [kind for kind, _, _ in mails()] == ["payment_failed"]


def test_a_cancelled_payment_is_not_told(juniper: Cast) -> None:
    payout = paid(juniper)
    return_payment(
        payout=payout, state=PayoutState.CANCELLED, reason="Typed twice", by=SYSTEM, now=NOW
    )

    sweep()

    assert mails() == []


def test_a_payment_of_several_offers_names_each_share(juniper: Cast) -> None:
    other = create_offer(
        values=offer_values(name="Spring {{ x }}"),
        terms=TermsValues(percent_bp=500),
        by=SYSTEM,
        now=NOW,
    )
    [enrollment] = enroll(offer=other, members=[juniper.mara], by=SYSTEM, now=NOW)
    adjust(
        enrollment=enrollment, currency="GBP", amount_minor=300, note="Bonus", by=SYSTEM, now=NOW
    )
    paid(juniper)

    sweep()

    assert mails() == [("payment_sent", MARA, "Juniper & Co has sent you £15.00")]
    text = only_mail().text.replace("\u2060", "")
    assert "- Winter Glow creators: £12.00\n- Spring {{ x }}: £3.00" in text
    assert token_for(juniper.mara_in_glow) in text  # the dashboard of the larger share


def test_a_payment_of_one_offer_lists_no_shares(juniper: Cast) -> None:
    paid(juniper)

    sweep()

    assert "<ul" not in only_mail().html


def test_a_member_out_of_the_offer_is_still_told_of_their_money(juniper: Cast) -> None:
    bonus(juniper)
    set_enrollment_status(
        enrollment=juniper.mara_in_glow, status=EnrollmentStatus.REMOVED, by=SYSTEM, now=NOW
    )
    pay_all_due(juniper.mara)

    sweep()

    assert len(mails()) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"email": "", "creator": None}, "no_address"), ({"deleted_at": NOW}, "deleted")],
)
def test_who_cannot_be_written_to_is_not(
    change: dict[str, object], reason: str, juniper: Cast
) -> None:
    paid(juniper)
    Member.objects.filter(pk=juniper.mara.pk).update(**change)

    sweep()

    assert (mails(), reasons()) == ([], [reason])


def test_a_suppressed_address_gets_none(juniper: Cast) -> None:
    Suppression.objects.create(address=MARA, reason=SuppressionReason.BOUNCED)
    paid(juniper)

    sweep()

    assert (mails(), reasons()) == ([], ["suppressed"])


def test_what_happened_more_than_a_week_ago_is_not_told(juniper: Cast) -> None:
    """Workers were away that long: the dashboard has told it."""
    paid(juniper)
    read_outbox(now=NOW)
    Notice.objects.update(happened_at=NOW - TOLD_WITHIN - timedelta(seconds=1))

    sweep()

    assert (mails(), reasons()) == ([], ["too_old"])


def test_test_data_are_told_to_nobody(cast: Cast) -> None:
    brand = open_test_brand(brand=cast.juniper, by=SYSTEM, now=NOW)
    with acting_for(brand):
        member = Member.objects.create(email=MARA, first_name="Mara")
        Payout.objects.create(
            member=member, currency="GBP", amount_minor=100, state=PayoutState.PENDING_INFO,
            created_at=NOW, created_by="test",
        )  # fmt: skip

        assert UnreadEntry.objects.count() == 0
    sweep()
    assert mails() == []


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("de", "Juniper & Co hat dir 12,00\xa0£ gezahlt"),
        ("es", "Juniper & Co te ha enviado 12,00\xa0GBP"),
        ("fr", "Juniper & Co vous a envoyé 12,00\xa0£GB"),
    ],
)
def test_the_mail_is_in_the_creators_language(language: str, subject: str, juniper: Cast) -> None:
    Creator.objects.filter(email=MARA).update(language=language)
    paid(juniper)

    sweep()

    assert mails() == [("payment_sent", MARA, subject)]


def test_the_brand_is_the_sender(juniper: Cast) -> None:
    Brand.objects.filter(pk=juniper.juniper.pk).update(
        sender_name="Ines", reply_to="ines@juniper.example"
    )
    with acting_for(juniper.juniper):
        paid(juniper)
    sweep()

    campaign = Campaign.objects.get(purpose="payment_sent")
    assert (campaign.from_name, campaign.reply_to) == ("Ines", "ines@juniper.example")


def test_lists_of_campaigns_and_the_audit_log_are_not_filled_with_them(juniper: Cast) -> None:
    paid(juniper)

    sweep()

    assert list(campaigns()) == []
    assert campaigns(purpose="payment_sent").count() == 1
    assert not AuditEntry.objects.filter(action="campaign.confirmed").exists()


def test_a_defect_with_one_member_holds_up_nobody_else(
    juniper: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    paid(juniper)
    told = payment_mails.TEXTS.copy()
    monkeypatch.setattr(payment_mails, "TEXTS", {})

    sweep()

    assert (mails(), Notice.objects.waiting().count()) == ([], 1)
    assert "a member could not be told" in caplog.text
    monkeypatch.setattr(payment_mails, "TEXTS", told)
    sweep(NOW + timedelta(minutes=1))
    assert mails() == []
    sweep(NOW + TRY_AGAIN_AFTER)
    assert len(mails()) == 1


def test_the_pages_that_mails_lead_to_are_there() -> None:
    assert resolve(payment_mails.SHARE_DETAILS).view_name == "portal:payout_share"
    assert resolve(payment_mails.CHECK_DETAILS).view_name == "portal:payout"
