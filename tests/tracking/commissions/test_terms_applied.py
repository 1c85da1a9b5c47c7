"""Tiers, rules, caps and clicks, on real orders."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum

from core.tenancy import acting_for
from offers.services import supersede_terms
from offers.structure import Rule, RuleKind, Tier
from offers.terms import TermsValues
from payouts.ledger import balances
from payouts.models import LedgerEntry
from tests.cast import NOW, SYSTEM, Cast, order, refund
from tests.following import follow_link
from tests.own_processes import MAX_WAIT_SECONDS
from tracking.commissions.click_earnings import credit_clicks
from tracking.models import ClickEarning, Conversion, DailyTotal, Order, OrderLine, TrackingLink
from tracking.orders.approval import accept_conversions, reject_conversions
from tracking.orders.recording import record_order, record_orders
from tracking.orders.refunds import record_refund
from tracking.reconciliation.differences import differences

BEGINNING = NOW - timedelta(days=2)
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"
SILVER_AND_GOLD = (Tier("Silver", 10_000, percent_bp=1_200), Tier("Gold", 30_000, percent_bp=1_500))


def terms(cast: Cast, **values: Any) -> None:
    with acting_for(cast.juniper):
        supersede_terms(
            offer=cast.glow,
            values=TermsValues(**({"percent_bp": 1_000} | values)),
            starts_at=NOW + timedelta(seconds=1),
            by=SYSTEM,
            now=NOW,
        )


def comes(cast: Cast, name: str, amount: str = "100.00", **changes: Any) -> Conversion:
    """An order, a minute after the terms began and later by its name."""
    changes = {"ordered_at": (NOW + timedelta(minutes=1)).isoformat()} | changes
    with acting_for(cast.juniper):
        facts = order(name, amount=amount, **changes)
        outcome = record_order(source="api", order=facts, by=SYSTEM, now=max(NOW, facts.ordered_at))
        assert outcome.conversion_id
        return Conversion.objects.get(pk=outcome.conversion_id)


def nothing_differs(cast: Cast) -> bool:
    with acting_for(cast.juniper):
        return list(differences(cast.juniper)) == []


def test_tiers_apply_to_the_conversions_after_they_are_reached(cast: Cast) -> None:
    terms(cast, tiers=SILVER_AND_GOLD)

    found = [comes(cast, name, amount) for name, amount in (("1", "99.99"), ("2", "0.01"))]
    found += [comes(cast, name, "250.00") for name in ("3", "4")]

    assert [row.tier for row in found] == [0, 0, 1, 2]
    assert [row.commission_minor for row in found] == [1_000, 0, 3_000, 3_750]
    assert nothing_differs(cast)


def test_tiers_by_conversions_in_a_month_begin_anew(cast: Cast) -> None:
    terms(
        cast,
        tiers=(Tier("Busy", 2, fixed_minor=500),),
        tier_by="conversions",
        tier_period="month",
    )
    december = (NOW + timedelta(days=12)).isoformat()

    found = [comes(cast, name).tier for name in ("1", "2", "3")]
    found.append(comes(cast, "4", ordered_at=december).tier)

    assert found == [0, 0, 1, 0]
    assert nothing_differs(cast)


def test_a_refund_takes_from_what_was_reached_and_not_from_a_tier_that_was_given(
    cast: Cast,
) -> None:
    terms(cast, tiers=SILVER_AND_GOLD)
    comes(cast, "1", "150.00")
    silver = comes(cast, "2", "10.00")
    with acting_for(cast.juniper):
        record_refund(source="api", refund=refund("R1", "1", amount="100.00"), by=SYSTEM, now=NOW)

    third = comes(cast, "3", "10.00")

    with acting_for(cast.juniper):
        assert Conversion.objects.get(pk=silver.pk).tier == 1
    assert third.tier == 0
    assert nothing_differs(cast)


def test_one_batch_climbs_as_single_orders_do(cast: Cast) -> None:
    terms(cast, tiers=SILVER_AND_GOLD, cap_minor=5_000, cap_period="always")
    at = (NOW + timedelta(minutes=1)).isoformat()
    facts = [order(str(number), amount="120.00", ordered_at=at) for number in range(5)]

    with acting_for(cast.juniper):
        record_orders(source="api", orders=facts, by=SYSTEM, now=NOW)
        rows = list(Conversion.objects.order_by("pk").values_list("tier", "commission_minor"))

    assert rows == [(0, 1_200), (1, 1_440), (1, 1_440), (2, 920), (2, 0)]
    assert nothing_differs(cast)


def test_a_rule_for_a_product_pays_on_what_was_kept_of_it(cast: Cast) -> None:
    terms(
        cast, rules=(Rule(RuleKind.PRODUCT, "SERUM", 2_000), Rule(RuleKind.COLLECTION, "Sale", 0))
    )
    lines = [
        {"sku": "SERUM", "quantity": 2, "unit_price": "25.00"},
        {"sku": "SERUM", "quantity": 1, "unit_price": "20.00"},
        {"sku": "TOWEL", "quantity": 1, "unit_price": "30.00", "collections": ["sale"]},
        {"sku": "GLOW", "quantity": 1, "unit_price": "10.00"},
    ]

    sold = comes(cast, "1", lines=lines)
    with acting_for(cast.juniper):
        record_refund(
            source="api",
            refund=refund("R1", "1", sku="SERUM", amount="25.00"),
            by=SYSTEM,
            now=NOW,
        )
        kept = Conversion.objects.get(pk=sold.pk)

    assert (sold.commission_minor, kept.commission_minor) == (1_500, 1_000)
    assert nothing_differs(cast)


def test_a_customer_is_new_once(cast: Cast) -> None:
    terms(cast, rules=(Rule(RuleKind.CUSTOMER, "new", 0, 2_000),))

    found = [
        comes(cast, name, customer_id=customer, new_customer=told)
        for name, customer, told in (
            ("1", "c-1", None), ("2", "c-1", None), ("3", "c-1", True), ("4", None, None),
        )
    ]  # fmt: skip

    assert [row.customer for row in found] == ["new", "returning", "new", ""]
    assert [row.commission_minor for row in found] == [2_000, 1_000, 2_000, 1_000]
    assert nothing_differs(cast)


def test_a_rate_for_one_code_is_for_orders_that_it_won(cast: Cast) -> None:
    terms(cast, rules=(Rule(RuleKind.CODE, "mara15", 2_500),))

    with_it, without = comes(cast, "1"), comes(cast, "2", promo_code="DIEGO10")

    assert (with_it.commission_minor, without.commission_minor) == (2_500, 1_000)
    assert (with_it.promo_code, without.promo_code) == ("MARA15", "DIEGO10")


def test_a_cap_is_per_member_and_period(cast: Cast) -> None:
    terms(cast, cap_minor=1_500, cap_period="day")
    tomorrow = (NOW + timedelta(days=1)).isoformat()

    found = [comes(cast, name) for name in ("1", "2", "3")]
    others = [comes(cast, "4", promo_code="DIEGO10"), comes(cast, "5", ordered_at=tomorrow)]

    assert [row.commission_minor for row in found] == [1_000, 500, 0]
    assert [row.commission_minor for row in others] == [1_000, 1_000]
    assert nothing_differs(cast)


def test_pending_conversions_hold_their_room_and_rejected_ones_give_it_back(cast: Cast) -> None:
    terms(cast, cap_minor=1_500, approval="by_hand")
    first, second = comes(cast, "1"), comes(cast, "2")
    with acting_for(cast.juniper):
        reject_conversions(conversion_ids=[first.pk], reason="No", by=SYSTEM, now=NOW)
        third = comes(cast, "3")
        accept_conversions(conversion_ids=[first.pk, second.pk, third.pk], by=SYSTEM, now=NOW)
        earned = dict(Conversion.objects.values_list("order__external_id", "commission_minor"))

    assert (first.earnable_minor, second.earnable_minor, third.earnable_minor) == (
        1_000,
        500,
        500,
    )
    assert earned == {"1": 1_000, "2": 500, "3": 0}
    assert nothing_differs(cast)


@pytest.mark.django_db(transaction=True)
def test_orders_at_once_never_earn_more_than_the_cap(cast: Cast) -> None:
    terms(cast, cap_minor=4_500, tiers=SILVER_AND_GOLD)
    begin = Barrier(12)

    def come(number: int) -> None:
        begin.wait(timeout=MAX_WAIT_SECONDS)
        try:
            comes(cast, f"at-once-{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(come, range(12)))

    with acting_for(cast.juniper):
        rows = Conversion.objects.order_by("tier", "pk")
        assert [row.tier for row in rows] == [0, 1, 1] + [2] * 9
        assert rows.aggregate(sum=Sum("commission_minor"))["sum"] == 4_500
    assert nothing_differs(cast)


def click(cast: Cast, times: int = 1, **moment: Any) -> None:
    with acting_for(cast.juniper):
        slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug
    for _ in range(times):
        follow_link(
            slug=slug,
            user_agent=PHONE,
            referrer="",
            now=NOW + timedelta(**({"minutes": 1} | moment)),
        )


def credited(cast: Cast, **later: Any) -> int:
    with acting_for(cast.juniper):
        return credit_clicks(now=NOW + timedelta(**({"hours": 1} | later)))


def test_clicks_earn_once_however_often_they_are_credited(cast: Cast) -> None:
    terms(cast, percent_bp=0, per_click_minor=5, hold_days=3)
    click(cast, minutes=-1)  # before these terms
    click(cast, 40)

    posted = [credited(cast), credited(cast)]
    click(cast, 2)
    posted.append(credited(cast))

    with acting_for(cast.juniper):
        entries = LedgerEntry.objects.order_by("pk")
        assert [entry.amount_minor for entry in entries] == [200, 10]
        assert entries[0].available_at == NOW.replace(hour=0) + timedelta(days=4)
        assert DailyTotal.objects.get().commission_minor == 210
        assert ClickEarning.objects.get().clicks == 42
        balance = balances([cast.mara_in_glow.pk], now=NOW)[cast.mara_in_glow.pk]
    assert (posted, balance.held_minor) == ([1, 0, 1], 210)
    assert nothing_differs(cast)


def test_clicks_and_conversions_share_a_cap(cast: Cast) -> None:
    terms(cast, per_click_minor=100, cap_minor=1_500)
    comes(cast, "1")
    click(cast, 10)

    credited(cast)

    with acting_for(cast.juniper):
        assert ClickEarning.objects.get().amount_minor == 500
    assert comes(cast, "2").commission_minor == 500
    with acting_for(cast.juniper):
        assert ClickEarning.objects.get().amount_minor == 0
    assert nothing_differs(cast)


def test_the_database_takes_no_tier_above_the_whole(cast: Cast) -> None:
    values = TermsValues(tiers=(Tier("Mad", 1, percent_bp=10_001),))
    with acting_for(cast.juniper):
        wrong = values.as_terms()
        wrong.offer, wrong.version, wrong.starts_at = cast.glow, 9, NOW
        with pytest.raises(Exception, match="offers_terms_tiers"):
            wrong.save()


def test_what_orders_say_of_their_customer_and_collections_is_kept(cast: Cast) -> None:
    line = {"sku": "A", "quantity": 1, "unit_price": "1.00", "collections": ["b", "a", "b"]}

    comes(cast, "1", new_customer=False, lines=[line])

    with acting_for(cast.juniper):
        assert Order.objects.get().customer_is_new is False
        assert OrderLine.objects.get().collections == ["a", "b"]
