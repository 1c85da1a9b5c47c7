"""The lists of Emails: filtered, sorted, and exported as they stand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from core.tenancy import acting_for
from notifications.models import Campaign, Message, Purpose, SuppressionReason
from notifications.services import suppress
from tests.brand_admin.desk import at, csv_of, desk_of, shown
from tests.cast import NOW, SYSTEM, Cast
from tests.notifications.senders import confirm, recipient

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def vera(cast: Cast) -> Client:
    """The browser of somebody who only reads."""
    return desk_of(cast.vera)


@pytest.fixture
def two(cast: Cast) -> Campaign:
    """Items to two people yesterday, one of whom it did not reach, and a welcome to one today."""
    with acting_for(cast.juniper):
        items = confirm(
            [recipient(2, to_name="Zoe"), recipient(1, to_name="Anna")],
            title="Items",
            now=NOW - timedelta(days=1),
        )
        Message.objects.filter(to_name="Zoe").update(state="accepted", settled_at=NOW)
        Message.objects.filter(to_name="Anna").update(
            state="bounced", settled_at=NOW - timedelta(hours=1), reason="no such mailbox"
        )
        confirm([recipient(1)], title="Welcome", purpose=Purpose.EMAIL_MEMBERS, now=NOW)
    return items


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["Welcome", "Items"]),
        ("?sort=confirmed", ["Items", "Welcome"]),
        ("?sort=-recipients", ["Items", "Welcome"]),
        ("?sort=recipients", ["Welcome", "Items"]),
        ("?q=item", ["Items"]),
        ("?purpose=email_members", ["Welcome"]),
    ],
)
@pytest.mark.usefixtures("two")
def test_campaigns(cast: Cast, vera: Client, query: str, titles: list[str]) -> None:
    page = vera.get(at(cast.juniper, "emails") + query)

    assert [row.campaign.title for row in page.context["rows"]] == titles
    assert [line[0] for line in csv_of(vera.get(page.context["listing"].export_href))[1:]] == titles


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Zoe", "Anna"]),
        ("?sort=name", ["Anna", "Zoe"]),
        ("?sort=address", ["Anna", "Zoe"]),
        ("?sort=settled", ["Anna", "Zoe"]),
        ("?state=bounced", ["Anna"]),
        ("?q=person2", ["Zoe"]),
    ],
)
def test_recipients_of_one(
    cast: Cast, vera: Client, two: Campaign, query: str, names: list[str]
) -> None:
    page = vera.get(at(cast.juniper, "campaign", campaign_id=two.pk) + query)

    assert [row.to_name for row in page.context["page"]] == names
    assert [line[1] for line in csv_of(vera.get(page.context["listing"].export_href))[1:]] == names


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["Welcome", "Items", "Items"]),
        ("?q=PERSON1", ["Welcome", "Items"]),
        ("?purpose=sales_tracking_items", ["Items", "Items"]),
        ("?state=bounced", ["Items"]),
        ("?state=nonsense&purpose=x", ["Welcome", "Items", "Items"]),
        ("?q=nobody", []),
    ],
)
@pytest.mark.usefixtures("two")
def test_messages(cast: Cast, vera: Client, query: str, titles: list[str]) -> None:
    page = vera.get(at(cast.juniper, "messages") + query)

    assert [row.campaign.title for row in page.context["page"]] == titles
    assert [line[2] for line in csv_of(vera.get(page.context["listing"].export_href))[1:]] == titles


@pytest.mark.usefixtures("two")
def test_a_line_of_the_messages_says_what_became_of_it(cast: Cast, vera: Client) -> None:
    header, line = csv_of(vera.get(at(cast.juniper, "messages_export") + "?state=bounced"))

    assert dict(zip(header, line, strict=True)) == {
        "address": "person1@example.com",
        "name": "Anna",
        "message": "Items",
        "purpose": "sales_tracking_items",
        "confirmed_at": "2026-11-19T12:00:00+00:00",
        "state": "bounced",
        "reason": "no such mailbox",
        "settled_at": "2026-11-20T11:00:00+00:00",
    }


def test_messages_to_one_member(cast: Cast, vera: Client) -> None:
    with acting_for(cast.juniper):
        confirm([recipient(1, recipient=f"member:{cast.mara.pk}"), recipient(2)], title="Items")

    page = shown(vera.get(f"{at(cast.juniper, 'messages')}?member={cast.mara.pk}"))

    assert "Only mails to <b>Mara Lindqvist</b>" in page
    assert "person1@example.com" in page
    assert "person2@example.com" not in page


@pytest.mark.parametrize(
    ("query", "addresses"),
    [
        ("", ["a@late.example", "z@early.example"]),
        ("?sort=since", ["z@early.example", "a@late.example"]),
        ("?sort=-address", ["z@early.example", "a@late.example"]),
        ("?q=early", ["z@early.example"]),
        ("?reason=unsubscribed", []),
    ],
)
def test_suppressed_addresses(cast: Cast, vera: Client, query: str, addresses: list[str]) -> None:
    with acting_for(cast.juniper):
        for address, days in (("z@early.example", 2), ("a@late.example", 1)):
            suppress(
                address=address,
                reason=SuppressionReason.BY_STAFF,
                by=SYSTEM,
                now=NOW - timedelta(days=days),
            )

    page = vera.get(at(cast.juniper, "suppressions") + query)

    assert [row.address for row in page.context["page"]] == addresses
    assert [
        line[0] for line in csv_of(vera.get(page.context["listing"].export_href))[1:]
    ] == addresses


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("name", ["emails_export", "messages_export", "suppressions_export"])
def test_another_brand_has_none_of_it(cast: Cast, name: str) -> None:
    otto = desk_of(cast.otto)

    assert len(csv_of(otto.get(at(cast.saltmarsh, name)))) == 1
    assert otto.get(at(cast.juniper, name)).status_code == 404
