"""Every fact leaves a row in the outbox, in its own transaction; a fact taken back leaves none."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pgtrigger
import pytest
from django.db import transaction

from accounts.models import OutboxEntry, OutboxEvent
from accounts.outbox.retention import ENTRIES_KEPT_FOR, delete_old_entries
from core.tenancy import acting_for
from offers.services import enroll, supersede_terms
from offers.terms import TermsValues
from payouts.models import Payout, PayoutRun, PayoutState
from payouts.runs import confirm_run, draft_run, mark_run_paid, return_run
from payouts.services import adjust, mark_paid, return_payment
from tests.cast import NOW, SYSTEM, Cast, order, pay_all_due, refund
from tests.following import follow_link
from tracking.commissions.click_earnings import credit_clicks
from tracking.links.membership import activate_member, deactivate_member, remove_from_offer
from tracking.models import Conversion, Order, TrackingLink
from tracking.orders.approval import accept_conversions, reject_conversions
from tracking.orders.crediting import attribute_order_by_hand
from tracking.orders.recording import record_order, record_orders
from tracking.orders.refunds import record_refund

pytestmark = pytest.mark.django_db

TERMS = TermsValues(percent_bp=2_000)
ADJUSTED: dict[str, Any] = {
    "currency": "GBP", "amount_minor": 500, "note": "A gift", "by": SYSTEM, "now": NOW,
}  # fmt: skip


def written(act: Callable[[], object]) -> list[tuple[str, str]]:
    """The entries that `act` makes: what happened, and the kind of thing it happened to."""
    before = set(OutboxEntry.objects.values_list("pk", flat=True))
    act()
    new = OutboxEntry.objects.exclude(pk__in=before).order_by("pk")
    return [(entry.event, entry.target.partition(":")[0]) for entry in new]


def sold(order_id: str = "1001", **changes: Any) -> Conversion:
    record_order(source="shop", order=order(order_id, **changes), by=SYSTEM, now=NOW)
    return Conversion.objects.get(order__external_id=order_id)


def run_of_all() -> PayoutRun:
    return draft_run(
        currency="GBP", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(),
        by=SYSTEM, now=NOW,
    )  # fmt: skip


def test_an_order_and_its_conversion(at_juniper: Cast) -> None:
    orders = [order("1"), order("2"), order("3", promo_code="NOBODY")]

    entries = written(lambda: record_orders(source="shop", orders=orders, by=SYSTEM, now=NOW))

    assert (
        entries == [("order.recorded", "order")] * 3 + [("conversion.recorded", "conversion")] * 2
    )
    assert written(lambda: record_orders(source="shop", orders=orders, by=SYSTEM, now=NOW)) == []


def test_an_order_that_is_credited_by_hand(at_juniper: Cast) -> None:
    record_order(source="shop", order=order("1", promo_code="NOBODY"), by=SYSTEM, now=NOW)
    found = Order.objects.get()

    assert written(
        lambda: attribute_order_by_hand(
            order_id=found.pk, enrollment=at_juniper.mara_in_glow, reason="Seen", by=SYSTEM, now=NOW
        )
    ) == [("conversion.recorded", "conversion")]


def test_a_refund_and_one_that_waits_for_its_order(at_juniper: Cast) -> None:
    sold("1001")

    assert written(
        lambda: record_refund(source="shop", refund=refund("R1"), by=SYSTEM, now=NOW)
    ) == [("order.refunded", "refund"), ("conversion.changed", "conversion")]
    assert (
        written(
            lambda: record_refund(source="shop", refund=refund("R2", "1002"), by=SYSTEM, now=NOW)
        )
        == []
    )
    assert ("order.refunded", "refund") in written(lambda: sold("1002"))


def test_a_conversion_that_is_rejected_and_accepted(at_juniper: Cast) -> None:
    ids = [sold().pk]
    changed = [("conversion.changed", "conversion")]

    assert (
        written(lambda: reject_conversions(conversion_ids=ids, reason="No", by=SYSTEM, now=NOW))
        == changed
    )
    assert written(lambda: accept_conversions(conversion_ids=ids, by=SYSTEM, now=NOW)) == changed
    assert written(lambda: accept_conversions(conversion_ids=ids, by=SYSTEM, now=NOW)) == []


def test_members_who_join_and_leave(at_juniper: Cast) -> None:
    row = at_juniper.mara_in_glow
    one: dict[str, Any] = {"enrollment": row, "by": SYSTEM, "now": NOW}
    back: dict[str, Any] = {"offer": row.offer, "members": [row.member], "by": SYSTEM, "now": NOW}
    joined, left = ("member.joined", "enrollment"), ("member.left", "enrollment")

    assert written(lambda: deactivate_member(**one)) == [left]
    assert written(lambda: activate_member(**one)) == [joined]
    assert written(lambda: remove_from_offer(**one)) == [left]
    assert written(lambda: enroll(**back)) == [joined]
    assert written(lambda: enroll(**back)) == []


def test_new_terms(at_juniper: Cast) -> None:
    assert written(
        lambda: supersede_terms(
            offer=at_juniper.glow,
            values=TERMS,
            starts_at=NOW + timedelta(days=1),
            by=SYSTEM,
            now=NOW,
        )
    ) == [("terms.changed", "terms")]


def test_clicks_that_pay(at_juniper: Cast) -> None:
    supersede_terms(
        offer=at_juniper.glow,
        values=TermsValues(percent_bp=0, per_click_minor=5),
        starts_at=NOW + timedelta(seconds=1),
        by=SYSTEM,
        now=NOW,
    )
    link = TrackingLink.objects.get(enrollment=at_juniper.mara_in_glow)

    def click_and_credit() -> None:
        later = NOW + timedelta(minutes=1)
        follow_link(slug=link.slug, user_agent="Mozilla/5.0 (X11)", referrer="", now=later)
        credit_clicks(now=NOW + timedelta(hours=1))

    credited = [("clicks.credited", "clickearning")]
    assert written(click_and_credit) == credited
    assert written(click_and_credit) == credited
    assert written(lambda: credit_clicks(now=NOW + timedelta(hours=1))) == []
    told = [entry.data for entry in OutboxEntry.objects.filter(event="clicks.credited")]
    assert [(data["clicks"], data["amount_minor"]) for data in told] == [(1, 5), (2, 10)]


def test_payments_and_adjustments(at_juniper: Cast) -> None:
    sold()
    changed = [("payout.changed", "payout")]

    assert written(lambda: pay_all_due(at_juniper.mara)) == changed
    assert written(lambda: adjust(enrollment=at_juniper.mara_in_glow, **ADJUSTED)) == [
        ("balance.adjusted", "ledgerentry")
    ]


def test_payout_runs(at_juniper: Cast) -> None:
    sold()
    drafted = run_of_all()
    both = [("payout.changed", "payout"), ("payout_run.changed", "payoutrun")]

    assert written(lambda: confirm_run(run=drafted, by=SYSTEM, now=NOW)) == both
    assert written(lambda: mark_run_paid(run=drafted, reference="B", by=SYSTEM, now=NOW)) == both


def test_a_run_that_comes_back(at_juniper: Cast) -> None:
    sold()
    drafted = run_of_all()
    confirm_run(run=drafted, by=SYSTEM, now=NOW)

    entries = written(
        lambda: return_run(
            run=drafted, state=PayoutState.FAILED, reason="Closed", by=SYSTEM, now=NOW
        )
    )

    assert entries == [("payout.changed", "payout"), ("payout_run.changed", "payoutrun")]


def test_a_payment_that_is_paid_and_comes_back(at_juniper: Cast) -> None:
    sold()
    drafted = run_of_all()
    confirm_run(run=drafted, by=SYSTEM, now=NOW)
    payout = Payout.objects.get()

    assert ("payout.changed", "payout") in written(
        lambda: mark_paid(payout=payout, reference="B", by=SYSTEM, now=NOW)
    )
    assert ("payout.changed", "payout") in written(
        lambda: return_payment(
            payout=payout, state=PayoutState.FAILED, reason="Closed", by=SYSTEM, now=NOW
        )
    )


def test_a_fact_that_is_rolled_back_leaves_none(at_juniper: Cast) -> None:
    def take_back() -> None:
        with transaction.atomic():
            sold()
            transaction.set_rollback(True)

    assert written(take_back) == []


def test_an_entry_belongs_to_its_brand_and_contains_no_name(at_juniper: Cast) -> None:
    conversion = sold()
    entry = OutboxEntry.objects.get(event="conversion.recorded")

    assert entry.target == f"conversion:{conversion.pk}"
    assert entry.data == {
        "order": conversion.order_id,
        "enrollment": at_juniper.mara_in_glow.pk,
        "status": "accepted",
        "currency": "GBP",
        "sale_minor": 8420,
        "refunded_minor": 0,
        "commission_minor": 842,
    }
    with acting_for(at_juniper.saltmarsh):
        assert not OutboxEntry.objects.filter(pk=entry.pk).exists()


def test_old_entries_are_deleted_and_others_stay(at_juniper: Cast) -> None:
    sold()
    oldest = OutboxEntry.objects.earliest("written_at").written_at
    newest = OutboxEntry.objects.latest("written_at").written_at
    number = OutboxEntry.objects.count()

    assert delete_old_entries(now=oldest + ENTRIES_KEPT_FOR) == 0
    assert OutboxEntry.objects.count() == number
    assert delete_old_entries(now=newest + ENTRIES_KEPT_FOR + timedelta(seconds=1)) >= number
    assert OutboxEntry.objects.count() == 0


def test_every_event_is_written_by_a_trigger_and_by_no_other_name() -> None:
    writing = [
        trigger.func for _, trigger in pgtrigger.registered()
        if "INTO accounts_outboxentry" in str(trigger.func)
    ]  # fmt: skip
    named = {name for func in writing for name in re.findall(r"'([a-z_]+\.[a-z_]+)'", str(func))}

    assert named == {event.value for event in OutboxEvent}
