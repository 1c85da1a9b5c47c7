"""Whatever happens in whatever order: ledger = targets, totals = facts, no entry is paid twice.

LAWS_STEPS in the environment is how many acts are tried (10,000); `make soak` tries a million.
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import Any

import pytest
from django.db.models import Count, Sum
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    invariant,
    run_state_machine_as_test,
)

from core.money import BASIS_POINTS, round_half_up
from payouts.due import OfferDue, due_by_member, due_by_offer
from payouts.ledger import Balance, balances
from payouts.models import EntryKind, LedgerEntry, Payout, PayoutItem, PayoutState
from tests.cast import Cast
from tests.tracking.commissions.ledger_acts import LedgerActs
from tracking.models import ClickEarning, Conversion, ConversionStatus, Order
from tracking.reconciliation.differences import differences

STEPS = int(os.environ.get("LAWS_STEPS", "10_000"))
ACTS_IN_A_LIFE = 50
CHECKED_EVERY = 25


def wanted(row: Conversion) -> int:
    """What a conversion would earn without a cap, by its explanation."""
    capped = [step["base"] for step in row.explanation if step["step"] == "capped"]
    return int(capped[0]) if capped else row.earnable_minor


def sum_in(state: PayoutState) -> int:
    """The payments in a state, added up, in minor units."""
    found = Payout.objects.filter(state=state).aggregate(total=Sum("amount_minor"))
    return found["total"] or 0


class LedgerMachine(LedgerActs):
    """The laws that hold after every act, in the currency that the subclass names.

    Checking them costs several times as much as an act, so they are checked after every 25th act
    and at the end. A failure is shortened to the fewest acts after which they do not hold.
    """

    conversions: list[Conversion]  # as of the check
    balances: list[Balance]

    @invariant()
    def the_laws_hold_now_and_then(self) -> None:
        self.acts += 1
        if self.acts % CHECKED_EVERY == 0:
            self.check()

    def teardown(self) -> None:
        try:
            self.check()
        finally:
            super().teardown()

    def check(self) -> None:
        """Check every law, of what is read once for all of them."""
        self.conversions = list(Conversion.objects.select_related("order", "terms"))
        self.balances = list(balances([self.enrollment.pk, self.other.pk], now=self.now).values())
        self.kept_figures_are_what_the_facts_say()
        self.what_is_due_is_the_same_in_sums_and_in_entries()
        self.the_ledger_is_the_targets_less_what_was_paid_or_is_on_the_way()
        self.every_commission_keeps_its_laws()
        self.every_cap_leaves_what_earlier_earnings_left()
        self.what_was_never_paid_knows_new_customers_by_their_earliest_order()
        self.a_balance_adds_up()
        self.no_entry_is_paid_twice()

    def kept_figures_are_what_the_facts_say(self) -> None:
        assert list(differences(self.cast.juniper)) == []

    def what_is_due_is_the_same_in_sums_and_in_entries(self) -> None:
        offer = self.enrollment.offer_id
        due = [balance.due_minor for balance in self.balances if balance.due_minor]
        owed = due_by_offer([offer], now=self.now).get(offer, OfferDue())
        assert owed == OfferDue(sum(due), sum(minor > 0 for minor in due))
        assert sorted(row.due_minor for row in due_by_member(now=self.now)) == sorted(due)

    def the_ledger_is_the_targets_less_what_was_paid_or_is_on_the_way(self) -> None:
        targets = Conversion.objects.aggregate(total=Sum("commission_minor"))["total"] or 0
        targets += ClickEarning.objects.aggregate(total=Sum("amount_minor"))["total"] or 0
        ledger = LedgerEntry.objects.aggregate(total=Sum("amount_minor"))["total"] or 0
        written_off = LedgerEntry.objects.filter(kind=EntryKind.WRITE_OFF)
        targets += written_off.aggregate(total=Sum("amount_minor"))["total"] or 0
        paid, on_the_way = sum_in(PayoutState.PAID), sum_in(PayoutState.PROCESSING)
        assert ledger == targets - paid - on_the_way
        assert sum(balance.paid_minor for balance in self.balances) == paid
        assert sum(balance.on_the_way_minor for balance in self.balances) == on_the_way

    def every_commission_keeps_its_laws(self) -> None:
        for row in self.conversions:
            assert 0 <= row.commission_minor <= row.earnable_minor
            if row.status != ConversionStatus.ACCEPTED:
                assert row.commission_minor == 0
                continue
            # A share of the smallest amount may be rounded to nothing of the sale, and pay it all.
            if row.share_bp == BASIS_POINTS:
                assert row.refunded_minor < row.sale_minor or row.commission_minor == 0
            assert (
                row.left_under_cap_minor is None or row.commission_minor <= row.left_under_cap_minor
            )
            assert row.explanation[-1]["amount"] == row.commission_minor
            parts = [step for step in row.explanation if step["step"] in {"percent", "fixed"}]
            total = sum(step["amount"] for step in parts)
            before, with_it = (
                round_half_up(total * bp, 10_000)
                for bp in (self.shares_before(row), self.shares_before(row) + row.share_bp)
            )
            assert wanted(row) == with_it - before

    def shares_before(self, row: Conversion) -> int:
        """What others have of the order whose rounded shares come first, in basis points."""
        return sum(
            other.share_bp
            for other in self.conversions
            if other.order_id == row.order_id and other.enrollment_id < row.enrollment_id
        )

    def every_cap_leaves_what_earlier_earnings_left(self) -> None:
        """An independent account of each member: day by day, orders by their time, then clicks."""
        zone = self.cast.juniper.zone
        happened: list[tuple[Any, ...]] = [
            (row.occurred_at.astimezone(zone).date(), 0, row.occurred_at, row.order.external_id,
             row.enrollment_id, row.terms, wanted(row), row.earnable_minor)
            for row in self.conversions
            if row.status != ConversionStatus.REJECTED
        ]  # fmt: skip
        happened += [
            (row.day, 1, row.terms.version, "", row.enrollment_id, row.terms,
             row.clicks * row.terms.per_click_minor, row.amount_minor)
            for row in ClickEarning.objects.select_related("terms")
        ]  # fmt: skip
        used: dict[tuple[int, str], int] = defaultdict(int)
        for day, *_, who, terms, wants, earned in sorted(happened, key=lambda one: one[:4]):
            periods = {"day": f"{day}", "month": f"{day:%Y-%m}", "always": "always"}
            if terms.cap_minor is not None:
                left = max(0, terms.cap_minor - used[who, periods[terms.cap_period]])
                assert earned == min(wants, left)
            for period in periods.values():
                used[who, period] += earned

    def what_was_never_paid_knows_new_customers_by_their_earliest_order(self) -> None:
        paid = set(PayoutItem.objects.values_list("entry__conversion_id", flat=True))
        latest_first = Order.objects.order_by("-ordered_at", "-external_id")
        first = dict(latest_first.values_list("customer_ref", "pk"))  # the last one stays
        for row in self.conversions:
            if row.customer and row.pk not in paid:
                is_first = row.order_id == first[row.order.customer_ref]
                assert row.customer == ("new" if is_first else "returning")

    def a_balance_adds_up(self) -> None:
        for balance in self.balances:
            assert balance.earned_minor + balance.written_off_minor == (
                balance.due_minor
                + balance.held_minor
                + balance.on_the_way_minor
                + balance.paid_minor
            )

    def no_entry_is_paid_twice(self) -> None:
        live = PayoutItem.objects.filter(released_at=None).values("entry")
        assert not live.annotate(times=Count("pk")).filter(times__gt=1).exists()


class InYen(LedgerMachine):
    currency = "JPY"


class InDinar(LedgerMachine):
    currency = "KWD"


@pytest.mark.parametrize("machine", [LedgerMachine, InYen, InDinar])
def test_the_laws_of_the_ledger(machine: type[LedgerMachine], cast: Cast) -> None:
    """A third of the acts for each of three currencies."""
    wanted, acts = -(-STEPS // 3), list[int]()

    class Counted(machine):  # type: ignore[valid-type, misc]
        def __init__(self) -> None:
            super().__init__(cast)

        def teardown(self) -> None:
            acts.append(self.acts - 1)  # the laws are asked once before the first act
            super().teardown()

    while sum(acts) < wanted:
        # The first life of each run is without an act, and some are short: how many varies.
        lives = -(-(wanted - sum(acts)) // ACTS_IN_A_LIFE) + 1
        run_state_machine_as_test(
            Counted,
            settings=settings(
                max_examples=lives,
                stateful_step_count=ACTS_IN_A_LIFE,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
