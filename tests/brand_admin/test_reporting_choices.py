"""Sales Tracking: filters by figures, chosen columns, and refreshing codes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.tenancy import acting_for
from offers.models import Enrollment
from offers.services import create_offer, supersede_terms
from offers.structure import Tier
from offers.terms import TermsValues
from tests.answers import hidden_fields, page_text
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, sell, shown
from tests.cast import NOW, SYSTEM, Cast, offer_values, order
from tests.snapshot import snapshot
from tracking.links.membership import deactivate_member, remove_from_offer
from tracking.links.promo_codes import give_codes
from tracking.models import Conversion, ItemStatus, PromoCode
from tracking.orders.recording import record_order

pytestmark = pytest.mark.usefixtures("at_noon")


def offers_shown(cast: Cast, query: str) -> list[str]:
    response = desk_of(cast.vera).get(at(cast.juniper, "reporting") + query)
    return [row.offer.name for row in response.context["rows"]]


def members_shown(cast: Cast, query: str) -> list[str]:
    address = at(cast.juniper, "offer_report", offer_id=cast.glow.pk) + query
    return [
        row.enrollment.member.first_name
        for row, *_ in desk_of(cast.vera).get(address).context["rows"]
    ]


@pytest.fixture
def yen(cast: Cast) -> None:
    """A second offer, in yen, without a sale."""
    with acting_for(cast.juniper):
        values = offer_values(name="Yen", currency="JPY")
        create_offer(values=values, terms=TermsValues(percent_bp=1), by=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Yen", "Winter Glow creators"]),
        ("?figure=conversions&least=1", ["Winter Glow creators"]),
        ("?figure=conversions&least=2", []),
        ("?figure=sales&least=84.20", ["Winter Glow creators"]),
        ("?figure=sales&least=84.21", []),
        ("?figure=commission&least=8.42", ["Winter Glow creators"]),
        ("?figure=due&least=8.43", []),
        ("?figure=clicks&least=1", []),
        ("?figure=sales&least=many", ["Yen", "Winter Glow creators"]),
        ("?figure=sales&least=-5", ["Yen", "Winter Glow creators"]),
        ("?figure=nonsense&least=5", ["Yen", "Winter Glow creators"]),
    ],
)
def test_offers_are_filtered_by_a_figure(
    query: str, names: list[str], yen: None, cast: Cast
) -> None:
    sell(cast)

    assert offers_shown(cast, query) == names


def test_tiles_and_export_follow_the_figures_too(yen: None, cast: Cast) -> None:
    sell(cast)
    vera = desk_of(cast.vera)

    page = vera.get(at(cast.juniper, "reporting") + "?figure=sales&least=1")
    lines = b"".join(
        vera.get(at(cast.juniper, "reporting_csv") + "?figure=sales&least=1").streaming_content  # type: ignore[attr-defined]
    ).decode()

    assert [summary.currency for summary in page.context["sums"]] == ["GBP"]
    assert "Yen" not in lines
    assert "Winter Glow creators" in lines


def test_a_figure_without_an_amount_says_what_to_write(cast: Cast) -> None:
    page = shown(desk_of(cast.vera).get(at(cast.juniper, "reporting") + "?figure=sales&least=x"))

    assert "Choose a figure and write how much" in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?figure=conversions&least=1", ["Diego", "Mara"]),
        ("?figure=sales&least=20", ["Mara"]),
        ("?figure=due&least=1.58", ["Diego", "Mara"]),
        ("?figure=due&least=1.59&q=diego", []),
        ("?figure=x&least=1", ["Diego", "Mara", "June"]),
    ],
)
def test_members_are_filtered_by_a_figure(query: str, names: list[str], cast: Cast) -> None:
    sell(cast)
    sell(cast, "1002", promo_code="DIEGO10", amount="15.80")

    assert members_shown(cast, query) == names


def test_columns_are_what_the_address_names(cast: Cast) -> None:
    sell(cast)
    vera = desk_of(cast.vera)

    usual = vera.get(at(cast.juniper, "reporting"))
    chosen = vera.get(at(cast.juniper, "reporting") + "?columns=sellers&columns=average&columns=x")

    def keys(response: Any) -> list[str]:
        return [column.key for column in response.context["columns"].shown]

    assert keys(usual) == [
        "members", "clicks", "conversions", "sales", "net", "commission", "due",
    ]  # fmt: skip
    assert keys(chosen) == ["sellers", "average"]
    [*_, sellers, average] = chosen.context["listing"].shown_columns()
    [row] = chosen.context["rows"]
    assert [column.cell(row) for column in (sellers, average)] == ["1", "£8.42"]
    page = shown(chosen)
    assert 'name="columns" value="average" form="columns" checked' in page
    assert 'name="columns" value="sales" form="columns">' in page


def test_filters_keep_the_columns_and_columns_keep_the_filters(cast: Cast) -> None:
    address = at(cast.juniper, "reporting")
    query = "?columns=sales&range=30d&kind=both&sort=-sales&figure=sales&least=1"

    context = desk_of(cast.vera).get(address + query).context

    assert context["listing"].kept == [("columns", "sales"), ("range", "30d")]
    assert context["listing"].kept_with_columns == [
        ("kind", "both"),
        ("figure", "sales"),
        ("least", "1"),
        ("range", "30d"),
        ("sort", "-sales"),
    ]


def test_the_tier_stands_beside_the_member(cast: Cast, time_machine: Any) -> None:
    tiers = (Tier("Silver", 1, percent_bp=1_100), Tier("Gold", 2, percent_bp=1_200))
    with acting_for(cast.juniper):
        supersede_terms(
            offer=cast.glow,
            values=TermsValues(percent_bp=1_000, tier_by="conversions", tiers=tiers),
            starts_at=NOW + timedelta(minutes=1),
            by=SYSTEM,
            now=NOW,
        )
    sell(cast)
    time_machine.move_to(NOW + timedelta(hours=1), tick=False)
    address = at(cast.juniper, "offer_report", offer_id=cast.glow.pk)

    rows = desk_of(cast.vera).get(address).context["rows"]

    assert [(row.enrollment.member.first_name, tier) for row, tier in rows] == [
        ("Diego", ""),
        ("Mara", "Silver"),
        ("June", ""),
    ]


# --- refresh codes


def refresh(cast: Cast, *enrollments: Enrollment, **sent: Any) -> Any:
    address = at(cast.juniper, "offer_refresh_codes", offer_id=cast.glow.pk)
    theo = desk_of(cast.theo)
    return theo.post(address, {"selected": [row.pk for row in enrollments], **sent})


def codes_of(enrollment: Enrollment) -> dict[str, str]:
    with acting_for(enrollment.brand_id):
        rows = PromoCode.objects.filter(enrollment=enrollment)
        return dict(rows.values_list("code", "status"))


def test_fresh_codes_are_suggested_first(cast: Cast) -> None:
    asked = refresh(cast, cast.mara_in_glow, cast.diego_in_glow)

    assert [(row.old, row.code) for row in asked.context["rows"]] == [
        ("DIEGO10", "DIEGO"),
        ("MARA15", "MARA"),
    ]
    assert codes_of(cast.mara_in_glow) == {"MARA15": ItemStatus.ACTIVE}
    assert "<span>Refresh 2 codes</span>" in shown(asked)


def test_the_old_code_keeps_its_past_and_is_over(cast: Cast, time_machine: Any) -> None:
    mara = cast.mara_in_glow
    typed = {f"code-{mara.pk}": "MARANEW", f"seen-{mara.pk}": "MARA15"}
    done = refresh(cast, mara, confirmed="1", **typed)
    later = NOW + timedelta(hours=2)
    time_machine.move_to(later, tick=False)

    def ordered(number: str, code: str, when: Any) -> str:
        facts = order(number, promo_code=code, ordered_at=when.isoformat())
        with acting_for(cast.juniper):
            return record_order(source="shop", order=facts, by=SYSTEM, now=later).status.value

    assert done.status_code == 302
    assert codes_of(cast.mara_in_glow) == {
        "MARA15": ItemStatus.INACTIVE,
        "MARANEW": ItemStatus.ACTIVE,
    }
    assert ordered("before", "MARA15", NOW - timedelta(hours=1)) == "recorded"
    assert ordered("after", "MARA15", NOW + timedelta(hours=1)) == "unattributed"
    assert ordered("fresh", "MARANEW", NOW + timedelta(hours=1)) == "recorded"
    with acting_for(cast.juniper):
        assert Conversion.objects.filter(enrollment=cast.mara_in_glow).count() == 2


def test_a_code_that_a_colleague_gave_meanwhile_is_shown_first(cast: Cast) -> None:
    mara = cast.mara_in_glow
    page = hidden_fields(refresh(cast, mara))
    with acting_for(cast.juniper):
        give_codes(codes={mara.pk: "PRINTED"}, enrollments=[mara], by=SYSTEM, now=NOW)

    stale = refresh(cast, mara, **{**page, f"code-{mara.pk}": "MARANEW"})
    before = codes_of(mara)
    done = refresh(cast, mara, **{**hidden_fields(stale), f"code-{mara.pk}": "MARANEW"})

    assert [(row.old, row.code) for row in stale.context["rows"]] == [("PRINTED", "MARANEW")]
    assert "they have the code PRINTED by now: confirm again to replace it" in page_text(stale)
    assert before["PRINTED"] == ItemStatus.ACTIVE
    assert done.status_code == 302
    assert codes_of(mara)["MARANEW"] == ItemStatus.ACTIVE


def test_a_clash_refreshes_nothing_and_keeps_what_was_typed(cast: Cast) -> None:
    theo, address = (
        desk_of(cast.theo),
        at(cast.juniper, "offer_refresh_codes", offer_id=cast.glow.pk),
    )
    sent = {
        "selected": [cast.mara_in_glow.pk, cast.diego_in_glow.pk],
        "confirmed": "1",
        f"code-{cast.mara_in_glow.pk}": "JUNE20",
        f"code-{cast.diego_in_glow.pk}": "FRESH",
    }
    before = snapshot()

    answer = theo.post(address, sent)

    assert answer.status_code == 422
    assert [(row.code, bool(row.problem)) for row in answer.context["rows"]] == [
        ("FRESH", False),
        ("JUNE20", True),
    ]
    assert snapshot() == before


def test_inactive_members_are_left_out(cast: Cast) -> None:
    with acting_for(cast.juniper):
        deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)

    asked = refresh(cast, cast.mara_in_glow, cast.diego_in_glow)

    assert [row.enrollment for row in asked.context["rows"]] == [cast.diego_in_glow]
    assert refresh(cast, cast.mara_in_glow)["Location"] == at(
        cast.juniper, "offer_report", offer_id=cast.glow.pk
    )


def test_a_viewer_refreshes_nothing(cast: Cast) -> None:
    vera = desk_of(cast.vera)
    address = at(cast.juniper, "offer_refresh_codes", offer_id=cast.glow.pk)
    before = snapshot()

    answer = vera.post(address, {"selected": cast.mara_in_glow.pk, "confirmed": "1"})

    assert answer.status_code == 403
    assert snapshot() == before


def test_the_button_is_there_where_codes_are(cast: Cast) -> None:
    page = shown(desk_of(cast.theo).get(at(cast.juniper, "offer_report", offer_id=cast.glow.pk)))

    for words in (
        "Refresh codes",
        "Revoke dashboard link",
        "Activate",
        "Deactivate",
        "Remove from offer",
        "View removed members",
        "Add members",
        "Send payment",
    ):
        assert words in page
    assert "Add offer" in shown(desk_of(cast.theo).get(at(cast.juniper, "reporting")))


def test_a_figure_costs_no_query_per_member(cast: Cast) -> None:
    sell(cast)
    address = at(cast.juniper, "offer_report", offer_id=cast.glow.pk)
    vera = desk_of(cast.vera)

    one = queries_of(vera, address + "?figure=sales&least=1")
    sell(cast, "1002", promo_code="DIEGO10")
    sell(cast, "1003", promo_code="JUNE20")

    assert queries_of(vera, address + "?figure=sales&least=1") == one


def test_the_export_holds_the_members_that_are_listed(cast: Cast) -> None:
    sell(cast)
    sell(cast, "1002", promo_code="DIEGO10", amount="15.80", days_ago=300)
    address = at(cast.juniper, "offer_export", offer_id=cast.glow.pk)

    def found(query: str) -> list[tuple[str, str]]:
        lines = csv_of(desk_of(cast.vera).get(address + query))[1:]
        return [(line[0].partition("@")[0], line[5]) for line in lines]

    assert found("") == [("mara", "84.20"), ("diego", "15.80"), ("june", "0.00")]
    assert found("?figure=sales&least=20") == [("mara", "84.20")]
    assert found("?q=diego") == [("diego", "15.80")]
    assert found("?q=diego&range=30d") == [("diego", "0.00")]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("", [("mara@lindqvist.example", "1"), ("june@okafor.example", "0")]),
        ("?range=all", [("mara@lindqvist.example", "2"), ("june@okafor.example", "0")]),
        ("?status=removed", [("diego@arroyo.example", "0")]),
        ("?q=oka", [("june@okafor.example", "0")]),
    ],
)
def test_the_pages_export_holds_the_members_and_the_days_that_the_page_shows(
    cast: Cast, query: str, rows: list[tuple[str, str]]
) -> None:
    sell(cast)
    sell(cast, "old", days_ago=300)
    with acting_for(cast.juniper):
        remove_from_offer(enrollment=cast.diego_in_glow, by=SYSTEM, now=NOW)
    vera = desk_of(cast.vera)

    page = vera.get(at(cast.juniper, "offer_report", offer_id=cast.glow.pk) + query)

    header, *lines = csv_of(vera.get(page.context["listing"].export_href))
    told = [(line[0], line[header.index("conversions")]) for line in lines]
    assert sorted(told) == sorted(rows)
    listed = [row.enrollment.member.email for row, *_ in page.context["rows"]]
    assert sorted(listed) == sorted(email for email, _ in rows)
