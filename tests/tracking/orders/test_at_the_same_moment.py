"""Two people, or a person and a shop, who act on orders at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from core.tenancy import acting_for
from offers.models import Enrollment
from offers.services import change_offer, create_offer, enroll, supersede_terms
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, offer_values
from tests.own_processes import MAX_WAIT_SECONDS, until
from tests.tracking.orders.stating import LATER, at, earned, lines, sell, state, stated
from tracking.links.promo_codes import give_codes
from tracking.models import Conversion, Order
from tracking.orders import recording, sharing
from tracking.orders.approval import accept_conversions, reject_conversions
from tracking.orders.crediting import credit_by_own_evidence, credit_orders_by_hand
from tracking.orders.sharing import Share, share_order
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.django_db(transaction=True)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def terms(cast: Cast, **values: Any) -> None:
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=1_000, **values),
        starts_at=NOW + timedelta(minutes=1),
        by=SYSTEM,
        now=NOW,
    )


def of_its_own(cast: Cast, act: Callable[[], Any]) -> Callable[[], Any]:
    """The same with a connection of its own."""

    def run() -> Any:
        try:
            with acting_for(cast.juniper):
                return act()
        finally:
            connection.close()

    return run


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else it is of the first look
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])


def meeting(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Let two threads come to this function before either goes on; later callers don't wait."""
    both, real = threading.Barrier(2), getattr(module, name)

    def met(*args: Any, **kwargs: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            both.wait(3)
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, met)


def test_who_accepts_while_the_shop_cancels_pays_nothing(cast: Cast) -> None:
    with acting_for(cast.juniper), ThreadPoolExecutor(1) as pool:
        terms(cast, approval="by_hand")
        sell(stated("A", lines=lines("100"), ordered_at=at(5)), now=LATER)
        pk = Conversion.objects.get().pk
        with transaction.atomic():
            state(stated("A", lines=lines("100"), ordered_at=at(5), cancelled_at=at(30)))
            accepting = pool.submit(
                of_its_own(
                    cast, lambda: accept_conversions(conversion_ids=[pk], by=SYSTEM, now=LATER)
                )
            )
            until(somebody_waits, "who accepts does not wait for the shop")
        accepting.result(MAX_WAIT_SECONDS)

        assert list(differences(cast.juniper)) == []
        assert (Conversion.objects.get().status, earned()) == ("rejected", 0)


def test_an_order_waits_for_the_one_that_is_winning_its_customer(cast: Cast) -> None:
    with acting_for(cast.juniper), ThreadPoolExecutor(1) as pool:
        remembers = offer_values(remembers_customers=True)
        change_offer(offer=cast.glow, values=remembers, by=SYSTEM, now=NOW)
        with transaction.atomic():
            sell(stated("W", lines=lines("100"), ordered_at=at(5), customer_id="ada"), now=LATER)
            later = stated(
                "L", lines=lines("100"), ordered_at=at(10), customer_id="ada", promo_code=None
            )
            selling = pool.submit(of_its_own(cast, lambda: sell(later, now=LATER)))
            until(
                lambda: somebody_waits() or selling.done(),
                "the later order never waits",
            )
        selling.result(MAX_WAIT_SECONDS)

        names = Conversion.objects.values_list("order__external_id", flat=True)
        assert sorted(names) == ["L", "W"]


def by_hand(cast: Cast, order: Order) -> None:
    credit_orders_by_hand(
        order_ids=[order.pk], enrollment=cast.mara_in_glow, reason="Hers", by=SYSTEM, now=LATER
    )


def by_its_own_evidence(cast: Cast, order: Order) -> None:
    mara = cast.mara_in_glow
    give_codes(codes={mara.pk: "MARA16"}, enrollments=[mara], by=SYSTEM, now=NOW)
    credit_by_own_evidence(order_ids=[order.pk], by=SYSTEM, now=LATER)


def accepted_again(cast: Cast, order: Order) -> None:
    ids = list(Conversion.objects.values_list("pk", flat=True))
    accept_conversions(conversion_ids=ids, by=SYSTEM, now=LATER)


