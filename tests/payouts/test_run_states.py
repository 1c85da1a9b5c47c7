"""The state of a run is what its payments make it: settling and reconciling agree on every mix."""

from __future__ import annotations

import itertools
from collections.abc import Collection

from django.db import connection

from core.tenancy import acting_for
from payouts.models import RUN_STATE_OF_PAYMENTS, Payout, PayoutRun, PayoutState
from payouts.selectors import mark_paid_summary
from payouts.services import settle_run
from tests.cast import NOW, Cast, release_to_brand
from tests.factories import PayoutRunFactory
from tracking.reconciliation.differences import differences

MADE = tuple(state for state in PayoutState if state != PayoutState.DRAFT)
MIXES = [mix for size in range(1, len(MADE) + 1) for mix in itertools.combinations(MADE, size)]
P, W, PAID, FAILED, CANCELLED = (
    PayoutState.PROCESSING,
    PayoutState.PENDING_INFO,
    PayoutState.PAID,
    PayoutState.FAILED,
    PayoutState.CANCELLED,
)


def run_of(cast: Cast, states: Collection[PayoutState]) -> PayoutRun:
    """A confirmed run with a payment in each of these states; the rest of it is of no matter."""
    run = PayoutRunFactory.create()
    release = release_to_brand(cast.mara)
    for state in states:
        Payout.objects.create(
            run=run, member=cast.mara, currency="GBP", amount_minor=1, state=state,
            release=release if state == PayoutState.PROCESSING else None, created_by="test",
        )  # fmt: skip
    settle_run(run.pk, now=NOW)
    return PayoutRun.objects.get(pk=run.pk)


def wrong_states(cast: Cast) -> list[int]:
    return [found.id for found in differences(cast.juniper) if found.what == "run state"]


def test_every_state_that_a_payment_can_have_makes_a_state_of_its_run() -> None:
    assert set(RUN_STATE_OF_PAYMENTS) == set(MADE)
    assert len(MIXES) == 31


def test_what_settling_makes_of_every_mix_is_what_the_facts_say(cast: Cast) -> None:
    with acting_for(cast.juniper):
        for mix in MIXES:
            run = run_of(cast, mix)
            wanted = (
                PayoutState.PROCESSING
                if {P, W} & set(mix)
                else next(state for state in (PAID, FAILED, CANCELLED) if state in mix)
            )
            assert (run.state, run.settled_at is None) == (wanted, wanted == P), mix

        assert wrong_states(cast) == []


def test_any_other_state_of_a_run_is_found(cast: Cast) -> None:
    with acting_for(cast.juniper):
        runs = [run_of(cast, mix) for mix in MIXES]
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE payouts_payoutrun SET state = CASE state WHEN 'cancelled' THEN 'paid'"
                " ELSE 'cancelled' END"
            )

        assert sorted(wrong_states(cast)) == [run.pk for run in runs]


def test_other_payments_are_never_taken_for_those_that_a_page_showed(cast: Cast) -> None:
    """Also when their count, the sum of their ids and the last id are the same."""
    seen = set()
    with acting_for(cast.juniper):
        run, release = PayoutRunFactory.create(), release_to_brand(cast.mara)
        for ids in ((1, 4, 5), (2, 3, 5)):
            Payout.objects.filter(run=run).delete()
            for number in ids:
                Payout.objects.create(
                    pk=10_000_000 + number, run=run, member=cast.mara, currency="GBP",
                    amount_minor=1, state=PayoutState.PROCESSING, release=release,
                    created_by="test",
                )  # fmt: skip
            seen.add(mark_paid_summary(run).seen)

    assert len(seen) == 2
