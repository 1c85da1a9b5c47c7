"""A member who was away from an offer earns nothing of that time, whenever its orders arrive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import CodePurpose
from affiliates.models import Creator
from offers.models import Enrollment, EnrollmentStatus
from offers.services import change_offer
from payouts.ledger import due_entries
from tests.cast import NOW, SYSTEM, Cast, offer_values, order, pay_all_due
from tests.journeys.busy_creator import prove
from tracking.links import click_ids
from tracking.links.membership import (
    activate_member,
    add_to_offer,
    deactivate_member,
    remove_from_offer,
)
from tracking.links.promo_codes import give_codes
from tracking.links.tracking_links import make_deep_link
from tracking.models import Conversion
from tracking.orders.recording import record_order
from tracking.privacy.erasure import erase_creator
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.usefixtures("at_juniper")

OUT, BACK = NOW + timedelta(days=1), NOW + timedelta(days=3)
LATER = NOW + timedelta(days=9)
BEFORE, DURING, AFTER = (NOW + timedelta(days=days) for days in (0.5, 2, 4))
PLACED = [BEFORE, OUT, DURING, BACK, AFTER]
Leave = Callable[..., Any]


def comes(placed_at: datetime, *, now: datetime, **changes: Any) -> bool:
    """Whether Mara is credited for an order that is placed then and arrives at `now`."""
    changes = {"promo_code": None} | changes
    facts = order(f"at {placed_at:%d %H}", ordered_at=placed_at.isoformat(), **changes)
    return record_order(source="api", order=facts, by=SYSTEM, now=now).conversion_id is not None


def won(cast: Cast) -> dict[str, Any]:
    """A customer whom Mara won before."""
    change_offer(offer=cast.glow, values=offer_values(remembers_customers=True), by=SYSTEM, now=NOW)
    assert comes(NOW - timedelta(hours=1), now=NOW, promo_code="MARA15", customer_id="c1")
    return {"customer_id": "c1"}


def clicked(cast: Cast) -> dict[str, Any]:
    """A click on a deep link of hers."""
    values = offer_values(deep_links_allowed=True)
    change_offer(offer=cast.glow, values=values, by=SYSTEM, now=NOW)
    page = f"{cast.glow.destination_url}/page"
    row = Enrollment.objects.get(pk=cast.mara_in_glow.pk)
    link = make_deep_link(enrollment=row, destination_url=page, by=SYSTEM, now=NOW)
    return {"click_id": click_ids.make(link_id=link.pk, clicked_at=NOW)}


def coded(cast: Cast) -> dict[str, Any]:
    return {"promo_code": "MARA15"}


def leave_and_return(cast: Cast, leave: Leave) -> None:
    leave(enrollment=cast.mara_in_glow, by=SYSTEM, now=OUT)
    if leave is deactivate_member:
        activate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=BACK)
    else:
        add_to_offer(offer=cast.glow, members=[cast.mara], with_items=False, by=SYSTEM, now=BACK)


@pytest.mark.parametrize("evidence", [won, clicked])
@pytest.mark.parametrize("leave", [deactivate_member, remove_from_offer])
def test_orders_are_credited_as_if_they_had_arrived_when_they_were_placed(
    cast: Cast, evidence: Callable[[Cast], dict[str, Any]], leave: Leave
) -> None:
    brought = evidence(cast)
    if due_entries(member_id=cast.mara.pk, currency="GBP", now=NOW):
        pay_all_due(cast.mara)
    leave_and_return(cast, leave)

    credited = [comes(moment, now=LATER, **brought) for moment in PLACED]

    assert credited == [True, False, False, True, True]
    assert list(differences(cast.juniper)) == []


@pytest.mark.parametrize("evidence", [coded, won, clicked])
def test_an_order_from_before_counts_while_the_member_is_away(
    cast: Cast, evidence: Callable[[Cast], dict[str, Any]]
) -> None:
    brought = evidence(cast)
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=OUT)

    assert [comes(moment, now=LATER, **brought) for moment in PLACED] == [
        True, False, False, False, False,
    ]  # fmt: skip


def test_a_code_that_was_given_afterwards_earns_nothing_of_the_time_away(cast: Cast) -> None:
    """An order from before anybody had a code is its first holder's, if they were there."""
    leave_and_return(cast, deactivate_member)
    give_codes(
        codes={cast.mara_in_glow.pk: "NEWCODE"},
        enrollments=[cast.mara_in_glow],
        by=SYSTEM,
        now=AFTER,
    )

    credited = [comes(moment, now=LATER, promo_code="NEWCODE") for moment in PLACED]

    assert credited == [True, False, False, True, True]


