"""What staff are refused in the admin, the API refuses too, and says at which field."""

from __future__ import annotations

from typing import Any

import pytest

from affiliates.models import Member
from offers.models import Enrollment, OfferStatus
from offers.services import set_offer_status
from payouts.models import LedgerEntry
from tests.api.nouns.stage import LATER, Stage, id_of
from tests.api.nouns.test_changing import problem_of
from tests.cast import SYSTEM
from tests.snapshot import snapshot

PAGE = "https://juniper.example/gift"
OFFER: dict[str, Any] = {
    "name": "Spring",
    "kind": "both",
    "currency": "GBP",
    "destination_url": "https://juniper.example/",
    "terms": {"percent_bp": 100},
}
TIER = {"name": "Gold", "percent_bp": 1_500}


def of_enrollment(stage: Stage, **sent: Any) -> dict[str, Any]:
    return {"enrollment": stage.id("enrollment"), **sent}


@pytest.mark.parametrize(
    ("path", "sent", "field"),
    [
        ("/adjustments", {"amount": "10.005", "note": "Bonus"}, "amount"),
        ("/adjustments", {"amount": 0.004, "note": "Bonus"}, "amount"),
        ("/write-offs", {"amount": "10.005", "note": "Bonus"}, "amount"),
    ],
)
def test_an_amount_finer_than_the_currency_is_not_rounded(
    stage: Stage, path: str, sent: dict[str, Any], field: str
) -> None:
    sent = of_enrollment(stage, **sent)

    assert problem_of(stage, "POST", path, sent) == (422, field, "refused")
    said = stage.send("POST", path, sent).json()["problems"][0]["message"]
    assert said == "GBP has at most 2 decimals"


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"per_click": "0.004"}, "per_click"),
        ({"fixed": "1.001"}, "fixed"),
        ({"percent_bp": 1, "cap": "1.001"}, "cap"),
        ({"tiers": [TIER | {"from_sales": "10.001"}]}, "tiers.0.from_sales"),
        ({"tiers": [TIER | {"from_sales": "10", "fixed": "0.001"}]}, "tiers.0.fixed"),
        ({"rules": [{"kind": "code", "value": "X", "fixed": "0.001"}]}, "rules.0.fixed"),
    ],
)
def test_no_amount_of_terms_is_rounded(stage: Stage, terms: dict[str, Any], field: str) -> None:
    path = f"/offers/{stage.id('offer')}/terms"

    assert problem_of(stage, "POST", path, terms) == (422, field, "refused")


def test_a_currency_without_decimals_takes_none(stage: Stage) -> None:
    sent = OFFER | {"currency": "JPY", "terms": {"fixed": "10.5"}}

    assert problem_of(stage, "POST", "/offers", sent) == (422, "terms.fixed", "refused")


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        ({"currency": "XXX"}, (422, "currency", "refused")),
        ({"currency": "XAU"}, (422, "currency", "refused")),
        ({"currency": "HRK"}, (422, "currency", "refused")),
        ({"name": " \n"}, (422, "name", "refused")),
        ({"starts_at": "8999-01-01T00:00:00Z"}, (422, "starts_at", "refused")),
        ({"ends_at": "8999-01-01T00:00:00Z"}, (422, "ends_at", "refused")),
        ({"name": "Winter Glow\ncreators"}, (422, "name", "refused")),  # as that name in one line
    ],
)
def test_an_offer_is_checked_as_in_the_admin(
    stage: Stage, sent: dict[str, Any], refusal: tuple[int, str, str]
) -> None:
    assert problem_of(stage, "POST", "/offers", OFFER | sent) == refusal


def test_terms_do_not_begin_in_a_thousand_years(stage: Stage) -> None:
    path = f"/offers/{stage.id('offer')}/terms"
    sent = {"percent_bp": 1, "starts_at": "8999-01-01T00:00:00Z"}

    assert problem_of(stage, "POST", path, sent) == (422, "starts_at", "refused")


@pytest.mark.parametrize(
    ("tiers", "by", "field", "said"),
    [
        (
            [TIER | {"from_sales": "10", "from_conversions": 3}],
            "sales",
            "tiers.0.from_conversions",
            "is of no use, because tiers are reached by sales: leave it out",
        ),
        (
            [TIER | {"from_sales": "10", "from_conversions": 3}],
            "conversions",
            "tiers.0.from_sales",
            "is of no use, because tiers are reached by conversions: leave it out",
        ),
        (
            [TIER | {"from_conversions": 10**25}],
            "conversions",
            "tiers",
            "where the tier Gold begins is too large",
        ),
    ],
)
def test_a_tier_has_one_threshold_that_can_be_reached(
    stage: Stage, tiers: list[dict[str, Any]], by: str, field: str, said: str
) -> None:
    before = snapshot()

    answer = stage.send(
        "POST", f"/offers/{stage.id('offer')}/terms", {"tiers": tiers, "tier_by": by}
    )

    [problem] = answer.json()["problems"]
    assert (answer.status_code, problem["field"], problem["message"]) == (422, field, said)
    assert snapshot() == before


