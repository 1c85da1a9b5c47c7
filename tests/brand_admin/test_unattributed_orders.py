"""Orders that no member is credited for: the list, its file, and crediting one or many."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from core.tenancy import acting_for
from tests.answers import page_text
from tests.brand_admin.choosing import let_a_worker, posted_to, told
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, shown
from tests.cast import NOW, SYSTEM, Cast, order
from tests.snapshot import snapshot
from tracking.links.membership import remove_from_offer
from tracking.models import Conversion, Order
from tracking.orders.crediting import attribute_order_by_hand
from tracking.orders.recording import record_order

pytestmark = pytest.mark.usefixtures("at_noon", "at_juniper")


def lose(order_id: str, *, source: str = "shop", days_ago: int = 0, **changes: Any) -> Order:
    """An order of £84.20 with a code that nobody has, unless told otherwise."""
    placed = (NOW - timedelta(days=days_ago, hours=1)).isoformat()
    facts = order(order_id, **({"promo_code": "WELCOME10", "ordered_at": placed} | changes))
    record_order(source=source, order=facts, by=SYSTEM, now=NOW)
    return Order.objects.get(source=source, external_id=order_id)


@pytest.fixture
def four() -> list[Order]:
    """One with two codes, one with a click, one with nothing, and one in dollars."""
    return [
        lose("1001", promo_code=None, promo_codes=["Welcome10", "SPRING"]),
        lose("1002", promo_code=None, click_id="made-up", days_ago=1),
        lose("1003", promo_code=None, source="pos", customer_id="C7", days_ago=2),
        lose("1004", promo_code="MARA15", currency="USD", days_ago=3),
    ]


def chosen(cast: Cast, found: list[Order], **more: Any) -> str:
    """The address of the choice of a member for these orders."""
    orders = ",".join(str(row.pk) for row in found)
    query = "&".join(f"{name}={value}" for name, value in more.items())
    return f"{at(cast.juniper, 'unattributed_member')}?orders={orders}&{query}"


def credit(client: Client, cast: Cast, rows: list[Order], query: str = "", **sent: Any) -> Any:
    """Send the form that says why."""
    form = {
        "action": "credit",
        "confirmed": "1",
        "enrollment": cast.mara_in_glow.pk,
        "reason": "Her code was misspelt in the shop",
        "selected": [row.pk for row in rows],
        "form_key": str(uuid.uuid4()),
    }
    address = at(cast.juniper, "unattributed_credit") + query
    return client.post(address, form | sent, follow=True)


# --- the list


def test_the_list_says_what_an_order_brought_and_why_nobody_is_credited(
    cast: Cast, four: list[Order]
) -> None:
    page = shown(desk_of(cast.vera).get(at(cast.juniper, "unattributed")))

    for words in (
        "the shop may be wired wrongly",
        "1001", "Welcome10", "SPRING", "No member has one of the codes Welcome10, SPRING",
        "1002", "Click made-up", "The click id is not one of ours",
        "1003", "pos", "Customer C7", "no code, no click and no customer of an earlier order",
        "1004", "$84.20", "The order is in USD, the offer Winter Glow creators in GBP",
    ):  # fmt: skip
        assert words in page
    assert "data-select-all" not in page  # Vera only reads
    assert "Credit to a member" not in page


@pytest.mark.parametrize(
    ("query", "orders"),
    [
        ("", ["1001", "1002", "1003", "1004"]),
        ("?sort=time", ["1004", "1003", "1002", "1001"]),
        ("?sort=nonsense", ["1001", "1002", "1003", "1004"]),
        ("?q=1002", ["1002"]),
        ("?q=04", ["1004"]),
        ("?q=welcome", ["1001"]),
        ("?q=welcome10+1001", ["1001"]),
        ("?q=welcome10+1002", []),
        ("?q=mara15", ["1004"]),
        ("?q=%25", []),
        ("?source=pos", ["1003"]),
        ("?source=elsewhere", ["1001", "1002", "1003", "1004"]),
        ("?brought=code", ["1001", "1004"]),
        ("?brought=click", ["1002"]),
        ("?brought=nothing", ["1003"]),
        ("?brought=currency", ["1004"]),
        ("?brought=code&source=shop&last=2026-11-18", ["1004"]),
        ("?first=2026-11-19", ["1001", "1002"]),
        ("?first=2026-11-18&last=2026-11-18", ["1003"]),
        ("?last=2026-11-17", ["1004"]),
        ("?first=0001-01-01&last=9999-12-31", ["1001", "1002", "1003", "1004"]),
        ("?first=nonsense&source=nonsense&brought=nonsense", ["1001", "1002", "1003", "1004"]),
    ],
)
def test_the_list_is_searched_and_filtered_by_its_address(
    query: str, orders: list[str], cast: Cast, theo: Client, four: list[Order]
) -> None:
    page = theo.get(at(cast.juniper, "unattributed") + query).context["page"]
    lines = csv_of(theo.get(at(cast.juniper, "unattributed_csv") + query))

    assert [row.external_id for row in page] == orders
    assert [line[0] for line in lines[1:]] == orders


def test_test_orders_are_listed_apart(cast: Cast, theo: Client, four: list[Order]) -> None:
    lose("1005", promo_code="MARA15", is_test=True)

    usual = theo.get(at(cast.juniper, "unattributed"))
    tests = theo.get(f"{at(cast.juniper, 'unattributed')}?brought=test")

    assert [row.external_id for row in usual.context["page"]] == ["1001", "1002", "1003", "1004"]
    assert [row.external_id for row in tests.context["page"]] == ["1005"]
    assert "A test order never counts; the order brought the code MARA15" in page_text(tests)


def test_the_export_holds_every_piece_of_evidence_and_no_formula(cast: Cast) -> None:
    lose("=1+1", promo_code=None, promo_codes=["@SUM(A1)", "B"], customer_id="C7", click_id="x1")

    header, line = csv_of(desk_of(cast.vera).get(at(cast.juniper, "unattributed_csv")))

    assert dict(zip(header, line, strict=True)) == {
        "order": "'=1+1",
        "source": "shop",
        "time": "2026-11-20T11:00:00+00:00",
        "amount": "84.20",
        "currency": "GBP",
        "codes": "'@SUM(A1); B",
        "click": "x1",
        "customer": "C7",
        "reason": "no member has one of the codes @SUM(A1), B; the click id is not one of ours",
    }


def test_an_order_that_is_credited_leaves_the_list(cast: Cast, theo: Client) -> None:
    lost = lose("1001")
    lose("1002", promo_code="MARA15")
    address = at(cast.juniper, "unattributed")
    before = [row.external_id for row in theo.get(address).context["page"]]

    attribute_order_by_hand(
        order_id=lost.pk, enrollment=cast.mara_in_glow, reason="Hers", by=SYSTEM, now=NOW
    )

    assert before == ["1001"]
    assert "Every order is credited" in shown(theo.get(address))


def test_the_list_takes_as_many_queries_for_three_as_for_one(cast: Cast, theo: Client) -> None:
    address = at(cast.juniper, "unattributed")
    lose("1001")
    assert queries_of(theo, address) == 8

    lose("1002", source="pos")
    lose("1003", promo_code=None, click_id="made-up")

    assert queries_of(theo, address) == 8


def test_another_brand_sees_and_credits_none_of_them(cast: Cast, four: list[Order]) -> None:
    otto, before = desk_of(cast.otto), snapshot()
    list_address, named = at(cast.saltmarsh, "unattributed"), ",".join(str(row.pk) for row in four)

    page = shown(otto.get(list_address))
    choice = otto.get(f"{at(cast.saltmarsh, 'unattributed_member')}?orders={named}")
    credited = otto.post(
        at(cast.saltmarsh, "unattributed_credit"),
        {
            "action": "credit",
            "confirmed": "1",
            "enrollment": cast.june_in_tide.pk,
            "reason": "Mine",
            "selected": [row.pk for row in four],
        },
        follow=True,
    )

    assert "Every order is credited" in page
    assert choice["Location"] == list_address
    assert told(credited) == ["Choose orders first: nothing was changed."]
    assert snapshot() == before


# --- crediting


def test_ticked_orders_are_credited_to_the_member_that_is_chosen(
    cast: Cast, theo: Client, four: list[Order]
) -> None:
    two, listed = four[:2], at(cast.juniper, "unattributed") + "?source=shop"

    ticked = theo.post(
        at(cast.juniper, "unattributed_credit") + "?source=shop",
        {"action": "credit", "selected": [row.pk for row in two]},
    )
    choice = theo.get(f"{ticked['Location']}&q=lindqvist")
    [row] = choice.context["page"]
    asked = theo.get(f"{ticked['Location']}&enrollment={row.pk}")
    page = shown(asked)
    answer = credit(theo, cast, two, "?source=shop", back=asked.context["back"])

    assert "Whom are 2 orders credited to?" in shown(choice)
    assert "They go to Mara Lindqvist in Winter Glow creators" in page
    assert page.count('name="selected"') == 2
    assert told(answer) == ["2 orders credited to Mara Lindqvist."]
    assert answer.redirect_chain[-1][0] == listed
    made = Conversion.objects.order_by("pk").values_list(
        "order__external_id", "enrollment", "status", "commission_minor", "why"
    )
    why = "the brand added it by hand: Her code was misspelt in the shop"
    assert list(made) == [
        ("1002", cast.mara_in_glow.pk, "accepted", 842, why),
        ("1001", cast.mara_in_glow.pk, "accepted", 842, why),
    ]
    entries = AuditEntry.objects.filter(action="conversion.added_by_hand")
    assert sorted(entry.detail["order_id"] for entry in entries) == ["1001", "1002"]


def test_what_can_not_be_credited_is_told_and_stops_no_other(
    cast: Cast, theo: Client, four: list[Order]
) -> None:
    attribute_order_by_hand(
        order_id=four[0].pk, enrollment=cast.diego_in_glow, reason="His", by=SYSTEM, now=NOW
    )

    answer = credit(theo, cast, four)

    assert told(answer) == [
        "2 orders credited to Mara Lindqvist.",
        (
            "2 skipped: Order 1004 is in USD, the offer Winter Glow creators in GBP, and there"
            " is no exchange rate for its day; Order 1001 is credited to Diego Arroyo already."
        ),
    ]
    assert Order.objects.exclude(unattributed="").get() == four[3]


def test_all_that_match_are_credited_and_no_others(
    cast: Cast, theo: Client, four: list[Order]
) -> None:
    lose("1005", source="pos")
    pressed = theo.post(
        posted_to(theo.get(f"{at(cast.juniper, 'unattributed')}?source=shop&all=1")),
        {"action": "credit"},
    )

    choice = theo.get(pressed["Location"])
    asked = theo.get(f"{pressed['Location']}&enrollment={cast.mara_in_glow.pk}")
    answer = credit(theo, cast, [], "?source=shop&all=1")

    assert "Whom are 3 orders credited to?" in shown(choice)
    assert "Credit to a member: 3 orders." in shown(asked)
    assert 'name="selected"' not in page_text(asked)
    address = f"{at(cast.juniper, 'unattributed_credit')}?source=shop&amp;all=1"
    assert f'action="{address}"' in page_text(asked)
    assert told(answer)[0] == "2 orders credited to Mara Lindqvist."
    left = Order.objects.exclude(unattributed="").order_by("external_id")
    assert [row.external_id for row in left] == ["1003", "1004", "1005"]


@pytest.mark.usefixtures("few")
def test_many_are_left_to_a_worker_who_tells_what_was_skipped(
    cast: Cast, theo: Client, four: list[Order]
) -> None:
    asked = credit(theo, cast, four)
    none_yet = Conversion.objects.count()

    work = let_a_worker(asked)

    assert none_yet == 0
    assert (work.title, work.state, work.done) == ("Credit to a member: 4 orders", "done", 4)
    assert work.counts["done"] == 3
    page = shown(theo.get(at(cast.juniper, "work", work_id=work.pk)))
    assert "in USD, the offer Winter Glow creators in GBP" in page
    assert Conversion.objects.filter(enrollment=cast.mara_in_glow).count() == 3


def test_crediting_needs_a_reason(cast: Cast, theo: Client, four: list[Order]) -> None:
    before = snapshot()

    answer = credit(theo, cast, four, reason="  ")

    assert answer.status_code == 422
    page = page_text(answer)
    assert "Say why: the member reads it." in page
    assert "They go to Mara Lindqvist in Winter Glow creators" in page
    assert snapshot() == before


def test_a_member_who_was_removed_or_is_of_another_brand_is_not_credited(
    cast: Cast, theo: Client, four: list[Order]
) -> None:
    remove_from_offer(enrollment=cast.diego_in_glow, by=SYSTEM, now=NOW)
    before = snapshot()
    outside = [cast.diego_in_glow.pk, cast.june_in_tide.pk, 10**15, ""]

    answers = [credit(theo, cast, four, enrollment=one) for one in outside]
    asked = [theo.get(chosen(cast, four, enrollment=one)) for one in outside[:3]]
    choice = theo.get(chosen(cast, four)).context["page"]

    assert {answer.status_code for answer in answers} == {422}
    assert {answer.status_code for answer in asked} == {404}
    assert [row.member for row in choice] == [cast.mara, cast.june]
    assert snapshot() == before


def test_the_choice_of_a_member_keeps_the_orders_while_it_is_searched(
    cast: Cast, theo: Client, four: list[Order]
) -> None:
    page = shown(theo.get(chosen(cast, four[:1], rows="source%3Dshop", q="mara")))

    assert f'<input type="hidden" name="orders" value="{four[0].pk}">' in page
    assert '<input type="hidden" name="rows" value="source=shop">' in page
    assert f'href="{at(cast.juniper, "unattributed")}?source=shop"' in page
    assert f"enrollment={cast.mara_in_glow.pk}&amp;orders={four[0].pk}&amp;rows=" in page


def test_without_orders_there_is_nobody_to_choose(cast: Cast, theo: Client) -> None:
    answers = [
        theo.get(at(cast.juniper, "unattributed_member") + query)
        for query in ("", "?orders=x,,9999", "?rows=q%3Dnothing")
    ]

    assert {answer["Location"] for answer in answers} == {at(cast.juniper, "unattributed")}


def test_a_viewer_credits_nothing(cast: Cast, four: list[Order]) -> None:
    vera, before = desk_of(cast.vera), snapshot()

    answers = [
        vera.get(chosen(cast, four)),
        vera.get(chosen(cast, four, enrollment=cast.mara_in_glow.pk)),
        credit(vera, cast, four),
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert snapshot() == before


def test_no_brand_is_shown_the_sources_of_another(cast: Cast, theo: Client) -> None:
    with acting_for(cast.saltmarsh):
        lose("1001", source="theirs", currency="USD")
    lose("1002", source="api")
    lose("1003", source="pos")

    filters = theo.get(at(cast.juniper, "unattributed")).context["listing"].filters

    assert [value for value, _ in filters.fields["source"].choices] == ["", "api", "pos"]
