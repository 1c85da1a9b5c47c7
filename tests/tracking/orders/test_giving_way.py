"""One order from a page, a file and the shop is credited once, in whatever sequence they come."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction

from accounts.models import AuditEntry
from core.tenancy import acting_for
from offers.services import change_offer
from tests.answers import page_text
from tests.brand_admin.desk import at as at_admin
from tests.brand_admin.desk import desk_of
from tests.cast import NOW, SYSTEM, Cast, offer_values
from tests.own_processes import MAX_WAIT_SECONDS, until
from tests.tracking.orders.stating import LATER, at, earned, lines, stated
from tests.tracking.orders.test_at_the_same_moment import of_its_own, somebody_waits
from tracking.flags import deciding
from tracking.links.promo_codes import give_codes
from tracking.models import Conversion, Order
from tracking.orders.approval import accept_conversions, reject_conversions
from tracking.orders.crediting import (
    AttributionError,
    credit_by_own_evidence,
    credit_orders_by_hand,
)
from tracking.orders.facts import OrderFacts
from tracking.orders.recording import record_orders
from tracking.orders.sharing import Share, share_order
from tracking.reconciliation.differences import differences

at_juniper = pytest.mark.usefixtures("at_juniper")
in_races = pytest.mark.django_db(transaction=True)


def comes(source: str, *facts: OrderFacts, **how: Any) -> None:
    how = {"revising": source != "script"} | how
    record_orders(source=source, orders=facts, by=SYSTEM, now=LATER, **how)


def page(price: str = "120", **changes: Any) -> OrderFacts:
    return stated("7001", lines=lines(price), ordered_at=at(5), **changes)


def shop(price: str = "100", **changes: Any) -> OrderFacts:
    return stated("60123", number="#7001", lines=lines(price), ordered_at=at(5), **changes)


def give_mara_a_code(cast: Cast) -> None:
    mara = cast.mara_in_glow
    give_codes(codes={mara.pk: "MARA16"}, enrollments=[mara], by=SYSTEM, now=NOW)


def look_again() -> list[str]:
    ids = list(Order.objects.order_by("pk").values_list("pk", flat=True))
    found = credit_by_own_evidence(order_ids=ids, by=SYSTEM, now=LATER)
    assert len(found.conversions) + len(found.not_credited) == len(ids)
    return [str(one) for one in found.not_credited]


def consistent(cast: Cast) -> bool:
    return not list(differences(cast.juniper))


@at_juniper
def test_staff_who_accept_from_an_old_list_pay_nothing_twice(cast: Cast) -> None:
    comes("script", page())
    pk = Conversion.objects.get().pk
    comes("shop", shop())

    assert accept_conversions(conversion_ids=[pk], by=SYSTEM, now=LATER) == 0
    assert earned() == 1_000


@at_juniper
def test_staff_may_prefer_what_the_page_reported(cast: Cast) -> None:
    comes("script", page())
    pk = Conversion.objects.get().pk
    comes("shop", shop())
    own = Conversion.objects.get(order__source="shop").pk
    reject_conversions(conversion_ids=[own], reason="Wrong amount", by=SYSTEM, now=LATER)

    assert accept_conversions(conversion_ids=[pk], by=SYSTEM, now=LATER) == 1
    assert earned() == 1_200


@at_juniper
@pytest.mark.parametrize("other", ["file", "script"])
def test_of_two_that_are_looked_at_again_one_is_credited(cast: Cast, other: str) -> None:
    comes(other, page("100", promo_code="MARA16"))
    comes("shop", shop(promo_code="MARA16"))
    give_mara_a_code(cast)

    look_again()

    assert earned() == 1_000
    assert consistent(cast)


@at_juniper
@pytest.mark.parametrize("other", ["file", "script"])
def test_an_order_that_failed_and_was_paid_later_is_credited_once(cast: Cast, other: str) -> None:
    """In whatever sequence the three are told."""
    told = [
        ("shop", shop(payment_status="voided", updated_at=at(6))),
        ("shop", shop(payment_status="paid", updated_at=at(9))),
        (other, page("100")),
    ]
    for sequence in permutations(told):
        with transaction.atomic():
            for source, facts in sequence:
                comes(source, facts, is_trusted=True)
            assert earned() == 1_000
            assert consistent(cast)
            transaction.set_rollback(True)


@at_juniper
def test_a_page_earns_nothing_by_an_order_that_the_shop_cancelled_or_staff_rejected(
    cast: Cast,
) -> None:
    comes("shop", shop(cancelled_at=at(6)))
    comes("script", page(), is_trusted=True)
    assert earned() == 0

    comes("shop", stated("2", lines=lines("10"), ordered_at=at(5)))
    pk = Conversion.objects.get(order__external_id="2").pk
    reject_conversions(conversion_ids=[pk], reason="Fraud", by=SYSTEM, now=LATER)
    comes("script", stated("2", lines=lines("10"), ordered_at=at(5)), is_trusted=True)

    assert earned() == 0


@at_juniper
def test_what_was_noticed_stays_noticed_whatever_its_amount_becomes(cast: Cast) -> None:
    comes("file", page("100"))
    comes("shop", shop())
    comes("shop", shop("110"))

    assert earned() == 1_000


@at_juniper
def test_a_customer_takes_no_order_of_which_a_page_knew_the_code(cast: Cast) -> None:
    remembers = offer_values(remembers_customers=True)
    change_offer(offer=cast.glow, values=remembers, by=SYSTEM, now=NOW)
    comes("shop", stated("W", lines=lines("1"), ordered_at=at(1), customer_id="ada"))
    comes("script", page(promo_code="DIEGO10"), is_trusted=True)

    comes("shop", shop(promo_code=None, customer_id="ada"))

    [diego] = Conversion.objects.filter(status="accepted").exclude(order__external_id="W")
    assert diego.member == cast.diego


@at_juniper
def test_orders_of_two_shops_with_one_number_are_two(cast: Cast) -> None:
    """They differ in amount, and were not placed within the hour."""
    comes("script", page(promo_code="DIEGO10"), is_trusted=True)
    comes("other", stated("7001", lines=lines("37"), ordered_at=at(-120)))

    assert set(Conversion.objects.values_list("status", flat=True)) == {"accepted"}


@at_juniper
def test_of_two_that_replace_one_the_first_takes_over_that_it_was_accepted(cast: Cast) -> None:
    facts = [stated(name, number="7001", lines=lines("50"), ordered_at=at(5)) for name in "ab"]
    found = []
    for batches in ([facts], [[facts[0]], [facts[1]]]):
        with transaction.atomic():
            comes("script", page())
            pk = Conversion.objects.get().pk
            accept_conversions(conversion_ids=[pk], by=SYSTEM, now=LATER)
            for batch in batches:
                comes("shop", *batch)
            rows = Conversion.objects.order_by("order__external_id")
            found.append(list(rows.values_list("order__external_id", "status", "reason")))
            transaction.set_rollback(True)

    assert found[0] == found[1]


def both_ids() -> list[int]:
    return list(Conversion.objects.order_by("pk").values_list("pk", flat=True))


@at_juniper
@pytest.mark.parametrize("other", ["file", "script"])
def test_of_two_that_staff_accept_together_one_counts(cast: Cast, other: str) -> None:
    comes(other, page("100"), is_trusted=True)
    reject_conversions(conversion_ids=both_ids(), reason="No", by=SYSTEM, now=LATER)
    comes("shop", shop())
    reject_conversions(conversion_ids=both_ids(), reason="No", by=SYSTEM, now=LATER)
    assert len(both_ids()) == 2

    accept_conversions(conversion_ids=both_ids(), by=SYSTEM, now=LATER)

    assert earned() == 1_000
    assert consistent(cast)


@at_juniper
def test_what_staff_preferred_stands_in_the_way_of_the_other(cast: Cast) -> None:
    comes("script", page("100"))
    comes("shop", shop())
    reported, own = both_ids()
    reject_conversions(conversion_ids=[own], reason="No", by=SYSTEM, now=LATER)
    accept_conversions(conversion_ids=[reported], by=SYSTEM, now=LATER)

    assert accept_conversions(conversion_ids=[own], by=SYSTEM, now=LATER) == 0
    assert earned() == 1_000


@at_juniper
def test_a_restored_order_takes_the_place_of_what_a_page_reported(cast: Cast) -> None:
    comes("script", page("100"))
    comes("shop", shop(updated_at=at(6)))
    comes("shop", shop(updated_at=at(7), cancelled_at=at(7)))
    accept_conversions(conversion_ids=both_ids()[:1], by=SYSTEM, now=LATER)
    assert earned() == 1_000

    comes("shop", shop(updated_at=at(8)))

    assert earned() == 1_000
    assert consistent(cast)


@at_juniper
@pytest.mark.parametrize("file_first", [True, False])
def test_a_restored_order_counts_once_the_other_is_cancelled(cast: Cast, file_first: bool) -> None:
    voided = shop(payment_status="voided", updated_at=at(6))
    comes(*(("file", page("100")) if file_first else ("shop", voided)))
    comes(*(("shop", voided) if file_first else ("file", page("100"))))
    comes("shop", shop(updated_at=at(7)))
    assert earned() == 1_000
    comes("file", page("100", cancelled_at=at(8), updated_at=at(8)))
    comes("shop", shop("101", updated_at=at(9)))

    assert earned() == 1_010
    assert consistent(cast)


@at_juniper
def test_a_restored_order_that_is_another_one_is_rejected_and_noted(cast: Cast) -> None:
    comes("shop", shop(payment_status="voided", updated_at=at(6)))
    comes("file", page("100"))

    comes("shop", shop(updated_at=at(7)))

    row = Conversion.objects.get(order__source="shop")
    assert row.reason == "It may be the same order as 7001 of file, which is credited."
    [noted] = AuditEntry.objects.filter(action="conversion.rejected")
    assert noted.detail == {"before": "accepted", "reason": row.reason}


@at_juniper
def test_an_order_that_staff_credit_takes_the_place_of_what_a_page_reported(cast: Cast) -> None:
    comes("script", page("100"), is_trusted=True)
    comes("shop", shop(promo_code=None))

    credit_orders_by_hand(
        order_ids=[Order.objects.get(source="shop").pk],
        enrollment=cast.diego_in_glow,
        reason="His",
        by=SYSTEM,
        now=LATER,
    )

    assert earned() == 1_000
    assert Conversion.objects.get(status="accepted").member == cast.diego


@at_juniper
def test_staff_are_told_what_stays_rejected_and_its_flag_stays(cast: Cast) -> None:
    comes("script", page("100"))
    comes("shop", shop())
    [reported, _] = both_ids()

    assert deciding.accept_conversions(conversion_ids=[reported], by=SYSTEM, now=LATER) == 0
    told = desk_of(cast.ines).post(
        at_admin(cast.juniper, "conversions_judge"), {"action": "accept", "selected": [reported]},
        follow=True,
    )  # fmt: skip

    assert "Order 7001 stays rejected" in page_text(told)
    assert earned() == 1_000


Act = Callable[[Cast, Order], Any]


def look(cast: Cast, order: Order) -> None:
    credit_by_own_evidence(order_ids=[order.pk], by=SYSTEM, now=LATER)


@in_races
def test_staff_who_look_again_make_the_shop_wait(cast: Cast) -> None:
    with acting_for(cast.juniper), ThreadPoolExecutor(1) as pool:
        comes("file", page("100", promo_code="MARA16"))
        give_mara_a_code(cast)
        with transaction.atomic():
            look(cast, Order.objects.get())
            sent = pool.submit(of_its_own(cast, lambda: comes("shop", shop(promo_code="MARA16"))))
            until(lambda: somebody_waits() or sent.done(), "the shop's order never waits")
        sent.result(MAX_WAIT_SECONDS)

        assert earned() == 1_000


def accept(cast: Cast, order: Order) -> None:
    ids = list(Conversion.objects.filter(order=order).values_list("pk", flat=True))
    accept_conversions(conversion_ids=ids, by=SYSTEM, now=LATER)


def give_to_diego(cast: Cast, order: Order) -> None:
    shares = [Share(cast.diego_in_glow, 10_000)]
    with pytest.raises(AttributionError, match="was rejected"):
        share_order(order_id=order.pk, shares=shares, reason="His", by=SYSTEM, now=LATER)


@in_races
@pytest.mark.parametrize("act", [accept, give_to_diego])
def test_staff_wait_for_the_shop_s_own_order(cast: Cast, act: Act) -> None:
    with acting_for(cast.juniper), ThreadPoolExecutor(1) as pool:
        comes("script", page("100"))
        reported = Order.objects.get()
        with transaction.atomic():
            comes("shop", shop())
            acting = pool.submit(of_its_own(cast, lambda: act(cast, reported)))
            until(lambda: somebody_waits() or acting.done(), "staff never wait")
        acting.result(MAX_WAIT_SECONDS)

        assert earned() == 1_000
        assert consistent(cast)
