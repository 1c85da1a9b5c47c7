"""A real SMTP server for the test that asks for one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pytest_django import Settings

from config.local.ports import HOST
from tests.own_processes import MAX_WAIT_SECONDS
from tests.ports import lent_port


class Mailbox:
    """The mails that arrived, oldest first; `refuse` decides, by address, who is turned away."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse: dict[str, str] = {}
        self.port = 0
        self._arrived = threading.Condition()

    def wait_for(self, address: str, number: int = 1) -> list[EmailMessage]:
        """The mails for `address`, once there are as many as `number`: the last may be under way.

        Fails when they don't come.
        """
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self.to(address)) >= number, MAX_WAIT_SECONDS)
        assert came, f"{address} has {len(self.to(address))} mails, not {number}"
        return self.to(address)

    def to(self, address: str) -> list[EmailMessage]:
        """The mails handed over for `address`."""
        return [mail for mail in self.mails if address in str(mail["X-RcptTo"]).split(", ")]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        mail["X-RcptTo"] = ", ".join(envelope.rcpt_tos)
        with self._arrived:
            self.mails.append(mail)
            self._arrived.notify_all()
        return "250 OK"


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    """A mail server on a port of its own."""
    box = Mailbox()
    with lent_port() as box.port:
        controller = Controller(
            box, hostname=HOST, port=box.port, server_hostname="localhost",
            ready_timeout=MAX_WAIT_SECONDS,
        )  # fmt: skip
        controller.start()
        yield box
        controller.stop()


def send_to(box: Mailbox, settings: Settings) -> None:
    """Have the product hand its mail to `box`, as it would in earnest."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = HOST
    settings.EMAIL_PORT = box.port


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    """A mail server of the test's own that the product sends to."""
    with open_mailbox() as box:
        send_to(box, settings)
        yield box


@pytest.fixture(autouse=True)
def _codes_are_mailed_within_the_test(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Mail codes as soon as the answer is out, in the test's own transaction.

    With a live server, or for a test that asks for `threads`, the threads of the product do it.
    """
    from affiliates.code_mail import CODE_MAIL_THREADS

    if {"live_server", "threads"} & set(request.fixturenames):
        yield
        CODE_MAIL_THREADS.stop()
    else:
        monkeypatch.setattr(CODE_MAIL_THREADS, "wake", CODE_MAIL_THREADS.do_all)
        yield


@pytest.fixture
def threads(transactional_db: None) -> None:
    """Codes are mailed by threads, as in earnest."""
