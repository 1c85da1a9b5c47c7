"""What happens in three shops, whom its codes belong to, and a picture of what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # they need Django, which is set up once the servers are there
    from accounts.models import Brand
    from integrations.models import Connection
    from tests.integrations.real.shops import RealShop

AT_ONCE = 20  # orders that something still happens to


def acts_of(shop: RealShop, number: int, chance: Random) -> Iterator[Callable[[], None]]:
    """What happens to one order: it is placed, then stated again, refunded, and ended at times."""
    from tests.integrations.real.shops import CODES, WooShop

    code, amount = chance.choice(CODES), chance.randint(60, 200)
    yield partial(shop.sell, number, code=code, amount=amount)
    refunds = 0
    for _ in range(chance.randint(1, 4)):
        if chance.random() < 0.5:
            refunds += 1
            given_back = chance.randint(1, 12)
            yield partial(shop.refund, number, given_back)
        else:
            yield partial(shop.change, number)
    if chance.random() < 0.1:
        yield partial(shop.cancel, number)
    elif isinstance(shop, WooShop) and not refunds and chance.random() < 0.3:
        yield partial(shop.delete, number)


def history(shops: list[RealShop], chance: Random) -> Iterator[Callable[[], None]]:
    """What happens in the shops, without end; each order's acts are in their order."""
    running: list[Iterator[Callable[[], None]]] = []
    number = 0
    while True:
        while len(running) < AT_ONCE:
            number += 1
            running.append(acts_of(shops[number % len(shops)], number, chance))
        one = chance.choice(running)
        act = next(one, None)
        if act is None:
            running.remove(one)
        else:
            yield act


def sellers(slug: str) -> Brand:
    """A brand with one offer at 10%, and a member for each code that is one."""
    from accounts.brands import create_brand
    from affiliates.services import add_member
    from core.tenancy import acting_for
    from offers.services import create_offer, enroll
    from offers.terms import TermsValues
    from tests.cast import NOW, SYSTEM, offer_values
    from tests.integrations.real.shops import CODES
    from tracking.links.promo_codes import give_codes

    brand = create_brand(
        slug=slug, name=slug.title(), currency="GBP", time_zone="Europe/London",
        owner_email=f"owner@{slug}.example", by=SYSTEM, now=NOW,
    )  # fmt: skip
    with acting_for(brand):
        offer = create_offer(
            values=offer_values(), terms=TermsValues(percent_bp=1_000), by=SYSTEM, now=NOW
        )
        members = [
            add_member(
                email=f"{code.lower()}@{slug}.example", first_name=code, last_name="", by=SYSTEM,
                now=NOW,
            )
            for code in CODES[:-1]
        ]  # fmt: skip
        enrolled = enroll(offer=offer, members=members, by=SYSTEM, now=NOW)
        codes = {row.pk: code for row, code in zip(enrolled, CODES, strict=False)}
        give_codes(codes=codes, enrollments=enrolled, by=SYSTEM, now=NOW)
    return brand


def connected(shop: RealShop) -> Connection:
    from integrations.connections import connect, subscribe
    from integrations.models import Connection
    from tests.cast import SYSTEM

    now = datetime.now(UTC)
    made = connect(kind=shop.kind, entered=shop.entered, by=SYSTEM, now=now)
    findings = subscribe(connection=made, by=SYSTEM, now=now)
    assert all(one.is_ok for one in findings), findings
    return Connection.objects.get(pk=made.pk)


def picture() -> dict[str, Any]:
    """What is recorded and earned, without what tells how often and when it was said."""
    from django.db.models import Sum

    from payouts.models import LedgerEntry
    from tracking.models import Conversion, DailyTotal, Order, OrderLine, Refund, RefundState

    order, name = "order__external_id", "enrollment__member__first_name"
    booked = LedgerEntry.objects.values_list("conversion_id").annotate(Sum("amount_minor"))
    balances = dict(booked.order_by())
    rows = Conversion.objects.order_by(order, "order__source").values_list(
        "pk", "order__source", order, name, "status", "sale_minor", "refunded_minor",
        "commission_minor",
    )  # fmt: skip
    orders = Order.objects.order_by("source", "external_id").values_list(
        "source", "external_id", "total_minor", "payment_status", "updated_at", "unattributed",
        "cancelled_at",
    )  # fmt: skip
    lines = OrderLine.objects.order_by("order__source", order, "position").values_list(
        "order__source", order, "line_id", "net_minor", "refunded_minor"
    )
    refunds = Refund.objects.exclude(state=RefundState.UNDONE).order_by("source", "external_id")
    totals = DailyTotal.objects.order_by(name, "day").values_list(
        name, "day", "conversions", "sales_minor", "refunds_minor", "commission_minor"
    )
    return {
        "orders": [(*row, cancelled_at is not None) for *row, cancelled_at in orders],
        "lines": list(lines),
        "refunds": list(
            refunds.values_list("source", "external_id", "state", "amount_minor", "refunded_at")
        ),
        "conversions": [(*row, balances.get(pk, 0)) for pk, *row in rows],
        "totals": list(totals),
    }
