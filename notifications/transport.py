"""One connection to the mail server or delivery service, and the result of each mail submitted.

What matters is whether a mail may have been accepted: it is tried again only after a refusal, or
when the connection was lost before the mail's content was sent.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends import smtp
from requests import ConnectTimeout

from core.text import one_line
from notifications.mime import MimeMail, as_bytes
from notifications.models import MessageState

PLAIN_SMTP = "django.core.mail.backends.smtp.EmailBackend"
TRACKED_SMTP = "notifications.transport.TrackedSMTPBackend"
TOO_MANY_REQUESTS = 429
REPLY_OK, REPLY_SEND_CONTENT = 250, 354  # SMTP's answers (RFC 5321)
SMTPReply = tuple[int, bytes]
_NO_SUCH_MAILBOX = re.compile(r"\b5\.1\.(?:1|2|3|6|10)\b")  # RFC 3463 and the IANA registry
_ENHANCED_CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
# What servers without enhanced codes write after 550, 551 or 553 (RFC 5321, 4.2.3).
_NO_SUCH_USER = re.compile(
    r"""^(?:smtp;\s*)?55[013]\b.*(?:
        no\ such\ (?:user|person|mailbox|recipient|address|account|local\ user)
        | (?:user|recipient|mailbox|account|address)\ (?:is\ )?(?:unknown|not\ (?:found|known))
        | unknown\ (?:user|recipient|mailbox|account|local[-\ ]part)
        | (?:user|recipient|mailbox|account|address)\ (?:\S+\ )?does(?:n't|\ not)\ exist
        | (?:no|invalid|not\ a\ valid)\ mailbox
    )""",
    re.IGNORECASE | re.VERBOSE,
)


class UnreachableError(Exception):
    """No connection could be opened, so nothing can have been accepted."""


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """The state of a message after it was submitted."""

    state: MessageState
    reason: str = ""
    provider_id: str = ""


class TrackedSMTP(smtplib.SMTP):
    """An SMTP client that records whether sending the mail's content has begun."""

    content_began = False

    def hand_over(self, sender: str, recipient: str, content: bytes) -> None:
        """Send one mail to one address. Raises what `sendmail` raises.

        A server that supports pipelining (RFC 2920) gets all commands at once: that takes two round
        trips, not four. The content is sent after the last reply either way.
        """
        self.content_began = False
        self.ehlo_or_helo_if_needed()
        size = f" SIZE={len(content)}" if self.has_extn("size") else ""
        questions = [f"MAIL FROM:<{sender}>{size}", f"RCPT TO:<{recipient}>", "DATA"]
        if self.has_extn("pipelining"):
            self.send("".join(f"{question}\r\n" for question in questions))
            answers = [self.getreply() for _ in questions]
        else:
            answers = self._one_by_one(questions)
        try:
            self._check(answers, sender, recipient)
            self.content_began = True
            code, words = self.data_content(content)
            if code != REPLY_OK:
                raise smtplib.SMTPDataError(code, words)
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPException:
            with suppress(smtplib.SMTPServerDisconnected):
                self.rset()
            raise

    def data_content(self, content: bytes) -> SMTPReply:
        """Send the content, and return the server's reply."""
        self.send((b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n")
        return self.getreply()

    def _one_by_one(self, questions: list[str]) -> list[SMTPReply]:
        """The replies up to the first negative one."""
        answers = []
        for question in questions:
            answers.append(self.docmd(question))
            if not _is_positive(answers[-1]):
                break
        return answers

    def _check(self, answers: list[SMTPReply], sender: str, recipient: str) -> None:
        """Raise for the first negative reply."""
        wants_content = answers[-1][0] == REPLY_SEND_CONTENT
        if wants_content and not all(map(_is_positive, answers)):
            self.send(b".\r\n")  # empty content: the server asked for it without a valid recipient
            self.getreply()
        if not _is_positive(answers[0]):
            raise smtplib.SMTPSenderRefused(*answers[0], sender)
        if not _is_positive(answers[1]):
            raise smtplib.SMTPRecipientsRefused({recipient: answers[1]})
        if not wants_content:
            raise smtplib.SMTPDataError(*answers[2])


class TrackedSMTPOverTLS(TrackedSMTP, smtplib.SMTP_SSL):
    """The same over a connection that begins with TLS."""


class TrackedSMTPBackend(smtp.EmailBackend):
    """Django's SMTP backend with a TrackedSMTP client."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return TrackedSMTPOverTLS if self.use_ssl else TrackedSMTP

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        """Send mails to one recipient each over the open connection; raises for the first refused.

        The transport opens the connection, so that "no connection" and "not accepted" differ.
        """
        client: Any = self.connection
        for email in email_messages:
            sender, recipient = _address_alone(email.from_email), _address_alone(email.to[0])
            content = email.mime_bytes if isinstance(email, MimeMail) else as_bytes(email)
            client.hand_over(sender, recipient, content)
        return len(email_messages)


class Transport:
    """Sends mail over one connection, which is opened when needed and again after it broke."""

    def __init__(self) -> None:
        plain = settings.EMAIL_BACKEND == PLAIN_SMTP
        self._backend: Any = get_connection(backend=TRACKED_SMTP if plain else None)
        self.is_open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def connect(self) -> None:
        """Open the connection if it is closed. Raises UnreachableError."""
        if self.is_open:
            return
        try:
            self._backend.open()
        except (OSError, AnymailError) as error:  # smtplib's errors are OSErrors
            self._close()
            raise UnreachableError(error_text(error)) from error
        self.is_open = True

    def prepare(self, email: EmailMessage) -> None:
        """Prepare in advance what `submit` needs. Raises ValueError for an invalid mail."""
        if isinstance(self._backend, TrackedSMTPBackend) and isinstance(email, MimeMail):
            _ = email.mime_bytes

    def submit(self, email: EmailMessage) -> SubmissionResult:
        """Submit one mail and return the result. Never raises for an error of the server."""
        try:
            self._backend.send_messages([email])
        except (OSError, ValueError, AnymailError) as error:
            result = result_of_error(error, content_began=self._content_began())
            if not _keeps_connection(error):
                self._close()
            return result
        given = getattr(getattr(email, "anymail_status", None), "message_id", None)
        return SubmissionResult(
            MessageState.ACCEPTED, provider_id="" if given is None else str(given)[:200]
        )

    def _content_began(self) -> bool:
        """Only our own SMTP client knows; for any other, assume that it has."""
        client = getattr(self._backend, "connection", None)
        return bool(getattr(client, "content_began", True))

    def _close(self) -> None:
        self.is_open = False
        try:
            self._backend.close()
        except OSError:  # it was closed already
            self._backend.connection = None


def result_of_error(error: Exception, *, content_began: bool) -> SubmissionResult:
    """The result that an error means. Retried: SMTP 4xx, HTTP 429, lost before the content."""
    reason = error_text(error)
    code = _smtp_code(error)
    if code is not None:
        return SubmissionResult(_state_for_smtp(code, reason), reason)
    if isinstance(error, (AnymailRecipientsRefused, ValueError)):  # nothing was sent
        return SubmissionResult(MessageState.FAILED, reason)
    if isinstance(error, AnymailError):
        return SubmissionResult(_state_for_http(error), reason)
    return SubmissionResult(MessageState.UNKNOWN if content_began else MessageState.RETRY, reason)


def error_text(error: Exception) -> str:
    """One line for staff: what the server said, or what happened to the connection."""
    answers = _smtp_replies(error)
    if answers:
        code, text = answers[0]
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        said = f"{code} {words}"
    else:
        said = str(error) or type(error).__name__
    return one_line(said)[:500]


def is_no_such_mailbox(said: str) -> bool:
    """Whether a mail server's reply says that the mailbox does not exist.

    Its enhanced code decides. The words count only where there is none.
    """
    if _ENHANCED_CODE.search(said):
        return bool(_NO_SUCH_MAILBOX.search(said))
    return bool(_NO_SUCH_USER.search(said))


def _address_alone(address: str) -> str:
    """The address without the name that `formataddr` writes before it."""
    return address.rpartition("<")[2].removesuffix(">")


def _is_positive(answer: SMTPReply) -> bool:
    return 200 <= answer[0] < 400


def _smtp_replies(error: Exception) -> list[tuple[int, bytes | str]]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return list(error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return [(error.smtp_code, error.smtp_error)]
    return []


def _smtp_code(error: Exception) -> int | None:
    answers = _smtp_replies(error)
    return answers[0][0] if answers and answers[0][0] > 0 else None


def _keeps_connection(error: Exception) -> bool:
    """Whether the connection is still usable: the reply 421 closes it (RFC 5321)."""
    return _smtp_code(error) not in {None, 421}


def _state_for_smtp(code: int, reason: str) -> MessageState:
    if 400 <= code < 500:
        return MessageState.RETRY
    return MessageState.BOUNCED if is_no_such_mailbox(reason) else MessageState.FAILED


def _state_for_http(error: AnymailError) -> MessageState:
    if error.status_code == TOO_MANY_REQUESTS or isinstance(error.__cause__, ConnectTimeout):
        return MessageState.RETRY
    refused = error.status_code is not None and 400 <= error.status_code < 500
    return MessageState.FAILED if refused else MessageState.UNKNOWN
