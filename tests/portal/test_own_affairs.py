"""The pages of a creator's own affairs: what they show, refuse, and leave alone."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from accounts.models import CodePurpose, Session, User
from affiliates.models import Creator
from payouts.details import details_of
from tests.answers import page_text
from tests.cast import IBAN, Cast
from tests.factories import AuthenticatorFactory
from tests.journeys.busy_creator import make_busy, prove
from tests.mailbox import Mailbox
from tests.portal.conftest import text_of
from tests.portal.test_portal import JUNE, another, logged_in, mailed_code
from tests.snapshot import snapshot

GERMAN = "/portal/payout/change/?method=bank&country=DE"
ACCOUNT = {"iban": "DE02120300000000202051", "holder": "June Okafor", "tax_id": ""}


@pytest.fixture
def june(cast: Cast, client: Client) -> Client:
    return logged_in(client, cast)


def creator() -> Creator:
    return Creator.objects.get(email=JUNE)


def proven(client: Client, cast: Cast, purpose: CodePurpose, *, minutes_ago: int = 0) -> Client:
    """Let this session have entered a code."""
    code = prove(creator(), purpose, now=cast.now - timedelta(minutes=minutes_ago))
    session = client.session
    session["asked_codes"] = {purpose.value: str(code)}
    session.save()
    return client


# --- A fresh code --------------------------------------------------------------------------------


def test_money_takes_a_fresh_code_even_when_logged_in(
    cast: Cast, june: Client, mailbox: Mailbox
) -> None:
    assert june.get("/portal/payout/change/")["Location"] == "/portal/confirm/payout/"
    assert june.post(GERMAN, ACCOUNT)["Location"] == "/portal/confirm/payout/"

    assert june.get("/portal/confirm/payout/").status_code == 200
    assert mailbox.mails == []
    answer = june.post("/portal/confirm/payout/")
    assert answer["Location"] == "/portal/confirm/payout/code/"
    [mail] = mailbox.to(JUNE)
    assert "Changing where you are paid" in mail.get_content()
    code = mailed_code(mailbox)
    wrong = june.post("/portal/confirm/payout/code/", {"code": another(code)})
    assert "4 tries are left" in page_text(wrong)
    assert june.post("/portal/confirm/payout/code/", {"code": code})["Location"] == (
        "/portal/payout/change/"
    )

    assert june.post(GERMAN, ACCOUNT)["Location"] == "/portal/payout/"
    assert "····2051" in text_of(june, "/portal/payout/")
    other = ACCOUNT | {"iban": IBAN}
    assert june.post(GERMAN, other)["Location"] == "/portal/confirm/payout/"


def test_five_wrong_tries_end_that_code_too(cast: Cast, june: Client, mailbox: Mailbox) -> None:
    june.post("/portal/confirm/deletion/")
    code = mailed_code(mailbox)

    answers = [
        june.post("/portal/confirm/deletion/code/", {"code": another(code)}) for _ in range(5)
    ]

    assert [answer.status_code for answer in answers] == [200] * 4 + [302]
    late = june.post("/portal/confirm/deletion/code/", {"code": code})
    assert late["Location"] == "/portal/confirm/deletion/"
    assert june.get("/portal/data/delete/")["Location"] == "/portal/confirm/deletion/"


def test_a_code_for_one_act_opens_no_other(cast: Cast, june: Client) -> None:
    proven(june, cast, CodePurpose.EXPORT)
    session = june.session
    code = session["asked_codes"]["export"]
    session["asked_codes"] = dict.fromkeys((purpose.value for purpose in CodePurpose), code)
    session.save()
    before = snapshot()

    assert june.get(GERMAN)["Location"] == "/portal/confirm/payout/"
    assert june.get("/portal/data/delete/")["Location"] == "/portal/confirm/deletion/"
    passkey = june.get("/portal/security/passkeys/add/")
    assert passkey["Location"] == "/portal/confirm/passkey/"
    assert snapshot() == before


def test_a_stale_code_opens_nothing(cast: Cast, june: Client) -> None:
    proven(june, cast, CodePurpose.PAYOUT_DETAILS, minutes_ago=10)
    before = snapshot()

    assert june.post(GERMAN, ACCOUNT)["Location"] == "/portal/confirm/payout/"

    assert snapshot() == before


def test_another_creators_code_opens_nothing(cast: Cast, june: Client) -> None:
    mara = Creator.objects.get(email=cast.mara.email)
    session = june.session
    code = prove(mara, CodePurpose.PAYOUT_DETAILS, now=cast.now)
    session["asked_codes"] = {"payout_details": str(code)}
    session.save()
    before = snapshot()

    assert june.post(GERMAN, ACCOUNT)["Location"] == "/portal/confirm/payout/"

    assert snapshot() == before


def test_no_act_of_that_name(june: Client) -> None:
    assert june.get("/portal/confirm/anything/").status_code == 404
    assert june.post("/portal/confirm/anything/code/").status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/portal/confirm/payout/", GERMAN, "/portal/data/export/", "/portal/data/delete/",
     "/portal/security/sessions/", "/portal/emails/juniper/", "/portal/login/passkey/"],
)  # fmt: skip
def test_every_form_needs_its_csrf_token(cast: Cast, address: str) -> None:
    browser = logged_in(Client(enforce_csrf_checks=True), cast)
    before = snapshot()

    assert browser.post(address, {"mails": "off"}).status_code == 403

    assert snapshot() == before


# --- Where to be paid ----------------------------------------------------------------------------


def test_the_account_is_shown_by_its_end_alone(june: Client) -> None:
    page = text_of(june, "/portal/payout/")

    assert "····3000" in page
    assert IBAN not in page
    assert "Germany" in page


def test_account_numbers_are_never_filled_in_again(cast: Cast, june: Client) -> None:
    proven(june, cast, CodePurpose.PAYOUT_DETAILS)

    page = text_of(june, GERMAN)

    assert IBAN not in page
    assert 'value="June Okafor"' in page


@pytest.mark.parametrize(
    ("address", "values", "said"),
    [
        (GERMAN, {"iban": "DE02120300000000202052"}, "check digits"),
        (GERMAN, {"iban": ""}, "This is missing"),
        (GERMAN, {"holder": ""}, "Whose account is it?"),
        (GERMAN, {"holder": "x" * 141}, "at most 140"),
        ("/portal/payout/change/?method=paypal&country=FR", {"paypal": "nobody"},
         "not an email address"),
        ("/portal/payout/change/?method=bank&country=US",
         {"bank_code": "1", "account_number": "1234"}, "nine digits"),
    ],
)  # fmt: skip
def test_an_account_that_can_t_be_is_refused_and_the_code_still_good(
    cast: Cast, june: Client, address: str, values: dict[str, str], said: str
) -> None:
    proven(june, cast, CodePurpose.PAYOUT_DETAILS)
    before = snapshot()

    answer = june.post(address, ACCOUNT | values)

    assert answer.status_code == 200
    assert said in page_text(answer)
    assert snapshot() == before


@pytest.mark.parametrize(
    "query", ["method=cash&country=DE", "method=bank&country=ZZ", "method=bank", "method=&country="]
)
def test_an_odd_choice_is_asked_again(cast: Cast, june: Client, query: str) -> None:
    proven(june, cast, CodePurpose.PAYOUT_DETAILS)
    before = snapshot()

    page = june.post(f"/portal/payout/change/?{query}", ACCOUNT)

    assert page.status_code == 200
    assert 'role="alert"' in page_text(page)
    assert snapshot() == before


def test_the_old_address_is_told_and_the_old_paypal_account_too(
    cast: Cast, june: Client, mailbox: Mailbox
) -> None:
    paypal = {"paypal": "Money@Okafor.example", "holder": "June", "tax_id": ""}
    proven(june, cast, CodePurpose.PAYOUT_DETAILS)
    june.post("/portal/payout/change/?method=paypal&country=GB", paypal)
    proven(june, cast, CodePurpose.PAYOUT_DETAILS)

    june.post(GERMAN, ACCOUNT, headers={"user-agent": "Firefox on (Macintosh)"})

    [told] = mailbox.to("money@okafor.example")
    text = mailbox.to(JUNE)[-1].get_content()
    assert told.get_content() == text
    assert "Bank account ····2051" in text
    assert "PayPal m···@okafor.example" in text
    assert "Firefox on Mac" in text
    assert ACCOUNT["iban"] not in text


def test_no_mail_no_change(cast: Cast, june: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    proven(june, cast, CodePurpose.PAYOUT_DETAILS)
    before = snapshot()

    answer = june.post(GERMAN, ACCOUNT)

    assert "Nothing was changed" in page_text(answer)
    assert snapshot() == before


def test_what_waits_for_details_is_said_on_both_pages(cast: Cast, june: Client) -> None:
    make_busy(cast, now=cast.now)

    for address in ("/portal/", "/portal/payout/"):
        page = text_of(june, address)
        assert "JP¥120,988" in page
        assert "Add payout details" in page
    assert details_of(creator()) is None


# --- Sessions ------------------------------------------------------------------------------------


def test_sessions_say_where_when_and_which_is_this_one(cast: Cast, june: Client) -> None:
    other = logged_in(Client(REMOTE_ADDR="203.0.113.9"), cast)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        other.get("/portal/", headers={"user-agent": "Chrome (Windows NT 10.0)"})

    page = text_of(june, "/portal/security/")

    assert "Chrome on Windows" in page
    assert "203.0.113.9" in page
    assert page.count("This one") == 1
    assert "not used yet" not in page
    assert "London time" in page
    for key in Session.objects.values_list("session_key", flat=True):
        assert key not in page


def test_another_creators_session_can_not_be_ended(cast: Cast, june: Client) -> None:
    mara, phone = (logged_in(Client(), cast, cast.mara.email) for _ in range(2))
    page = text_of(mara, "/portal/security/")
    [handle] = re.findall(r'action="/portal/security/sessions/(\w+)/"', page)

    assert june.post(f"/portal/security/sessions/{handle}/").status_code == 404
    assert june.post("/portal/security/sessions/nonsense/").status_code == 404
    june.post("/portal/security/sessions/")

    assert [client.get("/portal/").status_code for client in (mara, phone)] == [200, 200]


def test_all_other_sessions_end_at_once(cast: Cast, june: Client) -> None:
    others = [logged_in(Client(), cast) for _ in range(2)]

    page = page_text(june.post("/portal/security/sessions/", follow=True))

    assert "2 sessions are ended" in page
    assert june.get("/portal/").status_code == 200
    assert [other.get("/portal/")["Location"] for other in others] == ["/portal/login/"] * 2


def test_log_out_everywhere_ends_this_one_too(cast: Cast, june: Client) -> None:
    other = logged_in(Client(), cast)

    answer = june.post("/portal/security/sessions/", {"everywhere": ""})

    assert answer["Location"] == "/portal/login/"
    assert [one.get("/portal/")["Location"] for one in (june, other)] == ["/portal/login/"] * 2
    assert Session.objects.exclude(user=None).count() == 0


# --- Passkeys ------------------------------------------------------------------------------------


def a_passkey(user: User, name: str = "My phone") -> Authenticator:
    return AuthenticatorFactory.create(
        user=user, passkey=True, data={"name": name, "credential": {}}
    )


def test_another_creators_passkey_is_like_none(cast: Cast, june: Client) -> None:
    logged_in(Client(), cast, cast.mara.email)
    theirs = a_passkey(User.objects.get(email=cast.mara.email))
    before = snapshot()

    for number in (theirs.pk, 10**9):
        address = f"/portal/security/passkeys/{number}/"
        assert june.get(address).status_code == 404
        assert june.post(address, {"remove": "1"}).status_code == 404
        assert june.post(address, {"name": "Mine"}).status_code == 404

    assert snapshot() == before


@pytest.mark.parametrize(
    "credential",
    ["", "x", "[]", "null", "1", '"x"', "{}", '{"response": null}', '{"response": {}}',
     json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "clientExtensionResults": {},
                 "response": {"userHandle": "MQ", "clientDataJSON": "e30",
                              "authenticatorData": "AA", "signature": "AA"}})],
)  # fmt: skip
def test_what_is_no_passkey_logs_nobody_in_and_adds_nothing(
    cast: Cast, june: Client, credential: str
) -> None:
    stranger = Client()
    stranger.post("/portal/login/passkey/options")
    proven(june, cast, CodePurpose.PASSKEYS)
    june.post("/portal/security/passkeys/options")
    before = snapshot()

    answer = stranger.post("/portal/login/passkey/", {"credential": credential})
    added = june.post("/portal/security/passkeys/add/", {"name": "Mine", "credential": credential})

    assert answer["Location"] == "/portal/login/"
    assert "_auth_user_id" not in stranger.session
    assert added.status_code == 200
    assert "could not be made" in page_text(added)
    assert snapshot() == before


def test_a_passkey_is_no_second_factor_for_a_creator(
    cast: Cast, client: Client, mailbox: Mailbox
) -> None:
    a_passkey(User.objects.get(email=logged_in(Client(), cast) and JUNE))
    client.post("/portal/login/", {"email": JUNE})

    answer = client.post("/portal/login/code/", {"code": mailed_code(mailbox)})

    assert answer["Location"] == "/portal/"


def test_the_challenge_tells_nothing_about_anybody(cast: Cast) -> None:
    answer = Client().post("/portal/login/passkey/options")

    assert answer["Cache-Control"].count("no-store") == 1
    assert answer.json()["publicKey"].get("allowCredentials", []) == []
    assert Client().get("/portal/login/passkey/options").status_code == 405
