"""Sharing payout details: asked on the dashboard, done in the portal with a code, taken back."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client

from accounts.models import AuditEntry, CodePurpose
from affiliates.models import Creator
from affiliates.services import set_language
from core.tenancy import acting_for
from payouts.models import DetailsRelease, Payout, PayoutDetails, PayoutRun
from payouts.releases import take_back_release
from payouts.run_files import bank_rows
from payouts.runs import confirm_run, draft_run
from tests.answers import page_text
from tests.cast import IBAN, SYSTEM, Cast
from tests.mailbox import Mailbox
from tests.payouts.owing import earn
from tests.portal.conftest import path_of, text_of
from tests.portal.test_own_affairs import ACCOUNT, GERMAN, proven
from tests.portal.test_portal import JUNE, ask, changed_since, enter, logged_in, mailed_code
from tests.snapshot import snapshot

SHARE = "/portal/payout/share/"
STOP = "/portal/payout/share/juniper/stop/"


@pytest.fixture
def waiting(cast: Cast) -> Cast:
    """June shares with nobody, and £5 of Juniper's waits for that."""
    june = Creator.objects.get(email=JUNE)
    for brand in (cast.juniper, cast.saltmarsh):
        take_back_release(creator=june, brand=brand, by=SYSTEM, now=cast.now)
    with acting_for(cast.juniper):
        earn(cast.june_in_glow, 500, available_at=cast.now)
        run = draft_run(
            currency="GBP", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(),
            by=cast.by, now=cast.now,
        )  # fmt: skip
        confirm_run(run=run, by=cast.by, now=cast.now)
    return cast


@pytest.fixture
def june(waiting: Cast, client: Client) -> Client:
    return logged_in(client, waiting)


def after(client: Client, address: str, sent: dict[str, str]) -> str:
    """The page that a form leads to."""
    answer = client.post(address, sent, follow=True)
    assert answer.status_code == 200, address
    return str(answer.content.decode())


def payment(cast: Cast) -> Payout:
    with acting_for(cast.juniper):
        return Payout.objects.get()


def sees(cast: Cast) -> bool:
    with acting_for(cast.juniper):
        june = DetailsRelease.objects.filter(creator__email=JUNE, taken_back_at=None)
        return june.exists()


def test_the_dashboard_asks_by_name_and_says_what_will_be_seen(
    waiting: Cast, client: Client
) -> None:
    path = path_of(waiting.june_in_glow)

    for address in (path, f"{path}/payments/{payment(waiting).public_id}"):
        page = text_of(client, address)
        assert "pay you before it sees your payout details" in page
        assert "account number or PayPal address, the account holder, the country" in page
        assert f'href="{SHARE}?brand=juniper"' in page
        assert "3000" not in page


def test_from_the_dashboard_through_the_login_to_sharing(
    waiting: Cast, client: Client, mailbox: Mailbox
) -> None:
    """The whole way of somebody who was not logged in."""
    answer = client.get(f"{SHARE}?brand=juniper")
    assert answer["Location"] == "/portal/login/"
    ask(client, JUNE)
    assert enter(client, mailed_code(mailbox)).status_code == 302

    assert client.get("/portal/")["Location"] == f"{SHARE}?brand=juniper"
    assert client.get("/portal/").status_code == 200
    assert client.get(f"{SHARE}?brand=juniper")["Location"] == "/portal/confirm/sharing/"
    client.post("/portal/confirm/sharing/")
    entered = client.post("/portal/confirm/sharing/code/", {"code": mailed_code(mailbox)})
    assert entered["Location"] == SHARE
    page = text_of(client, SHARE)

    assert re.search(r'value="juniper"[^>]*checked', page)
    assert not re.search(r'value="saltmarsh"[^>]*checked', page)
    assert "Juniper &amp; Co (waiting: £5.00)" in page
    for what in ("account number ending 3000", "account holder", "country: Germany"):
        assert what in page
    assert IBAN not in page
    done = after(client, SHARE, {"brands": "juniper"})
    assert "Shared with Juniper &amp; Co. One payment that waited for this is on its way." in done
    assert payment(waiting).state == "processing"
    text = mailbox.to(JUNE)[-1].get_content()
    assert "Juniper & Co can see your payout details" in text
    assert "account number ending 3000" in text
    assert IBAN not in text


def test_nothing_is_shared_without_a_fresh_code(waiting: Cast, june: Client) -> None:
    before = snapshot()

    for _ in range(2):
        answer = june.post(SHARE, {"brands": "juniper"})
        assert answer["Location"] == "/portal/confirm/sharing/"
    proven(june, waiting, CodePurpose.PAYOUT_DETAILS)
    assert june.post(SHARE, {"brands": "juniper"})["Location"] == "/portal/confirm/sharing/"

    assert not sees(waiting)
    assert changed_since(before) <= {"accounts_mailedcode"}


@pytest.mark.parametrize("brands", ["", "nowhere", "' OR 1=1"])
def test_a_brand_is_chosen_by_name(waiting: Cast, june: Client, brands: str) -> None:
    proven(june, waiting, CodePurpose.DETAILS_RELEASE)

    answer = june.post(SHARE, {"brands": brands} if brands else {})

    assert answer.status_code == 422
    assert not sees(waiting)


