"""Staff clear and reject flags: what happens to the sale, its ledger, and its other flags."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import AuditEntry, OutboxEntry
from payouts.models import LedgerEntry
from tests.cast import NOW, SYSTEM, Cast
from tests.tracking.flags.selling import MARAS_ADDRESS, look, open_flags, sell
from tracking.flags.deciding import (
    FlagError,
    accept_conversions,
    clear_flags,
    reject_conversions,
    reject_flags,
)
from tracking.flags.selectors import figures_by_kind
from tracking.flags.settings import change_hold
from tracking.models import Conversion, DailyTotal, Flag, FlagCheck, FlagHold, FlagKind, FlagState
from tracking.reconciliation.differences import differences


@pytest.fixture
def held(at_juniper: Cast) -> int:
    """A sale with two flags that is held for review."""
    change_hold(offer=at_juniper.glow, kinds=[FlagHold.ALL], by=SYSTEM, now=NOW)
    pk = sell(customer_email=MARAS_ADDRESS, referrer="joinhoney.com")
    look()
    assert Conversion.objects.get().is_held
    return pk


def ids(*kinds: FlagKind) -> list[int]:
    rows = Flag.objects.filter(kind__in=kinds) if kinds else Flag.objects.all()
    return list(rows.values_list("pk", flat=True))


def earned() -> list[int]:
    return list(LedgerEntry.objects.order_by("pk").values_list("amount_minor", flat=True))


def test_a_held_sale_earns_once_its_last_flag_is_cleared(held: int, at_juniper: Cast) -> None:
    first = ids(FlagKind.SELF_PURCHASE)
    assert clear_flags(flag_ids=first, reason="Her sister.", by=SYSTEM, now=NOW) == 1
    assert (Conversion.objects.get().status, earned()) == ("pending", [842, -842])

    rest = ids(FlagKind.COUPON_SITE)
    assert clear_flags(flag_ids=rest, reason="Known.", by=SYSTEM, now=NOW) == 1

    sold = Conversion.objects.get()
    assert (sold.status, sold.is_held, sold.reason) == ("accepted", False, "")
    assert earned() == [842, -842, 842]
    assert DailyTotal.objects.get().commission_minor == 842
    assert list(differences(at_juniper.juniper)) == []


def test_rejecting_one_flag_decides_all_of_the_sale(held: int) -> None:
    asked = ids(FlagKind.SELF_PURCHASE)
    assert reject_flags(flag_ids=asked, reason="Your own order.", by=SYSTEM, now=NOW) == 2

    sold = Conversion.objects.get()
    assert (sold.status, sold.reason, sold.is_held) == ("rejected", "Your own order.", False)
    assert sum(earned()) == 0
    assert set(Flag.objects.values_list("state", "reason")) == {("rejected", "Your own order.")}
    look()
    assert set(Flag.objects.values_list("state", flat=True)) == {"rejected"}


def test_a_decision_is_made_once(held: int) -> None:
    clear_flags(flag_ids=ids(), reason="Fine.", by=SYSTEM, now=NOW)

    assert clear_flags(flag_ids=ids(), reason="Again.", by=SYSTEM, now=NOW) == 0
    assert reject_flags(flag_ids=ids(), reason="No.", by=SYSTEM, now=NOW) == 0
    assert set(Flag.objects.values_list("reason", flat=True)) == {"Fine."}
    assert Conversion.objects.get().status == "accepted"


@pytest.mark.parametrize("decide", [clear_flags, reject_flags])
def test_a_decision_needs_a_reason(held: int, decide: Callable[..., int]) -> None:
    with pytest.raises(FlagError):
        decide(flag_ids=ids(), reason="  ", by=SYSTEM, now=NOW)

    assert len(open_flags()) == 2


def test_what_is_cleared_is_not_raised_again(held: int) -> None:
    clear_flags(flag_ids=ids(), reason="Fine.", by=SYSTEM, now=NOW)
    FlagCheck.objects.create(conversion_id=held)
    look()

    assert open_flags() == set()


def test_accepting_a_held_sale_clears_its_flags(held: int) -> None:
    assert accept_conversions(conversion_ids=[held], by=SYSTEM, now=NOW) == 1

    assert Conversion.objects.get().status == "accepted"
    assert set(Flag.objects.values_list("state", flat=True)) == {FlagState.CLEARED}
    assert earned() == [842, -842, 842]
    assert accept_conversions(conversion_ids=[held], by=SYSTEM, now=NOW) == 0


def test_accepting_what_was_rejected_counts_its_flags_as_false(held: int) -> None:
    reject_conversions(conversion_ids=[held], reason="Own.", by=SYSTEM, now=NOW)
    accept_conversions(conversion_ids=[held], by=SYSTEM, now=NOW)

    assert Conversion.objects.get().status == "accepted"
    assert set(Flag.objects.values_list("state", flat=True)) == {FlagState.CLEARED}


def test_the_rate_of_false_flags_is_what_was_cleared_of_what_was_decided(held: int) -> None:
    first = ids(FlagKind.SELF_PURCHASE)
    clear_flags(flag_ids=first, reason="Her sister.", by=SYSTEM, now=NOW)
    for number in range(2):
        sell(f"own-{number}", customer_email=MARAS_ADDRESS)
    look()
    others = Flag.objects.filter(conversion__order__external_id__startswith="own-")
    reject_flags(flag_ids=others.values_list("pk", flat=True), reason="x", by=SYSTEM, now=NOW)

    own, coupon = figures_by_kind()[0], figures_by_kind()[2]
    assert (own.open, own.cleared, own.rejected, own.false_bp) == (0, 1, 2, 3_333)
    assert (coupon.open, coupon.decided, coupon.false_bp) == (1, 0, None)


def test_entries_and_events_say_who_decided(held: int) -> None:
    first = ids(FlagKind.SELF_PURCHASE)
    clear_flags(flag_ids=first, reason="Her sister.", by=SYSTEM, now=NOW)

    entry = AuditEntry.objects.get(action="flag.cleared")
    assert (entry.target, entry.actor) == (f"conversion:{held}", "test")
    assert entry.detail == {"kind": "Own purchase", "reason": "Her sister."}
    event = OutboxEntry.objects.get(event="flag.decided")
    assert (event.target, event.data["state"]) == (f"flag:{first[0]}", "cleared")
