"""Asking for a link to set a password: every address alike, bounded, mailed after the answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from affiliates.code_mail import mail_all_due
from tests.cast import Cast
from tests.mailbox import Mailbox
from tests.security.people import unproven
from tests.security.test_mailed_codes import shape

pytestmark = pytest.mark.django_db
PAGE = "/account/password/reset/"
NOBODY = "nobody@else.example"


def ask(address: str, network: str = "198.51.100.7") -> Any:
    client = Client(REMOTE_ADDR=network, raise_request_exception=False)
    return client.post(PAGE, {"email": address})


@pytest.fixture(autouse=True)
def _at_noon(cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(cast.now, tick=False)


def test_a_mail_server_that_is_away_tells_no_address(cast: Cast, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    answers = [ask(address) for address in (cast.ines.email, NOBODY)]

    assert [(answer.status_code, answer["Location"]) for answer in answers] == [
        (302, "/account/password/reset/done/")
    ] * 2


def test_every_address_runs_the_very_same_statements(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("affiliates.code_mail.CODE_MAIL_THREADS.wake", lambda: None)
    unproven("somebody@fern.example")
    ran = []
    for address in (cast.ines.email, NOBODY, "somebody@fern.example"):
        client = Client()
        client.get(PAGE)
        with CaptureQueriesContext(connection) as queries:
            page = client.post(PAGE, {"email": address})
        ran.append(shape(queries))
        assert page.status_code == 302

    assert ran[0] == ran[1] == ran[2]


@pytest.mark.parametrize("cache_is_there", [True, False])
def test_strangers_of_one_household_send_few_mails(
    cache_is_there: bool, cast: Cast, mailbox: Mailbox, time_machine: Any, settings: Any
) -> None:
    if not cache_is_there:
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    for number in range(40):
        time_machine.move_to(cast.now + timedelta(minutes=number), tick=False)
        ask(cast.ines.email, f"2001:db8:1:2::{number:x}")

    assert len(mailbox.to(cast.ines.email)) == 10


def test_who_asks_too_often_is_told_how_long_that_lasts(cast: Cast) -> None:
    answers = [ask(NOBODY) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [302, 302, 302, 422]
    assert "Ask again in one minute" in answers[-1].content.decode()


def test_a_mail_server_that_refuses_is_asked_again(
    cast: Cast, mailbox: Mailbox, time_machine: Any
) -> None:
    mailbox.refuse[cast.ines.email] = "451 later"
    ask(cast.ines.email)
    mailbox.refuse.clear()
    assert mailbox.to(cast.ines.email) == []

    time_machine.move_to(cast.now + timedelta(seconds=10), tick=False)
    mail_all_due()

    [mail] = mailbox.to(cast.ines.email)
    assert "/account/password/reset/key/" in mail.get_content()


def test_a_deactivated_login_gets_no_mail(cast: Cast, mailbox: Mailbox) -> None:
    type(cast.ines).objects.filter(pk=cast.ines.pk).update(is_active=False)

    assert ask(cast.ines.email).status_code == 302

    assert mailbox.mails == []
