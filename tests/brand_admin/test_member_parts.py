"""The lists of a member's page: searched, filtered, sorted, and exported as they stand."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Brand
from core.tenancy import acting_for
from notifications.models import Message, Purpose
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from payouts.models import Payout, PayoutState
from payouts.services import adjust, record_payment, return_payment
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, sell, shown
from tests.cast import NOW, SYSTEM, Cast, offer_values
from tests.notifications.senders import confirm, recipient
from tracking.links.promo_codes import give_codes
from tracking.questions.services import ask_about_order, explain_question

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def vera(cast: Cast) -> Client:
    """The browser of somebody who only reads."""
    return desk_of(cast.vera)


def earn(cast: Cast, minor: int, note: str, *, days_ago: int = 0) -> int:
    with acting_for(cast.juniper):
        entry = adjust(
            enrollment=cast.mara_in_glow, currency="GBP", amount_minor=minor, note=note,
            confirmation=uuid.uuid4(), by=SYSTEM, now=NOW - timedelta(days=days_ago),
        )  # fmt: skip
        return entry.pk


def pay(cast: Cast, minor: int, reference: str, *, days_ago: int) -> Payout:
    entry = earn(cast, minor, reference, days_ago=days_ago)
    with acting_for(cast.juniper):
        return record_payment(
            member=cast.mara, currency="GBP", entry_ids=[entry], reference=reference, by=SYSTEM,
            now=NOW - timedelta(days=days_ago),
        )  # fmt: skip


def part(cast: Cast, client: Client, name: str, query: str) -> Any:
    return client.get(at(cast.juniper, name, member_id=cast.mara.pk) + query)


def exported(client: Client, page: Any) -> list[list[str]]:
    """What the page's own Export button gives, without its header."""
    return csv_of(client.get(page.context["listing"].export_href))[1:]


@pytest.fixture
def conversions(cast: Cast) -> None:
    """Mara sold 1001 for £84.20 today and 2002 for £50.00 three days ago; Diego sold too."""
    sell(cast, "1001")
    sell(cast, "2002", days_ago=3, amount="50.00")
    sell(cast, "3003", promo_code="DIEGO10")


@pytest.mark.usefixtures("conversions")
@pytest.mark.parametrize(
    ("query", "orders"),
    [
        ("", ["1001", "2002"]),
        ("?sort=time", ["2002", "1001"]),
        ("?sort=sale", ["2002", "1001"]),
        ("?q=200", ["2002"]),
        ("?q=3003", []),
        ("?status=rejected", []),
        ("?first=2026-11-18", ["1001"]),
        ("?last=2026-11-18", ["2002"]),
        ("?offer=nonsense&first=never", ["1001", "2002"]),
        ("?member=1", ["1001", "2002"]),
    ],
)
def test_conversions_of_a_member(cast: Cast, vera: Client, query: str, orders: list[str]) -> None:
    page = part(cast, vera, "member_conversions", query)

    assert [row.order.external_id for row in page.context["page"]] == orders
    header, *lines = csv_of(vera.get(page.context["listing"].export_href))
    assert [line[header.index("order")] for line in lines] == orders


@pytest.mark.parametrize(
    ("query", "references"),
    [
        ("", ["BACS 2", "BACS 1"]),
        ("?sort=date", ["BACS 1", "BACS 2"]),
        ("?sort=amount", ["BACS 2", "BACS 1"]),
        ("?q=bacs+1", ["BACS 1"]),
        ("?state=failed", ["BACS 1"]),
        ("?first=2026-11-18", ["BACS 2"]),
    ],
)
def test_payments_to_a_member(cast: Cast, vera: Client, query: str, references: list[str]) -> None:
    Brand.objects.filter(pk=cast.juniper.pk).update(created_at=NOW - timedelta(days=30))
    first = pay(cast, 5_000, "BACS 1", days_ago=4)
    pay(cast, 2_000, "BACS 2", days_ago=1)
    with acting_for(cast.juniper):
        return_payment(payout=first, state=PayoutState.FAILED, reason="Closed", by=SYSTEM, now=NOW)

    page = part(cast, vera, "member_payments", query)

    assert [row.reference for row in page.context["page"]] == references
    assert [line[8] for line in exported(vera, page)] == references


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["Welcome", "Your items"]),
        ("?q=welc", ["Welcome"]),
        ("?q=lindqvist", ["Welcome", "Your items"]),
        ("?purpose=sales_tracking_items", ["Your items"]),
        ("?state=bounced", ["Your items"]),
        ("?state=nonsense", ["Welcome", "Your items"]),
    ],
)
def test_messages_to_a_member(cast: Cast, vera: Client, query: str, titles: list[str]) -> None:
    mara = {"recipient": f"member:{cast.mara.pk}", "to_address": cast.mara.email}
    with acting_for(cast.juniper):
        confirm([recipient(1, **mara), recipient(2)], title="Your items")
        Message.objects.filter(recipient=mara["recipient"]).update(state="bounced")
        confirm([recipient(1, **mara)], title="Welcome", purpose=Purpose.EMAIL_MEMBERS)

    page = part(cast, vera, "member_messages", query)

    assert [row.campaign.title for row in page.context["page"]] == titles
    assert [line[2] for line in exported(vera, page)] == titles


