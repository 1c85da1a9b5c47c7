"""Judging conversions."""

from __future__ import annotations

import pytest

from accounts.models import AuditEntry
from payouts.models import LedgerEntry
from tests.cast import NOW, SYSTEM, Cast, order
from tracking.models import Conversion, DailyTotal
from tracking.orders.approval import ApprovalError, accept_conversions, reject_conversions
from tracking.orders.recording import record_order

pytestmark = pytest.mark.usefixtures("at_juniper")


@pytest.fixture
def sold(at_juniper: Cast) -> int:
    outcome = record_order(source="api", order=order(), by=SYSTEM, now=NOW)
    assert outcome.conversion_id is not None
    return outcome.conversion_id


def amounts() -> list[int]:
    return list(LedgerEntry.objects.order_by("pk").values_list("amount_minor", flat=True))


def test_reject_accept_and_reject_again_is_the_same_call(sold: int) -> None:
    reject_conversions(conversion_ids=[sold], reason="own order", by=SYSTEM, now=NOW)
    accept_conversions(conversion_ids=[sold], by=SYSTEM, now=NOW)
    reject_conversions(conversion_ids=[sold], reason="returned", by=SYSTEM, now=NOW)

    row = Conversion.objects.get()
    assert amounts() == [842, -842, 842, -842]
    assert (row.status, row.reason, row.commission_minor) == ("rejected", "returned", 0)
    day = DailyTotal.objects.get()
    assert (day.conversions, day.sales_minor, day.commission_minor) == (0, 0, 0)


def test_judging_twice_posts_nothing_and_says_nothing_changed(sold: int) -> None:
    first = reject_conversions(conversion_ids=[sold], reason="own order", by=SYSTEM, now=NOW)
    second = reject_conversions(conversion_ids=[sold], reason="other", by=SYSTEM, now=NOW)

    assert (first, second) == (1, 0)
    assert amounts() == [842, -842]
    assert Conversion.objects.get().reason == "own order"


def test_rejecting_needs_a_reason(sold: int) -> None:
    with pytest.raises(ApprovalError):
        reject_conversions(conversion_ids=[sold], reason="  ", by=SYSTEM, now=NOW)

    assert amounts() == [842]
    assert Conversion.objects.get().status == "accepted"


def test_the_audit_log_says_who_decided(sold: int) -> None:
    reject_conversions(conversion_ids=[sold], reason="own order", by=SYSTEM, now=NOW)

    entry = AuditEntry.objects.get(action="conversion.rejected")
    assert (entry.target, entry.actor) == (f"conversion:{sold}", "test")
    assert entry.detail == {"before": "accepted", "reason": "own order"}
