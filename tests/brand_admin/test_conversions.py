"""Conversions: the list, judging, and one conversion's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.actors import Actor
from brand_admin.listing import paging
from core.tenancy import acting_for
from offers.models import Approval
from offers.services import supersede_terms
from offers.terms import TermsValues
from payouts.ledger import balances
from tests.answers import page_text
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, sell, shown
from tests.cast import NOW, SYSTEM, Cast, refund
from tests.snapshot import snapshot
from tracking.models import Conversion, ConversionStatus
from tracking.orders.approval import reject_conversions
from tracking.orders.refunds import record_refund

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def pending(cast: Cast) -> list[Conversion]:
    """Two conversions of Mara's that wait for a decision."""
    with acting_for(cast.juniper):
        supersede_terms(
            offer=cast.glow,
            values=TermsValues(percent_bp=1_000, approval=Approval.BY_HAND),
            starts_at=NOW.replace(hour=13),
            by=SYSTEM,
            now=NOW,
        )
    later = NOW.replace(hour=14).isoformat()
    return [sell(cast, number, ordered_at=later) for number in ("1001", "1002")]


@pytest.fixture
def submit_action(cast: Cast) -> Callable[..., Any]:
    """Theo submits an action on conversions: `submit_action(rows, action="accept")`."""
    theo = desk_of(cast.theo)

    def post(rows: list[Conversion], **sent: str) -> Any:
        ticked = {"selected": [row.pk for row in rows]}
        return theo.post(at(cast.juniper, "conversions_judge"), ticked | sent, follow=True)

    return post


def earned(cast: Cast) -> int:
    with acting_for(cast.juniper):
        balance = balances([cast.mara_in_glow.pk], now=NOW.replace(hour=23))
        return balance[cast.mara_in_glow.pk].earned_minor if balance else 0


def statuses(cast: Cast) -> list[str]:
    with acting_for(cast.juniper):
        return list(Conversion.objects.order_by("pk").values_list("status", flat=True))


def test_the_list_says_who_is_credited_and_why(cast: Cast) -> None:
    sell(cast)

    page = shown(desk_of(cast.vera).get(at(cast.juniper, "conversions")))

    for words in ("1001", "Mara Lindqvist", "The order brought the code MARA15", "£84.20", "£8.42"):
        assert words in page
    assert "data-select-all" not in page  # Vera only reads


@pytest.mark.parametrize(
    ("query", "orders"),
    [
        ("", ["1002", "1001"]),
        ("?sort=time", ["1001", "1002"]),
        ("?sort=-sale", ["1001", "1002"]),
        ("?sort=sale", ["1002", "1001"]),
        ("?sort=nonsense", ["1002", "1001"]),
        ("?q=1001", ["1001"]),
        ("?q=diego", ["1002"]),
        ("?status=rejected", ["1002"]),
        ("?evidence=click", []),
        ("?evidence=code", ["1002", "1001"]),
        ("?first=2026-11-20", ["1002"]),
        ("?last=2026-11-19", ["1001"]),
        ("?first=2026-11-18&last=2026-11-18", ["1001"]),
        ("?first=nonsense&offer=nonsense&status=nonsense&member=nonsense", ["1002", "1001"]),
    ],
)
def test_the_list_is_filtered_and_sorted_by_its_address(
    query: str, orders: list[str], cast: Cast
) -> None:
    sell(cast, "1001", days_ago=2)
    second = sell(cast, "1002", promo_code="DIEGO10", amount="9.99")
    with acting_for(cast.juniper):
        reject_conversions(conversion_ids=[second.pk], reason="Test", by=SYSTEM, now=NOW)
    ines = desk_of(cast.ines)

    page = ines.get(at(cast.juniper, "conversions") + query).context["page"]
    lines = csv_of(ines.get(at(cast.juniper, "conversions_csv") + query))

    assert [row.order.external_id for row in page] == orders
    assert [line[0] for line in lines[1:]] == orders


