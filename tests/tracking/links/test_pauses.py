"""A code or link that comes back keeps the time in which it was out of use."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from affiliates.models import Member
from tests.cast import NOW, SYSTEM, Cast, order
from tests.following import follow_link
from tracking.links import click_ids
from tracking.links.membership import activate_member, deactivate_member
from tracking.links.promo_codes import give_codes
from tracking.models import Click, ClickKind, Conversion, PromoCode, TrackingLink
from tracking.orders.recording import record_order
from tracking.orders.results import RecordingResult

pytestmark = pytest.mark.usefixtures("at_juniper")

OUT, BACK = NOW + timedelta(days=1), NOW + timedelta(days=3)
LATER = NOW + timedelta(days=5)
BEFORE, DURING, AFTER = (NOW + timedelta(days=days) for days in (0, 2, 4))
MOMENTS = [(BEFORE, True), (OUT, False), (DURING, False), (BACK, True), (AFTER, True)]


@pytest.fixture
def away(at_juniper: Cast) -> Member:
    """Mara was inactive in Glow from OUT to BACK."""
    deactivate_member(enrollment=at_juniper.mara_in_glow, by=SYSTEM, now=OUT)
    activate_member(enrollment=at_juniper.mara_in_glow, by=SYSTEM, now=BACK)
    return at_juniper.mara


def comes(moment: datetime, **changes: object) -> RecordingResult:
    """An order placed at that moment arrives when all is over."""
    facts = order(f"at {moment:%d %H}", ordered_at=moment.isoformat(), **changes)
    return record_order(source="api", order=facts, by=SYSTEM, now=LATER)


def problems(result: RecordingResult) -> list[str]:
    return [problem.code for problem in result.problems]


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize(("moment", "counts"), MOMENTS)
def test_a_code_earns_before_and_after_its_pause(moment: datetime, counts: bool) -> None:
    result = comes(moment)

    assert (result.conversion_id is not None) is counts
    assert problems(result) == ([] if counts else ["inactive_code"])


def test_each_pause_is_kept(cast: Cast) -> None:
    for day in (1, 3, 5):
        moment = NOW + timedelta(days=day)
        deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=moment)
        activate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=moment + timedelta(days=1))

    code = PromoCode.objects.get(enrollment=cast.mara_in_glow)

    in_use = [code.was_active_at(NOW + timedelta(days=day, hours=12)) for day in range(8)]
    assert in_use == [True, False, True, False, True, False, True, True]
    assert code.in_use_since == NOW + timedelta(days=6)


def test_a_code_that_was_replaced_and_given_again_keeps_its_pause_too(cast: Cast) -> None:
    for code, moment in (("MARA20", OUT), ("MARA15", BACK)):
        give_codes(
            codes={cast.mara_in_glow.pk: code},
            enrollments=[cast.mara_in_glow],
            by=SYSTEM,
            now=moment,
        )

    assert problems(comes(DURING)) == ["inactive_code"]
    assert comes(DURING + timedelta(hours=1), promo_code="MARA20").conversion_id is not None
    assert comes(AFTER).conversion_id is not None


def test_no_pause_is_kept_when_no_time_passed(cast: Cast) -> None:
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=OUT)
    activate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=OUT)

    assert PromoCode.objects.get(enrollment=cast.mara_in_glow).pauses == []
    assert comes(OUT).conversion_id is not None


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize(("moment", "counts"), MOMENTS)
def test_a_click_counts_before_and_after_the_pause_of_its_link(
    cast: Cast, moment: datetime, counts: bool
) -> None:
    """The id of a click in the pause is one that a server whose clock differs gave out."""
    link = TrackingLink.objects.get(enrollment=cast.mara_in_glow)
    click = click_ids.make(link_id=link.pk, clicked_at=moment)

    result = comes(AFTER, promo_code=None, click_id=click)

    assert (result.conversion_id is not None) is counts
    assert problems(result) == ([] if counts else ["inactive_link"])


@pytest.mark.usefixtures("away")
def test_an_order_from_the_pause_is_not_earned_by_a_click_before_it(cast: Cast) -> None:
    """The member was not active when it was placed, which was refused before they came back."""
    link = TrackingLink.objects.get(enrollment=cast.mara_in_glow)
    click = click_ids.make(link_id=link.pk, clicked_at=BEFORE)

    during = comes(DURING, promo_code=None, click_id=click)
    after = comes(AFTER, promo_code=None, click_id=click)

    assert problems(during) == ["inactive_member"]
    assert after.conversion_id is not None
    assert Conversion.objects.count() == 1


def test_a_click_in_the_pause_is_not_counted(cast: Cast) -> None:
    link = TrackingLink.objects.get(enrollment=cast.mara_in_glow)

    def click(moment: datetime) -> None:
        follow_link(slug=link.slug, user_agent="Mozilla/5.0 (X11)", referrer="", now=moment)

    click(BEFORE)
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=OUT)
    click(DURING)
    activate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=BACK)
    click(AFTER)

    visits = Click.objects.filter(kind=ClickKind.VISIT)
    assert [row.clicked_at for row in visits.order_by("pk")] == [BEFORE, AFTER]