def test_an_order_from_before_an_erasure_counts_and_one_from_after_does_not(cast: Cast) -> None:
    brought = won(cast)
    mara = Creator.objects.get(email=cast.mara.email)
    erase_creator(creator=mara, code=prove(mara, CodePurpose.DELETION, now=OUT), now=OUT)

    assert [comes(moment, now=LATER, **brought) for moment in PLACED[:3]] == [True, False, False]


def test_a_later_order_of_the_time_away_is_not_won_by_one_that_arrives_late(cast: Cast) -> None:
    won(cast)
    leave_and_return(cast, deactivate_member)
    assert not comes(DURING, now=LATER, customer_id="c2")
    assert not comes(AFTER, now=LATER, customer_id="c2")

    assert comes(BEFORE, now=LATER, customer_id="c2", promo_code="MARA15")

    found = Conversion.objects.filter(order__customer_ref="c2").order_by("occurred_at")
    assert list(found.values_list("occurred_at", flat=True)) == [BEFORE, AFTER]


def test_each_time_away_is_kept_whatever_the_status_was_set_to(cast: Cast) -> None:
    row = cast.mara_in_glow
    deactivate_member(enrollment=row, by=SYSTEM, now=OUT)
    remove_from_offer(enrollment=row, by=SYSTEM, now=DURING)
    add_to_offer(offer=cast.glow, members=[cast.mara], with_items=True, by=SYSTEM, now=BACK)
    # An object from before knows of no pause.
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=AFTER)
    row.refresh_from_db()

    assert [(pause.lower, pause.upper) for pause in row.pauses] == [(OUT, BACK)]
    assert (row.status, row.deactivated_at) == (EnrollmentStatus.INACTIVE, AFTER)
    moments = [*PLACED, LATER]
    assert [row.was_active_at(moment) for moment in moments] == [
        True, False, False, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        "pauses = ARRAY[tstzrange(now(), NULL)]",
        "pauses = ARRAY[tstzrange(NULL, now())]",
        "deactivated_at = now(), status = 'removed', pauses = ARRAY[tstzrange(now(), '3000-1-1')]",
    ],
)
def test_postgresql_refuses_pauses_that_are_not_past(cast: Cast, change: str) -> None:
    with pytest.raises(IntegrityError, match="offers_enrollment_pauses"), transaction.atomic():
        _execute(f"UPDATE offers_enrollment SET {change}")  # noqa: S608


def test_postgresql_keeps_the_time_that_a_writer_does_not_say(cast: Cast) -> None:
    """Web processes of the version before set the status alone."""
    rows = Enrollment.objects.filter(pk=cast.mara_in_glow.pk)
    rows.update(status=EnrollmentStatus.INACTIVE)
    since = rows.get().deactivated_at
    assert since is not None
    rows.update(deactivated_at=since - timedelta(days=1))
    rows.update(status=EnrollmentStatus.ACTIVE)

    row = rows.get()

    assert row.deactivated_at is None
    assert [(pause.lower, pause.upper) for pause in row.pauses] == [
        (since - timedelta(days=1), since)
    ]


def test_the_migration_reads_the_past_from_the_audit_log(cast: Cast) -> None:
    leave_and_return(cast, deactivate_member)
    deactivate_member(enrollment=cast.mara_in_glow, by=SYSTEM, now=AFTER)
    remove_from_offer(enrollment=cast.mara_in_glow, by=SYSTEM, now=LATER)
    _execute("UPDATE offers_enrollment SET status = 'inactive' WHERE id = %s", cast.june_in_glow.pk)
    _execute("UPDATE offers_enrollment SET pauses = '{}'")
    _execute("UPDATE offers_enrollment SET deactivated_at = now() WHERE status <> 'active'")

    _execute(import_module("offers.migrations.0007_past_pauses").FILL)

    mara, diego, june = (
        Enrollment.objects.get(pk=row.pk)
        for row in (cast.mara_in_glow, cast.diego_in_glow, cast.june_in_glow)
    )
    assert [(pause.lower, pause.upper) for pause in mara.pauses] == [(OUT, BACK)]
    assert mara.deactivated_at == AFTER
    assert (diego.pauses, diego.deactivated_at) == ([], None)
    assert june.pauses == []
    assert june.deactivated_at is not None


def _execute(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
