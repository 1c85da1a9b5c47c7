"""What can happen to a member's orders, terms, clicks and payments, as rules of a machine."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Sum
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
)

from core.kept_sums import fold_all
from core.money import Money, round_half_up
from core.tenancy import acting_for
from offers.services import create_offer, enroll, supersede_terms
from offers.structure import Rule, RuleKind, Tier
from offers.terms import TermsValues
from payouts.ledger import Balance, balances, due_entries
from payouts.models import LedgerEntry, Payout, PayoutRun, PayoutState
from payouts.runs import (
    confirm_run,
    discard_draft,
    draft_run,
    mark_run_paid,
    redraft_run,
    return_run,
)
from payouts.services import PayoutError, mark_paid, record_payment, return_payment, write_off
from tests.cast import NOW, SYSTEM, Cast, offer_values, order, refund
from tests.following import follow_link
from tracking.commissions.click_earnings import credit_clicks
from tracking.links.promo_codes import give_codes
from tracking.links.tracking_links import give_links
from tracking.models import Conversion, ConversionStatus, Refund, TrackingLink
from tracking.orders.approval import accept_conversions, reject_conversions
from tracking.orders.facts import OrderFacts, RefundFacts, RefundPart
from tracking.orders.recording import record_order, record_orders
from tracking.orders.refunds import record_refund, record_refunds, undo_refund
from tracking.orders.sharing import Share, share_order


class UndoneError(Exception):
    """Ends a machine's transaction without a trace."""


RATES, AMOUNTS = st.integers(0, 10_000), st.integers(0, 500)
STRUCTURES = st.builds(
    TermsValues,
    percent_bp=RATES,
    fixed_minor=AMOUNTS,
    fixed_after_refund=st.sampled_from(["whole", "share"]),
    may_pay_nothing=st.just(True),
    hold_days=st.just(1),
    approval=st.sampled_from(["automatic", "by_hand"]),
    per_click_minor=st.sampled_from([0, 0, 3]),
    tiers=st.lists(RATES, max_size=2).map(
        lambda rates: tuple(
            Tier(f"Tier {step}", 10**6 * step, rate) for step, rate in enumerate(rates, start=1)
        )
    ),
    tier_period=st.sampled_from(["month", "always"]),
    rules=st.sampled_from(
        [(), (Rule(RuleKind.PRODUCT, "GLOW-1", 700),), (Rule(RuleKind.CUSTOMER, "new", 90, 5),)]
    ),
    cap_minor=st.none() | st.integers(1, 10**6),
    cap_period=st.sampled_from(["day", "month", "always"]),
)


