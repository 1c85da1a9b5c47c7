"""Codes go out after the answer, with nothing but PostgreSQL and a mail server."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.code_limits import Requester
from accounts.codes import ask_code, code_of
from accounts.models import CodePurpose, CodeState, MailedCode
from affiliates.code_mail import CODE_MAIL_THREADS, mail_next
from affiliates.tasks import mail_codes
from config.local.ports import HOST
from tests.cast import NOW, Cast
from tests.mailbox import Mailbox, send_to

JUNE = "june@okafor.example"


def ask(
    address: str = JUNE, purpose: CodePurpose = CodePurpose.LOG_IN, *, language: str = ""
) -> MailedCode:
    requester = Requester(browser=f"{address} {purpose}", network="203.0.113.1")
    return ask_code(
        address=address, purpose=purpose, requester=requester, language=language, now=NOW
    )


def state(row: MailedCode) -> str:
    row.refresh_from_db()
    return row.state


@pytest.mark.django_db
def test_nothing_is_mailed_before_the_answer_is_out(
    cast: Cast, client: Client, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[bool] = []
    monkeypatch.setattr(CODE_MAIL_THREADS, "wake", lambda: woken.append(True))

    client.post("/portal/login/", {"email": JUNE})

    assert mailbox.mails == []
    assert woken == [True]
    assert MailedCode.objects.get().state == CodeState.WAITING


@pytest.mark.django_db
def test_the_sweep_mails_what_a_process_left_behind(
    cast: Cast, mailbox: Mailbox, time_machine: Any
) -> None:
    time_machine.move_to(NOW, tick=False)
    known, unknown = ask(), ask("nobody@else.example")

    mail_codes()
    mail_codes()

    assert (state(known), state(unknown)) == (CodeState.MAILED, CodeState.NOBODY)
    [mail] = mailbox.mails
    assert code_of(known.public_id) in mail["Subject"]


@pytest.mark.django_db
def test_a_code_for_somebody_who_is_logged_in_is_always_mailed(
    cast: Cast, mailbox: Mailbox
) -> None:
    row = ask("new@else.example", CodePurpose.EXPORT, language="de")

    mail_next(now=NOW)

    [mail] = mailbox.to("new@else.example")
    assert code_of(row.public_id) in mail.get_content()
    assert "Hallo" in mail.get_content()


@pytest.mark.django_db
def test_a_mail_server_that_is_away_is_asked_again(
    cast: Cast, mailbox: Mailbox, settings: Any
) -> None:
    row = ask()
    settings.EMAIL_PORT = 1
    assert mail_next(now=NOW)
    assert not mail_next(now=NOW + timedelta(seconds=4))
    assert state(row) == CodeState.MAILING

    send_to(mailbox, settings)
    assert mail_next(now=NOW + timedelta(seconds=5))

    assert state(row) == CodeState.MAILED
    assert len(mailbox.to(JUNE)) == 1


@pytest.mark.django_db
def test_after_four_tries_a_mail_has_failed(cast: Cast, mailbox: Mailbox, settings: Any) -> None:
    row = ask()
    settings.EMAIL_HOST, settings.EMAIL_PORT = HOST, 1

    tried = [mail_next(now=NOW + timedelta(seconds=seconds)) for seconds in range(0, 300, 5)]

    assert sum(tried) == 4
    assert state(row) == CodeState.FAILED


@pytest.mark.django_db
def test_what_a_killed_process_was_mailing_is_mailed_again_with_the_same_code(
    cast: Cast, mailbox: Mailbox, settings: Any
) -> None:
    row = ask()
    MailedCode.objects.filter(pk=row.pk).update(
        state=CodeState.MAILING, mail_tries=1, mail_due_at=NOW + timedelta(seconds=60)
    )

    assert not mail_next(now=NOW + timedelta(seconds=59))
    assert mail_next(now=NOW + timedelta(seconds=60))

    assert code_of(row.public_id) in mailbox.to(JUNE)[0].get_content()


@pytest.mark.django_db
def test_a_code_that_is_over_is_not_mailed_any_more(cast: Cast, mailbox: Mailbox) -> None:
    first = ask()
    second = ask()

    while mail_next(now=NOW):
        pass

    assert state(first) == CodeState.WAITING
    assert code_of(second.public_id) in mailbox.to(JUNE)[0]["Subject"]
    assert len(mailbox.mails) == 1
    ask("mara@lindqvist.example")
    assert not mail_next(now=NOW + timedelta(minutes=10))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("threads")
def test_a_code_is_mailed_without_valkey(cast: Cast, mailbox: Mailbox, settings: Any) -> None:
    """The threads of the web process need neither cache nor broker nor worker."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    client = Client()

    client.post("/portal/login/", {"email": JUNE})
    [mail] = mailbox.wait_for(JUNE)

    found = re.search(r"\d{6}", str(mail["Subject"]))
    assert found is not None
    answer = client.post("/portal/login/code/", {"code": found[0]})
    assert answer["Location"] == "/portal/"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("threads")
def test_two_processes_mail_a_code_once(cast: Cast, mailbox: Mailbox) -> None:
    client = Client()

    client.post("/portal/login/", {"email": JUNE})
    mail_codes()
    mailbox.wait_for(JUNE)
    CODE_MAIL_THREADS.stop()
    mail_codes()

    assert len(mailbox.to(JUNE)) == 1
