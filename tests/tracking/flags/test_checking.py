"""From a sale to its flags: what is looked at, when, and what it does to money."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import AuditEntry, OutboxEntry
from core.tenancy import acting_for
from payouts.destinations import bank_account
from payouts.fingerprints import fingerprint_of
from payouts.models import LedgerEntry, PayoutDetails
from tests.cast import IBAN, NOW, SYSTEM, Cast
from tests.tracking.flags.selling import (
    LATER,
    MARAS_ADDRESS,
    click_of,
    look,
    open_flags,
    sell,
    store_click,
)
from tracking.flags.checking import CLICK_PAUSES, check_all_brands
from tracking.flags.facts import sales_of
from tracking.flags.selectors import figures_by_kind, open_flag_count
from tracking.flags.settings import change_flag_settings, change_hold
from tracking.models import (
    Conversion,
    DailyTotal,
    Flag,
    FlagCheck,
    FlagHold,
    FlagState,
    Order,
    TrackingLink,
)
from tracking.orders.approval import reject_conversions

pytestmark = pytest.mark.usefixtures("at_juniper")


@pytest.fixture
def link(at_juniper: Cast) -> TrackingLink:
    return TrackingLink.objects.get(enrollment=at_juniper.mara_in_glow)


def earned() -> list[int]:
    return list(LedgerEntry.objects.order_by("pk").values_list("amount_minor", flat=True))


def test_an_own_purchase_is_flagged_and_earns_all_the_same() -> None:
    sell(customer_email="Mara+x@Lindqvist.example")
    look()

    assert open_flags() == {("1001", "self_purchase")}
    assert (earned(), Conversion.objects.get().status) == ([842], "accepted")
    assert Order.objects.get().customer_digest not in ("", MARAS_ADDRESS)
    assert FlagCheck.objects.count() == 0


def test_a_stranger_s_purchase_is_not() -> None:
    sell(customer_email="somebody@lindqvist.example")
    look()

    assert Flag.objects.count() == 0


def test_another_brand_keeps_another_digest(at_juniper: Cast) -> None:
    sell(customer_email=MARAS_ADDRESS)
    mine = Order.objects.get().customer_digest
    with acting_for(at_juniper.saltmarsh):
        sell(customer_email=MARAS_ADDRESS, promo_codes=["JUNETIDE"], currency="USD")

        assert Order.objects.get().customer_digest not in ("", mine)


def test_a_flag_that_holds_keeps_the_commission_back(at_juniper: Cast) -> None:
    change_hold(offer=at_juniper.glow, kinds=["self_purchase"], by=SYSTEM, now=NOW)
    sell(customer_email=MARAS_ADDRESS)
    sell("1002")
    look()

    held, other = Conversion.objects.order_by("pk")
    assert (held.status, held.decision, held.is_held) == ("pending", "accepted", True)
    assert (other.status, other.is_held) == ("accepted", False)
    assert earned() == [842, 842, -842]
    day = DailyTotal.objects.get()
    assert (day.conversions, day.pending, day.pending_minor) == (1, 1, 842)


def test_a_hold_for_another_kind_holds_nothing(at_juniper: Cast) -> None:
    change_hold(offer=at_juniper.glow, kinds=["velocity"], by=SYSTEM, now=NOW)
    sell(customer_email=MARAS_ADDRESS)
    look()

    assert (open_flags(), earned()) == ({("1001", "self_purchase")}, [842])


def test_what_an_offer_holds_can_change_for_open_flags(at_juniper: Cast) -> None:
    sell(customer_email=MARAS_ADDRESS)
    look()
    change_hold(offer=at_juniper.glow, kinds=[FlagHold.ALL], by=SYSTEM, now=NOW)
    look()
    assert Conversion.objects.get().status == "pending"

    change_hold(offer=at_juniper.glow, kinds=[], by=SYSTEM, now=NOW)
    look()
    assert Conversion.objects.get().status == "accepted"
    assert earned() == [842, -842, 842]


def test_looking_twice_changes_nothing(at_juniper: Cast) -> None:
    change_hold(offer=at_juniper.glow, kinds=[FlagHold.ALL], by=SYSTEM, now=NOW)
    pk = sell(customer_email=MARAS_ADDRESS)
    look()
    before = (list(Flag.objects.values()), earned(), AuditEntry.objects.count())
    FlagCheck.objects.create(conversion_id=pk)
    look()

    assert (list(Flag.objects.values()), earned(), AuditEntry.objects.count()) == before


def test_a_click_that_is_stored_after_its_order_leads_to_the_same_flags(
    link: TrackingLink,
) -> None:
    clicked_at = NOW - timedelta(hours=3)
    click_id = click_of(link, clicked_at)
    sell(click_id=click_id)
    look()
    assert open_flags() == set()
    assert [row.state for row in FlagCheck.objects.all()] == ["click"]

    store_click(link, click_id, clicked_at, landing="gclid", referrer_host="joinhoney.com")
    assert look(NOW + timedelta(days=3_651)) == 1
    assert open_flags() == {("1001", "paid_search"), ("1001", "coupon_site")}
    assert FlagCheck.objects.count() == 0


def test_a_click_that_never_comes_is_waited_for_so_often(link: TrackingLink) -> None:
    sell(click_id=click_of(link, NOW - timedelta(hours=3)))
    looked = [look(NOW + timedelta(days=3_650 + 2 * times)) for times in range(20)]

    assert sum(looked) == 1 + len(CLICK_PAUSES)
    assert FlagCheck.objects.count() == 0


def test_somebody_else_s_click_is_no_evidence_against_the_member(at_juniper: Cast) -> None:
    other = TrackingLink.objects.get(enrollment=at_juniper.diego_in_glow)
    click_id = click_of(other, NOW - timedelta(hours=1, seconds=5))
    store_click(other, click_id, NOW - timedelta(hours=1, seconds=5), landing="gclid")
    sell(click_id=click_id)
    look()

    assert open_flags() == set()


def test_an_order_seconds_after_the_click(link: TrackingLink) -> None:
    ordered_at = NOW - timedelta(hours=1)
    click_id = click_of(link, ordered_at - timedelta(seconds=5))
    sell(click_id=click_id, ordered_at=ordered_at.isoformat())
    look()

    assert open_flags() == {("1001", "fast_order")}


def test_the_fifth_order_of_a_customer_is_flagged_whichever_came_first() -> None:
    for number in (5, 4, 3, 2, 1):
        at = NOW - timedelta(days=10 - number)
        sell(str(number), customer_id="c-1", ordered_at=at.isoformat())
        look()

    assert open_flags() == {("5", "same_customer")}
    assert Flag.objects.get().evidence == {"orders": 5, "days": 30, "limit": 5}


def test_members_with_one_account_are_flagged_until_that_is_cleared(at_juniper: Cast) -> None:
    account = bank_account(country="DE", holder="Mara", iban=IBAN)
    PayoutDetails.objects.update(fingerprint=fingerprint_of(account), changed_at=NOW)
    PayoutDetails.objects.filter(creator=at_juniper.june.creator).update(fingerprint="other")
    sell(ordered_at=NOW.isoformat())
    sell("1002", ordered_at=(NOW - timedelta(seconds=1)).isoformat())  # before both were paid so
    look()
    assert open_flags() == {("1001", "shared_account")}

    Flag.objects.update(state="cleared", reason="Sisters.", decided_at=NOW)
    sell("1003", ordered_at=NOW.isoformat(), promo_codes=["DIEGO10"])
    look()
    assert open_flags() == set()


def test_twenty_sales_of_a_day_are_flagged_all_of_them(at_juniper: Cast) -> None:
    for number in range(20):
        sell(str(number))
        if number == 18:
            look()
            assert open_flags() == set()
    look()

    assert {kind for _, kind in open_flags()} == {"velocity"}
    assert open_flag_count() == 20
    Flag.objects.update(state="cleared", reason="A campaign.", decided_at=NOW)
    sell("20")
    look()
    assert open_flags() == set()  # the day is fine


def test_usual_sales_that_come_later_withdraw_the_flags_of_a_day() -> None:
    for number in range(20):
        sell(str(number))
    look()
    for number in range(56):
        sell(f"u{number}", ordered_at=(NOW - timedelta(days=1 + number % 28)).isoformat())
    look()

    assert open_flags() == set()
    assert set(Flag.objects.values_list("state", flat=True)) == {"withdrawn"}


def test_a_surge_of_a_code_whose_link_nobody_clicks(at_juniper: Cast) -> None:
    day = NOW.date()
    DailyTotal.objects.create(
        enrollment=at_juniper.mara_in_glow, day=day - timedelta(days=3), clicks=40
    )
    for number in range(10):
        sell(str(number))
    look()
    assert {kind for _, kind in open_flags()} == {"code_surge"}

    DailyTotal.objects.filter(day=day).update(clicks=1)  # it came late
    FlagCheck.objects.create(conversion=Conversion.objects.latest("pk"))
    look()
    assert open_flags() == set()


def test_a_sale_that_earns_nothing_needs_no_decision() -> None:
    pk = sell(customer_email=MARAS_ADDRESS)
    look()
    reject_conversions(conversion_ids=[pk], reason="Returned.", by=SYSTEM, now=NOW)
    look()

    assert Flag.objects.get().state == FlagState.WITHDRAWN
    assert figures_by_kind()[0].open == open_flag_count() == 0


def test_a_kind_that_is_off_raises_nothing() -> None:
    change_flag_settings(off_kinds=["self_purchase"], coupon_hosts=[], by=SYSTEM, now=NOW)
    sell(customer_email=MARAS_ADDRESS)
    look()

    assert Flag.objects.count() == 0


def test_a_brand_adds_coupon_sites() -> None:
    change_flag_settings(
        off_kinds=[], coupon_hosts=["https://www.Deals.example/x"], by=SYSTEM, now=NOW
    )
    sell(referrer="https://m.deals.example/cart?code=MARA15")
    look()

    assert open_flags() == {("1001", "coupon_site")}


def test_other_systems_are_told_of_flags() -> None:
    sell(customer_email=MARAS_ADDRESS)
    look()

    flag, entry = Flag.objects.get(), OutboxEntry.objects.get(event="flag.raised")
    assert entry.target == f"flag:{flag.pk}"
    assert entry.data == {
        "conversion": flag.conversion_id,
        "enrollment": flag.enrollment_id,
        "kind": "self_purchase",
        "state": "open",
    }


def test_a_sale_that_cannot_be_looked_at_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = sell("1001", customer_email=MARAS_ADDRESS)
    sell("1002", customer_email=MARAS_ADDRESS)

    def fails(ids: set[int], **more: Any) -> Any:
        if broken in ids:
            raise ValueError("a defect")
        return sales_of(ids, **more)

    monkeypatch.setattr("tracking.flags.facts.sales_of", fails)
    look()

    assert open_flags() == {("1002", "self_purchase")}
    [check] = FlagCheck.objects.all()
    assert (check.conversion_id, check.state) == (broken, "failed")
    monkeypatch.undo()
    look(LATER + timedelta(hours=1))
    assert FlagCheck.objects.count() == 0
    assert len(open_flags()) == 2


def test_every_brand_is_looked_at(at_juniper: Cast) -> None:
    sell(customer_email=MARAS_ADDRESS)
    with acting_for(at_juniper.saltmarsh):
        sell(promo_codes=["JUNETIDE"], currency="USD")

    assert check_all_brands(now=NOW + timedelta(days=3_650)) == 2
