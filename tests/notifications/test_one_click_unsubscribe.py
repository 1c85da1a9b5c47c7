"""Unsubscribing by one click, from the header of a mail that arrived to the next send (RFC 8058).

Each test names the sentence of the RFC that it holds the product to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from core.tenancy import acting_for
from notifications.models import Message, MessageState, Suppression, SuppressionReason
from notifications.services import deliver
from tests.cast import NOW, Cast
from tests.mailbox import Mailbox
from tests.notifications.senders import confirm, recipient
from tests.snapshot import snapshot

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
LONG = f"{'long.name.' * 5}x@{'department.' * 6}example.com"


@pytest.fixture
def arrived(cast: Cast, mailbox: Mailbox, settings: Settings) -> Callable[..., str]:
    """Send to an address, and give the one that the header of the mail names."""
    settings.BASE_URL = "https://tributary.example"

    def send(address: str = "person1@example.com") -> str:
        with acting_for(cast.juniper):
            campaign = confirm([recipient(to_address=address)])
            deliver(campaign_id=campaign.pk, now=NOW, clock=lambda: NOW)
        header = str(mailbox.mails[-1]["List-Unsubscribe"])
        [link] = re.findall(r"<([^<>]+)>", header)
        assert header.strip() == f"<{link}>"
        return link

    return send


def suppressed(cast: Cast) -> list[tuple[str, str]]:
    with acting_for(cast.juniper):
        return list(Suppression.objects.values_list("address", "reason"))


@pytest.mark.parametrize("address", ["person1@example.com", LONG])
def test_the_mail_names_one_https_address_and_says_one_click(
    arrived: Callable[..., str], mailbox: Mailbox, address: str
) -> None:
    """3.1: "The List-Unsubscribe header field MUST contain one HTTPS URI", and the other header
    "MUST contain the single key/value pair List-Unsubscribe=One-Click"; however long the lines."""
    link = arrived(address)

    [mail] = mailbox.mails
    assert link.startswith("https://tributary.example/u/")
    assert re.search(r"\s|=\?", link) is None
    assert mail.get_all("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
    assert len(mail.get_all("List-Unsubscribe") or []) == 1


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "application/x-www-form-urlencoded"]
)
def test_posting_the_pair_unsubscribes_without_cookie_login_or_redirect(
    cast: Cast, arrived: Callable[..., str], content_type: str
) -> None:
    """3.2: the request "MUST NOT include cookies, HTTP authorization, or any other context
    information"; 3.1: the sender "MUST NOT return an HTTPS redirect"."""
    path, stranger = urlsplit(arrived()).path, Client(enforce_csrf_checks=True)

    if content_type == "multipart/form-data":
        answer = stranger.post(path, ONE_CLICK)
    else:
        answer = stranger.post(path, "List-Unsubscribe=One-Click", content_type=content_type)

    assert answer.status_code == 200
    assert stranger.cookies == {}
    assert suppressed(cast) == [("person1@example.com", SuppressionReason.UNSUBSCRIBED)]


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete"])
def test_nothing_but_a_post_changes_anything(
    arrived: Callable[..., str], client: Client, method: str
) -> None:
    """1: software that opens every address in a mail must not unsubscribe anybody."""
    path = urlsplit(arrived()).path
    before = snapshot()

    answer = getattr(client, method)(path)

    assert answer.status_code in {200, 405}
    assert snapshot() == before


def test_the_address_alone_says_who_and_from_whom(
    cast: Cast, arrived: Callable[..., str], client: Client
) -> None:
    """3.1: the URI must hold "enough information to identify the mail recipient and the list"."""
    path = urlsplit(arrived("Person+1@Example.com")).path

    client.post(path, ONE_CLICK)

    assert suppressed(cast) == [("person+1@example.com", SuppressionReason.UNSUBSCRIBED)]
    with acting_for(cast.saltmarsh):
        assert Suppression.objects.count() == 0


def test_an_address_altered_anywhere_unsubscribes_nobody(
    cast: Cast, arrived: Callable[..., str], client: Client
) -> None:
    """3.1: the URI "SHOULD include an opaque identifier or another hard-to-forge component"."""
    path = urlsplit(arrived()).path
    before = snapshot()

    for index in range(len("/u/"), len(path)):
        other = "B" if path[index] == "A" else "A"
        answer = client.post(f"{path[:index]}{other}{path[index + 1 :]}", ONE_CLICK)
        assert answer.status_code == 404

    assert snapshot() == before


def test_the_link_in_the_mail_is_the_one_of_the_header(
    arrived: Callable[..., str], mailbox: Mailbox
) -> None:
    link = arrived()

    [mail] = mailbox.mails
    for kind in ("html", "plain"):
        part = mail.get_body((kind,))
        assert part is not None
        assert link in part.get_content()


def test_who_unsubscribed_gets_nothing_more_even_when_it_was_confirmed_before(
    cast: Cast, arrived: Callable[..., str], client: Client, mailbox: Mailbox
) -> None:
    path = urlsplit(arrived()).path
    with acting_for(cast.juniper):
        waiting = confirm([recipient(to_address="Person1@example.com"), recipient(2)])

    client.post(path, ONE_CLICK)
    with acting_for(cast.juniper):
        deliver(campaign_id=waiting.pk, now=NOW, clock=lambda: NOW)
        states = dict(Message.objects.filter(campaign=waiting).values_list("to_address", "state"))

    assert states == {
        "Person1@example.com": MessageState.SUPPRESSED,
        "person2@example.com": MessageState.ACCEPTED,
    }
    assert [mail["X-RcptTo"] for mail in mailbox.mails] == [
        "person1@example.com",
        "person2@example.com",
    ]
