"""Flagged sales in the admin: the list, deciding, settings, holds, and leaked codes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from tests.answers import page_text
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, sell, shown
from tests.cast import NOW, SYSTEM, Cast
from tracking.flags.deciding import clear_flags
from tracking.flags.settings import flag_settings, holds_by_offer
from tracking.models import Conversion, Flag, FlagCheck, LeakedCode, PromoCode

pytestmark = pytest.mark.usefixtures("at_noon", "at_juniper")
VELOCITY = {"sales": 40, "limit": 20, "day": "2026-11-20", "before": 58, "days": 28}


def flag(conversion: Conversion, kind: str = "fast_order", **evidence: object) -> Flag:
    found = evidence or {"seconds": 3, "limit": 15}
    return Flag.objects.create(
        conversion=conversion, enrollment_id=conversion.enrollment_id, kind=kind, evidence=found,
        offer_id=conversion.offer_id, member_id=conversion.member_id, raised_at=NOW,
    )  # fmt: skip


@pytest.fixture
def two(cast: Cast) -> tuple[Flag, Flag]:
    first = flag(sell(cast, "1001"))
    second = flag(sell(cast, "1002", days_ago=1, promo_code="DIEGO10"), "velocity", **VELOCITY)
    return first, second


@pytest.fixture
def leaked(cast: Cast) -> LeakedCode:
    return LeakedCode.objects.create(
        promo_code=PromoCode.objects.get(code="MARA15"),
        found_at=NOW,
        evidence={
            "orders": 12, "clicked": 0, "days": 14, "orders_before": 20, "clicked_before": 12,
            "days_before": 60, "foreign": 7, "hosts": ["deals.example"],
        },
    )  # fmt: skip


def test_the_list_says_what_each_rule_found_with_its_figures(
    cast: Cast, two: tuple[Flag, Flag]
) -> None:
    page = shown(desk_of(cast.vera).get(at(cast.juniper, "flags")))

    for words in (
        "Seconds after the click",
        "The order was placed 3 seconds after the click; we flag less than 15.",
        "Unusual number of sales",
        "40 sales on 20 Nov 2026. Usual are 2.1 a day in the 28 days before.",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("query", "orders"),
    [
        ("", ["1002", "1001"]),
        ("?sort=time", ["1002", "1001"]),
        ("?kind=velocity", ["1002"]),
        ("?q=arroyo", ["1002"]),
        ("?state=cleared", []),
        ("?state=all", ["1002", "1001"]),
    ],
)
def test_the_file_is_the_list_as_it_stands(
    cast: Cast, two: tuple[Flag, Flag], query: str, orders: list[str]
) -> None:
    rows = csv_of(desk_of(cast.vera).get(at(cast.juniper, "flags_csv") + query))

    assert [row[0] for row in rows[1:]] == orders


def test_the_list_takes_as_many_queries_for_three_flags_as_for_one(
    cast: Cast, theo: Client, two: tuple[Flag, Flag]
) -> None:
    address = at(cast.juniper, "flags")
    two[1].delete()
    one = queries_of(theo, address)
    flag(two[1].conversion, "velocity", **VELOCITY)
    flag(two[0].conversion, "self_purchase", nothing=0)

    assert queries_of(theo, address) == one


def test_all_that_match_are_cleared_with_one_reason(
    cast: Cast, theo: Client, two: tuple[Flag, Flag]
) -> None:
    address = at(cast.juniper, "flags_decide") + "?all=1"
    asked = theo.post(address, {"action": "clear"})
    assert "These sales are fine." in shown(asked)
    theo.post(address, {"action": "clear", "reason": "A campaign.", "confirmed": "1"})

    assert set(Flag.objects.values_list("state", "reason")) == {("cleared", "A campaign.")}


def test_a_viewer_decides_nothing(cast: Cast, two: tuple[Flag, Flag]) -> None:
    sent = {"action": "reject", "selected": two[0].pk, "reason": "x", "confirmed": "1"}
    answer = desk_of(cast.vera).post(at(cast.juniper, "flags_decide"), sent)

    assert answer.status_code == 403
    assert set(Flag.objects.values_list("state", flat=True)) == {"open"}


def test_rejecting_from_the_sale_s_page_leads_back_to_it(
    cast: Cast, theo: Client, two: tuple[Flag, Flag]
) -> None:
    page = at(cast.juniper, "conversion", conversion_id=two[0].conversion_id)
    assert "3 seconds after the click" in shown(theo.get(page))
    sent = {
        "action": "reject", "selected": two[0].pk, "reason": "Your own.", "confirmed": "1",
        "back": page,
    }  # fmt: skip
    answer = theo.post(at(cast.juniper, "flags_decide"), sent)

    assert (answer.status_code, answer["Location"]) == (302, page)
    two[0].conversion.refresh_from_db()
    assert (two[0].conversion.status, two[0].conversion.reason) == ("rejected", "Your own.")
    assert "Your own." in shown(theo.get(page))


def test_home_and_the_member_s_page_say_what_waits(
    cast: Cast, theo: Client, two: tuple[Flag, Flag], leaked: LeakedCode
) -> None:
    home = shown(theo.get(at(cast.juniper, "home")))
    assert "Flagged sales" in home
    assert "Leaked codes" in home
    member = shown(theo.get(at(cast.juniper, "member", member_id=cast.mara.pk)))
    assert "1 flag waits for your decision" in member

    ids = Flag.objects.values_list("pk", flat=True)
    clear_flags(flag_ids=ids, reason="Fine.", by=SYSTEM, now=NOW)
    assert "Flagged sales" not in shown(theo.get(at(cast.juniper, "home")))


def test_kinds_are_switched_off_and_coupon_sites_added(
    cast: Cast, theo: Client, two: tuple[Flag, Flag]
) -> None:
    clear_flags(flag_ids=[two[0].pk], reason="Fine.", by=SYSTEM, now=NOW)
    address = at(cast.juniper, "settings_flags")
    assert "100%" in shown(theo.get(address)).replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
    sent = {"version": 1, "velocity": "on", "coupon_hosts": "Deals.example\n\nhttps://x.test/a"}
    theo.post(address, sent)

    kept = flag_settings()
    assert ("velocity" in kept.off_kinds, len(kept.off_kinds)) == (False, 7)
    assert kept.coupon_hosts == ["deals.example", "x.test"]


def test_what_is_no_site_is_refused_and_nothing_is_saved(cast: Cast, theo: Client) -> None:
    sent = {"version": 1, "velocity": "on", "coupon_hosts": "deals example"}
    answer = theo.post(at(cast.juniper, "settings_flags"), sent)

    assert answer.status_code == 422
    assert "“deals example” is not the address of a site." in page_text(answer)
    assert flag_settings().pk is None


def test_the_second_of_two_people_sees_what_changed(cast: Cast, theo: Client) -> None:
    address = at(cast.juniper, "settings_flags")
    theo.post(address, {"version": 1, "velocity": "on", "coupon_hosts": ""})
    answer = theo.post(address, {"version": 1, "coupon_hosts": "deals.example"})

    assert answer.status_code == 409
    assert "Not saved yet" in page_text(answer)
    assert flag_settings().coupon_hosts == []


def test_an_offer_holds_flagged_sales(cast: Cast, theo: Client, two: tuple[Flag, Flag]) -> None:
    FlagCheck.objects.all().delete()
    address = at(cast.juniper, "offer_flag_hold", offer_id=cast.glow.pk)
    theo.post(address, {"kinds": ["velocity", "fast_order"]})

    assert holds_by_offer([cast.glow.pk])[cast.glow.pk].kinds == ["fast_order", "velocity"]
    assert FlagCheck.objects.count() == 2
    page = shown(theo.get(at(cast.juniper, "offer", offer_id=cast.glow.pk)))
    assert "Held for review: seconds after the click, unusual number of sales" in page


def test_a_leaked_code_is_replaced_with_grace(cast: Cast, theo: Client, leaked: LeakedCode) -> None:
    address = at(cast.juniper, "leak", leak_id=leaked.pk)
    assert "12 orders used it in 14 days" in shown(theo.get(at(cast.juniper, "flags")))
    assert "Replace with grace" in shown(theo.get(address))
    theo.post(address, {"new_code": "mara16", "grace_days": "10", "mails": "on"})

    assert PromoCode.objects.get(code="MARA16").is_in_use
    ends_at = PromoCode.objects.get(code="MARA15").deactivated_at
    assert ends_at is not None
    assert ends_at - NOW >= timedelta(days=10)
    member = shown(theo.get(at(cast.juniper, "member", member_id=cast.mara.pk)))
    assert "MARA15 works until 30 Nov 2026" in member
    assert "Replaced by MARA16." in shown(theo.get(address))
    old = PromoCode.objects.get(code="MARA15").pk
    grace = at(cast.juniper, "code_grace", promo_code_id=old)
    for day, status in (("", 422), ("2026-11-01", 422), ("2027-06-01", 422), ("2026-12-24", 302)):
        assert theo.post(grace, {"last_day": day}).status_code == status
    assert "MARA15 works until 25 Dec 2026, 00:00" in shown(theo.get(address))
    assert theo.post(f"{grace}end/").status_code == 302
    assert "This code has ended" in shown(theo.get(grace))
    assert theo.post(f"{grace}end/").status_code == 409
    history = shown(theo.get(at(cast.juniper, "member_history", member_id=cast.mara.pk)))
    assert "Moved the end of the code MARA15 from 30 Nov 2026" in history


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"new_code": "DIEGO10", "grace_days": "10"}, "belongs to someone else"),
        ({"new_code": "MARA16", "grace_days": "61"}, "60"),
        ({"new_code": "MARA15", "grace_days": "10"}, "Choose another code"),
    ],
)
def test_what_cannot_be_replaced_is_said(
    cast: Cast, theo: Client, leaked: LeakedCode, sent: dict[str, str], told: str
) -> None:
    answer = theo.post(at(cast.juniper, "leak", leak_id=leaked.pk), sent)

    assert answer.status_code == 422
    assert told in page_text(answer)
    assert PromoCode.objects.get(code="MARA15").is_in_use


def test_a_code_that_did_not_leak_is_kept(cast: Cast, theo: Client, leaked: LeakedCode) -> None:
    address = at(cast.juniper, "leak_dismiss", leak_id=leaked.pk)
    assert theo.post(address, {"reason": ""}).status_code == 422
    theo.post(address, {"reason": "A newsletter."})

    leaked.refresh_from_db()
    assert (leaked.state, leaked.reason) == ("dismissed", "A newsletter.")
