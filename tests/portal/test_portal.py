"""The creator portal: a code by mail, then every offer of one person over all brands."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as conf
from django.test import Client

from accounts.models import User
from affiliates.logins import user_for_proven_address
from affiliates.models import Creator
from affiliates.services import add_member
from core.tenancy import acting_for
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from payouts.services import adjust
from tests.answers import page_text
from tests.cast import Cast, offer_values
from tests.factories import AuthenticatorFactory
from tests.mailbox import Mailbox
from tests.portal.conftest import path_of, text_of
from tests.snapshot import Snapshot, snapshot

JUNE = "june@okafor.example"
CODE = re.compile(r"^\s+(\d{6})\b", re.MULTILINE)
OVER = "That code can&#x27;t be used any more. Ask for a new one."


def changed_since(before: Snapshot) -> set[str]:
    """The tables that hold something else than `before`."""
    now = snapshot().tables
    return {table for table, content in now.items() if before.tables[table] != content}


def ask(client: Client, address: str = JUNE) -> Any:
    return client.post("/portal/login/", {"email": address})


def mailed_code(mailbox: Mailbox, address: str = JUNE) -> str:
    text = mailbox.to(address)[-1].get_content()
    found = CODE.search(text)
    assert found is not None, text
    return found[1]


def enter(client: Client, code: str) -> Any:
    return client.post("/portal/login/code/", {"code": code})


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def logged_in(client: Client, cast: Cast, address: str = JUNE) -> Client:
    user = user_for_proven_address(email=address, now=cast.now)
    assert user is not None
    client.force_login(user)
    return client


# --- Logging in ----------------------------------------------------------------------------------


def test_a_mailed_code_opens_the_portal(cast: Cast, client: Client, mailbox: Mailbox) -> None:
    answer = ask(client, "June@Okafor.example")
    assert (answer.status_code, answer["Location"]) == (302, "/portal/login/code/")
    [mail] = mailbox.mails
    code = mailed_code(mailbox)
    assert mail["Subject"] == f"{code} is your login code for Tributary"
    assert mail["From"] == "Tributary <tracking@tributary.example>"

    answer = enter(client, f"{code[:3]} {code[3:]}")

    assert (answer.status_code, answer["Location"]) == (302, "/portal/")
    page = text_of(client, "/portal/")
    assert "Winter Glow creators" in page
    assert "Tide" in page


def test_a_login_is_made_when_a_creator_first_enters_a_code(
    cast: Cast, client: Client, mailbox: Mailbox
) -> None:
    ask(client)
    assert not User.objects.filter(email=JUNE).exists()

    enter(client, mailed_code(mailbox))
    first = User.objects.get(email=JUNE)
    again = Client()
    ask(again)
    enter(again, mailed_code(mailbox))

    assert Creator.objects.get(email=JUNE).user == first
    assert again.session["_auth_user_id"] == str(first.pk)
    assert not first.has_usable_password()


def test_staff_who_are_creators_too_keep_their_one_user(
    cast: Cast, client: Client, mailbox: Mailbox
) -> None:
    with acting_for(cast.saltmarsh):
        add_member(email=cast.ines.email, first_name="Ines", last_name="", by=cast.by, now=cast.now)

    ask(client, cast.ines.email)
    enter(client, mailed_code(mailbox, cast.ines.email))

    assert Creator.objects.get(email=cast.ines.email).user == cast.ines
    assert client.session["_auth_user_id"] == str(cast.ines.pk)


def test_an_unknown_address_gets_the_same_answer_and_no_mail(cast: Cast, mailbox: Mailbox) -> None:
    known, unknown = Client(), Client()
    ask(known)
    before = snapshot()

    answer = ask(unknown, "nobody@else.example")

    assert (answer.status_code, answer["Location"]) == (302, "/portal/login/code/")
    pages = [
        text_of(client, "/portal/login/code/").replace(address, "…")
        for client, address in ((known, JUNE), (unknown, "nobody@else.example"))
    ]
    without_token = [re.sub(r'value="\w{64}"', "", page) for page in pages]
    assert without_token[0] == without_token[1]
    assert mailbox.to("nobody@else.example") == []
    assert changed_since(before) == {"accounts_mailedcode", "accounts_codecount"}
    assert enter(unknown, "").status_code == 200
    assert "_auth_user_id" not in unknown.session


def test_tries_for_an_unknown_address_are_answered_like_wrong_ones(
    cast: Cast, mailbox: Mailbox
) -> None:
    known, unknown = Client(), Client()
    ask(known)
    code = another(mailed_code(mailbox))
    ask(unknown, "nobody@else.example")

    answers = [
        [re.sub(r'value="\w{64}"|' + address, "", enter(client, code).content.decode())
         for _ in range(5)]
        for client, address in ((known, JUNE), (unknown, "nobody@else.example"))
    ]  # fmt: skip

    assert answers[0] == answers[1]
    assert "4 tries are left" in answers[0][0]
    assert "One try is left" in answers[0][3]


def test_five_wrong_tries_end_a_code(cast: Cast, client: Client, mailbox: Mailbox) -> None:
    ask(client)
    code = mailed_code(mailbox)

    answers = [enter(client, another(code)) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 4 + [302]
    assert OVER in text_of(client, "/portal/login/")
    assert enter(client, code)["Location"] == "/portal/login/"
    assert "_auth_user_id" not in client.session


def test_a_code_ends_after_ten_minutes(
    cast: Cast, client: Client, mailbox: Mailbox, time_machine: Any
) -> None:
    ask(client)
    code = mailed_code(mailbox)
    time_machine.move_to(cast.now + timedelta(minutes=10, seconds=1), tick=False)

    answer = enter(client, code)

    assert answer["Location"] == "/portal/login/"
    assert "_auth_user_id" not in client.session


def test_a_code_is_good_in_the_browser_that_asked(
    cast: Cast, client: Client, mailbox: Mailbox
) -> None:
    ask(client)

    answer = enter(Client(), mailed_code(mailbox))

    assert answer["Location"] == "/portal/login/"


def test_a_newer_code_replaces_the_older(cast: Cast, client: Client, mailbox: Mailbox) -> None:
    ask(client)
    older = mailed_code(mailbox)
    ask(client)
    newer = mailed_code(mailbox)

    if older != newer:
        assert enter(client, older).status_code == 200
    assert enter(client, newer)["Location"] == "/portal/"


def test_asking_again_and_again_is_refused(cast: Cast, client: Client, mailbox: Mailbox) -> None:
    for _ in range(3):
        ask(client)

    answer = ask(client)

    assert answer.status_code == 200
    assert "Too many" in page_text(answer)
    assert len(mailbox.mails) == 3


def test_one_client_asks_for_few_addresses_a_minute(
    cast: Cast, client: Client, mailbox: Mailbox
) -> None:
    for number in range(20):
        ask(client, f"nobody{number}@else.example")

    answers = [ask(client), ask(Client(REMOTE_ADDR="203.0.113.9"))]

    assert [answer.status_code for answer in answers] == [200, 302]
    assert len(mailbox.to(JUNE)) == 1


def test_logging_in_needs_no_cache(
    cast: Cast, client: Client, mailbox: Mailbox, settings: Any
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    ask(client)

    enter(client, another(mailed_code(mailbox)))
    answer = enter(client, mailed_code(mailbox))

    assert answer["Location"] == "/portal/"
    assert text_of(client, "/portal/")


def test_a_code_logs_in_once(cast: Cast, client: Client, mailbox: Mailbox) -> None:
    ask(client)
    code, waiting = mailed_code(mailbox), dict(client.session.items())
    enter(client, code)
    replaying = Client()
    session = replaying.session
    session.update(waiting)
    session.save()
    replaying.cookies[conf.SESSION_COOKIE_NAME] = session.session_key or ""

    answer = enter(replaying, code)

    assert answer["Location"] == "/portal/login/"
    assert "_auth_user_id" not in replaying.session


def test_a_second_factor_of_staff_is_asked_for_in_the_portal_too(
    cast: Cast, client: Client, mailbox: Mailbox
) -> None:
    with acting_for(cast.saltmarsh):
        add_member(email=cast.ines.email, first_name="Ines", last_name="", by=cast.by, now=cast.now)
    AuthenticatorFactory.create(user=cast.ines)
    ask(client, cast.ines.email)

    answer = enter(client, mailed_code(mailbox, cast.ines.email))

    assert answer["Location"] == "/account/2fa/authenticate/"
    assert "_auth_user_id" not in client.session


def test_an_address_that_is_none_is_refused(cast: Cast, client: Client, mailbox: Mailbox) -> None:
    before = snapshot()

    answer = ask(client, "not an address")

    assert answer.status_code == 200
    assert 'role="alert"' in page_text(answer)
    assert mailbox.mails == []
    assert snapshot() == before


def test_the_page_says_what_to_do_when_no_mail_comes(
    cast: Cast, client: Client, settings: Any
) -> None:
    """It can't tell whether one goes out: that is decided after the answer."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    answers = [ask(client, address) for address in (JUNE, "nobody@else.example")]

    assert [answer.status_code for answer in answers] == [302, 302]
    page = text_of(client, "/portal/login/code/")
    assert "No mail after two minutes?" in page
    assert 'href="/portal/login/"' in page


