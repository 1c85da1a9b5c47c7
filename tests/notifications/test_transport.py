"""What an answer of the mail server, or none, means for a mail: tried again only if not taken."""

from __future__ import annotations

import smtplib
from types import SimpleNamespace
from typing import Any

import pytest
from anymail.exceptions import (
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
)
from requests import ConnectionError as RequestsConnectionError
from requests import ConnectTimeout

from core.tenancy import acting_for
from notifications.models import Message, MessageState
from notifications.services import deliver
from notifications.transport import error_text, result_of_error
from tests.cast import NOW, Cast
from tests.notifications.senders import confirm


def refused(code: int, words: str) -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({"a@example.com": (code, words.encode())})


def http(status: int) -> AnymailRequestsAPIError:
    answer: Any = SimpleNamespace(status_code=status, reason="Said so", text="", json=dict)
    return AnymailRequestsAPIError("refused", response=answer)


def caused_by(cause: Exception) -> AnymailRequestsAPIError:
    error = AnymailRequestsAPIError("no answer")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "content_began", "state"),
    [
        (refused(451, "4.3.0 later"), False, MessageState.RETRY),
        (refused(421, "closing"), False, MessageState.RETRY),
        (refused(550, "5.1.1 no such user"), False, MessageState.BOUNCED),
        (refused(550, "5.7.1 relaying denied"), False, MessageState.FAILED),
        (refused(550, "no such user"), False, MessageState.BOUNCED),
        (
            refused(550, "Requested action not taken: mailbox not found"),
            False,
            MessageState.BOUNCED,
        ),
        (refused(551, "<mara@b.example>: User unknown in table"), False, MessageState.BOUNCED),
        (refused(550, "5.7.1 no such user may relay"), False, MessageState.FAILED),
        (refused(550, "Blocked: see https://b.example/unknown"), False, MessageState.FAILED),
        (refused(554, "no such user"), False, MessageState.FAILED),
        (smtplib.SMTPSenderRefused(452, b"full", "a@b.example"), False, MessageState.RETRY),
        (smtplib.SMTPDataError(451, b"later"), True, MessageState.RETRY),
        (smtplib.SMTPDataError(554, b"spam"), True, MessageState.FAILED),
        (smtplib.SMTPServerDisconnected("gone"), False, MessageState.RETRY),
        (smtplib.SMTPServerDisconnected("gone"), True, MessageState.UNKNOWN),
        (TimeoutError("timed out"), True, MessageState.UNKNOWN),
        (ConnectionRefusedError("refused"), False, MessageState.RETRY),
        (ValueError("bad header"), True, MessageState.FAILED),
        (http(429), True, MessageState.RETRY),
        (http(422), True, MessageState.FAILED),
        (http(500), True, MessageState.UNKNOWN),
        (caused_by(ConnectTimeout()), True, MessageState.RETRY),
        (caused_by(RequestsConnectionError()), True, MessageState.UNKNOWN),
        (AnymailRecipientsRefused(), True, MessageState.FAILED),
        (AnymailInvalidAddress("a@"), True, MessageState.FAILED),
    ],
)
def test_the_result_of_an_error_depends_on_whether_the_mail_may_be_accepted(
    error: Exception, content_began: bool, state: MessageState
) -> None:
    assert result_of_error(error, content_began=content_began).state == state


def test_an_error_reads_as_one_line() -> None:
    assert error_text(refused(550, "5.1.1 no\r\nsuch user")) == "550 5.1.1 no such user"
    assert error_text(ConnectionRefusedError()) == "ConnectionRefusedError"
    assert len(error_text(ValueError("x" * 900))) == 500


def test_one_of_anymails_providers_by_setting(cast: Cast, settings: Any) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    with acting_for(cast.juniper):
        campaign = confirm()

        deliver(campaign_id=campaign.pk, now=NOW, clock=lambda: NOW)

        message = Message.objects.get()
        assert (message.state, message.provider_id) == (MessageState.ACCEPTED, "0")
