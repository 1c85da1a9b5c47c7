"""Whatever the sequence and the batches in which facts arrive: the same rows in the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.tenancy import acting_for
from offers.services import change_offer, supersede_terms
from offers.structure import CapPeriod, Rule, RuleKind
from offers.terms import TermsValues
from payouts.models import LedgerEntry
from tests.amounts import amount
from tests.cast import NOW, SYSTEM, Cast, offer_values, refund
from tests.tracking.orders.stating import at, lines, stated
from tracking.links.membership import activate_member, deactivate_member
from tracking.models import Conversion, Order
from tracking.orders.facts import OrderFacts, RefundFacts
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refunds
from tracking.reconciliation.differences import differences

# A failure is small as it is.
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
LATER = NOW + timedelta(days=5)
Fact = OrderFacts | RefundFacts
ORDERS = st.lists(
    st.fixed_dictionaries(
        {
            "price": st.sampled_from(["0", "10.01", "100", "250"]),
            # On both sides of the new terms, and over two midnights.
            "minutes": st.sampled_from([0, 5, 5, 400, 800, 1_600]),
            "promo_code": st.sampled_from(["MARA15", "DIEGO10", None, "NOBODY"]),
            "customer_id": st.sampled_from(["ada", "ada", "bob", None]),
            "currency": st.sampled_from(["GBP", "GBP", "GBP", "USD"]),
            "payment_status": st.sampled_from(["paid", "paid", "pending", "voided"]),
            "refunded": st.sampled_from([None, None, "5.00", "999.00"]),
        }
    ),
    min_size=2,
    max_size=6,
)


# When Mara goes away from the offer and when she is back, in minutes.
OUT, BACK = 10, 900
WON = {
    "price": "100", "minutes": 0, "promo_code": "MARA15", "customer_id": "ada", "currency": "GBP",
    "payment_status": "paid", "refunded": None,
}  # fmt: skip
WHILE_AWAY = WON | {"minutes": 400, "promo_code": None}
WINNERS = {"ada": "MARA15", "bob": "DIEGO10"}


def facts_of(rows: Sequence[dict[str, Any]]) -> list[Fact]:
    """Each customer comes to one member only: an order that is credited keeps its member, also when
    another member turns out to have won its customer in between.
    """
    found: list[Fact] = []
    for number, row in enumerate(rows):
        told = {name: row[name] for name in ("promo_code", "customer_id", "currency")}
        if row["promo_code"] in WINNERS.values():
            told["promo_code"] = WINNERS.get(row["customer_id"], row["promo_code"])
        found.append(
            stated(
                f"{number}",
                lines=lines(row["price"]),
                ordered_at=at(row["minutes"]),
                payment_status=row["payment_status"],
                **told,
            )
        )
        if row["refunded"]:
            found.append(
                refund(
                    f"R{number}", f"{number}", sku=None, quantity=None, amount=row["refunded"],
                    currency=row["currency"], refunded_at=at(row["minutes"] + 10),
                )
            )  # fmt: skip
    return found


def happened_at(fact: Fact) -> datetime:
    return fact.ordered_at if isinstance(fact, OrderFacts) else fact.refunded_at


def recorded(
    batches: Sequence[Sequence[Fact]], cast: Cast, *, before_out: int = 0, before_back: int = 0
) -> list[Any]:
    """What stands in the database after these batches. It is undone.

    So many batches arrive before Mara goes away and before she is back; by default, she was away
    and is back when the first arrives.
    """
    mara = cast.mara_in_glow
    with transaction.atomic():
        for number in range(len(batches) + 1):
            if number == before_out:
                away_at = NOW + timedelta(minutes=OUT)
                deactivate_member(enrollment=mara, by=SYSTEM, now=away_at)
            if number == max(before_out, before_back):
                activate_member(enrollment=mara, by=SYSTEM, now=NOW + timedelta(minutes=BACK))
            batch = batches[number] if number < len(batches) else ()
            orders = [fact for fact in batch if isinstance(fact, OrderFacts)]
            refunds = [fact for fact in batch if isinstance(fact, RefundFacts)]
            record_refunds(source="api", refunds=refunds, by=SYSTEM, now=LATER)
            record_orders(source="api", orders=orders, by=SYSTEM, now=LATER)
        assert list(differences(cast.juniper)) == []
        conversions = Conversion.objects.order_by("order__external_id").values_list(
            "order__external_id", "enrollment", "evidence", "customer", "status", "sale_minor",
            "refunded_minor", "commission_minor", "earnable_minor", "left_under_cap_minor",
        )  # fmt: skip
        orders_left = Order.objects.order_by("external_id").values_list(
            "external_id", "unattributed"
        )
        ledger: dict[int, int] = {}
        for enrollment_id, minor in LedgerEntry.objects.values_list(
            "enrollment_id", "amount_minor"
        ):
            ledger[enrollment_id] = ledger.get(enrollment_id, 0) + minor
        balances = sorted((pk, minor) for pk, minor in ledger.items() if minor)
        found = [list(conversions), list(orders_left), balances]
        transaction.set_rollback(True)
    return found


@pytest.mark.usefixtures("at_juniper")
def test_any_sequence_and_any_batches_give_the_same_rows(cast: Cast) -> None:
    change_offer(offer=cast.glow, values=offer_values(remembers_customers=True), by=SYSTEM, now=NOW)
    supersede_terms(
        offer=cast.glow,
        values=TermsValues(
            percent_bp=1_000,
            fixed_minor=7,
            rules=(Rule(RuleKind.CUSTOMER, "new", percent_bp=1_500),),
            cap_minor=4_000,
            cap_period=CapPeriod.MONTH,
        ),
        starts_at=NOW + timedelta(minutes=1),
        by=SYSTEM,
        now=NOW,
    )

    @settings(
        max_examples=amount(6, soak=100),
        phases=NO_SHRINKING,
        suppress_health_check=list(HealthCheck),
    )
    @given(rows=ORDERS, data=st.data())
    def same(rows: list[dict[str, Any]], data: st.DataObject) -> None:
        facts = facts_of([WON, WHILE_AWAY, *rows])
        shuffled = data.draw(st.permutations(facts))
        cut = data.draw(st.integers(0, len(facts)))
        with acting_for(cast.juniper):
            in_time = sorted(facts, key=happened_at)
            one_by_one = recorded(
                [[fact] for fact in in_time],
                cast,
                before_out=sum(happened_at(fact) < NOW + timedelta(minutes=OUT) for fact in facts),
                before_back=sum(
                    happened_at(fact) < NOW + timedelta(minutes=BACK) for fact in facts
                ),
            )
            assert recorded([facts], cast) == one_by_one
            assert recorded([shuffled[:cut], shuffled[cut:]], cast) == one_by_one
            assert recorded([[fact] for fact in shuffled], cast) == one_by_one

    same()
