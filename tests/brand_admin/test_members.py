"""Members in the brand admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from affiliates.models import Member
from affiliates.services import add_member
from core.tenancy import acting_for
from notifications.models import SuppressionReason
from notifications.services.suppression import suppress
from offers.models import Enrollment, OfferStatus
from offers.services import create_offer, enroll, set_offer_status
from offers.terms import TermsValues
from tests.answers import page_text
from tests.brand_admin.desk import desk_of
from tests.brand_admin.staff import address, csv_of, new_brand
from tests.cast import NOW, SYSTEM, Cast, offer_values, order, pay_all_due
from tracking.orders.recording import record_order

pytestmark = pytest.mark.usefixtures("at_juniper")
HEADER = "email,first_name,last_name,promo_code\n"


def add(first_name: str, email: str = "") -> Member:
    return add_member(email=email, first_name=first_name, last_name="Zander", by=SYSTEM, now=NOW)


# --- the list


def test_the_list_shows_what_each_sold_and_is_due(cast: Cast, theo: Client) -> None:
    record_order(source="shop", order=order(), by=SYSTEM, now=NOW)
    add("Nomail")
    suppress(address=cast.diego.email, reason=SuppressionReason.UNSUBSCRIBED, by=SYSTEM, now=NOW)

    response = theo.get(address("members"))

    rows = {row.member: (row, why) for row, _, why in response.context["rows"]}
    mara, _ = rows[cast.mara]
    assert (mara.offers, mara.conversions) == (1, 1)
    assert [str(amount) for amount in (mara.sold[0].sales, *mara.commission, *mara.due)] == [
        "84.20 GBP",
        "8.42 GBP",
        "8.42 GBP",
    ]
    assert rows[cast.diego][1] == "Unsubscribed"
    assert cast.june_at_saltmarsh not in rows
    assert "No address" in page_text(response)


@pytest.mark.parametrize("members", [1, 3])
def test_the_list_takes_the_same_queries_for_one_member_and_for_three(
    cast: Cast, theo: Client, members: int, django_assert_num_queries: Any
) -> None:
    query = "q=mara" if members == 1 else ""

    with django_assert_num_queries(15):
        response = theo.get(address("members", query=query))

    assert len(response.context["rows"]) == members


def test_search_offer_and_order(cast: Cast, theo: Client) -> None:
    alone = add("Alone")

    def found(query: str) -> list[str]:
        rows = theo.get(address("members", query=query)).context["rows"]
        return [row.member.first_name for row, *_ in rows]

    assert found("") == ["Diego", "Mara", "June", "Alone"]
    assert found("sort=-name") == ["Alone", "June", "Mara", "Diego"]
    assert found("sort=email") == ["Alone", "Diego", "June", "Mara"]
    assert found("q=arroyo+dieg") == ["Diego"]
    assert found("offer=none") == [alone.first_name]
    assert found(f"offer={cast.glow.pk}") == ["Diego", "Mara", "June"]
    assert len(found(f"offer={cast.tide.pk}&sort=x")) == 4
    assert found("q=%00mara") == ["Mara"]


def test_an_empty_brand_is_told_what_to_do(cast: Cast) -> None:
    new_brand("fresh", owner=cast.otto)

    text = desk_of(cast.otto).get(address("members", slug="fresh")).text

    assert "No members yet" in text
    assert address("members_import", slug="fresh") in text


def test_the_export_holds_exactly_what_is_filtered(cast: Cast, theo: Client) -> None:
    record_order(source="shop", order=order(), by=SYSTEM, now=NOW)
    add("=HYPERLINK(1)")

    lines = csv_of(theo.get(address("members_export", query="q=mara")))
    everybody = csv_of(theo.get(address("members_export")))

    assert lines[0] == (
        "email,first_name,last_name,joined,owner,tags,instagram,tiktok,youtube,twitch,x,facebook,"
        "pinterest,website,offers,conversions,sales,net_sales,commission,due"
    )
    person = "mara@lindqvist.example,Mara,Lindqvist"
    figures = "84.20 GBP,84.20 GBP,8.42 GBP,8.42 GBP"
    assert lines[1:] == [f"{person},2026-11-20T12:00:00+00:00{',' * 11}1,1,{figures}"]
    assert len(everybody) == 5
    assert "'=HYPERLINK(1)" in everybody[-1]


# --- add and edit


def test_a_member_is_added(theo: Client) -> None:
    response = theo.post(
        address("member_new"),
        {"first_name": "Elif", "last_name": "Demir", "email": " Elif@Demir.example "},
    )

    member = Member.objects.get(first_name="Elif")
    assert response.headers["Location"] == address("member", member.pk)
    assert member.email == "elif@demir.example"
    entry = AuditEntry.objects.get(action="member.added", target=f"member:{member.pk}")
    assert "Theo Marsh" in entry.actor


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("first_name", "", "This field is required."),
        ("first_name", "x" * 201, "at most 200 characters"),
        ("email", "no address", "Enter a valid email address."),
        ("email", "MARA@lindqvist.example", "mara@lindqvist.example is a member already."),
        ("email", f"{'x' * 60}@{'y' * 60}.{'z' * 60}.{'z' * 60}.{'z' * 60}", "at most 254"),
    ],
)
def test_bad_input_names_its_field_and_adds_nobody(
    theo: Client, field: str, value: str, message: str
) -> None:
    typed = {"first_name": "Elif", "last_name": "", "email": "elif@demir.example"}

    response = theo.post(address("member_new"), typed | {field: value})

    assert response.status_code == 422
    assert message in response.context["form"].errors[field][0]
    assert Member.objects.count() == 3


def test_an_edit_corrects_name_and_address(cast: Cast, theo: Client) -> None:
    typed = {"version": 1, "first_name": "Mara", "last_name": "L", "email": "mara@new.example"}

    theo.post(address("member_edit", cast.mara.pk), typed)

    cast.mara.refresh_from_db()
    assert (cast.mara.last_name, cast.mara.email) == ("L", "mara@new.example")
    assert cast.mara.creator
    assert cast.mara.creator.email == "mara@new.example"


def test_another_members_address_is_refused(cast: Cast, theo: Client) -> None:
    typed = {"first_name": "Mara", "last_name": "", "email": cast.diego.email, "version": 1}

    response = theo.post(address("member_edit", cast.mara.pk), typed)

    assert response.status_code == 422
    assert "another member's address" in response.context["form"].errors["email"][0]
    cast.mara.refresh_from_db()
    assert cast.mara.email == "mara@lindqvist.example"


# --- a member's page


@pytest.mark.parametrize("offers", [1, 3])
def test_the_page_takes_the_same_queries_for_one_offer_and_for_three(
    cast: Cast, theo: Client, offers: int, django_assert_num_queries: Any
) -> None:
    for number in range(offers - 1):
        offer = create_offer(
            values=offer_values(name=f"Offer {number}", currency="EUR"),
            terms=TermsValues(percent_bp=1),
            by=SYSTEM,
            now=NOW,
        )
        enroll(offer=offer, members=[cast.mara], by=SYSTEM, now=NOW)

    with django_assert_num_queries(20):
        response = theo.get(address("member", cast.mara.pk))

    assert len(response.context["rows"]) == offers


def test_the_page_shows_offers_money_and_what_they_share(cast: Cast, theo: Client) -> None:
    record_order(source="shop", order=order(), by=SYSTEM, now=NOW)

    response = theo.get(address("member", cast.mara.pk))

    [account] = response.context["accounts"]
    assert (str(account.sales), str(account.due), str(account.paid)) == (
        "84.20 GBP",
        "8.42 GBP",
        "0.00 GBP",
    )
    assert "MARA15" in page_text(response)
    assert "/d/" in page_text(response)


def test_conversions_payments_messages_and_history(cast: Cast, theo: Client) -> None:
    record_order(source="shop", order=order(), by=SYSTEM, now=NOW)
    pay_all_due(cast.mara, reference="BACS 7")

    def text(part: str) -> str:
        return theo.get(address(f"member_{part}", cast.mara.pk)).text

    assert "1001" in text("conversions")
    assert "BACS 7" in text("payments")
    assert "No messages yet" in text("messages")
    assert "Gave the code MARA15" in text("history")
    assert "DIEGO10" not in text("history")


def test_a_member_joins_an_offer(cast: Cast, theo: Client) -> None:
    offer = create_offer(
        values=offer_values(name="Spring"), terms=TermsValues(percent_bp=1_000), by=SYSTEM, now=NOW
    )

    theo.post(address("member_join", cast.mara.pk), {"offer": offer.pk})

    assert Enrollment.objects.filter(member=cast.mara, offer=offer).exists()


def test_offers_that_cannot_be_joined_are_refused(cast: Cast, theo: Client) -> None:
    ended = create_offer(
        values=offer_values(name="Over"), terms=TermsValues(percent_bp=1_000), by=SYSTEM, now=NOW
    )
    set_offer_status(offer=ended, status=OfferStatus.ENDED, by=SYSTEM, now=NOW)

    answers = [
        theo.post(address("member_join", cast.mara.pk), {"offer": key})
        for key in (cast.glow.pk, cast.tide.pk, ended.pk, 10**12, "x", "")
    ]

    assert [answer.status_code for answer in answers] == [422] * 6
    assert Enrollment.objects.filter(member=cast.mara).count() == 1


def test_an_offer_that_is_over_says_why_nobody_is_added(cast: Cast, theo: Client) -> None:
    set_offer_status(offer=cast.glow, status=OfferStatus.ENDED, by=SYSTEM, now=NOW)
    new = add_member(email="", first_name="Elif", last_name="", by=SYSTEM, now=NOW)
    path = address("offer_add_members", cast.glow.pk)

    page = theo.get(path)
    theo.post(path, {"selected": new.pk, "action": "add"})

    assert "Winter Glow creators has ended, so nobody can join it." in page.text
    assert "Elif" not in page.text
    assert not Enrollment.objects.filter(member=new).exists()


def test_a_member_of_another_brand_answers_as_a_missing_one(cast: Cast, theo: Client) -> None:
    parts = ("", "_edit", "_conversions", "_payments", "_messages", "_questions", "_history")
    views = [f"member{part}" for part in parts]

    foreign = [theo.get(address(view, cast.june_at_saltmarsh.pk)) for view in views]
    missing = [theo.get(address(view, 10**12)) for view in views]

    assert {response.status_code for response in [*foreign, *missing]} == {404}
    assert [r.content for r in foreign] == [r.content for r in missing]
    posted = theo.post(
        address("member_edit", cast.june_at_saltmarsh.pk), {"first_name": "X", "email": ""}
    )
    assert posted.status_code == 404
    with acting_for(cast.saltmarsh):
        assert Member.objects.get(pk=cast.june_at_saltmarsh.pk).first_name == "June"


# --- who may


def test_a_viewer_reads_and_changes_nothing(cast: Cast) -> None:
    viewer = desk_of(cast.vera)
    members = list(Member.objects.order_by("pk").values())
    audited = AuditEntry.objects.count()

    posts = [
        viewer.post(address("member_new"), {"first_name": "Elif"}),
        viewer.post(address("member_edit", cast.mara.pk), {"first_name": "Elif"}),
        viewer.post(address("member_join", cast.mara.pk), {"offer": cast.glow.pk}),
        viewer.post(address("members_import"), {"offer": cast.glow.pk}),
    ]

    assert [response.status_code for response in posts] == [403, 403, 403, 403]
    assert list(Member.objects.order_by("pk").values()) == members
    assert AuditEntry.objects.count() == audited
    assert viewer.get(address("member", cast.mara.pk)).status_code == 200
    assert "Add member" not in viewer.get(address("members")).text
