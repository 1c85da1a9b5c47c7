"""Calls at the same moment are answered as they are one after another, and none by 500."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.models import AuditEntry
from core.references import Reference
from offers.models import OfferStatus
from offers.services import set_offer_status
from tests.answers import Answer
from tests.api.nouns.stage import LATER, ROOT, Stage, id_of, put_in
from tests.api.test_concurrency import all_at_once
from tests.cast import NOW, SYSTEM, assemble
from tracking.links.membership import deactivate_member
from tracking.links.tracking_links import make_deep_link
from tracking.models import PromoCode, TrackingLink

pytestmark = pytest.mark.django_db(transaction=True)
OFFER = {
    "kind": "both",
    "currency": "GBP",
    "destination_url": "https://juniper.example/",
    "terms": {"percent_bp": 100},
}


@pytest.fixture
def stage(time_machine: Any) -> Stage:
    """As for the other tests of nouns; the threads see what it has put there."""
    made = Stage(*put_in(assemble()))
    time_machine.move_to(LATER, tick=True)
    return made


def send_all(stage: Stage, *calls: tuple[str, str, Any], version: str = "") -> list[Answer]:
    """Send these at once, each by a client of its own."""
    headers = stage.shop.headers | ({"If-Match": version} if version else {})

    def job(method: str, path: str, body: Any) -> Any:
        def send() -> Any:
            try:
                call = getattr(Client(raise_request_exception=False), method.lower())
                kind = "application/json"
                return call(f"{ROOT}{path}", body, content_type=kind, headers=headers)
            finally:
                connections.close_all()

        return send

    return all_at_once([job(*call) for call in calls])


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def fields_refused(answers: list[Answer]) -> set[str]:
    return {
        problem["field"]
        for answer in answers
        if answer.status_code == 422
        for problem in answer.json()["problems"]
    }


def new_member(stage: Stage, email: str, first_name: str = "Yara") -> str:
    said = {"email": email, "first_name": first_name}
    return str(stage.send("POST", "/members", said).json()["id"])


def test_an_offer_takes_one_of_two_statuses_for_one_version(stage: Stage) -> None:
    path = f"/offers/{stage.id('offer')}"
    with stage.at_juniper():
        set_offer_status(offer=stage.cast.glow, status=OfferStatus.PAUSED, by=SYSTEM, now=NOW)
    seen = f'"{stage.get(path).json()["version"]}"'

    answers = send_all(
        stage,
        *(("POST", f"{path}/status", {"status": status}) for status in ("archived", "active")),
        version=seen,
    )

    assert statuses(answers) == {200: 1, 409: 1}
    [done] = [answer.json() for answer in answers if answer.status_code == 200]
    assert stage.get(path).json()["status"] == done["status"]


def test_an_offer_is_paused_once(stage: Stage) -> None:
    path = f"/offers/{stage.id('offer')}/status"

    answers = send_all(stage, *[("POST", path, {"status": "paused"})] * 4)

    assert statuses(answers) == {200: 1, 409: 3}
    with stage.at_juniper():
        about = AuditEntry.objects.filter(target=Reference.to(stage.cast.glow))
        assert about.filter(action="offer.status_set").count() == 1


def test_one_of_four_new_members_gets_the_address(stage: Stage) -> None:
    said = {"email": "race@creators.example", "first_name": "Yara"}

    answers = send_all(stage, *[("POST", "/members", said)] * 4)

    assert statuses(answers) == {201: 1, 422: 3}
    assert fields_refused(answers) == {"email"}


def test_one_of_two_members_moves_to_the_address(stage: Stage) -> None:
    both = [new_member(stage, f"{name}@creators.example") for name in ("a", "b")]
    said = {"email": "race@creators.example"}

    answers = send_all(stage, *(("PATCH", f"/members/{one}", said) for one in both))

    assert statuses(answers) == {200: 1, 422: 1}
    assert fields_refused(answers) == {"email"}


def test_one_of_four_new_offers_gets_the_name(stage: Stage) -> None:
    answers = send_all(stage, *[("POST", "/offers", OFFER | {"name": "Race"})] * 4)

    assert statuses(answers) == {201: 1, 422: 3}
    assert fields_refused(answers) == {"name"}


def test_one_of_two_offers_is_renamed(stage: Stage) -> None:
    both = [
        stage.send("POST", "/offers", OFFER | {"name": name}).json()["id"] for name in ("A", "B")
    ]

    answers = send_all(stage, *(("PATCH", f"/offers/{one}", {"name": "Race"}) for one in both))

    assert statuses(answers) == {200: 1, 422: 1}
    assert fields_refused(answers) == {"name"}


def test_namesakes_who_join_at_once_each_get_a_code(stage: Stage) -> None:
    offer = stage.id("offer")
    members = [new_member(stage, f"y{number}@creators.example") for number in range(4)]

    answers = send_all(
        stage, *(("POST", "/enrollments", {"offer": offer, "members": [one]}) for one in members)
    )

    assert statuses(answers) == {201: 4}
    codes = [answer.json()["data"][0]["code"] for answer in answers]
    assert sorted(codes) == ["YARA", "YARA2", "YARA3", "YARA4"]


def test_a_suggested_code_gives_way_to_one_that_is_asked_for(stage: Stage) -> None:
    offer, enrollment = stage.id("offer"), stage.id("enrollment")
    members = [new_member(stage, f"y{number}@creators.example") for number in range(3)]

    answers = send_all(
        stage,
        ("POST", "/codes", {"codes": [{"enrollment": enrollment, "code": "YARA2"}]}),
        *(("POST", "/enrollments", {"offer": offer, "members": [one]}) for one in members),
    )

    joined = [answer.status_code for answer in answers[1:]]
    assert joined == [201] * 3


def test_codes_that_are_suggested_at_once_differ(stage: Stage) -> None:
    offer = stage.id("offer")
    members = [new_member(stage, f"y{number}@creators.example") for number in range(4)]
    joining = {"offer": offer, "members": members, "with_items": False}
    rows = [row["id"] for row in stage.send("POST", "/enrollments", joining).json()["data"]]

    answers = send_all(
        stage, *(("POST", "/codes", {"codes": [{"enrollment": row}]}) for row in rows)
    )

    assert statuses(answers) == {201: 4}
    with stage.at_juniper():
        assert PromoCode.objects.in_use().filter(code__startswith="YARA").count() == 4


def test_changes_of_different_fields_without_a_version_are_all_kept(stage: Stage) -> None:
    offer, member = f"/offers/{stage.id('offer')}", f"/members/{stage.id('member')}"
    wanted = {"name": "A", "description": "D", "click_window_days": 7, "own_slugs_allowed": False}
    told = {"first_name": "A", "last_name": "D", "tags": ["x"], "handles": {"x": "zed"}}

    answers = send_all(stage, *(("PATCH", offer, {key: one}) for key, one in wanted.items()))
    answers += send_all(stage, *(("PATCH", member, {key: one}) for key, one in told.items()))

    assert statuses(answers) == {200: 8}
    for path, sent in ((offer, wanted), (member, told)):
        now_there = stage.get(path).json()
        assert {name: now_there[name] for name in sent} == sent


def test_one_page_asked_for_twice_is_one_deep_link(stage: Stage) -> None:
    page, row = "https://juniper.example/once", stage.cast.mara_in_glow

    def make() -> str:
        try:
            with stage.at_juniper():
                return make_deep_link(
                    enrollment=row, destination_url=page, by=SYSTEM, now=LATER
                ).slug
        finally:
            connections.close_all()

    slugs = all_at_once([make] * 4)

    with stage.at_juniper():
        assert TrackingLink.objects.filter(destination_url=page).count() == 1
    assert len(set(slugs)) == 1


def test_a_member_is_deactivated_once(stage: Stage) -> None:
    row = stage.cast.mara_in_glow

    def leave() -> None:
        try:
            with stage.at_juniper():
                own = type(row).objects.get(pk=row.pk)
                deactivate_member(enrollment=own, by=SYSTEM, now=LATER)
        finally:
            connections.close_all()

    all_at_once([leave] * 4)

    with stage.at_juniper():
        about = AuditEntry.objects.filter(target=Reference.to(row), action="enrollment.status_set")
        assert about.count() == 1
    assert stage.get(f"/enrollments/{id_of(row)}").json()["status"] == "inactive"
