"""Codes and links: suggested, given, replaced, never shared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from affiliates.services import add_member
from core.money import Money
from offers.models import Enrollment
from offers.services import enroll
from tests.cast import NOW, SYSTEM, Cast, order
from tracking.links.code_text import CODE_RULE
from tracking.links.items import ItemError
from tracking.links.membership import (
    OwedError,
    activate_member,
    deactivate_member,
    remove_from_offer,
)
from tracking.links.promo_codes import give_codes, suggest_codes
from tracking.links.tracking_links import give_links, make_deep_link
from tracking.models import PromoCode, TrackingLink
from tracking.orders.recording import record_order

pytestmark = pytest.mark.usefixtures("at_juniper")


def give(cast: Cast, code: str) -> Any:
    return give_codes(
        codes={cast.mara_in_glow.pk: code}, enrollments=[cast.mara_in_glow], by=SYSTEM, now=NOW
    )


def newcomer(cast: Cast, first_name: str, email: str = "new@person.example") -> Enrollment:
    member = add_member(email=email, first_name=first_name, last_name="", by=SYSTEM, now=NOW)
    return enroll(offer=cast.glow, members=[member], by=SYSTEM, now=NOW)[0]


def test_suggestions_follow_the_pattern_and_avoid_clashes(cast: Cast) -> None:
    cast.glow.code_pattern = "{FIRST_NAME}15"
    rows = [newcomer(cast, "Mara", "a@b.example"), newcomer(cast, "Zoë", "c@d.example")]

    assert list(suggest_codes(offer=cast.glow, enrollments=rows).values()) == ["MARA152", "ZOE15"]


@pytest.mark.parametrize("name", ["15", "'", "\u200b"])
def test_a_name_that_leaves_no_letters_still_gets_a_code(cast: Cast, name: str) -> None:
    row = newcomer(cast, name)

    assert suggest_codes(offer=cast.glow, enrollments=[row])[row.pk] == f"MEMBER{row.member_id}"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("diego10", "the code DIEGO10 belongs to someone else"),
        ("x", f"X is not a code: {CODE_RULE}"),
        ("spe<cial", f"SPE<CIAL is not a code: {CODE_RULE}"),
        ("", f"an empty text is not a code: {CODE_RULE}"),
    ],
)
def test_a_code_that_can_not_be_given_is_named_and_nothing_changes(
    cast: Cast, code: str, why: str
) -> None:
    before = list(PromoCode.objects.order_by("pk").values_list("code", "status"))

    with pytest.raises(ItemError) as error:
        give(cast, code)

    assert error.value.problems == {cast.mara_in_glow.pk: why}
    assert list(PromoCode.objects.order_by("pk").values_list("code", "status")) == before


def test_one_bad_code_stops_the_whole_list(cast: Cast) -> None:
    rows = [cast.mara_in_glow, cast.june_in_glow]

    with pytest.raises(ItemError):
        give_codes(
            codes={rows[0].pk: "FRESH", rows[1].pk: "FRESH"}, enrollments=rows, by=SYSTEM, now=NOW
        )

    assert not PromoCode.objects.filter(code="FRESH").exists()


def test_a_replaced_code_keeps_attributing_its_past(cast: Cast) -> None:
    give(cast, "mara20")

    old = record_order(
        source="api",
        order=order("1", ordered_at=(NOW - timedelta(days=1)).isoformat()),
        by=SYSTEM,
        now=NOW,
    )
    new = record_order(
        source="api",
        order=order("2", promo_code="mara20", ordered_at=NOW.isoformat()),
        by=SYSTEM,
        now=NOW,
    )

    assert (old.conversion_id is None, new.conversion_id is None) == (False, False)
    assert list(
        PromoCode.objects.filter(enrollment=cast.mara_in_glow)
        .order_by("pk")
        .values_list("code", "status")
    ) == [("MARA15", "inactive"), ("MARA20", "active")]


def test_a_code_that_was_replaced_can_come_back(cast: Cast) -> None:
    give(cast, "MARA20")
    give(cast, "MARA15")

    assert PromoCode.objects.get(enrollment=cast.mara_in_glow, status="active").code == "MARA15"


def test_giving_what_is_there_changes_nothing(cast: Cast) -> None:
    assert give(cast, "mara15") == []
    assert give_links(enrollments=[cast.mara_in_glow], by=SYSTEM, now=NOW) == []


def test_a_deep_link_stays_on_the_shop(cast: Cast) -> None:
    link = make_deep_link(
        enrollment=cast.mara_in_glow,
        destination_url="https://shop.juniper.example/serum?x=1",
        by=SYSTEM,
        now=NOW,
    )

    assert link.destination_url == "https://shop.juniper.example/serum?x=1"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://juniper.example.evil.example/",
        "https://notjuniper.example/",
        "https://juniper.example@evil.example/",
        "javascript:alert(1)",
        "//evil.example/",
    ],
)
def test_a_deep_link_off_the_shop_is_refused(cast: Cast, url: str) -> None:
    before = TrackingLink.objects.count()

    with pytest.raises(ItemError):
        make_deep_link(enrollment=cast.mara_in_glow, destination_url=url, by=SYSTEM, now=NOW)

    assert TrackingLink.objects.count() == before


def test_deactivating_and_activating_brings_the_same_code_and_link_back(cast: Cast) -> None:
    slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)

    activate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)

    assert PromoCode.objects.get(enrollment=cast.mara_in_glow).status == "active"
    assert TrackingLink.objects.get(slug=slug).status == "active"


def test_a_member_who_is_owed_money_can_not_be_removed(cast: Cast) -> None:
    record_order(source="api", order=order(), by=SYSTEM, now=NOW)

    with pytest.raises(OwedError) as error:
        remove_from_offer(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)

    assert error.value.owed == Money(842, "GBP")
    cast.mara_in_glow.refresh_from_db()
    assert cast.mara_in_glow.status == "active"
