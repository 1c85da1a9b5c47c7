"""Addresses as mail servers understand them: rightly written, or refused with the reason."""

from __future__ import annotations

import pytest

from accounts.models import Brand
from core.tenancy import acting_for
from notifications.email_addresses import ascii_address, can_be_mailed
from notifications.models import Campaign, Message, MessageState
from notifications.services import deliver
from tests.cast import NOW, Cast
from tests.mailbox import Mailbox
from tests.notifications.senders import confirm, recipient


def send(campaign: Campaign) -> None:
    deliver(campaign_id=campaign.pk, now=NOW, clock=lambda: NOW)


def states() -> list[str]:
    return list(Message.objects.order_by("id").values_list("state", flat=True))


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("mara@example.com", "mara@example.com"),
        ("Mara+1@Example.com", "Mara+1@Example.com"),
        ("mara@bücher.example", "mara@xn--bcher-kva.example"),
        ("mara@BÜCHER.example", "mara@xn--bcher-kva.example"),
        ("mara@straße.example", "mara@xn--strae-oqa.example"),  # not strasse.example, another's
        ("mara@xn--bcher-kva.example", "mara@xn--bcher-kva.example"),
        ("mara@日本語。example", "mara@xn--wgv71a119e.example"),
        ("mara@a_b.example", "mara@a_b.example"),
    ],
)
def test_a_domain_is_written_in_ascii(address: str, written: str) -> None:
    assert ascii_address(address) == written
    assert can_be_mailed(address)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("mära@example.com", "only letters of English can stand before the @"),
        ("mära@bücher.example", "only letters of English can stand before the @"),
        (f"mara@{'ü' * 70}.example", "is no domain: Label too long"),
        ("mara@bücher..example", "is no domain: Empty Label"),
        ("mara@\u200dü.example", "is no domain: "),
    ],
)
def test_what_no_mail_server_understands_is_refused_with_the_reason(
    address: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        ascii_address(address)
    assert not can_be_mailed(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "mara",
        "mara@localhost",
        '"mara l"@shop.example',
        "Mara <m@shop.example>",
        "m@[127.0.0.1]",
    ],
)
def test_what_is_no_plain_address_is_not_written_to(address: str) -> None:
    assert not can_be_mailed(address)


def test_an_international_address_arrives(cast: Cast, mailbox: Mailbox) -> None:
    with acting_for(cast.juniper):
        send(confirm([recipient(to_address="mara@bücher.example")]))

        assert states() == [MessageState.ACCEPTED]
    assert mailbox.mails[0]["X-RcptTo"] == "mara@xn--bcher-kva.example"


def test_an_address_that_no_server_understands_fails_alone_and_says_why(
    cast: Cast, mailbox: Mailbox
) -> None:
    with acting_for(cast.juniper):
        send(confirm([recipient(1, to_address="mära@bücher.example"), recipient(2)]))

        assert states() == [MessageState.FAILED, MessageState.ACCEPTED]
        assert Message.objects.order_by("id")[0].reason == (
            "mära@bücher.example: only letters of English can stand before the @"
        )
    assert [mail["X-RcptTo"] for mail in mailbox.mails] == ["person2@example.com"]


def test_answers_go_to_an_international_address_too(cast: Cast, mailbox: Mailbox) -> None:
    Brand.objects.filter(pk=cast.juniper.pk).update(reply_to="hello@bücher.example")
    with acting_for(cast.juniper):
        send(confirm())

    assert str(mailbox.mails[0]["Reply-To"]) == "hello@xn--bcher-kva.example"