@pytest.mark.parametrize(
    ("code", "win"),
    [("", by_hand), ("MARA16", by_its_own_evidence), ("MARA15", accepted_again)],
)
def test_an_order_waits_for_staff_who_let_an_earlier_one_win_its_customer(
    cast: Cast, code: str, win: Callable[[Cast, Order], None]
) -> None:
    with acting_for(cast.juniper), ThreadPoolExecutor(1) as pool:
        remembers = offer_values(remembers_customers=True)
        change_offer(offer=cast.glow, values=remembers, by=SYSTEM, now=NOW)
        of_ada = {"lines": lines("100"), "customer_id": "ada"}
        sell(stated("W", promo_code=code, ordered_at=at(5), **of_ada), now=LATER)
        ids = list(Conversion.objects.values_list("pk", flat=True))
        reject_conversions(conversion_ids=ids, reason="Not hers", by=SYSTEM, now=LATER)
        later = stated("L", promo_code=None, ordered_at=at(10), **of_ada)
        with transaction.atomic():
            win(cast, Order.objects.get())
            selling = pool.submit(of_its_own(cast, lambda: sell(later, now=LATER)))
            until(lambda: somebody_waits() or selling.done(), "the later order never waits")
        selling.result(MAX_WAIT_SECONDS)

        names = Conversion.objects.values_list("order__external_id", flat=True)
        assert sorted(names) == ["L", "W"]


def test_two_orders_change_hands_at_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with acting_for(cast.juniper), ThreadPoolExecutor(2) as pool:
        terms(cast, cap_minor=5_000)
        sell(
            stated("A", lines=lines("100"), ordered_at=at(5)),
            stated("B", lines=lines("100"), ordered_at=at(6), promo_code="DIEGO10"),
            now=LATER,
        )
        ids = dict(Order.objects.values_list("external_id", "pk"))
        meeting(monkeypatch, sharing, "settle_new")

        def given(name: str, to: Enrollment) -> Callable[[], Any]:
            return of_its_own(
                cast,
                lambda: share_order(
                    order_id=ids[name], shares=[Share(to, 10_000)], reason="law", by=SYSTEM,
                    now=LATER,
                ),
            )  # fmt: skip

        gifts = [given("A", cast.diego_in_glow), given("B", cast.mara_in_glow)]
        for gift in [pool.submit(one) for one in gifts]:
            assert len(gift.result(MAX_WAIT_SECONDS)) == 1

        held = Conversion.objects.filter(share_bp=10_000)
        assert dict(held.values_list("order__external_id", "enrollment")) == {
            "A": cast.diego_in_glow.pk,
            "B": cast.mara_in_glow.pk,
        }
        assert list(differences(cast.juniper)) == []


def test_two_people_add_the_same_members_to_an_offer_at_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with acting_for(cast.juniper), ThreadPoolExecutor(2) as pool:
        offer = create_offer(
            values=offer_values(name="Second"), terms=TermsValues(percent_bp=5), by=SYSTEM, now=NOW
        )
        real, both = Enrollment.objects.bulk_create, threading.Barrier(2)

        def met(rows: Iterable[Enrollment]) -> list[Enrollment]:
            with suppress(threading.BrokenBarrierError):
                both.wait(1)
            return real(rows)

        monkeypatch.setattr(Enrollment.objects, "bulk_create", met)
        people = [cast.mara, cast.diego]
        join = of_its_own(cast, lambda: enroll(offer=offer, members=people, by=SYSTEM, now=NOW))

        joined = [one.result(MAX_WAIT_SECONDS) for one in (pool.submit(join), pool.submit(join))]

    assert joined[0] == joined[1]
    assert {row.member_id for row in joined[0]} == {one.pk for one in people}


def test_a_deadlock_is_tried_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A late order takes the lock of a later one, which a batch holds that waits for the first."""
    with acting_for(cast.juniper), ThreadPoolExecutor(2) as pool:
        change_offer(
            offer=cast.glow, values=offer_values(remembers_customers=True), by=SYSTEM, now=NOW
        )
        terms(cast, cap_minor=5_000)
        later = stated(
            "later", lines=lines("100"), ordered_at=at(20), promo_code=None, customer_id="ada"
        )
        sell(later, now=LATER)
        meeting(monkeypatch, recording, "credit_later_orders")
        won = stated("won", lines=lines("100"), ordered_at=at(10), customer_id="ada")
        other = stated("other", lines=lines("100"), ordered_at=at(11), customer_id="bob")
        sent = [
            pool.submit(of_its_own(cast, lambda: sell(won, now=LATER))),
            pool.submit(of_its_own(cast, lambda: sell(later, other, now=LATER))),
        ]
        for answers in sent:
            answers.result(MAX_WAIT_SECONDS)

        credited = Conversion.objects.values_list("order__external_id", flat=True)
        assert sorted(credited) == ["later", "other", "won"]
        assert list(differences(cast.juniper)) == []