def test_names_and_notes_are_kept_in_one_line(stage: Stage) -> None:
    terms = {"tiers": [TIER | {"name": "Go\nld", "from_sales": "10"}]}
    member = stage.send("POST", "/members", {"first_name": "Ada\r\nX", "last_name": "a\u2028b"})
    offer = stage.send("POST", "/offers", OFFER | {"name": "Spring\n sale", "terms": terms})
    sent = of_enrollment(stage, amount="1", note="Bonus\nof May")
    entry = stage.send("POST", "/adjustments", sent)

    assert (member.status_code, offer.status_code, entry.status_code) == (201, 201, 201)
    assert (member.json()["first_name"], member.json()["last_name"]) == ("Ada X", "a b")
    assert offer.json()["name"] == "Spring sale"
    shown = stage.get(f"/offers/{offer.json()['id']}?expand=terms").json()
    assert shown["terms"]["tiers"][0]["name"] == "Go ld"
    with stage.at_juniper():
        assert LedgerEntry.objects.latest("pk").note == "Bonus of May"


@pytest.mark.parametrize(
    ("status", "said"),
    [(OfferStatus.ENDED, "has ended"), (OfferStatus.ARCHIVED, "is archived")],
)
def test_nobody_joins_an_offer_that_is_over(stage: Stage, status: OfferStatus, said: str) -> None:
    with stage.at_juniper():
        set_offer_status(offer=stage.cast.glow, status=status, by=SYSTEM, now=LATER)
    member = stage.send("POST", "/members", {"first_name": "Ada"}).json()["id"]
    joining = {"offer": stage.id("offer"), "members": [member]}

    assert problem_of(stage, "POST", "/enrollments", joining) == (422, "offer", "refused")
    answer = stage.send("POST", "/enrollments", joining).json()
    assert answer["problems"][0]["message"] == (
        f"Winter Glow creators {said}, so nobody can join it"
    )


def test_who_was_erased_is_named_and_nobody_joins(stage: Stage) -> None:
    new = stage.send("POST", "/members", {"first_name": "Ada"}).json()["id"]
    gone = stage.cast.diego
    with stage.at_juniper():
        Member.objects.filter(pk=gone.pk).update(deleted_at=LATER)
        before = Enrollment.objects.count()
    joining = {"offer": stage.id("offer"), "members": [new, id_of(gone)]}

    answer = stage.send("POST", "/enrollments", joining)

    [problem] = answer.json()["problems"]
    assert (answer.status_code, problem["field"]) == (422, "members.1")
    assert problem["message"] == f"{id_of(gone)} was deleted at their own request: leave them out"
    with stage.at_juniper():
        assert Enrollment.objects.count() == before


@pytest.mark.parametrize(
    ("sent", "field"), [({"slug": "mine"}, "slug"), ({"label": "Bio"}, "label")]
)
@pytest.mark.parametrize("url", [None, PAGE])
def test_a_link_that_is_there_is_not_renamed(
    stage: Stage, sent: dict[str, str], field: str, url: str | None
) -> None:
    asked: dict[str, Any] = {"enrollments": [stage.id("enrollment")], "destination_url": url}
    first = stage.send("POST", "/links", asked)

    assert first.status_code == 201
    assert problem_of(stage, "POST", "/links", asked | sent) == (422, field, "refused")


@pytest.mark.parametrize("url", [None, PAGE])
def test_a_link_that_is_there_as_asked_comes_back(stage: Stage, url: str | None) -> None:
    member = stage.send("POST", "/members", {"first_name": "Ada"}).json()["id"]
    joining = {"offer": stage.id("offer"), "members": [member], "with_items": False}
    [row] = stage.send("POST", "/enrollments", joining).json()["data"]
    asked = {"enrollments": [row["id"]], "destination_url": url, "label": "Bio", "slug": "Ada K."}
    first = stage.send("POST", "/links", asked)
    before = snapshot()

    again = stage.send("POST", "/links", asked)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert snapshot() == before


def test_a_status_raises_the_version_that_others_have_seen(stage: Stage) -> None:
    path = f"/offers/{stage.id('offer')}"
    seen = stage.get(path).json()["version"]
    paused = stage.send("POST", f"{path}/status", {"status": "paused"}).json()

    assert paused["version"] == seen + 1
    for method, at, sent in (
        ("POST", f"{path}/status", {"status": "ended", "version": seen}),
        ("PATCH", path, {"description": "New", "version": seen}),
    ):
        assert problem_of(stage, method, at, sent) == (409, "", "changed_meanwhile")


def test_who_was_removed_does_not_come_back_into_an_offer_that_is_over(stage: Stage) -> None:
    chosen = {"enrollments": [id_of(stage.cast.june_in_glow)]}
    assert stage.send("POST", "/enrollments/remove", chosen).json()["changed"] == 1
    with stage.at_juniper():
        set_offer_status(offer=stage.cast.glow, status=OfferStatus.ENDED, by=SYSTEM, now=LATER)

    answer = stage.send("POST", "/enrollments/activate", chosen).json()

    assert answer["changed"] == 0
    [skipped] = answer["skipped"]
    assert "has ended, so nobody can join it" in str(skipped)
