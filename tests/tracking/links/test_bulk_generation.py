"""Codes and links for many members: each once, failures listed, continued after a stop."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import chain, repeat

import pytest

from affiliates.models import Member
from affiliates.services import Person, add_members
from background.models import Work
from background.running import run_slice
from background.selectors import problems_of
from offers.models import Enrollment, Offer
from offers.services import enroll
from tests.cast import NOW, SYSTEM
from tracking.links import bulk_generation
from tracking.links.bulk_generation import ask_to_generate, generate
from tracking.links.membership import deactivate_member
from tracking.links.promo_codes import give_codes, suggest_codes
from tracking.models import PromoCode, TrackingLink

pytestmark = pytest.mark.usefixtures("at_juniper")


def crowd(offer: Offer, number: int, first_name: str = "Ana") -> list[Enrollment]:
    people = [
        Person(
            email=f"{first_name}{each}@crowd.example".lower(), first_name=first_name, last_name=""
        )
        for each in range(number)
    ]
    members: list[Member] = add_members(people=people, by=SYSTEM, now=NOW)
    return enroll(offer=offer, members=members, by=SYSTEM, now=NOW)


def ask(codes: list[Enrollment], links: list[Enrollment]) -> Work:
    return ask_to_generate(
        codes_for=[row.pk for row in codes],
        links_for=[row.pk for row in links],
        title="Codes",
        about="project:1",
        confirmation=uuid.uuid4(),
        by=SYSTEM,
        now=NOW,
    )


def test_everybody_gets_what_was_asked_for_them(spring: Offer) -> None:
    both, code_only, link_only = crowd(spring, 3)

    work = ask([both, code_only], [both, link_only])

    codes = dict(
        PromoCode.objects.filter(enrollment__offer=spring).values_list("enrollment", "code")
    )
    links = set(
        TrackingLink.objects.filter(enrollment__offer=spring).values_list("enrollment", flat=True)
    )
    assert (work.state, work.done, work.counts) == ("done", 3, {"codes": 2, "links": 2})
    assert codes == {both.pk: "ANA", code_only.pk: "ANA2"}
    assert links == {both.pk, link_only.pk}


def test_a_code_given_meanwhile_is_kept_and_who_left_is_named(spring: Offer) -> None:
    rows = crowd(spring, bulk_generation.BATCH // 2)
    work = ask(rows, [])
    assert work.state == "waiting"
    give_codes(codes={rows[0].pk: "MINE"}, enrollments=[rows[0]], by=SYSTEM, now=NOW)
    deactivate_member(enrollment=rows[1], by=SYSTEM, now=NOW)

    run_slice(work.pk, handlers={bulk_generation.GENERATE: generate}, now=NOW)

    work.refresh_from_db()
    assert (work.state, work.counts) == ("done", {"codes": len(rows) - 2})
    assert PromoCode.objects.get(enrollment=rows[0]).code == "MINE"
    assert [(row.subject, row.message) for row in problems_of(work)] == [
        ("Ana", "is not active in this offer any more")
    ]


def test_it_goes_on_where_it_stopped(spring: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = crowd(spring, 250)
    work = ask(rows, rows)
    monkeypatch.setattr(bulk_generation, "BATCH", 100)
    ticks = chain([NOW] * 3, repeat(NOW + timedelta(hours=1)))

    run_slice(
        work.pk, handlers={bulk_generation.GENERATE: generate}, now=NOW, clock=lambda: next(ticks)
    )
    work.refresh_from_db()
    assert (work.state, work.done, PromoCode.objects.count()) == ("running", 100, 3 + 100)
    run_slice(work.pk, handlers={bulk_generation.GENERATE: generate}, now=NOW)

    work.refresh_from_db()
    assert (work.state, work.done, work.counts) == ("done", 250, {"codes": 250, "links": 250})
    assert PromoCode.objects.count() == 3 + 250


def test_namesakes_are_numbered_without_gaps_and_never_twice(spring: Offer) -> None:
    give_codes(codes={crowd(spring, 1, "Bo")[0].pk: "ANA3"}, by=SYSTEM, now=NOW,
               enrollments=list(Enrollment.objects.filter(offer=spring)))  # fmt: skip
    rows = crowd(spring, 5) + crowd(spring, 1, "Ana2")

    codes = suggest_codes(offer=spring, enrollments=rows)

    assert list(codes.values()) == ["ANA", "ANA2", "ANA4", "ANA5", "ANA6", "ANA22"]


def test_a_long_name_gives_way_to_its_number(spring: Offer) -> None:
    rows = crowd(spring, 12, "A" * 60)

    codes = list(suggest_codes(offer=spring, enrollments=rows).values())

    assert (codes[0], codes[11]) == ("A" * 36, "A" * 36 + "12")
