"""Where creators are paid: once per person, changed with a code, and payments that wait for it."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection

from accounts.codes import ExpiredCodeError
from accounts.models import AuditEntry, CodePurpose
from affiliates.models import Creator
from core.tenancy import acting_for
from core.transactional_mail import TransactionalMailError
from payouts.destinations import Destination, bank_account, paypal_account
from payouts.details import (
    DetailsChange,
    change_details,
    details_by_member,
    details_of,
    own_destination,
)
from payouts.models import Payout, PayoutDetails, PayoutRun, PayoutState
from payouts.releases import brands_that_pay
from payouts.runs import confirm_run, draft_run, mark_run_paid, return_run
from payouts.services import PayoutError, adjust, mark_paid
from tests.cast import IBAN, NOW, SYSTEM, Cast
from tests.journeys.busy_creator import prove
from tests.snapshot import snapshot
from tracking.reconciliation.differences import differences

OTHER = bank_account(country="DE", holder="June Okafor", iban="DE02120300000000202051")
PAYPAL = paypal_account(country="GB", holder="June Okafor", paypal="june@pay.example")


@pytest.fixture
def june(cast: Cast) -> Creator:
    return Creator.objects.get(email="june@okafor.example")


def change(
    june: Creator, to: Destination = OTHER, *, code: uuid.UUID | None = None
) -> DetailsChange:
    return change_details(
        creator=june,
        destination=to,
        code=code or prove(june, CodePurpose.PAYOUT_DETAILS, now=NOW),
        tell=lambda change: None,
        by=SYSTEM,
        now=NOW,
    )


def run_for_june(cast: Cast) -> PayoutRun:
    """A confirmed run that pays June £5."""
    with acting_for(cast.juniper):
        adjust(
            enrollment=cast.june_in_glow, currency="GBP", amount_minor=500, note="Bonus",
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        run = draft_run(
            currency="GBP", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(),
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        return confirm_run(run=run, by=SYSTEM, now=NOW)


def test_one_change_goes_for_every_brand_and_is_in_each_history(cast: Cast, june: Creator) -> None:
    made = change(june)

    assert made.before is not None
    assert made.before.iban == IBAN
    assert own_destination(june) == OTHER
    assert [brand.name for brand in brands_that_pay(june)] == ["Juniper & Co", "Saltmarsh"]
    for brand, member in ((cast.juniper, cast.june), (cast.saltmarsh, cast.june_at_saltmarsh)):
        with acting_for(brand):
            entry = AuditEntry.objects.get(action="member.payout_details_changed")
            assert entry.target == f"member:{member.pk}"
            assert entry.detail == {}


def test_the_database_holds_no_account_number(june: Creator) -> None:
    change(june, PAYPAL)

    with connection.cursor() as cursor:
        cursor.execute("SELECT payouts_payoutdetails::text FROM payouts_payoutdetails")
        rows = " ".join(text for (text,) in cursor.fetchall())

    for secret in ("june@pay.example", "June Okafor", IBAN):
        assert secret not in rows
    assert "j···@pay.example" in rows


def test_staff_are_shown_the_end_of_it(cast: Cast, june: Creator) -> None:
    with acting_for(cast.juniper):
        shown = details_by_member([cast.mara, cast.june])

    assert shown[cast.june.pk] == details_of(june)
    assert shown[cast.june.pk].words == "Bank account ····3000"


@pytest.mark.parametrize("wrong", ["another's", "of another act", "spent", "stale", "unknown"])
def test_without_a_fresh_code_of_ones_own_nothing_changes(
    cast: Cast, june: Creator, wrong: str
) -> None:
    payout = CodePurpose.PAYOUT_DETAILS
    mara = Creator.objects.get(email=cast.mara.email)
    code = {
        "another's": lambda: prove(mara, payout, now=NOW),
        "of another act": lambda: prove(june, CodePurpose.DELETION, now=NOW),
        "spent": lambda: prove(june, payout, now=NOW),
        "stale": lambda: prove(june, payout, now=NOW - timedelta(minutes=10)),
        "unknown": uuid.uuid4,
    }[wrong]()
    if wrong == "spent":
        change(june, PAYPAL, code=code)
    before = snapshot()

    with pytest.raises(ExpiredCodeError):
        change(june, code=code)

    assert snapshot() == before


def test_nothing_changes_when_nobody_can_be_told(june: Creator) -> None:
    code = prove(june, CodePurpose.PAYOUT_DETAILS, now=NOW)
    before = snapshot()

    def fail(change: DetailsChange) -> None:
        raise TransactionalMailError

    with pytest.raises(TransactionalMailError):
        change_details(creator=june, destination=OTHER, code=code, tell=fail, by=SYSTEM, now=NOW)

    assert snapshot() == before
    assert change(june, code=code).after == OTHER


def test_a_payment_waits_for_details_and_then_goes_on_its_way(cast: Cast, june: Creator) -> None:
    PayoutDetails.objects.filter(creator=june).delete()
    run = run_for_june(cast)
    with acting_for(cast.juniper):
        assert Payout.objects.get().state == PayoutState.PENDING_INFO
        assert run.state == PayoutState.PROCESSING
        with pytest.raises(PayoutError, match="on the way"):
            mark_run_paid(run=run, reference="BACS", by=SYSTEM, now=NOW)

    made = change(june, PAYPAL)

    assert made.started == 1
    with acting_for(cast.juniper):
        assert Payout.objects.get().state == PayoutState.PROCESSING
        mark_run_paid(run=run, reference="BACS", by=SYSTEM, now=NOW)
        assert Payout.objects.get().state == PayoutState.PAID
        assert list(differences(cast.juniper)) == []
    assert change(june, OTHER).started == 0


def test_a_waiting_payment_can_be_marked_paid_or_taken_back(cast: Cast, june: Creator) -> None:
    PayoutDetails.objects.filter(creator=june).delete()
    by_hand, taken_back = run_for_june(cast), run_for_june(cast)

    with acting_for(cast.juniper):
        first = Payout.objects.get(run=by_hand)
        mark_paid(payout=first, reference="in cash", by=SYSTEM, now=NOW)
        return_run(
            run=taken_back, state=PayoutState.CANCELLED, reason="Too early", by=SYSTEM, now=NOW
        )

        states = {row.run_id: row.state for row in Payout.objects.all()}
        assert states == {by_hand.pk: "paid", taken_back.pk: "cancelled"}
        assert {run.state for run in PayoutRun.objects.all()} == {"paid", "cancelled"}
        assert list(differences(cast.juniper)) == []
    assert change(june).started == 0
