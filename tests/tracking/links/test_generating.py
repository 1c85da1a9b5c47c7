"""Codes and links given together: all of it or nothing, and once."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from accounts.models import AuditEntry
from core.tenancy import acting_for
from offers.models import Enrollment
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, assemble, offer_values
from tracking.links.generating import generate_items
from tracking.links.items import ItemError
from tracking.links.membership import deactivate_member
from tracking.models import PromoCode, TrackingLink


def spring(cast: Cast) -> list[Enrollment]:
    """Everybody in a new offer, with nothing to share yet."""
    offer = create_offer(
        values=offer_values(name="Spring"), terms=TermsValues(percent_bp=1), by=SYSTEM, now=NOW
    )
    return enroll(offer=offer, members=[cast.mara, cast.diego, cast.june], by=SYSTEM, now=NOW)


def test_codes_and_links_come_together(cast: Cast) -> None:
    with acting_for(cast.juniper):
        mara, diego, _june = spring(cast)

        codes, links = generate_items(
            enrollments=[mara, diego],
            codes={mara.pk: "maras", diego.pk: "DIEGOS"},
            links=True,
            by=SYSTEM,
            now=NOW,
        )

        assert {row.code for row in codes} == {"MARAS", "DIEGOS"}
        assert {row.enrollment_id for row in links} == {mara.pk, diego.pk}


def test_no_code_is_replaced_but_the_one_that_was_seen(cast: Cast) -> None:
    mara = cast.mara_in_glow

    def give(code: str, *, seen: dict[int, str] | None) -> list[PromoCode]:
        codes, _links = generate_items(
            enrollments=[mara],
            codes={mara.pk: code},
            links=False,
            by=SYSTEM,
            now=NOW,
            seen=seen,
        )
        return codes

    with acting_for(cast.juniper):
        others: list[dict[int, str]] = [{}, {mara.pk: ""}, {mara.pk: "OTHER"}]
        for seen in others:
            with pytest.raises(ItemError, match="they have the code MARA15 by now"):
                give("MARA20", seen=seen)
        assert give("MARA15", seen={}) == [], "they have it already"
        assert [row.code for row in give("MARA20", seen={mara.pk: "MARA15"})] == ["MARA20"]
        assert [row.code for row in give("MARA30", seen=None)] == ["MARA30"], "no page"


def test_a_clash_leaves_no_link_behind(cast: Cast) -> None:
    with acting_for(cast.juniper):
        mara, diego, _june = spring(cast)
        audited = AuditEntry.objects.count()

        with pytest.raises(ItemError) as refused:
            generate_items(
                enrollments=[mara, diego],
                codes={mara.pk: "MARAS", diego.pk: "JUNE20"},
                links=True,
                by=SYSTEM,
                now=NOW,
            )

        assert refused.value.problems == {diego.pk: "the code JUNE20 belongs to someone else"}
        assert not PromoCode.objects.filter(enrollment__in=[mara, diego]).exists()
        assert not TrackingLink.objects.filter(enrollment__in=[mara, diego]).exists()
        assert AuditEntry.objects.count() == audited


def test_who_is_not_active_gets_nothing_whatever_the_caller_read(cast: Cast) -> None:
    with acting_for(cast.juniper):
        mara = spring(cast)[0]
        deactivate_member(enrollment=Enrollment.objects.get(pk=mara.pk), by=SYSTEM, now=NOW)

        with pytest.raises(ItemError) as refused:
            generate_items(
                enrollments=[mara], codes={mara.pk: "MARAS"}, links=True, by=SYSTEM, now=NOW
            )

        assert refused.value.problems == {mara.pk: "is not active in this offer"}
        assert not PromoCode.objects.filter(enrollment=mara).exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_button_pressed_eight_times_gives_once() -> None:
    cast = assemble()
    with acting_for(cast.juniper):
        rows = spring(cast)
    codes = {row.pk: f"CODE{row.pk}" for row in rows}
    errors: list[BaseException] = []

    def press() -> None:
        try:
            with acting_for(cast.juniper):
                generate_items(enrollments=rows, codes=codes, links=True, by=SYSTEM, now=NOW)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with acting_for(cast.juniper):
        assert errors == []
        assert PromoCode.objects.filter(enrollment__in=rows).count() == 3
        assert TrackingLink.objects.filter(enrollment__in=rows).count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_members_who_want_one_code_at_once_are_told_apart() -> None:
    cast = assemble()
    with acting_for(cast.juniper):
        rows = spring(cast)
    answers: list[object] = []

    def want(row: Enrollment) -> None:
        try:
            with acting_for(cast.juniper):
                generate_items(
                    enrollments=[row], codes={row.pk: "WANTED"}, links=False, by=SYSTEM, now=NOW
                )
                answers.append("given")
        except ItemError as error:
            answers.append(error.problems[row.pk])
        finally:
            connection.close()

    threads = [threading.Thread(target=want, args=[row]) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    taken = "the code WANTED belongs to someone else"
    assert sorted(map(str, answers)) == ["given", taken, taken]
