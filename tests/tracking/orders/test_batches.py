"""The same statements in one batch, in several or one by one, in the same sequence: the same rows.

Tiers and remembered customers look at what was known when an order was recorded, so for them the
sequence matters, and only for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.tenancy import acting_for
from offers.services import change_offer, create_offer, enroll, supersede_terms
from offers.structure import Tier, TierBy
from offers.terms import TermsValues
from tests.amounts import amount
from tests.cast import NOW, SYSTEM, Cast, offer_values
from tests.tracking.orders.stating import at, lines, sell, state, stated
from tracking.links.promo_codes import give_codes
from tracking.models import Conversion, Order
from tracking.orders.facts import OrderFacts
from tracking.orders.recording import record_orders
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.usefixtures("at_juniper")
LATER = NOW + timedelta(days=5)
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # a failure is small as it is


def with_tier(cast: Cast) -> None:
    """10 %, and 20 % for who has sold £150."""
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=1_000, tiers=(Tier("t", 15_000, 2_000),)),
        starts_at=NOW + timedelta(minutes=1),
        by=SYSTEM,
        now=NOW,
    )


def remembering(cast: Cast) -> None:
    change_offer(offer=cast.glow, values=offer_values(remembers_customers=True), by=SYSTEM, now=NOW)


def a(order_id: str, price: str, minutes: int, **changes: Any) -> OrderFacts:
    return stated(order_id, lines=lines(price), ordered_at=at(minutes), **changes)


def rows() -> list[list[Any]]:
    conversions = Conversion.objects.order_by("order__source", "order__external_id", "enrollment")
    orders = Order.objects.order_by("source", "external_id")
    return [
        list(
            conversions.values_list(
                "order__source", "order__external_id", "enrollment", "evidence", "status", "tier",
                "sale_minor", "commission_minor",
            )
        ),
        list(orders.values_list("source", "external_id", "unattributed", "revision")),
    ]  # fmt: skip


def recorded(
    cast: Cast, *batches: Sequence[OrderFacts], script: Sequence[OrderFacts] = (), anew: bool = True
) -> list[list[Any]]:
    """What stands in the database after these batches. It is undone."""
    with transaction.atomic():
        record_orders(source="script", orders=script, by=SYSTEM, now=LATER)
        for batch in batches:
            record_orders(source="api", orders=batch, revising=anew, by=SYSTEM, now=LATER)
        assert list(differences(cast.juniper)) == []
        found = rows()
        transaction.set_rollback(True)
    return found


def tiers(found: list[list[Any]]) -> dict[str, tuple[int, int]]:
    """Tier and commission by order id."""
    return {row[1]: (row[5], row[7]) for row in found[0] if row[0] == "api"}


def test_an_order_credited_by_a_later_one_of_its_batch_counts_from_then_on(cast: Cast) -> None:
    with_tier(cast)
    remembering(cast)
    facts = [
        a("A", "100", 20, promo_code=None, customer_id="ada"),
        a("W", "100", 10, customer_id="ada"),
        a("X", "500", 30),
    ]

    singly = recorded(cast, *([one] for one in facts), anew=False)

    assert tiers(singly) == {"W": (0, 1_000), "A": (0, 1_000), "X": (1, 10_000)}
    assert recorded(cast, facts, anew=False) == singly


def test_an_order_keeps_the_member_who_won_its_customer_first(cast: Cast) -> None:
    remembering(cast)
    facts = [
        a("A", "100", 20, promo_code=None, customer_id="ada"),
        a("W", "100", 10, customer_id="ada"),
        a("V", "100", 15, customer_id="ada", promo_code="DIEGO10"),
    ]

    singly = recorded(cast, *([one] for one in facts), anew=False)

    assert [row[2] for row in singly[0] if row[1] == "A"] == [cast.mara_in_glow.pk]
    assert recorded(cast, facts, anew=False) == singly


def test_an_order_and_its_correction_come_before_the_next_order(cast: Cast) -> None:
    with_tier(cast)
    facts = [
        a("O", "100", 10, updated_at=at(10)),
        a("O", "200", 10, updated_at=at(15)),
        a("N", "500", 30),
    ]

    singly = recorded(cast, *([one] for one in facts))

    assert tiers(singly) == {"O": (0, 2_000), "N": (1, 10_000)}
    assert recorded(cast, facts) == singly


def test_a_known_order_is_cancelled_before_the_next_order_comes(cast: Cast) -> None:
    with_tier(cast)
    known = [a("O", "100", 10, updated_at=at(10)), a("M", "60", 12)]
    cancelled = a("O", "100", 10, updated_at=at(15), cancelled_at=at(12))
    new = a("N", "500", 30)

    singly = recorded(cast, known, [cancelled], [new])

    assert tiers(singly)["N"] == (0, 5_000)
    assert recorded(cast, known, [cancelled, new]) == singly
    assert tiers(recorded(cast, known, [new, cancelled]))["N"] == (1, 10_000)


def test_a_cancelled_order_wins_its_customer_for_nobody_that_comes_after(cast: Cast) -> None:
    remembering(cast)
    known = [a("W", "100", 10, customer_id="ada", updated_at=at(10))]
    cancelled = a("W", "100", 10, customer_id="ada", updated_at=at(15), cancelled_at=at(12))
    new = a("X", "50", 20, promo_code=None, customer_id="ada")

    singly = recorded(cast, known, [cancelled], [new])

    assert [row[1] for row in singly[0]] == ["W"]
    assert recorded(cast, known, [cancelled, new]) == singly


def test_of_two_known_orders_the_first_is_credited_before_the_other_shrinks(cast: Cast) -> None:
    with_tier(cast)
    known = [a("O", "200", 10, updated_at=at(10)), a("N", "500", 30, promo_code=None)]
    anew = [a("N", "500", 30, updated_at=at(40)), a("O", "10", 10, updated_at=at(41))]

    singly = recorded(cast, known, *([one] for one in anew))

    assert tiers(singly)["N"] == (1, 10_000)
    assert recorded(cast, known, anew) == singly


def test_what_a_browser_reported_counts_until_the_shop_sends_the_order(cast: Cast) -> None:
    with_tier(cast)
    script = [a("S", "200", 10)]
    facts = [a("N", "500", 30), a("S", "200", 10), a("M", "10", 40)]

    singly = recorded(cast, *([one] for one in facts), script=script, anew=False)

    assert tiers(singly) == {"N": (1, 10_000), "S": (1, 4_000), "M": (1, 200)}
    assert recorded(cast, facts, script=script, anew=False) == singly


def test_a_refused_statement_parts_nothing_and_hides_nothing(cast: Cast) -> None:
    with_tier(cast)
    facts = [
        a("O", "100", 10 * 24 * 60),
        a("O", "200", 10),
        a("O", "10", 10, updated_at=at(20)),
        a("N", "500", 30),
    ]

    singly = recorded(cast, *([one] for one in facts))

    assert tiers(singly) == {"O": (0, 100), "N": (0, 5_000)}
    assert recorded(cast, facts) == singly


def test_an_order_that_is_credited_and_restated_in_one_batch_is_credited_once(cast: Cast) -> None:
    remembering(cast)
    won = {"customer_id": "ada"}
    later = {"promo_code": None, "customer_id": "ada"}
    state(
        a("W", "100", 10, **won, cancelled_at=at(11), updated_at=at(11)),
        a("X", "50", 20, **later, updated_at=at(20)),
        now=LATER,
    )

    results = state(
        a("W", "100", 10, **won, updated_at=at(12)),
        a("X", "70", 20, **later, updated_at=at(25)),
        now=LATER,
    )

    credited = dict(Conversion.objects.values_list("order__external_id", "sale_minor"))
    assert credited == {"W": 10_000, "X": 7_000}
    assert [(one.status.value, bool(one.conversion_id)) for one in results] == [
        ("revised", True),
        ("revised", True),
    ]
    assert list(differences(cast.juniper)) == []


def test_an_order_credited_between_two_statements_keeps_no_reason(cast: Cast) -> None:
    remembering(cast)
    later = {"promo_code": None, "customer_id": "ada"}
    x = [
        a("X", price, 20, **later, updated_at=at(20 + number))
        for number, price in enumerate(["50", "70", "80"])
    ]
    state(x[0], a("W", "100", 10, promo_code=None, updated_at=at(10)), now=LATER)

    state(x[1], a("W", "100", 10, customer_id="ada", updated_at=at(12)), x[2], now=LATER)

    assert set(Order.objects.values_list("external_id", "unattributed")) == {("X", ""), ("W", "")}
    [result] = sell(a("N", "10", 15, customer_id="ada"), now=LATER)
    assert result.conversion_id
    assert Conversion.objects.get(order__external_id="X").sale_minor == 8_000
    assert list(differences(cast.juniper)) == []


@pytest.mark.parametrize("customer", [None, "bob"])
def test_a_statement_that_names_the_customer_wins_their_later_orders(
    cast: Cast, customer: str | None
) -> None:
    remembering(cast)
    first = a("W", "100", 10, customer_id=customer, updated_at=at(10))
    anew = a("W", "100", 10, customer_id="ada", updated_at=at(15))
    later = a("L", "100", 20, promo_code=None, customer_id="ada")

    in_time = recorded(cast, [first], [anew], [later])

    assert [row[1] for row in in_time[0]] == ["L", "W"]
    assert recorded(cast, [first], [later], [anew]) == in_time
    assert recorded(cast, [first, later, anew]) == in_time


def queries_of(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def assert_queries_stay(queries: Callable[[int], int], *, of: int) -> None:
    """They are as many for three orders as for so many."""
    queries(2)  # keeps the queries that are kept
    assert queries(3) == queries(of)


def test_new_orders_without_anything_to_part_for_need_as_many_queries_whatever_their_number(
    cast: Cast,
) -> None:
    with_tier(cast)
    remembering(cast)

    def queries(orders: int) -> int:
        batch = [a(f"{orders}-{n}", "10", n + 2, customer_id=f"c{n}") for n in range(orders)]
        return queries_of(lambda: sell(*batch, now=LATER))

    assert_queries_stay(queries, of=40)


def test_orders_that_get_paid_between_new_ones_part_nothing(cast: Cast) -> None:
    with_tier(cast)
    remembering(cast)

    def queries(orders: int) -> int:
        unpaid = [
            a(f"{orders}-{number}", "10", number + 2, payment_status="pending")
            for number in range(orders)
        ]
        sell(*unpaid, now=LATER)
        batch: list[OrderFacts] = []
        for number in range(orders):
            batch.append(a(f"{orders}-{number}", "10", number + 2))
            batch.append(a(f"{orders}-{number}-new", "10", number + 2))
        return queries_of(lambda: state(*batch, now=LATER))

    assert_queries_stay(queries, of=10)


def test_changed_orders_of_other_members_and_customers_part_nothing(cast: Cast) -> None:
    """A shop sends what changed in an hour: new orders and known ones, as they come."""
    with_tier(cast)
    remembering(cast)

    def queries(orders: int) -> int:
        names = [f"{orders}-{number}" for number in range(orders)]
        sell(*(a(name, "10", 2, customer_id=f"k{name}") for name in names), now=LATER)
        batch: list[OrderFacts] = []
        for name in names:
            batch.append(a(name, "20", 2, customer_id=f"k{name}"))
            batch.append(a(f"{name}-new", "10", 2, promo_code="DIEGO10", customer_id=f"n{name}"))
        return queries_of(lambda: state(*batch, now=LATER))

    assert_queries_stay(queries, of=10)


def test_an_order_that_waits_outside_the_batch_counts_for_who_has_its_code(cast: Cast) -> None:
    """It waits without a member, is won by its customer, and has the code of somebody else."""
    with_tier(cast)
    remembering(cast)
    sell(
        a("P", "200", 2, customer_id="ada", promo_code="LATE"),
        a("K", "10", 2, customer_id="ada", promo_code=None),
        now=LATER,
    )
    diego = cast.diego_in_glow
    give_codes(codes={diego.pk: "LATE"}, enrollments=[diego], by=SYSTEM, now=NOW)
    known, new = a("K", "10", 2, customer_id="ada"), a("D", "100", 6, promo_code="DIEGO10")

    assert recorded(cast, [known, new]) == recorded(cast, [known], [new])


STATEMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "order_id": st.sampled_from("ABCDE"),
            "only_its_state": st.booleans(),
            "price": st.sampled_from(["10", "100", "250"]),
            "minutes": st.sampled_from([5, 10, 20, 400, 2_000]),
            "promo_code": st.sampled_from(["MARA15", "DIEGO10", "MARAONCE", None, None]),
            "customer_id": st.sampled_from(["ada", "ada", "bob", None]),
            "cancelled_at": st.sampled_from([None, None, at(3_000)]),
            "payment_status": st.sampled_from(["paid", "paid", "pending", "voided"]),
            "updated_at": st.sampled_from([None, at(3_000), at(3_010), at(3_020)]),
        }
    ),
    min_size=3,
    max_size=9,
)


def facts_of(told: Sequence[dict[str, Any]]) -> list[OrderFacts]:
    """Of some orders only the state changes, from one statement to the next."""
    last: dict[str, dict[str, Any]] = {}
    facts = []
    for one in told:
        said = one | {}
        order_id, only_its_state = said.pop("order_id"), said.pop("only_its_state")
        if only_its_state and order_id in last:
            state_of = ("payment_status", "cancelled_at", "updated_at")
            said = last[order_id] | {name: one[name] for name in state_of}
        last[order_id] = said
        price, minutes = said["price"], said["minutes"]
        changes = {key: each for key, each in said.items() if key not in ("price", "minutes")}
        facts.append(a(order_id, price, minutes, **changes))
    return facts


def test_any_batches_of_the_same_sequence_give_the_same_rows(cast: Cast) -> None:
    remembering(cast)
    other = create_offer(
        values=offer_values(name="Once", remembers_customers=True),
        terms=TermsValues(
            percent_bp=500, tiers=(Tier("t", 1, 900), Tier("u", 2, 950)), tier_by=TierBy.CONVERSIONS
        ),
        by=SYSTEM,
        now=NOW - timedelta(days=3),
    )
    [mara] = enroll(offer=other, members=[cast.mara], by=SYSTEM, now=NOW - timedelta(days=3))
    give_codes(codes={mara.pk: "MARAONCE"}, enrollments=[mara], by=SYSTEM, now=NOW)
    with_tier(cast)

    @settings(
        max_examples=amount(15, soak=1_000),
        deadline=None,
        phases=NO_SHRINKING,
        suppress_health_check=list(HealthCheck),
    )
    @given(told=STATEMENTS, data=st.data())
    def same(told: list[dict[str, Any]], data: st.DataObject) -> None:
        facts = facts_of(told)
        seen = data.draw(st.lists(st.sampled_from(facts), max_size=2))
        first, second = sorted(
            data.draw(st.tuples(*[st.integers(0, len(facts))] * 2), label="cuts")
        )
        anew = data.draw(st.booleans())
        with acting_for(cast.juniper):
            singly = recorded(cast, *([one] for one in facts), script=seen, anew=anew)
            assert recorded(cast, facts, script=seen, anew=anew) == singly
            batches = facts[:first], facts[first:second], facts[second:]
            assert recorded(cast, *batches, script=seen, anew=anew) == singly

    same()