def test_a_long_list_is_counted_so_far_and_says_that_it_goes_on(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("1001", "1002", "1003"):
        sell(cast, number)
    ines, address = desk_of(cast.ines), at(cast.juniper, "conversions")
    monkeypatch.setattr(paging, "MAX_COUNTED_ROWS", 2)

    searched, every, beyond = (
        ines.get(address + query) for query in ("?q=mara", "", "?q=mara&page=9")
    )

    assert "2 of more than 2 conversions" in shown(searched)
    assert "3 of 3 conversions" in shown(every)  # their count is kept
    assert beyond.context["page"].number == 1
    assert len(csv_of(ines.get(at(cast.juniper, "conversions_csv") + "?q=mara"))) == 4


def test_the_list_shows_one_members_conversions_in_one_offer(cast: Cast) -> None:
    sell(cast)
    sell(cast, "1002", promo_code="DIEGO10")
    query = f"?offer={cast.glow.pk}&member={cast.diego.pk}"

    response = desk_of(cast.ines).get(at(cast.juniper, "conversions") + query)

    assert [row.member for row in response.context["page"]] == [cast.diego]
    assert "Only conversions of <b>Diego Arroyo</b>" in shown(response)


def test_the_export_holds_what_stands_on_the_screen(cast: Cast) -> None:
    sell(cast)

    header, line = csv_of(desk_of(cast.vera).get(at(cast.juniper, "conversions_csv")))

    assert dict(zip(header, line, strict=True)) == {
        "order": "1001",
        "source": "shop",
        "time": "2026-11-20T11:00:00+00:00",
        "member": "Mara Lindqvist",
        "email": "mara@lindqvist.example",
        "offer": "Winter Glow creators",
        "evidence": "code",
        "why": "the order brought the code MARA15",
        "share": "100%",
        "status": "accepted",
        "reason": "",
        "sale": "84.20",
        "refunds": "0.00",
        "commission": "8.42",
        "currency": "GBP",
    }


def test_the_list_takes_as_many_queries_for_three_as_for_one(cast: Cast) -> None:
    ines, address = desk_of(cast.ines), at(cast.juniper, "conversions")
    sell(cast)
    assert queries_of(ines, address) == 9

    sell(cast, "1002", promo_code="DIEGO10")
    sell(cast, "1003", promo_code="JUNE20")

    assert queries_of(ines, address) == 9


def test_accepting_earns_the_commission(
    cast: Cast, pending: list[Conversion], submit_action: Callable[..., Any]
) -> None:
    assert earned(cast) == 0

    page = shown(submit_action(pending, action="accept"))

    assert "2 conversions accepted." in page
    assert statuses(cast) == ["accepted", "accepted"]
    assert earned(cast) == 1_684


def test_rejecting_asks_why_first(
    cast: Cast, pending: list[Conversion], submit_action: Callable[..., Any]
) -> None:
    before = snapshot()

    page = shown(submit_action(pending[:1], action="reject"))

    assert "will earn nothing" in page
    assert 'name="reason"' in page
    assert snapshot() == before


def test_rejecting_without_a_reason_is_refused(
    cast: Cast, pending: list[Conversion], submit_action: Callable[..., Any]
) -> None:
    before = snapshot()

    response = submit_action(pending, action="reject", reason="   ")

    assert response.status_code == 422
    assert "Say why: the member reads it." in page_text(response)
    assert snapshot() == before


def test_a_rejected_conversion_keeps_its_reason_and_takes_back_what_it_earned(
    cast: Cast, submit_action: Callable[..., Any]
) -> None:
    conversion = sell(cast)

    page = shown(submit_action([conversion], action="reject", reason="Returned at the counter"))

    assert "1 conversion rejected." in page
    with acting_for(cast.juniper):
        row = Conversion.objects.get(pk=conversion.pk)
    assert (row.status, row.reason) == (ConversionStatus.REJECTED, "Returned at the counter")
    assert earned(cast) == 0


def test_a_decision_returns_to_the_list_it_came_from_and_nowhere_else(
    cast: Cast, pending: list[Conversion]
) -> None:
    theo, address = desk_of(cast.theo), at(cast.juniper, "conversions_judge")
    sent = {"action": "accept", "selected": pending[0].pk}
    listed = at(cast.juniper, "conversions") + "?status=pending"

    assert theo.post(address, sent | {"back": listed})["Location"] == listed
    for foreign in ("https://evil.example/", "//evil.example/", "/\\evil.example/"):
        answer = theo.post(address, sent | {"back": foreign})
        assert answer["Location"] == at(cast.juniper, "conversions")


def test_the_page_of_a_conversion_tells_everything(cast: Cast) -> None:
    conversion = sell(cast)
    theo = Actor.of_user(cast.theo)
    with acting_for(cast.juniper):
        record_refund(source="shop", refund=refund(), by=SYSTEM, now=NOW)
        reject_conversions(conversion_ids=[conversion.pk], reason="Fraud", by=theo, now=NOW)

    page = shown(
        desk_of(cast.vera).get(at(cast.juniper, "conversion", conversion_id=conversion.pk))
    )

    for words in (
        "Order 1001",
        "Rejected: nothing is earned",
        "Glow set",
        "R1",
        "£10.00",
        "Recorded the order 1001",
        "Recorded the refund R1",
        "Rejected the conversion: Fraud",
        "Theo Marsh",
        "The order brought the code MARA15.",
    ):
        assert words in page


def test_the_page_of_a_conversion_explains_the_commission_line_by_line(cast: Cast) -> None:
    conversion = sell(cast)
    with acting_for(cast.juniper):
        record_refund(source="shop", refund=refund(), by=SYSTEM, now=NOW)

    response = desk_of(cast.vera).get(at(cast.juniper, "conversion", conversion_id=conversion.pk))

    assert [
        line.replace("\N{NO-BREAK SPACE}", " ") for line in response.context["explanation"]
    ] == [
        "£84.20 sold − £10.00 refunded = £74.20",  # noqa: RUF001
        "£74.20 of products that count × 10% = £7.42",  # noqa: RUF001
    ]
    assert str(response.context["booked"]) == "7.42 GBP"
