"""The MIME bytes of a mail say what the mail says, whatever it contains."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives
from hypothesis import given
from hypothesis import strategies as st

from notifications.mime import as_bytes
from notifications.models import MessageState
from notifications.transport import PLAIN_SMTP, Transport
from tests.own_processes import MAX_WAIT_SECONDS

# What `printable` leaves: no control characters, and lines that end in one way.
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=3_000)
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300).map(
    lambda line: " ".join(line.split())
)


def mail(
    subject: str = "Hi", text: str = "text", html: str = "<p>html</p>"
) -> EmailMultiAlternatives:
    made = EmailMultiAlternatives(
        subject=subject,
        body=text,
        from_email='"Ines, Juniper" <tracking@tributary.example>',
        to=["Mara <mara@example.com>"],
        reply_to=["hello@juniper.example"],
        headers={
            "Message-ID": "<1@tributary.example>",
            "List-Unsubscribe": f"<https://x/{'a' * 400}>",
        },
    )
    made.attach_alternative(html, "text/html")
    return made


def read(data: bytes) -> EmailMessage:
    parsed = message_from_bytes(data, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(parsed: EmailMessage, kind: str) -> str:
    body = parsed.get_body((kind,))
    assert body is not None
    content = body.get_payload(decode=True)
    assert isinstance(content, bytes)
    return str(content, "utf-8").replace("\r\n", "\n")


@given(text=TEXTS, html=TEXTS)
def test_both_texts_arrive_letter_for_letter(text: str, html: str) -> None:
    parsed = read(as_bytes(mail(text=text, html=html)))

    assert (part(parsed, "plain"), part(parsed, "html")) == (text, html)
    assert parsed.defects == []


@given(subject=LINES)
def test_a_subject_arrives_letter_for_letter(subject: str) -> None:
    assert str(read(as_bytes(mail(subject=subject)))["Subject"]) == subject


@given(text=TEXTS, html=TEXTS, subject=LINES)
def test_every_line_is_ascii_short_enough_and_ends_in_crlf(
    text: str, html: str, subject: str
) -> None:
    data = as_bytes(mail(subject, text, html))

    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 998


def test_headers_are_those_of_django() -> None:
    ours, theirs = read(as_bytes(mail())), read(mail().message().as_bytes())

    for name in ("From", "To", "Reply-To", "Message-ID", "List-Unsubscribe", "MIME-Version"):
        assert "".join(str(ours[name]).split()) == "".join(str(theirs[name]).split()), name
    assert ours.get_content_type() == "multipart/alternative"
    assert ours["Date"] is not None


@pytest.mark.parametrize("breaking", ["a\nBcc: x@example.com", "a\r\nb", "a\rb"])
def test_a_header_with_a_line_break_is_refused(breaking: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        as_bytes(mail(subject=breaking))


class Scripted:
    """A mail server that says its lines: one answer per line of the client's, 220 first."""

    def __init__(self, *answers: str) -> None:
        self.answers = ["220 hello", "250-scripted\r\n250 PIPELINING", *answers]
        self.heard: list[bytes] = []
        self.chunks: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        """Answer every line; what follows a 354 up to the dot counts as one."""
        client, _ = self.socket.accept()
        with client, self.socket:
            waiting, answers = b"", iter(self.answers)
            answer = next(answers)
            client.sendall(answer.encode() + b"\r\n")
            end = b"\r\n"
            while chunk := client.recv(65_536):
                self.chunks.append(chunk)
                waiting += chunk
                while end in waiting:
                    line, _, waiting = waiting.partition(end)
                    self.heard.append(line)
                    answer = next(answers, "250 OK")
                    client.sendall(answer.encode() + b"\r\n")
                    end = b".\r\n" if answer.startswith("354") else b"\r\n"


Start = Callable[..., Scripted]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a server with these answers, and have mails sent to it."""
    made: list[Scripted] = []

    def start(*answers: str) -> Scripted:
        made.append(Scripted(*answers))
        port = made[-1].socket.getsockname()[1]
        monkeypatch.setattr(django_settings, "EMAIL_HOST", "127.0.0.1")
        monkeypatch.setattr(django_settings, "EMAIL_PORT", port)
        monkeypatch.setattr(django_settings, "EMAIL_BACKEND", PLAIN_SMTP)
        return made[-1]

    yield start
    for one in made:
        one.thread.join(timeout=MAX_WAIT_SECONDS)


def submit() -> tuple[str, str]:
    with Transport() as transport:
        transport.connect()
        outcome = transport.submit(mail(text=".a line that starts with a dot\n..two\nend"))
    return outcome.state, outcome.reason


def test_a_server_that_allows_it_is_asked_everything_at_once(scripted: Start) -> None:
    server = scripted("250 sender", "250 recipient", "354 go on", "250 taken")

    assert submit() == (MessageState.ACCEPTED, "")

    server.thread.join(timeout=MAX_WAIT_SECONDS)
    questions = b"MAIL FROM:<tracking@tributary.example>\r\nRCPT TO:<mara@example.com>\r\nDATA\r\n"
    assert questions in server.chunks
    content = next(line for line in server.heard if b"Subject" in line)
    assert b"\r\n..a line that starts with a dot\r\n...two\r\n" in content


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        (("550 5.1.8 no such sender", "503 no", "503 no"), MessageState.FAILED),
        (("250 OK", "550 5.1.1 unknown", "554 nobody to give it to"), MessageState.BOUNCED),
        (("250 OK", "451 later", "503 no"), MessageState.RETRY),
        (("250 OK", "550 5.1.1 unknown", "354 go on", "554 nobody"), MessageState.BOUNCED),
        (("250 OK", "250 OK", "452 full"), MessageState.RETRY),
        (("250 OK", "250 OK", "354 go on", "451 later"), MessageState.RETRY),
    ],
)
def test_the_answer_that_counts_is_the_first_no(
    answers: tuple[str, ...], state: str, scripted: Start
) -> None:
    server = scripted(*answers)

    found, _ = submit()

    server.thread.join(timeout=MAX_WAIT_SECONDS)
    assert found == state
    assert sum(b"Subject" in line for line in server.heard) == (answers[2:3] == ("354 go on",)) - (
        len(answers) == 4 and answers[1].startswith("550")
    )