def test_both_are_in_the_brands_log_with_the_member_as_actor_and_mailed(
    waiting: Cast, june: Client, mailbox: Mailbox
) -> None:
    proven(june, waiting, CodePurpose.DETAILS_RELEASE)
    june.post(SHARE, {"brands": "juniper"})

    page = after(june, STOP, {})

    assert "Juniper &amp; Co no longer sees your payout details." in page
    assert payment(waiting).state == "pending_info"
    with acting_for(waiting.juniper):
        told = AuditEntry.objects.filter(action__startswith="member.payout_details")
        assert list(told.order_by("pk").values_list("actor", "action"))[-2:] == [
            (f"member {JUNE}", "member.payout_details_released"),
            (f"member {JUNE}", "member.payout_details_taken_back"),
        ]
    subjects = [mail["Subject"] for mail in mailbox.to(JUNE)]
    assert subjects == [
        "You share your payout details with Juniper & Co",
        "You no longer share your payout details with Juniper & Co",
    ]


def test_stopping_says_which_payments_go_on(waiting: Cast, june: Client) -> None:
    proven(june, waiting, CodePurpose.DETAILS_RELEASE)
    june.post(SHARE, {"brands": "juniper"})
    with acting_for(waiting.juniper):
        list(bank_rows(PayoutRun.objects.get(), by=SYSTEM, now=waiting.now))

    page = after(june, STOP, {})

    assert (
        "Juniper &amp; Co no longer sees your payout details. One payment was already given to a"
        " bank or PayPal and stays on its way. Other payments wait until you share them again."
    ) in page
    assert payment(waiting).state == "processing"


def test_the_mail_is_in_the_language_of_who_reads_it(
    waiting: Cast, june: Client, mailbox: Mailbox
) -> None:
    set_language(creator=Creator.objects.get(email=JUNE), tag="de")
    proven(june, waiting, CodePurpose.DETAILS_RELEASE)

    june.post(SHARE, {"brands": "juniper"})

    assert "Juniper & Co" in mailbox.to(JUNE)[0]["Subject"]
    assert "Hallo" in mailbox.to(JUNE)[0].get_content()


def test_no_mail_no_sharing_but_taking_back_needs_none(
    waiting: Cast, june: Client, settings: pytest.FixtureRequest
) -> None:
    proven(june, waiting, CodePurpose.DETAILS_RELEASE)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # type: ignore[attr-defined]

    answer = june.post(SHARE, {"brands": "juniper"})

    assert "Nothing was shared" in page_text(answer)
    assert not sees(waiting)
    with acting_for(waiting.juniper):
        DetailsRelease.objects.create(
            creator=Creator.objects.get(email=JUNE), released_at=waiting.now
        )
    page = after(june, STOP, {})
    assert "The mail that confirms it could not be sent." in page
    assert not sees(waiting)


def test_the_payout_page_lists_who_may_see_what(waiting: Cast, june: Client) -> None:
    proven(june, waiting, CodePurpose.DETAILS_RELEASE)
    june.post(SHARE, {"brands": "saltmarsh"})

    page = text_of(june, "/portal/payout/")

    assert "Who may see your payout details" in page
    assert "Sees nothing. Waiting: £5.00." in page
    assert "Sees: account number ending 3000, account holder, country: Germany." in page
    assert 'action="/portal/payout/share/saltmarsh/stop/"' in page
    assert f'href="{SHARE}?brand=juniper"' in page
    assert f'href="{SHARE}?brand=saltmarsh"' not in page
    PayoutDetails.objects.filter(creator__email=JUNE).delete()
    page = text_of(june, "/portal/payout/")
    assert "Sees:" not in page
    assert page.count("Sees nothing.") == 2


def test_saving_details_asks_for_the_brands_whose_payments_wait(
    waiting: Cast, june: Client, mailbox: Mailbox
) -> None:
    PayoutDetails.objects.filter(creator__email=JUNE).delete()
    proven(june, waiting, CodePurpose.PAYOUT_DETAILS)
    form = text_of(june, GERMAN)
    assert "Juniper &amp; Co (waiting: £5.00)" in form
    assert "Saltmarsh" not in form
    assert not re.search(r'value="juniper"[^>]*checked', form)

    page = after(june, GERMAN, ACCOUNT | {"share_with": "juniper"})

    assert "Shared with Juniper &amp; Co. One payment that waited" in page
    assert payment(waiting).state == "processing"
    assert (
        "You now also share these details with Juniper & Co." in mailbox.to(JUNE)[0].get_content()
    )


def test_saving_details_alone_shares_them_with_nobody(waiting: Cast, june: Client) -> None:
    proven(june, waiting, CodePurpose.PAYOUT_DETAILS)

    june.post(GERMAN, ACCOUNT)

    assert payment(waiting).state == "pending_info"
    assert not sees(waiting)
    assert "Share payout details" in text_of(june, "/portal/")


@pytest.mark.parametrize("wanted", ["nowhere", "../../evil", "https://evil.example", "x" * 61])
def test_a_link_with_any_other_brand_shares_nothing(
    waiting: Cast, client: Client, wanted: str
) -> None:
    client.get(SHARE, {"brand": wanted})
    june = logged_in(client, waiting)

    answer = june.get("/portal/")

    assert answer.status_code == 200 or answer["Location"].startswith(f"{SHARE}?brand=")
    proven(june, waiting, CodePurpose.DETAILS_RELEASE)
    assert "checked" not in text_of(june, SHARE)


def test_nobody_takes_back_for_another(waiting: Cast, client: Client) -> None:
    with acting_for(waiting.juniper):
        live = DetailsRelease.objects.filter(taken_back_at=None).count()

    assert client.post(STOP)["Location"] == "/portal/login/"
    assert logged_in(client, waiting).post("/portal/payout/share/nowhere/stop/").status_code == 302

    with acting_for(waiting.juniper):
        assert DetailsRelease.objects.filter(taken_back_at=None).count() == live
