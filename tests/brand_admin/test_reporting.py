"""Reporting → Sales Tracking: figures, the member table, and what is done with members."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.tenancy import acting_for
from offers.dashboard_links import url_for
from offers.models import Enrollment, EnrollmentStatus, OfferStatus
from offers.services import create_offer, set_offer_status
from offers.terms import TermsValues
from payouts.ledger import due_entries
from payouts.services import record_payment
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, sell, shown
from tests.cast import NOW, SYSTEM, Cast, offer_values, refund
from tests.snapshot import snapshot
from tracking.figures.member_table import export_rows
from tracking.links.membership import add_to_offer
from tracking.models import ItemStatus, PromoCode, TrackingLink
from tracking.orders.refunds import record_refund

pytestmark = pytest.mark.usefixtures("at_noon")


def offer_address(cast: Cast, query: str = "") -> str:
    return at(cast.juniper, "offer_report", offer_id=cast.glow.pk) + query


@pytest.fixture
def act(cast: Cast) -> Callable[..., Any]:
    """What Theo does with ticked members: `act("remove", enrollment)`."""
    theo = desk_of(cast.theo)

    def post(action: str, *enrollments: Enrollment, confirmed: bool = True) -> Any:
        sent: dict[str, Any] = {"action": action, "selected": [row.pk for row in enrollments]}
        if confirmed:
            sent["confirmed"] = "1"
        address = at(cast.juniper, "offer_members", offer_id=cast.glow.pk)
        return theo.post(address, sent, follow=True)

    return post


def status_of(enrollment: Enrollment) -> str:
    with acting_for(enrollment.brand_id):
        return Enrollment.objects.get(pk=enrollment.pk).status


def test_the_tiles_add_the_offers_up(cast: Cast) -> None:
    sell(cast)
    sell(cast, "1002", promo_code="DIEGO10", amount="15.80")

    response = desk_of(cast.vera).get(at(cast.juniper, "reporting"))

    (summary,) = response.context["sums"]
    figures = summary.figures
    assert (figures.members, figures.members_with_conversions) == (3, 2)
    assert figures.totals.conversions == 2
    assert [
        str(amount)
        for amount in (
            figures.sales,
            figures.sales_per_member,
            figures.commission,
            figures.average_commission,
            summary.payments_due,
        )
    ] == ["100.00 GBP", "50.00 GBP", "10.00 GBP", "5.00 GBP", "10.00 GBP"]
    assert summary.due.members == 2
    page = shown(response)
    assert "£100.00" in page
    assert ">Add offer<" not in page  # Vera only reads


def test_currencies_are_never_added_together(cast: Cast) -> None:
    with acting_for(cast.juniper):
        pop_up = create_offer(
            values=offer_values(name="Tokyo pop-up", currency="JPY"),
            terms=TermsValues(percent_bp=800),
            by=SYSTEM,
            now=NOW - timedelta(days=1),
        )
        rows = add_to_offer(
            offer=pop_up, members=[cast.diego], with_items=True, by=SYSTEM, now=NOW - timedelta(1)
        )
        code = PromoCode.objects.get(enrollment=rows[0]).code
    sell(cast)
    sell(cast, "J1", promo_code=code, currency="JPY", amount="9000")

    response = desk_of(cast.ines).get(at(cast.juniper, "reporting") + "?currency=JPY")

    sums = response.context["sums"]
    assert [str(summary.figures.sales) for summary in sums] == ["84.20 GBP", "9000 JPY"]
    assert response.context["drawn"].currency == "JPY"


def test_active_offers_are_shown_unless_the_filter_asks_for_others(cast: Cast) -> None:
    with acting_for(cast.juniper):
        paused = create_offer(
            values=offer_values(name="Autumn", kind="code"),
            terms=TermsValues(1_000),
            by=SYSTEM,
            now=NOW,
        )
        set_offer_status(offer=paused, status=OfferStatus.PAUSED, by=SYSTEM, now=NOW)
    ines, address = desk_of(cast.ines), at(cast.juniper, "reporting")

    def named(query: str) -> list[str]:
        page = ines.get(address + query).context["page"]
        return [row.offer.name for row in page]

    assert named("") == ["Winter Glow creators"]
    assert named("?status=paused") == ["Autumn"]
    assert named("?status=all&sort=name") == ["Autumn", "Winter Glow creators"]
    assert named("?status=all&sort=-name") == ["Winter Glow creators", "Autumn"]
    assert named("?status=all&kind=code") == ["Autumn"]
    assert named("?status=all&q=glow") == ["Winter Glow creators"]
    assert named("?status=nonsense") == ["Winter Glow creators"]


def test_a_range_leaves_older_orders_out(cast: Cast) -> None:
    sell(cast)
    sell(cast, "old", days_ago=40)
    ines, address = desk_of(cast.ines), at(cast.juniper, "reporting")

    def sales(query: str) -> str:
        return str(ines.get(address + query).context["sums"][0].figures.sales)

    assert sales("?range=30d") == "84.20 GBP"
    assert sales("") == "168.40 GBP"
    assert sales("?range=custom&first=2026-10-01&last=2026-10-31") == "84.20 GBP"
    assert sales("?range=custom&first=2026-10-31&last=2026-10-01") == "168.40 GBP"


def test_a_custom_range_the_wrong_way_round_says_so(cast: Cast) -> None:
    address = at(cast.juniper, "reporting") + "?range=custom&first=2026-10-31&last=2026-10-01"

    assert "The last day is before the first" in shown(desk_of(cast.ines).get(address))


def test_the_export_holds_the_table_as_it_is_filtered(cast: Cast) -> None:
    sell(cast)

    lines = csv_of(desk_of(cast.ines).get(at(cast.juniper, "reporting_csv") + "?q=glow"))

    header, line = lines
    row = dict(zip(header, line, strict=True))
    assert (row["offer"], row["conversions"], row["sales"], row["due"]) == (
        "Winter Glow creators",
        "1",
        "84.20",
        "8.42",
    )


def test_the_offer_page_shows_each_members_figures(cast: Cast) -> None:
    conversion = sell(cast)
    with acting_for(cast.juniper):
        record_refund(source="shop", refund=refund(), by=SYSTEM, now=NOW)
        entries = due_entries(member_id=cast.mara.pk, currency="GBP", now=NOW)
        record_payment(
            member=cast.mara,
            currency="GBP",
            entry_ids=[entry.pk for entry in entries],
            reference="",
            by=SYSTEM,
            now=NOW,
        )

    response = desk_of(cast.vera).get(offer_address(cast))

    mara = next(
        row for row, *_ in response.context["rows"] if row.enrollment.pk == cast.mara_in_glow.pk
    )
    assert conversion.sale_minor == 8_420
    assert [
        str(amount) for amount in (mara.sales, mara.refunds, mara.commission, mara.paid, mara.due)
    ] == ["84.20 GBP", "10.00 GBP", "7.42 GBP", "7.42 GBP", "0.00 GBP"]
    page = shown(response)
    assert "Code and link · 10% of every sale · no hold" in page
    assert mara.items.dashboard_link in page
    assert 'data-copy="MARA15"' in page


def test_clicks_are_a_dash_where_nothing_can_be_clicked(cast: Cast) -> None:
    with acting_for(cast.juniper):
        codes = create_offer(
            values=offer_values(name="Codes", kind="code"),
            terms=TermsValues(1_000),
            by=SYSTEM,
            now=NOW,
        )
        add_to_offer(offer=codes, members=[cast.mara], with_items=True, by=SYSTEM, now=NOW)

    page = shown(desk_of(cast.ines).get(at(cast.juniper, "offer_report", offer_id=codes.pk)))

    assert 'data-label="Clicks">—<' in page


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("", ["Diego", "Mara", "June"]),
        ("-name", ["June", "Mara", "Diego"]),
        ("-sales", ["Mara", "June", "Diego"]),
        ("sales", ["Diego", "June", "Mara"]),
        ("-due", ["Mara", "June", "Diego"]),
        ("-paid", ["Diego", "Mara", "June"]),
        ("nonsense", ["Diego", "Mara", "June"]),
    ],
)
def test_members_are_sorted_by_any_figure(sort: str, names: list[str], cast: Cast) -> None:
    sell(cast)
    sell(cast, "1002", promo_code="JUNE20", amount="20.00")

    response = desk_of(cast.ines).get(offer_address(cast, f"?sort={sort}"))

    assert [row.enrollment.member.first_name for row, *_ in response.context["rows"]] == names


def test_members_are_searched_by_name_and_address(cast: Cast) -> None:
    response = desk_of(cast.ines).get(offer_address(cast, "?q=arroyo"))

    assert [row.enrollment.member for row, *_ in response.context["rows"]] == [cast.diego]


def test_the_offers_export_is_what_the_command_writes(cast: Cast) -> None:
    sell(cast)

    address = at(cast.juniper, "offer_export", offer_id=cast.glow.pk)
    lines = csv_of(desk_of(cast.vera).get(address))

    with acting_for(cast.juniper):
        assert lines == list(export_rows(cast.glow, now=NOW))


def test_the_offer_page_takes_as_many_queries_for_three_members_as_for_one(cast: Cast) -> None:
    ines = desk_of(cast.ines)
    sell(cast)

    assert queries_of(ines, offer_address(cast, "?q=mara")) == 18
    assert queries_of(ines, offer_address(cast)) == 18


def test_sales_tracking_takes_as_many_queries_for_three_offers_as_for_one(cast: Cast) -> None:
    ines, address = desk_of(cast.ines), at(cast.juniper, "reporting")
    sell(cast)
    assert queries_of(ines, address) == 12

    with acting_for(cast.juniper):
        for name in ("Spring", "Summer"):
            create_offer(
                values=offer_values(name=name), terms=TermsValues(1_000), by=SYSTEM, now=NOW
            )

    assert queries_of(ines, address) == 12


def test_what_destroys_asks_first_and_names_whom(cast: Cast, act: Callable[..., Any]) -> None:
    before = snapshot()

    page = shown(act("remove", cast.mara_in_glow, cast.diego_in_glow, confirmed=False))

    assert "Remove from offer: 2 members" in page
    assert "Mara Lindqvist" in page
    assert snapshot() == before


def test_removing_says_beforehand_who_is_owed_money_and_stays(
    cast: Cast, act: Callable[..., Any]
) -> None:
    sell(cast)

    page = shown(act("remove", cast.mara_in_glow, cast.diego_in_glow, confirmed=False))

    assert "1 of them is owed money and stays in the offer" in page
    assert page.count("Owed: stays in the offer") == 1
    assert "£8.42" in page
    assert "owed" not in shown(act("deactivate", cast.mara_in_glow, confirmed=False))


def test_members_are_removed_but_not_while_they_are_owed_money(
    cast: Cast, act: Callable[..., Any]
) -> None:
    sell(cast)

    page = shown(act("remove", cast.mara_in_glow, cast.diego_in_glow))

    assert "1 member removed from the offer." in page
    assert "1 skipped: Mara Lindqvist is owed £8.42." in page
    assert status_of(cast.mara_in_glow) == EnrollmentStatus.ACTIVE
    assert status_of(cast.diego_in_glow) == EnrollmentStatus.REMOVED


def test_removed_members_are_seen_when_asked_for(cast: Cast, act: Callable[..., Any]) -> None:
    act("remove", cast.diego_in_glow)
    ines = desk_of(cast.ines)

    current = ines.get(offer_address(cast)).context["page"]
    removed = ines.get(offer_address(cast, "?status=removed")).context["page"]

    assert [row.member for row in current] == [cast.mara, cast.june]
    assert [row.member for row in removed] == [cast.diego]


def test_deactivating_takes_items_out_of_use_and_activating_brings_them_back(
    cast: Cast, act: Callable[..., Any]
) -> None:
    act("deactivate", cast.mara_in_glow)
    with acting_for(cast.juniper):
        taken = PromoCode.objects.get(code="MARA15").status
    assert (status_of(cast.mara_in_glow), taken) == ("inactive", ItemStatus.INACTIVE)

    act("activate", cast.mara_in_glow, confirmed=False)

    with acting_for(cast.juniper):
        given = PromoCode.objects.get(code="MARA15").status
    assert (status_of(cast.mara_in_glow), given) == ("active", ItemStatus.ACTIVE)


def test_a_revoked_dashboard_link_is_replaced(cast: Cast, act: Callable[..., Any]) -> None:
    before = url_for(cast.mara_in_glow)

    act("renew", cast.mara_in_glow)

    with acting_for(cast.juniper):
        assert url_for(Enrollment.objects.get(pk=cast.mara_in_glow.pk)) != before


def test_nothing_ticked_changes_nothing(cast: Cast, act: Callable[..., Any]) -> None:
    before = snapshot()

    page = shown(act("remove"))

    assert "Choose members first" in page
    assert snapshot() == before


def test_email_members_leads_to_the_drawer_for_all_or_for_the_ticked(cast: Cast) -> None:
    compose = at(cast.juniper, "compose") + f"?purpose=email_members&offer={cast.glow.pk}"

    page = shown(desk_of(cast.theo).get(offer_address(cast)))
    response = desk_of(cast.theo).post(
        at(cast.juniper, "offer_members", offer_id=cast.glow.pk),
        {"action": "email_members", "selected": [cast.mara_in_glow.pk]},
    )

    assert f'href="{compose}"'.replace("&", "&amp;") in page
    assert response["Location"] == f"{compose}&selected={cast.mara_in_glow.pk}"


def test_members_are_added_with_their_items(cast: Cast) -> None:
    with acting_for(cast.juniper):
        spring = create_offer(
            values=offer_values(name="Spring"), terms=TermsValues(1_000), by=SYSTEM, now=NOW
        )
    theo, address = desk_of(cast.theo), at(cast.juniper, "offer_add_members", offer_id=spring.pk)
    offered = theo.get(address).context["page"]
    assert list(offered) == [cast.diego, cast.mara, cast.june]

    page = shown(
        theo.post(
            address, {"selected": [cast.mara.pk, cast.june.pk], "with_items": "on"}, follow=True
        )
    )

    assert "2 members added." in page
    with acting_for(cast.juniper):
        codes = PromoCode.objects.filter(enrollment__offer=spring).order_by("code")
        assert [row.code for row in codes] == ["JUNE", "MARA"]
        assert TrackingLink.objects.filter(enrollment__offer=spring).count() == 2
    assert list(theo.get(address).context["page"]) == [cast.diego]


def test_members_are_added_without_items_when_not_wanted(cast: Cast) -> None:
    with acting_for(cast.juniper):
        spring = create_offer(
            values=offer_values(name="Spring"), terms=TermsValues(1_000), by=SYSTEM, now=NOW
        )

    desk_of(cast.theo).post(
        at(cast.juniper, "offer_add_members", offer_id=spring.pk), {"selected": cast.mara.pk}
    )

    with acting_for(cast.juniper):
        enrollment = Enrollment.objects.get(offer=spring)
        assert enrollment.member == cast.mara
        assert not PromoCode.objects.filter(enrollment=enrollment).exists()
