"""One connection to whoever takes our mail, and what became of each mail handed over.

The one question that matters is whether a mail may have been taken: only an answer that says no,
or a connection lost before the mail's content began, allows another try.
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

from notifications.models import MessageState
from notifications.wire import WireMail, as_bytes

PLAIN_SMTP = "django.core.mail.backends.smtp.EmailBackend"
TRACKED_SMTP = "notifications.transport.TrackedSMTPBackend"
TOO_MANY_REQUESTS = 429
TAKEN, GO_ON = 250, 354  # SMTP's answers (RFC 5321)
Answer = tuple[int, bytes]
_NO_SUCH_MAILBOX = re.compile(r"\b5\.1\.(?:1|2|3|6|10)\b")  # RFC 3463 and the IANA registry


class UnreachableError(Exception):
    """No connection could be opened, so nothing can have been taken."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state a message is in after it was handed over."""

    state: MessageState
    reason: str = ""
    provider_id: str = ""


class TrackedSMTP(smtplib.SMTP):
    """An SMTP client that knows whether the server has been offered a mail's content."""

    content_began = False

    def hand_over(self, sender: str, recipient: str, content: bytes) -> None:
        """Send one mail to one address. Raises what `sendmail` raises.

        A server that allows it (RFC 2920) is asked everything at once: a mail then takes two round
        trips and not four. The content waits for the last answer either way.
        """
        self.content_began = False
        self.ehlo_or_helo_if_needed()
        size = f" SIZE={len(content)}" if self.has_extn("size") else ""
        questions = [f"MAIL FROM:<{sender}>{size}", f"RCPT TO:<{recipient}>", "DATA"]
        if self.has_extn("pipelining"):
            self.send("".join(f"{question}\r\n" for question in questions))
            answers = [self.getreply() for _ in questions]
        else:
            answers = self._asked_in_turn(questions)
        try:
            self._check(answers, sender, recipient)
            self.content_began = True
            code, words = self.data_content(content)
            if code != TAKEN:
                raise smtplib.SMTPDataError(code, words)
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPException:
            with suppress(smtplib.SMTPServerDisconnected):
                self.rset()
            raise

    def data_content(self, content: bytes) -> Answer:
        """The content after the server asked for it, and what it says to that."""
        self.send((b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n")
        return self.getreply()

    def _asked_in_turn(self, questions: list[str]) -> list[Answer]:
        """The answers up to the first that is no yes."""
        answers = []
        for question in questions:
            answers.append(self.docmd(question))
            if not _is_yes(answers[-1]):
                break
        return answers

    def _check(self, answers: list[Answer], sender: str, recipient: str) -> None:
        """Raise for the first answer that is no yes."""
        wants_content = answers[-1][0] == GO_ON
        if wants_content and not all(map(_is_yes, answers)):
            self.send(b".\r\n")  # nothing: it asked without having anyone to give it to
            self.getreply()
        if not _is_yes(answers[0]):
            raise smtplib.SMTPSenderRefused(*answers[0], sender)
        if not _is_yes(answers[1]):
            raise smtplib.SMTPRecipientsRefused({recipient: answers[1]})
        if not wants_content:
            raise smtplib.SMTPDataError(*answers[2])


class TrackedSMTPOverTLS(TrackedSMTP, smtplib.SMTP_SSL):
    """The same where TLS comes first."""


class TrackedSMTPBackend(smtp.EmailBackend):
    """Django's SMTP backend, with a client that knows how far it came."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return TrackedSMTPOverTLS if self.use_ssl else TrackedSMTP

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        """Send mails to one recipient each over the open connection; raises for the first refused.

        The transport opens it, so that "no connection" and "not taken" can be told apart.
        """
        client: Any = self.connection
        for email in email_messages:
            sender, recipient = _bare(email.from_email), _bare(email.to[0])
            content = email.wire if isinstance(email, WireMail) else as_bytes(email)
            client.hand_over(sender, recipient, content)
        return len(email_messages)


class Transport:
    """Mail goes out over one connection, opened when needed and again after it broke."""

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
        """Have a connection. Raises UnreachableError."""
        if self.is_open:
            return
        try:
            self._backend.open()
        except (OSError, AnymailError) as error:  # smtplib's errors are OSErrors
            self._close()
            raise UnreachableError(describe(error)) from error
        self.is_open = True

    def prepare(self, email: EmailMessage) -> None:
        """Do ahead of time what `submit` will need. Raises ValueError for what is no mail."""
        if isinstance(self._backend, TrackedSMTPBackend) and isinstance(email, WireMail):
            _ = email.wire

    def submit(self, email: EmailMessage) -> Outcome:
        """Hand over one mail and say what became of it. Never raises for what the server did."""
        try:
            self._backend.send_messages([email])
        except (OSError, ValueError, AnymailError) as error:
            outcome = judge(error, content_began=self._content_began())
            if not _is_answer(error):
                self._close()
            return outcome
        given = getattr(getattr(email, "anymail_status", None), "message_id", None)
        return Outcome(MessageState.ACCEPTED, provider_id="" if given is None else str(given)[:200])

    def _content_began(self) -> bool:
        """Only our own SMTP client knows; of any other the answer is a careful yes."""
        client = getattr(self._backend, "connection", None)
        return bool(getattr(client, "content_began", True))

    def _close(self) -> None:
        self.is_open = False
        try:
            self._backend.close()
        except OSError:  # it was gone already
            self._backend.connection = None


def judge(error: Exception, *, content_began: bool) -> Outcome:
    """What an error means for the mail. Retried: SMTP 4xx, HTTP 429, and lost before content."""
    reason = describe(error)
    code = _smtp_code(error)
    if code is not None:
        return Outcome(_state_for_smtp(code, reason), reason)
    if isinstance(error, (AnymailRecipientsRefused, ValueError)):  # nothing went out
        return Outcome(MessageState.FAILED, reason)
    if isinstance(error, AnymailError):
        return Outcome(_state_for_http(error), reason)
    return Outcome(MessageState.UNKNOWN if content_began else MessageState.RETRY, reason)


def describe(error: Exception) -> str:
    """One line for staff: what the server said, or what happened to the connection."""
    answers = _smtp_answers(error)
    if answers:
        code, text = answers[0]
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        said = f"{code} {words}"
    else:
        said = str(error) or type(error).__name__
    return " ".join(said.split())[:500]


def is_no_such_mailbox(said: str) -> bool:
    """Whether a mail server's words mean that nobody can be reached at the address, ever."""
    return bool(_NO_SUCH_MAILBOX.search(said))


def _bare(address: str) -> str:
    """The address alone, as `formataddr` puts it after a name."""
    return address.rpartition("<")[2].removesuffix(">")


def _is_yes(answer: Answer) -> bool:
    return 200 <= answer[0] < 400


def _smtp_answers(error: Exception) -> list[tuple[int, bytes | str]]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return list(error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return [(error.smtp_code, error.smtp_error)]
    return []


def _smtp_code(error: Exception) -> int | None:
    answers = _smtp_answers(error)
    return answers[0][0] if answers and answers[0][0] > 0 else None


def _is_answer(error: Exception) -> bool:
    """Whether the server answered and goes on listening: 421 says it hangs up (RFC 5321)."""
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
