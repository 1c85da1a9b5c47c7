"""Whether a member is in an offer is kept with the member, whatever becomes of the enrollments."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from affiliates.models import Member
from affiliates.selectors import members
from core.tenancy import acting_for
from offers.models import Enrollment, EnrollmentStatus
from offers.selectors import in_offer
from offers.services import create_offer, enroll, set_enrollment_status
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, offer_values


@pytest.fixture(autouse=True)
def at_juniper(cast: Cast) -> Iterator[None]:
    with acting_for(cast.juniper):
        yield


def without_offer() -> list[Member]:
    return list(in_offer(members(), None))


def set_status(enrollment: Enrollment, status: EnrollmentStatus) -> None:
    set_enrollment_status(enrollment=enrollment, status=status, by=SYSTEM, now=NOW)


def test_only_who_left_the_last_offer_is_in_none(cast: Cast) -> None:
    other = create_offer(
        values=offer_values(name="Second"), terms=TermsValues(percent_bp=500), by=SYSTEM, now=NOW
    )
    [second] = enroll(offer=other, members=[cast.mara], by=SYSTEM, now=NOW)
    seen = [without_offer()]
    for enrollment, status in (
        (second, EnrollmentStatus.INACTIVE),
        (cast.mara_in_glow, EnrollmentStatus.REMOVED),
        (second, EnrollmentStatus.REMOVED),
        (cast.mara_in_glow, EnrollmentStatus.ACTIVE),
    ):
        set_status(enrollment, status)
        seen.append(without_offer())

    assert seen == [[], [], [], [cast.mara], []]


def test_one_statement_may_change_many_enrollments(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE offers_enrollment SET status = 'removed', deactivated_at = now()")
        all_left = without_offer()
        cursor.execute(
            "UPDATE offers_enrollment SET status = 'active', deactivated_at = NULL"
            " WHERE member_id = %s",
            [cast.diego.pk],
        )
        diego_came_back = without_offer()
        cursor.execute("UPDATE offers_enrollment SET link_version = 2")

    assert set(all_left) == {cast.mara, cast.diego, cast.june}
    assert set(diego_came_back) == set(without_offer()) == {cast.mara, cast.june}


def test_a_deleted_enrollment_counts_no_more(cast: Cast) -> None:
    with connection.cursor() as cursor:
        for table in ("tracking_linkslug", "tracking_trackinglink", "tracking_promocode"):
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608
        cursor.execute("DELETE FROM offers_enrollment WHERE member_id = %s", [cast.june.pk])

    assert without_offer() == [cast.june]
