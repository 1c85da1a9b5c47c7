"""Reconciling finds every kind of difference: each kept figure is falsified behind the product."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection

from offers.models import Enrollment
from payouts.models import LedgerEntry
from payouts.runs import confirm_run, draft_run
from payouts.services import adjust, record_payment
from tests.cast import NOW, SYSTEM, Cast, order, refund
from tracking.orders.recording import record_order
from tracking.orders.refunds import record_refund
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.usefixtures("at_juniper")


@pytest.fixture
def history(at_juniper: Cast) -> Cast:
    record_order(source="api", order=order(), by=SYSTEM, now=NOW)
    record_refund(source="api", refund=refund(), by=SYSTEM, now=NOW)
    record_payment(
        member=at_juniper.mara,
        currency="GBP",
        entry_ids=LedgerEntry.objects.values_list("pk", flat=True),
        reference="",
        by=SYSTEM,
        now=NOW,
    )
    _run_of(at_juniper.diego_in_glow, is_confirmed=True)
    _run_of(at_juniper.june_in_glow, is_confirmed=False)
    return at_juniper


def _run_of(enrollment: Enrollment, *, is_confirmed: bool) -> None:
    """A payout run of £9.00 to one member."""
    adjust(
        enrollment=enrollment, currency="GBP", amount_minor=900, note="Thanks", by=SYSTEM, now=NOW
    )
    run = draft_run(
        currency="GBP",
        member_ids=[enrollment.member_id],
        minimum_minor=0,
        confirmation=uuid.uuid4(),
        by=SYSTEM,
        now=NOW,
    )
    if is_confirmed:
        confirm_run(run=run, by=SYSTEM, now=NOW)


def test_an_honest_history_has_no_difference(history: Cast) -> None:
    assert list(differences(history.juniper)) == []


@pytest.mark.parametrize(
    ("falsify", "what"),
    [
        ("UPDATE tracking_order SET total_minor = total_minor + 1", "order total"),
        (
            "UPDATE tracking_order SET unattributed = 'no evidence'",
            "why nobody is credited for order",
        ),
        (
            "UPDATE tracking_conversion SET sale_minor = sale_minor + 1",
            "sales of conversions of order",
        ),
        ("UPDATE tracking_conversion SET refunded_minor = 999", "refunds of conversions of order"),
        ("UPDATE tracking_conversion SET commission_minor = 1", "conversion ledger"),
        ("UPDATE tracking_conversion SET commission_minor = 1", "conversion commission"),
        ("UPDATE tracking_dailytotal SET clicks = 1", "day 2026-11-20 of enrollment"),
        ("DELETE FROM tracking_dailytotal", "day 2026-11-20 of enrollment"),
        ("UPDATE payouts_payout SET amount_minor = 1", "payout amount"),
        ("UPDATE payouts_payout SET state = 'failed'", "payout ledger"),
        ("UPDATE payouts_payoutitem SET released_at = now()", "payout entries held"),
        ("UPDATE payouts_payoutrun SET amount_minor = 1", "run"),
        ("UPDATE payouts_payoutrun SET payments = 9", "run"),
        ("UPDATE payouts_payoutrun SET state = 'paid' WHERE state = 'processing'", "run state"),
        ("UPDATE payouts_payoutrunmember SET due_minor = 2", "run line"),
        ("UPDATE payouts_payoutrunmember SET due_minor = 2", "run payment"),
        ("DELETE FROM payouts_payoutrunentry", "run line"),
        (
            "UPDATE offers_enrollment SET status = 'removed', deactivated_at = '2026-11-20'",
            "member of conversion",
        ),
        ("UPDATE tracking_offerday SET sales_minor = 1", "day 2026-11-20 of offer"),
        ("DELETE FROM tracking_offerday", "day 2026-11-20 of offer"),
        ("UPDATE tracking_monthtotal SET clicks = 9", "month 2026-11-01 of enrollment"),
        ("UPDATE tracking_soldspan SET first_day = '2026-11-19'", "days of sales of enrollment"),
        ("DELETE FROM tracking_soldspan", "days of sales of enrollment"),
        ("UPDATE payouts_ledgersum SET amount_minor = 1", "ledger sum in GBP of enrollment"),
        ("DELETE FROM tracking_conversioncount", "conversions accepted of offer"),
        ("UPDATE accounts_auditcount SET entries = 7", "audit entries about order of brand"),
        ("UPDATE affiliates_member SET is_enrolled = false", "whether in an offer, member"),
    ],
)
def test_a_falsified_figure_is_found(history: Cast, falsify: str, what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(falsify)

    assert what in [difference.what for difference in differences(history.juniper)]