class LedgerActs(RuleBasedStateMachine):
    """One member's life in one offer, and another who shares orders with them."""

    currency = "USD"

    def __init__(self, cast: Cast) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.cast = deepcopy(cast)
        self.scope = acting_for(self.cast.juniper)
        self.scope.__enter__()
        self.offer = create_offer(
            values=offer_values(name="Laws", currency=self.currency),
            terms=TermsValues(percent_bp=1_000, fixed_minor=7, hold_days=2),
            by=SYSTEM,
            now=NOW - timedelta(days=30),
        )
        self.enrollment, self.other = enroll(
            offer=self.offer, members=[self.cast.diego, self.cast.mara], by=SYSTEM, now=NOW
        )
        give_codes(
            codes={self.enrollment.pk: "LAWS"}, enrollments=[self.enrollment], by=SYSTEM, now=NOW
        )
        give_links(enrollments=[self.enrollment], by=SYSTEM, now=NOW)
        self.now = NOW
        self.orders: list[OrderFacts] = []
        self.refunds = 0
        self.acts = 0

    def teardown(self) -> None:
        self.scope.__exit__(None, None, None)
        self.block.__exit__(UndoneError, UndoneError(), None)

    def record(self, minor: int, *, ordered_at: datetime) -> Conversion | None:
        """The next order, and the conversion that it is."""
        number = len(self.orders)
        facts = order(
            f"L{number}",
            amount=Money(minor, self.currency).plain(),
            promo_code="LAWS",
            currency=self.currency,
            ordered_at=ordered_at.isoformat(),
            customer_id=f"c-{number % 3}",
        )
        self.orders.append(facts)
        record_order(source="api", order=facts, by=SYSTEM, now=max(self.now, ordered_at))
        return Conversion.objects.filter(order__external_id=f"L{number}").first()

    @rule(minor=st.integers(0, 10**7))
    def order_comes(self, minor: int) -> None:
        self.record(minor, ordered_at=NOW + timedelta(hours=len(self.orders)))

    @rule(minor=st.integers(0, 10**7), hours=st.integers(0, 60))
    def an_order_comes_late(self, minor: int, hours: int) -> None:
        """Others that were placed after it are known, and may be paid."""
        self.record(minor, ordered_at=self.now - timedelta(hours=hours))

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def an_order_comes_again(self, data: st.DataObject) -> None:
        """From the same shop, later, alone or many times in one batch: nothing is posted."""
        facts = data.draw(st.sampled_from(self.orders))
        times = data.draw(st.integers(1, 3))
        before = LedgerEntry.objects.count(), Conversion.objects.count()
        outcomes = record_orders(source="api", orders=[facts] * times, by=SYSTEM, now=self.now)
        assert len({outcome.conversion_id for outcome in outcomes}) == 1
        assert (LedgerEntry.objects.count(), Conversion.objects.count()) == before

    @rule(rate_bp=RATES, tier_bp=RATES, minor=st.integers(1, 10**7))
    def an_order_crosses_into_the_next_tier(self, rate_bp: int, tier_bp: int, minor: int) -> None:
        """The one that crosses earns by the old rate, for ever; the next one by the tier's."""
        threshold = max(0, self.net_sales()) + minor
        tiers = (Tier("Next", threshold, tier_bp),)
        self.terms_change(TermsValues(percent_bp=rate_bp, tiers=tiers, may_pay_nothing=True))
        crossing = self.record(minor, ordered_at=self.now)
        has_crossed = self.net_sales() >= threshold  # a refund may have come before its order
        after = self.record(minor, ordered_at=self.now)
        assert crossing is not None
        assert after is not None
        crossing.refresh_from_db()
        assert (crossing.tier, after.tier) == (0, int(has_crossed))
        for row, rate in ((crossing, rate_bp), (after, tier_bp if has_crossed else rate_bp)):
            kept = row.sale_minor - row.refunded_minor
            assert row.commission_minor == round_half_up(kept * rate, 10_000)

    def net_sales(self) -> int:
        """What the tiers count, from the facts: what was kept of everything not rejected."""
        counted = Conversion.objects.filter(enrollment=self.enrollment)
        found = counted.exclude(status=ConversionStatus.REJECTED).aggregate(
            kept=Sum(F("sale_minor") - F("refunded_minor"))
        )
        return found["kept"] or 0

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def something_is_refunded(self, data: st.DataObject) -> None:
        """Also more than is left, and of orders that come later."""
        number = data.draw(st.integers(0, len(self.orders)))
        self.refunds += 1
        facts = refund(
            f"R{self.refunds}",
            f"L{number}",
            amount=Money(data.draw(st.integers(1, 10**7)), self.currency).plain(),
            currency=self.currency,
            refunded_at=self.now.isoformat(),
        )
        for _ in range(data.draw(st.integers(1, 2))):
            record_refund(source="api", refund=facts, by=SYSTEM, now=self.now)

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def an_order_is_stated_anew(self, data: st.DataObject) -> None:
        """Raised, lowered, cancelled, not paid, back again; sometimes a statement is an old one."""
        first = data.draw(st.sampled_from(self.orders))
        minor = data.draw(st.integers(0, 10**7))
        updated_at = self.now + timedelta(minutes=data.draw(st.integers(-60, 30)))
        stated = replace(
            first,
            lines=(replace(first.lines[0], net_minor=minor),),
            payment_status=data.draw(st.sampled_from(["paid", "paid", "pending", "voided"])),
            cancelled_at=data.draw(st.sampled_from([None, None, None, self.now])),
            updated_at=data.draw(st.sampled_from([None, updated_at])),
        )
        record_orders(source="api", orders=[stated], revising=True, by=SYSTEM, now=self.now)

    @precondition(lambda self: self.refunds)
    @rule(data=st.data())
    def a_refund_is_replaced_or_undone(self, data: st.DataObject) -> None:
        name = f"R{data.draw(st.integers(1, self.refunds))}"
        row = Refund.objects.get(external_id=name)
        if data.draw(st.booleans()):
            undo_refund(source="api", external_id=name, by=SYSTEM, now=self.now)
            return
        facts = RefundFacts(
            name,
            row.order_external_id,
            self.now,
            self.currency,
            parts=data.draw(
                st.sampled_from([(), (RefundPart("", "GLOW-1", Decimal("0.5"), None),)])
            ),
            amount_minor=data.draw(st.none() | st.integers(1, 10**7)),
        )
        record_refunds(source="api", refunds=[facts], replacing=True, by=SYSTEM, now=self.now)

    def some_conversions(self, data: st.DataObject) -> list[int]:
        ids = list(Conversion.objects.order_by("pk").values_list("pk", flat=True))
        return data.draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []

    @rule(data=st.data())
    def some_are_rejected(self, data: st.DataObject) -> None:
        ids = self.some_conversions(data)
        reject_conversions(conversion_ids=ids, reason="law", by=SYSTEM, now=self.now)

    @rule(data=st.data())
    def some_are_accepted(self, data: st.DataObject) -> None:
        accept_conversions(conversion_ids=self.some_conversions(data), by=SYSTEM, now=self.now)

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), first_bp=st.sampled_from([0, 1, 3_333, 5_000, 10_000]))
    def an_order_is_shared(self, data: st.DataObject, first_bp: int) -> None:
        """Given to the other member, shared with them, or taken back."""
        credited = Conversion.objects.order_by("pk").exclude(share_bp=0)
        rejected = credited.filter(decision=ConversionStatus.REJECTED).values("order")
        ids = list(
            credited.exclude(order__in=rejected).values_list("order_id", flat=True).distinct()
        )
        shares = [Share(self.enrollment, first_bp), Share(self.other, 10_000 - first_bp)]
        if ids:
            share_order(
                order_id=data.draw(st.sampled_from(ids)),
                shares=[share for share in shares if share.share_bp],
                reason="law",
                by=SYSTEM,
                now=self.now,
            )

    @rule(values=STRUCTURES)
    def terms_change(self, values: TermsValues) -> None:
        self.now += timedelta(minutes=1)
        supersede_terms(
            offer=self.offer, values=values, starts_at=self.now, by=SYSTEM, now=self.now
        )

    @rule(times=st.integers(1, 3))
    def shoppers_click(self, times: int) -> None:
        slug = TrackingLink.objects.get(enrollment=self.enrollment).slug
        for _ in range(times):
            follow_link(slug=slug, user_agent="Mozilla/5.0 Safari", referrer="", now=self.now)

    @rule()
    def clicks_are_credited(self) -> None:
        credit_clicks(now=self.now)

    @rule(hours=st.integers(1, 72))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def a_debt_is_written_off(self) -> None:
        known = balances([self.enrollment.pk], now=self.now).get(self.enrollment.pk, Balance())
        if known.debt_minor and not known.on_the_way_minor:
            write_off(
                enrollment=self.enrollment, debt_minor=known.debt_minor, note="law", by=SYSTEM,
                now=self.now,
            )  # fmt: skip
            after = balances([self.enrollment.pk], now=self.now)[self.enrollment.pk]
            assert after.owed_minor == 0

    @rule()
    def what_is_due_is_paid(self) -> None:
        due = list(due_entries(member_id=self.cast.diego.pk, currency=self.currency, now=self.now))
        if sum(entry.amount_minor for entry in due) > 0:
            record_payment(
                member=self.cast.diego,
                currency=self.currency,
                entry_ids=[entry.pk for entry in due],
                reference="law",
                by=SYSTEM,
                now=self.now,
            )

    @rule()
    def the_last_payment_fails(self) -> None:
        last = Payout.objects.filter(state=PayoutState.PAID).order_by("-pk").first()
        if last is not None:
            return_payment(
                payout=last, state=PayoutState.FAILED, reason="law", by=SYSTEM, now=self.now
            )

    @rule(minimum_minor=st.integers(0, 10**6))
    def a_run_is_drafted(self, minimum_minor: int) -> None:
        self.tried(
            draft_run,
            currency=self.currency,
            member_ids=None,
            minimum_minor=minimum_minor,
            confirmation=uuid.uuid4(),
        )

    @rule(act=st.sampled_from([confirm_run, confirm_run, redraft_run, discard_draft]))
    def a_draft_moves_on(self, act: Callable[..., object]) -> None:
        """Also one whose entries were paid or taken back meanwhile: it is refused, whole."""
        for run in PayoutRun.objects.filter(state=PayoutState.DRAFT).order_by("pk")[:2]:
            self.tried(act, run=run)

    @rule(state=st.sampled_from([PayoutState.PAID, PayoutState.FAILED, PayoutState.CANCELLED]))
    def the_first_run_on_the_way_is_settled(self, state: PayoutState) -> None:
        run = PayoutRun.objects.filter(state=PayoutState.PROCESSING).order_by("pk").first()
        if run is not None and state == PayoutState.PAID:
            mark_run_paid(run=run, reference="law", by=SYSTEM, now=self.now)
        elif run is not None:
            return_run(run=run, state=state, reason="law", by=SYSTEM, now=self.now)

    @rule(arrives=st.booleans())
    def one_payment_on_the_way_is_settled(self, arrives: bool) -> None:
        payout = Payout.objects.filter(state=PayoutState.PROCESSING).order_by("pk").first()
        if payout is not None and arrives:
            mark_paid(payout=payout, reference="law", by=SYSTEM, now=self.now)
        elif payout is not None:
            return_payment(
                payout=payout, state=PayoutState.FAILED, reason="law", by=SYSTEM, now=self.now
            )

    def tried(self, act: Callable[..., object], **values: object) -> None:
        """Whatever the service refuses must leave no trace."""
        with suppress(PayoutError):
            act(**values, by=SYSTEM, now=self.now)

    @rule()
    def sums_are_folded(self) -> None:
        fold_all(now=self.now)
