"""Figures by API: each filter filters, or it is refused."""

from __future__ import annotations

import pytest

from core.public_ids import IdKind, public_id
from core.tenancy import acting_for
from tests.api.nouns.stage import Stage
from tests.cast import NOW
from tests.following import follow_link
from tracking.models import TrackingLink

ONE_PAGE = "needs by=member: all {} are one page"


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        (
            "by=offer&member={member}",
            "member",
            "needs by=member or by=day: by=member returns each offer of a member",
        ),
        (
            "by=offer&member=garbage",
            "member",
            "needs by=member or by=day: by=member returns each offer of a member",
        ),
        ("by=offer&cursor=x", "cursor", ONE_PAGE.format("offers")),
        ("by=offer&limit=50", "limit", ONE_PAGE.format("offers")),
        ("by=day&offer={offer}&cursor=x", "cursor", ONE_PAGE.format("days")),
        ("by=day&offer={offer}&limit=1", "limit", ONE_PAGE.format("days")),
    ],
)
def test_a_filter_that_would_be_ignored_is_refused(
    stage: Stage, query: str, field: str, message: str
) -> None:
    asked = query.format(member=stage.id("member"), offer=stage.id("offer"))

    answer = stage.get(f"/figures?{asked}")

    assert answer.status_code == 422
    assert answer.json()["problems"] == [
        {"field": field, "code": "misplaced", "message": message},
    ]


def test_all_filters_that_do_not_fit_are_named_at_once(stage: Stage) -> None:
    answer = stage.get("/figures?by=offer&member=x&cursor=x&limit=1")

    named = [(one["field"], one["code"]) for one in answer.json()["problems"]]
    assert named == [("member", "misplaced"), ("cursor", "misplaced"), ("limit", "misplaced")]


def test_empty_filters_are_none(stage: Stage) -> None:
    assert stage.get("/figures?by=offer&member=&cursor=").json() == (
        stage.get("/figures?by=offer").json()
    )


def test_days_of_one_member_are_theirs_alone(stage: Stage) -> None:
    """Mara and Diego sold in this offer on the same day."""
    offer, mara = stage.id("offer"), stage.id("member")
    diego = public_id(IdKind.MEMBER, brand_id=stage.cast.juniper.pk, row_id=stage.cast.diego.pk)

    [all_days] = stage.get(f"/figures?by=day&offer={offer}").json()["data"]
    [of_mara] = stage.get(f"/figures?by=day&offer={offer}&member={mara}").json()["data"]
    [of_diego] = stage.get(f"/figures?by=day&offer={offer}&member={diego}").json()["data"]
    total = stage.get(f"/figures?by=member&offer={offer}&member={mara}").json()["data"][0]

    assert {**of_mara, "day": None} == total
    assert (all_days["member"], of_mara["member"], of_diego["member"]) == (None, mara, diego)
    assert of_mara["conversions"] + of_diego["conversions"] == all_days["conversions"]
    assert of_mara["conversions"] < all_days["conversions"]


def test_days_of_nobody_are_refused(stage: Stage) -> None:
    answer = stage.get(f"/figures?by=day&offer={stage.id('offer')}&member=garbage")

    assert answer.status_code == 422
    [problem] = answer.json()["problems"]
    assert (problem["field"], problem["code"]) == ("member", "unknown_id")


def test_pages_of_members_have_a_period(stage: Stage) -> None:
    query = f"by=member&offer={stage.id('offer')}&first=2026-11-01&last=2026-11-30"
    whole = stage.get(f"/figures?{query}").json()["data"]
    pages, cursor = [], ""

    while cursor is not None:
        page = stage.get(f"/figures?{query}&limit=1&cursor={cursor}").json()
        cursor = page["next_cursor"]
        pages.append(page["data"])

    assert len(whole) > 1
    assert pages == [[row] for row in whole]


def test_clicks_that_earned_nothing_earn_zero_each(stage: Stage) -> None:
    with acting_for(stage.cast.juniper):
        slug = TrackingLink.objects.get(enrollment=stage.cast.june_in_glow).slug
        follow_link(slug=slug, user_agent="Mozilla/5.0 (iPhone)", now=NOW)

    rows = stage.get(f"/figures/sources?by=link&offer={stage.id('offer')}").json()["data"]

    [of_june] = [row for row in rows if row["source"] == slug]
    assert (of_june["clicks"], of_june["earnings_per_click"]["amount"]) == (1, "0.00")
