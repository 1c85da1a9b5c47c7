"""A balance is the sum of its ledger entries, whatever happened: from kept sums or one by one."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.kept_sums import fold_all
from core.tenancy import acting_for
from offers.services import supersede_terms
from offers.terms import TermsValues
from payouts import ledger
from payouts.models import EntryKind, LedgerEntry, Payout, PayoutItem, PayoutState
from payouts.services import adjust, record_payment, return_payment
from tests.amounts import amount
from tests.cast import Cast, order, refund, release_to_brand
from tracking.models import Conversion
from tracking.orders.approval import accept_conversions, reject_conversions
from tracking.orders.recording import record_order
from tracking.orders.refunds import record_refund

HOLD = 5  # days


class World:
    """Mara's enrollment and a clock."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.now, self.number = cast, cast.now, 0
        supersede_terms(
            offer=cast.glow, values=TermsValues(percent_bp=1_000, hold_days=HOLD),
            starts_at=cast.now + timedelta(seconds=1), by=cast.by, now=cast.now,
        )  # fmt: skip

    def sell(self, size: int) -> None:
        self.number += 1
        facts = order(str(self.number), ordered_at=self.now.isoformat(), amount=f"{size}.50")
        record_order(order=facts, source="shop", by=self.cast.by, now=self.now)

    def give_back(self, size: int) -> None:
        row = Conversion.objects.order_by("-pk").first()
        if row is None or row.sale_minor == row.refunded_minor:
            return
        self.number += 1
        left = row.sale_minor - row.refunded_minor
        amount = f"{min(size * 100, left) / 100:.2f}"
        facts = refund(f"R{self.number}", row.order.external_id, amount=amount)
        record_refund(refund=facts, source="shop", by=self.cast.by, now=self.now)

    def judge(self, size: int) -> None:
        ids = list(Conversion.objects.order_by("pk").values_list("pk", flat=True))[size % 3 :: 3]
        if size % 2:
            reject_conversions(conversion_ids=ids, reason="No", by=self.cast.by, now=self.now)
        else:
            accept_conversions(conversion_ids=ids, by=self.cast.by, now=self.now)

    def correct(self, size: int) -> None:
        adjust(
            enrollment=self.cast.mara_in_glow, currency="GBP", amount_minor=size - 40 or 1,
            note="Correction", by=self.cast.by, now=self.now,
        )  # fmt: skip

    def pay(self, size: int) -> None:
        member = self.cast.mara
        due = ledger.due_entries(member_id=member.pk, currency="GBP", now=self.now)
        chosen = list(due)[: size % 4 + 1]
        if sum(entry.amount_minor for entry in chosen) > 0:
            record_payment(
                member=member, currency="GBP", entry_ids=[entry.pk for entry in chosen],
                reference="", by=self.cast.by, now=self.now,
            )  # fmt: skip

    def send_back(self, size: int) -> None:
        live = Payout.objects.filter(state__in=[PayoutState.PAID, PayoutState.PROCESSING])
        payout = live.order_by("pk").first()
        if payout is not None and size % 2:
            return_payment(
                payout=payout, state=PayoutState.FAILED, reason="Closed", by=self.cast.by,
                now=self.now,
            )  # fmt: skip
        elif payout is not None:
            live.filter(pk=payout.pk).update(
                state=PayoutState.PROCESSING, release=release_to_brand(payout.member)
            )

    def wait(self, size: int) -> None:
        self.now += timedelta(hours=size)

    def fold(self, size: int) -> None:
        fold_all(now=self.now)


ACTS: dict[str, Callable[[World, int], None]] = {
    "sell": World.sell,
    "give back": World.give_back,
    "judge": World.judge,
    "correct": World.correct,
    "pay": World.pay,
    "send back": World.send_back,
    "wait": World.wait,
    "fold": World.fold,
}


def added_up(enrollment_id: int, now: datetime) -> ledger.Balance:
    """The balance as the ledger's entries say it, looked at one by one."""
    balance = ledger.Balance()
    for entry in LedgerEntry.objects.filter(enrollment=enrollment_id).select_related("payout"):
        amount = entry.amount_minor
        if entry.payout is not None:
            is_paid = entry.kind == EntryKind.PAYOUT and entry.payout.state == PayoutState.PAID
            on_the_way = 0 if is_paid else -amount
            balance += ledger.Balance(
                paid_minor=-amount if is_paid else 0, on_the_way_minor=on_the_way
            )
            continue
        if entry.kind == EntryKind.WRITE_OFF:
            balance += ledger.Balance(written_off_minor=amount)
        else:
            balance += ledger.Balance(earned_minor=amount)
        if PayoutItem.objects.filter(entry=entry, released_at=None).exists():
            continue
        is_held = entry.available_at > now
        balance += ledger.Balance(
            held_minor=amount if is_held else 0, due_minor=0 if is_held else amount
        )
    return balance


def agree(enrollment_id: int, now: datetime) -> None:
    known = ledger.balances([enrollment_id], now=now).get(enrollment_id, ledger.Balance())
    assert known == added_up(enrollment_id, now)


@settings(
    max_examples=amount(10, soak=200),
    deadline=None,
    # The cast is the same for all histories: each has a copy, and is undone.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example([("sell", 9), ("wait", 90), ("wait", 90), ("pay", 3), ("fold", 1)])  # all is paid
@example([("sell", 9), ("fold", 1), ("judge", 1), ("fold", 1)])
@given(st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(1, 90)), max_size=14))
def test_it_is_the_same_sum_at_every_step(cast: Cast, story: list[tuple[str, int]]) -> None:
    with transaction.atomic():  # each history on its own
        with acting_for(cast.juniper):
            world = World(deepcopy(cast))
            for act, size in story:
                ACTS[act](world, size)
                agree(cast.mara_in_glow.pk, world.now)
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_nothing_sold_is_nothing(cast: Cast) -> None:
    with acting_for(cast.juniper):
        assert ledger.balances([cast.mara_in_glow.pk], now=cast.now) == {}