@pytest.mark.parametrize(
    ("query", "orders"),
    [
        ("", ["B-2", "A-1"]),
        ("?sort=asked", ["A-1", "B-2"]),
        ("?sort=ordered", ["B-2", "A-1"]),
        ("?q=a-1", ["A-1"]),
        ("?state=explained", ["A-1"]),
        ("?q=c-3", []),
    ],
)
def test_questions_of_a_member(cast: Cast, vera: Client, query: str, orders: list[str]) -> None:
    asked = (
        (cast.mara_in_glow, "A-1", 1),
        (cast.mara_in_glow, "B-2", 2),
        (cast.diego_in_glow, "C-3", 3),
    )
    with acting_for(cast.juniper):
        first, *_ = [
            ask_about_order(
                enrollment=enrollment, order_reference=reference, note="",
                ordered_on=(NOW - timedelta(days=number)).date(), by=SYSTEM,
                now=NOW + timedelta(minutes=number),
            )
            for enrollment, reference, number in asked
        ]  # fmt: skip
        explain_question(question=first, text="It was returned.", by=SYSTEM, now=NOW)

    page = part(cast, vera, "member_questions", query)

    assert [row.order_reference for row in page.context["page"]] == orders
    assert [line[4] for line in exported(vera, page)] == orders


@pytest.fixture
def history(cast: Cast) -> None:
    """A second code three days ago, and a bonus today."""
    with acting_for(cast.juniper):
        spring = create_offer(
            values=offer_values(name="Spring"), terms=TermsValues(percent_bp=1), by=SYSTEM, now=NOW
        )
        (joined,) = enroll(
            offer=spring, members=[cast.mara], by=SYSTEM, now=NOW - timedelta(days=3)
        )
        give_codes(
            codes={joined.pk: "MARASPRING"}, enrollments=[joined], by=SYSTEM,
            now=NOW - timedelta(days=3),
        )  # fmt: skip
    earn(cast, 500, "Launch video")


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?q=maraspring", ["gave the code MARASPRING"]),
        ("?q=gave+the+code+spring", ["gave the code MARASPRING"]),
        ("?q=adjustment", ["posted an adjustment: Launch video"]),
        ("?q=VIDEO", ["posted an adjustment: Launch video"]),
        ("?q=diego", []),
        (
            "?first=2026-11-17&last=2026-11-17",
            ["gave the code MARASPRING", "added the member to the offer"],
        ),
    ],
)
def test_the_history_of_a_member(cast: Cast, vera: Client, query: str, said: list[str]) -> None:
    page = part(cast, vera, "member_history", query)

    assert [row.line.words for row in page.context["rows"]] == said
    assert [line[1] for line in exported(vera, page)] == said


PARTS = ["conversions", "payments", "messages", "questions", "history"]


@pytest.mark.parametrize("name", PARTS)
def test_where_nothing_matches_the_way_back_is_shown(cast: Cast, vera: Client, name: str) -> None:
    page = shown(part(cast, vera, f"member_{name}", "?q=nobody-said-this"))

    assert "Nothing matches" in page
    assert "Clear filters" in page


@pytest.mark.parametrize("name", PARTS)
def test_the_parts_of_somebody_elses_member_are_not_there(cast: Cast, name: str) -> None:
    otto = desk_of(cast.otto)

    answers = [
        otto.get(at(cast.juniper, f"member_{name}", member_id=cast.mara.pk)),
        otto.get(at(cast.saltmarsh, f"member_{name}", member_id=cast.mara.pk)),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]


def test_exports_narrowed_to_another_brands_member_are_empty(cast: Cast) -> None:
    sell(cast)
    pay(cast, 500, "BACS 1", days_ago=1)
    otto = desk_of(cast.otto)

    for name in ("conversions_csv", "payments_csv", "questions_csv", "messages_export"):
        lines = csv_of(otto.get(f"{at(cast.saltmarsh, name)}?member={cast.mara.pk}"))
        assert (name, len(lines)) == (name, 1)


def test_each_part_takes_the_same_queries_for_one_line_and_for_three(
    cast: Cast, vera: Client
) -> None:
    def fill(number: int) -> None:
        sell(cast, f"100{number}")
        pay(cast, 500, f"BACS {number}", days_ago=1)
        with acting_for(cast.juniper):
            confirm([recipient(1, recipient=f"member:{cast.mara.pk}")], title=f"Mail {number}")
            ask_about_order(
                enrollment=cast.mara_in_glow, order_reference=f"X-{number}", note="",
                ordered_on=NOW.date(), by=SYSTEM, now=NOW,
            )  # fmt: skip

    def counted() -> list[int]:
        return [
            queries_of(vera, at(cast.juniper, f"member_{name}", member_id=cast.mara.pk))
            for name in PARTS
        ]

    fill(1)
    one = counted()
    fill(2)
    fill(3)

    assert (one, counted()) == ([15, 14, 14, 15, 19], [15, 14, 14, 15, 19])
