"""A code that was ended can be given to another member; each order goes to whoever had it then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from core.tenancy import acting_for
from offers.models import Enrollment
from tests.cast import NOW, SYSTEM, Cast, order
from tracking.importing.members import MemberImport
from tracking.links.items import ItemError
from tracking.links.membership import activate_member, deactivate_member
from tracking.links.promo_codes import earlier_holders, give_codes, had_until, suggest_codes
from tracking.models import Conversion, PromoCode
from tracking.orders.recording import record_order

pytestmark = pytest.mark.usefixtures("at_juniper")

ENDED, GIVEN = NOW + timedelta(days=1), NOW + timedelta(days=3)
LATER = NOW + timedelta(days=9)


def at(days: float) -> datetime:
    return NOW + timedelta(days=days)


def give(row: Enrollment, code: str, now: datetime, **more: Any) -> list[PromoCode]:
    return give_codes(codes={row.pk: code}, enrollments=[row], by=SYSTEM, now=now, **more)


@pytest.fixture
def passed_on(at_juniper: Cast) -> PromoCode:
    """MARA15 was Mara's until ENDED, and is Diego's from GIVEN on."""
    deactivate_member(enrollment=at_juniper.mara_in_glow, by=SYSTEM, now=ENDED)
    [code] = give(at_juniper.diego_in_glow, "mara15", GIVEN, may_reuse=["Mara15"])
    return code


def member_of(moment: datetime) -> str | None:
    """Whom an order with the code is credited to that was placed then and arrives later."""
    facts = order(f"at {moment:%d %H}", ordered_at=moment.isoformat())
    found = record_order(source="api", order=facts, by=SYSTEM, now=LATER).conversion_id
    if found is None:
        return None
    return Conversion.objects.select_related("member").get(pk=found).member.first_name


@pytest.mark.usefixtures("passed_on")
@pytest.mark.parametrize(
    ("days", "name"),
    [(-900, "Mara"), (0, "Mara"), (1, None), (2, None), (3, "Diego"), (8, "Diego")],
)
def test_each_order_goes_to_whoever_had_the_code_then(days: float, name: str | None) -> None:
    assert member_of(at(days)) == name


def test_a_code_goes_to_and_fro(cast: Cast, passed_on: PromoCode) -> None:
    deactivate_member(enrollment=cast.diego_in_glow, by=SYSTEM, now=at(5))
    activate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=at(6))

    assert [member_of(at(days)) for days in (0, 2, 4, 5.5, 7)] == [
        "Mara", None, "Diego", None, "Mara",
    ]  # fmt: skip
    assert PromoCode.objects.filter(code="MARA15").count() == 2


def test_an_ended_code_is_given_only_by_those_who_know_of_it(cast: Cast) -> None:
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=ENDED)

    with pytest.raises(ItemError) as refused:
        give(cast.diego_in_glow, "MARA15", GIVEN)

    pk = cast.diego_in_glow.pk
    assert refused.value.had_before == {pk: "MARA15"}
    assert refused.value.problems == {
        pk: "the code MARA15 belonged to Mara Lindqvist until 21 Nov 2026, 12:00"
    }
    assert PromoCode.objects.in_use().get(enrollment=pk).code == "DIEGO10"


def test_a_code_in_use_is_never_given_to_another(cast: Cast) -> None:
    with pytest.raises(ItemError, match="belongs to someone else") as refused:
        give(cast.diego_in_glow, "MARA15", GIVEN, may_reuse=["MARA15"])

    assert refused.value.had_before == {}


def test_no_ended_code_is_suggested(cast: Cast) -> None:
    cast.glow.code_pattern = "MARA15"
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=ENDED)

    suggested = suggest_codes(offer=cast.glow, enrollments=[cast.diego_in_glow])

    assert suggested == {cast.diego_in_glow.pk: "MARA152"}


def test_who_comes_back_does_not_take_the_code_away(cast: Cast, passed_on: PromoCode) -> None:
    taken_by = activate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=at(4))

    cast.mara_in_glow.refresh_from_db()
    assert taken_by == passed_on
    assert cast.mara_in_glow.is_active
    assert not PromoCode.objects.in_use().filter(enrollment=cast.mara_in_glow).exists()
    assert member_of(at(5)) == "Diego"


def test_who_had_it_before_is_known(cast: Cast, passed_on: PromoCode) -> None:
    found = earlier_holders([cast.diego_in_glow.pk, cast.june_in_glow.pk])

    assert set(found) == {cast.diego_in_glow.pk}
    said = had_until(found[cast.diego_in_glow.pk])
    assert said == "Mara Lindqvist until 21 Nov 2026, 12:00"


def test_a_file_of_members_gives_an_ended_code_again(cast: Cast) -> None:
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=ENDED)
    cells = {
        "email": "june@okafor.example", "first_name": "June", "last_name": "Okafor",
        "promo_code": "MARA15",
    }  # fmt: skip

    report = MemberImport(
        offer=cast.glow, by=SYSTEM, file_codes={}, replace_codes=True
    ).import_rows([(2, cells)], now=GIVEN)

    assert report.errors == []
    assert PromoCode.objects.in_use().get(enrollment=cast.june_in_glow).code == "MARA15"
    assert member_of(at(4)) == "June"


@pytest.mark.parametrize(
    ("start", "end", "is_refused"),
    [
        (-1, 0.5, True),  # from before until into Mara's time
        (0.5, 0.7, True),
        (0.5, None, True),
        (1, 3, False),  # right between both
        (1, 3.1, True),  # into Diego's time
        (4, None, True),
    ],
)
def test_postgresql_refuses_two_holders_at_one_moment(
    cast: Cast, passed_on: PromoCode, start: float, end: float | None, is_refused: bool
) -> None:
    row = PromoCode(
        enrollment=cast.june_in_glow,
        code="mara15",
        created_at=at(start),
        deactivated_at=None if end is None else at(end),
        status="inactive",
    )

    if is_refused:
        with pytest.raises(IntegrityError, match="tracking_code_one_holder"), transaction.atomic():
            row.save()
    else:
        row.save()

    assert PromoCode.objects.filter(enrollment=cast.june_in_glow, code="mara15").exists() is (
        not is_refused
    )


def test_the_same_code_in_another_brand_is_another_code(cast: Cast) -> None:
    with_same = PromoCode.objects.get(enrollment=cast.mara_in_glow).code
    with acting_for(cast.saltmarsh):
        [code] = give(cast.june_in_tide, with_same, NOW)

    assert code.code == "MARA15"
