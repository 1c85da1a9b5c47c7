"""Payout runs: a draft holds no money, confirming pays exactly what it names, once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import AuditEntry
from core.tenancy import acting_for
from offers.models import Enrollment
from payouts.ledger import Balance, balances, due_entries
from payouts.models import Payout, PayoutItem, PayoutRun, PayoutRunEntry, PayoutState
from payouts.runs import (
    NotADraftError,
    RunChangedError,
    confirm_run,
    discard_draft,
    draft_run,
    mark_run_paid,
    redraft_run,
    return_run,
)
from payouts.selectors import drafted_entries, payouts_of_run, run_members
from payouts.services import PayoutError, mark_paid, record_payment, return_payment
from tests.cast import NOW, SYSTEM, Cast, assemble
from tests.payouts.owing import earn, listed
from tests.snapshot import snapshot
from tracking.reconciliation.differences import differences

LATER = NOW + timedelta(hours=1)


def draft(
    *, minimum_minor: int = 0, member_ids: Collection[int] | None = None, key: str = ""
) -> PayoutRun:
    return draft_run(
        currency="GBP",
        member_ids=member_ids,
        minimum_minor=minimum_minor,
        confirmation=uuid.UUID(key) if key else uuid.uuid4(),
        by=SYSTEM,
        now=NOW,
    )


def confirm(run: PayoutRun) -> PayoutRun:
    return confirm_run(run=run, by=SYSTEM, now=LATER)


def balance(enrollment: Enrollment) -> Balance:
    return balances([enrollment.pk], now=NOW)[enrollment.pk]


def pay_by_hand(cast: Cast) -> Payout:
    due = due_entries(member_id=cast.mara.pk, currency="GBP", now=NOW)
    return record_payment(
        member=cast.mara,
        currency="GBP",
        entry_ids=[due[0].pk],
        reference="BACS 1",
        by=SYSTEM,
        now=NOW,
    )


def test_a_draft_names_members_and_entries_and_holds_no_money(owed: Cast) -> None:
    earn(owed.diego_in_glow, 900, "EUR")  # another currency is another run
    before = balance(owed.mara_in_glow)

    run = draft()

    assert (run.amount_minor, run.payments, run.state) == (1_600, 2, "draft")
    assert listed(run) == [(owed.mara.pk, 1_000), (owed.diego.pk, 600)]
    assert listed(run, left_out=True) == [(owed.june.pk, -100)]
    line = run_members(run, left_out=False)[0]
    assert [entry.amount_minor for entry in drafted_entries(line)] == [700, 300]
    assert balance(owed.mara_in_glow) == before
    assert list(Payout.objects.all()) == []


def test_members_below_the_minimum_stay_due_and_are_listed(owed: Cast) -> None:
    run = draft(minimum_minor=601)

    assert listed(run) == [(owed.mara.pk, 1_000)]
    assert listed(run, left_out=True) == [(owed.diego.pk, 600), (owed.june.pk, -100)]
    assert run.amount_minor == 1_000
    assert listed(draft(minimum_minor=600)) == [(owed.mara.pk, 1_000), (owed.diego.pk, 600)]


def test_a_run_is_drawn_up_for_the_members_chosen(owed: Cast) -> None:
    run = draft(member_ids=[owed.diego.pk])

    assert listed(run) == [(owed.diego.pk, 600)]
    assert listed(run, left_out=True) == []


@pytest.mark.parametrize(("minimum_minor", "chosen"), [(1_001, None), (0, []), (-1, None)])
def test_a_run_that_pays_nobody_is_not_drafted(
    minimum_minor: int, chosen: list[int] | None, owed: Cast
) -> None:
    before = snapshot()

    with pytest.raises(PayoutError):
        draft(minimum_minor=minimum_minor, member_ids=chosen)

    assert snapshot() == before


def test_a_double_click_drafts_once(owed: Cast) -> None:
    key = "00000000-0000-4000-8000-000000000001"

    first, second = draft(key=key), draft(key=key)

    assert first == second
    assert PayoutRun.objects.count() == 1
    assert PayoutRunEntry.objects.count() == 3


def test_confirming_puts_the_money_on_the_way(owed: Cast) -> None:
    run = confirm(draft())

    assert (run.state, run.confirmed_by) == ("processing", "test")
    assert [(row.member_id, row.amount_minor, row.state) for row in payouts_of_run(run)] == [
        (owed.mara.pk, 1_000, "processing"),
        (owed.diego.pk, 600, "processing"),
    ]
    assert balance(owed.mara_in_glow) == Balance(earned_minor=1_000, on_the_way_minor=1_000)
    assert list(differences(owed.juniper)) == []


def test_confirming_again_is_refused_and_changes_nothing(owed: Cast) -> None:
    run = confirm(draft())
    before = snapshot()

    for change in (confirm_run, redraft_run, discard_draft):
        with pytest.raises(NotADraftError, match="confirmed already"):
            change(run=run, by=SYSTEM, now=LATER)

    assert snapshot() == before


def test_a_line_paid_meanwhile_stops_the_whole_run(owed: Cast) -> None:
    run = draft()
    pay_by_hand(owed)
    before = snapshot()

    with pytest.raises(RunChangedError) as caught:
        confirm(run)

    assert caught.value.members == [owed.mara]
    assert snapshot() == before


def test_a_line_that_is_due_less_stops_the_run_until_it_is_drawn_up_again(owed: Cast) -> None:
    run = draft()
    earn(owed.diego_in_glow, -150)

    with pytest.raises(RunChangedError) as caught:
        confirm(run)
    assert caught.value.members == [owed.diego]

    run = confirm(redraft_run(run=run, by=SYSTEM, now=LATER))
    assert listed(run) == [(owed.mara.pk, 1_000), (owed.diego.pk, 450)]
    assert balance(owed.diego_in_glow).on_the_way_minor == 450


def test_what_became_due_since_the_draft_stays_due(owed: Cast) -> None:
    run = draft()
    earn(owed.mara_in_glow, 50)

    confirm(run)

    assert balance(owed.mara_in_glow) == Balance(
        earned_minor=1_050, due_minor=50, on_the_way_minor=1_000
    )


def test_two_drafts_of_the_same_entries_pay_them_once(owed: Cast) -> None:
    first, second = draft(), draft()
    confirm(first)
    before = snapshot()

    with pytest.raises(RunChangedError):
        confirm(second)

    assert snapshot() == before


def test_a_discarded_draft_leaves_everything_due(owed: Cast) -> None:
    before = balance(owed.mara_in_glow)

    run = discard_draft(run=draft(), by=SYSTEM, now=LATER)

    assert run.state == PayoutState.CANCELLED
    assert balance(owed.mara_in_glow) == before
    assert PayoutRunEntry.objects.count() == 0
    with pytest.raises(NotADraftError, match="discarded already"):
        confirm(run)


def test_a_whole_run_is_paid_under_one_reference(owed: Cast) -> None:
    run = mark_run_paid(run=confirm(draft()), reference=" BACS 9 ", by=SYSTEM, now=LATER)

    assert (run.state, run.reference, run.settled_at) == ("paid", "BACS 9", LATER)
    assert {(row.state, row.reference) for row in payouts_of_run(run)} == {("paid", "BACS 9")}
    assert balance(owed.mara_in_glow).paid_minor == 1_000
    assert list(differences(owed.juniper)) == []
    with pytest.raises(PayoutError, match="on the way"):
        mark_run_paid(run=run, reference="again", by=SYSTEM, now=LATER)


def test_payments_of_a_run_are_settled_singly_too(owed: Cast) -> None:
    run = confirm(draft())
    to_mara, to_diego = payouts_of_run(run)

    mark_paid(payout=to_mara, reference="BACS 1", by=SYSTEM, now=LATER)
    run.refresh_from_db()
    assert run.state == PayoutState.PROCESSING
    return_payment(payout=to_diego, state=PayoutState.FAILED, reason="Closed", by=SYSTEM, now=LATER)

    run.refresh_from_db()
    assert (run.state, run.settled_at) == (PayoutState.PAID, LATER)
    assert balance(owed.diego_in_glow).due_minor == 600
    with pytest.raises(PayoutError, match="failed already"):
        mark_paid(payout=to_diego, reference="", by=SYSTEM, now=LATER)
    assert list(differences(owed.juniper)) == []


@pytest.mark.parametrize("state", [PayoutState.FAILED, PayoutState.CANCELLED])
def test_a_run_that_comes_back_is_due_again_but_for_what_was_paid(
    state: PayoutState, owed: Cast
) -> None:
    run = confirm(draft())
    mark_paid(payout=payouts_of_run(run)[1], reference="BACS 1", by=SYSTEM, now=LATER)

    run = return_run(run=run, state=state, reason="The bank said no", by=SYSTEM, now=LATER)

    assert (run.state, run.reason) == (PayoutState.PAID, "The bank said no")
    assert [row.state for row in payouts_of_run(run)] == [state, PayoutState.PAID]
    assert balance(owed.mara_in_glow) == Balance(earned_minor=1_000, due_minor=1_000)
    assert balance(owed.diego_in_glow).paid_minor == 600
    assert list(differences(owed.juniper)) == []
    assert listed(draft()) == [(owed.mara.pk, 1_000)]


def test_a_run_comes_back_only_with_a_state_and_a_reason(owed: Cast) -> None:
    run = confirm(draft())
    before = snapshot()

    for state, reason in ((PayoutState.PAID, "No"), (PayoutState.FAILED, " ")):
        with pytest.raises(PayoutError):
            return_run(run=run, state=state, reason=reason, by=SYSTEM, now=LATER)

    assert snapshot() == before


def test_every_change_of_a_run_is_in_the_log(owed: Cast) -> None:
    run = redraft_run(run=draft(), by=SYSTEM, now=NOW)
    mark_run_paid(run=confirm(run), reference="", by=SYSTEM, now=LATER)

    told = AuditEntry.objects.filter(target=f"payoutrun:{run.pk}").order_by("pk")

    assert [entry.action for entry in told] == [
        "payout_run.drafted",
        "payout_run.redrafted",
        "payout_run.confirmed",
        "payout_run.paid",
    ]


def test_a_run_of_another_brand_is_not_there(owed: Cast) -> None:
    run = draft()

    with acting_for(owed.saltmarsh):
        with pytest.raises(PayoutRun.DoesNotExist):
            confirm(run)
        assert PayoutRun.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_hundred_people_confirming_one_draft_confirm_once() -> None:
    cast = assemble()
    with acting_for(cast.juniper):
        earn(cast.mara_in_glow, 1_000)
        run = draft()
    results: list[str] = []
    slots = threading.Semaphore(20)  # as many connections as PostgreSQL has to spare
    start = threading.Event()

    def press() -> None:
        start.wait()
        with slots, acting_for(cast.juniper):
            try:
                confirm(run)
                results.append("confirmed")
            except NotADraftError:
                results.append("refused")
            finally:
                connection.close()

    threads = [threading.Thread(target=press) for _ in range(100)]
    for thread in threads:
        thread.start()
    start.set()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["confirmed"] + ["refused"] * 99
    with acting_for(cast.juniper):
        assert Payout.objects.count() == 1
        assert PayoutItem.objects.count() == 1
        assert balance(cast.mara_in_glow).on_the_way_minor == 1_000


@pytest.mark.django_db(transaction=True)
def test_a_run_and_a_payment_by_hand_at_once_pay_once() -> None:
    cast = assemble()
    with acting_for(cast.juniper):
        earn(cast.mara_in_glow, 1_000)
        run = draft()
        due = [entry.pk for entry in due_entries(member_id=cast.mara.pk, currency="GBP", now=NOW)]
    start, results = threading.Barrier(2), []

    def by_run() -> None:
        confirm(run)

    def by_hand() -> None:
        record_payment(
            member=cast.mara, currency="GBP", entry_ids=due, reference="", by=SYSTEM, now=NOW
        )

    def press(pay: object) -> None:
        start.wait()
        with acting_for(cast.juniper):
            try:
                pay()  # type: ignore[operator]
                results.append("paid")
            except PayoutError:
                results.append("refused")
        connection.close()

    threads = [threading.Thread(target=press, args=[pay]) for pay in (by_run, by_hand)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["paid", "refused"]
    with acting_for(cast.juniper):
        assert Payout.objects.count() == 1