def test_nobody_enters_without_a_login(cast: Cast, client: Client) -> None:
    assert client.get("/portal/")["Location"] == "/portal/login/"
    assert client.get("/portal/login/code/")["Location"] == "/portal/login/"


def test_logging_out_takes_a_post(cast: Cast, client: Client) -> None:
    logged_in(client, cast)

    assert client.get("/portal/logout/").status_code == 405
    assert client.get("/portal/").status_code == 200
    assert client.post("/portal/logout/")["Location"] == "/portal/login/"
    assert client.get("/portal/")["Location"] == "/portal/login/"


def test_forms_need_their_csrf_token(cast: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    before = snapshot()

    assert browser.post("/portal/login/", {"email": JUNE}).status_code == 403
    assert snapshot() == before


# --- All offers ----------------------------------------------------------------------------------


def earn(cast: Cast) -> None:
    for brand, row, currency, amount in (
        (cast.juniper, cast.june_in_glow, "GBP", 4_200),
        (cast.saltmarsh, cast.june_in_tide, "USD", 1_500),
        (cast.juniper, cast.mara_in_glow, "GBP", 99_900),
    ):
        with acting_for(brand):
            adjust(
                enrollment=row, currency=currency, amount_minor=amount, note="Bonus",
                by=cast.by, now=cast.now,
            )  # fmt: skip


def test_offers_of_both_brands_and_of_nobody_else(cast: Cast, client: Client) -> None:
    earn(cast)

    page = text_of(logged_in(client, cast), "/portal/")

    assert page.count("£42.00") == 4  # earned and due, of the offer and altogether
    assert page.count("US$15.00") == 4
    assert "£999.00" not in page
    for row in (cast.june_in_glow, cast.june_in_tide):
        assert f'href="{path_of(row)}"' in page
        assert text_of(Client(), path_of(row))
    assert path_of(cast.mara_in_glow) not in page


def test_money_of_one_currency_is_added_over_brands(cast: Cast, client: Client) -> None:
    earn(cast)
    with acting_for(cast.saltmarsh):
        pounds = create_offer(
            values=offer_values(name="Pounds"),
            terms=TermsValues(percent_bp=1_000),
            by=cast.by,
            now=cast.now,
        )
        [row] = enroll(offer=pounds, members=[cast.june_at_saltmarsh], by=cast.by, now=cast.now)
        adjust(
            enrollment=row, currency="GBP", amount_minor=800, note="Bonus",
            by=cast.by, now=cast.now,
        )  # fmt: skip

    balances = logged_in(client, cast).get("/portal/").context["page"].balances

    assert {balance.currency: balance.earned.plain() for balance in balances} == {
        "GBP": "50.00",
        "USD": "15.00",
    }


def test_who_is_no_creator_is_told(cast: Cast, client: Client) -> None:
    client.force_login(cast.otto)

    assert "No offers under this address" in text_of(client, "/portal/")


def test_no_page_is_kept_in_a_cache(cast: Cast, client: Client) -> None:
    logged_in(client, cast)

    assert "no-store" in client.get("/portal/")["Cache-Control"]


@pytest.mark.parametrize("more", [0, 2])
def test_the_page_asks_the_same_of_two_offers_as_of_four(
    cast: Cast, client: Client, django_assert_num_queries: Any, more: int
) -> None:
    with acting_for(cast.juniper):
        for number in range(more):
            other = create_offer(
                values=offer_values(name=f"Other {number}"),
                terms=TermsValues(percent_bp=1_000), by=cast.by, now=cast.now,
            )  # fmt: skip
            enroll(offer=other, members=[cast.june], by=cast.by, now=cast.now)
    logged_in(client, cast)
    client.get("/portal/")  # writes down that the session is in use, once a minute

    with django_assert_num_queries(10):
        client.get("/portal/")
