"""Make a believable shop: members, clicks, orders, refunds, payments.

What is random comes from `Shop.chance`, so the same seed at the same time makes the same data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import uuid4

from accounts.actors import Actor
from affiliates.models import Member
from affiliates.services import add_member
from core.money import Money, exponent
from offers.models import Enrollment, Offer
from payouts.ledger import due_entries
from payouts.models import Payout
from payouts.services import record_payment
from tracking.links import click_ids
from tracking.links.click_lines import ClickLines, line_of
from tracking.links.items import items_of
from tracking.links.storing import store_batches
from tracking.models import ClickKind, Device, TrackingLink
from tracking.orders.approval import reject_conversions
from tracking.orders.facts import OrderFacts, RefundFacts
from tracking.orders.reading import read_order, read_refund
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refunds

Person = tuple[str, str, str]  # first name, last name, address
PEOPLE: tuple[Person, ...] = (
    ("Mara", "Lindqvist", "mara@lindqvist.example"),
    ("Diego", "Arroyo", "diego@arroyo.example"),
    ("June", "Okafor", "june@okafor.example"),
    ("Elif", "Demir", "elif@demir.example"),
    ("Otis", "Brandt", "otis@brandt.example"),
    ("Amélie", "Fournier", "amelie@fournier.example"),
    ("Kenji", "Watanabe", "kenji@watanabe.example"),
    ("Noor", "Haddad", "noor@haddad.example"),
    ("Tomás", "Oliveira", "tomas@oliveira.example"),
    ("Freya", "Holm", "freya@holm.example"),
    ("Priya", "Raman", "priya@raman.example"),
    ("Luca", "Moretti", "luca@moretti.example"),
    ("Saoirse", "Byrne", "saoirse@byrne.example"),
    ("Wanjiru", "Kamau", "wanjiru@kamau.example"),
)
PRODUCTS = (
    ("GLOW-01", "Winter glow serum", "24.50"),
    ("GLOW-02", "Night balm", "31.00"),
    ("GLOW-03", "Juniper hand cream", "12.90"),
    ("GLOW-04", "Gift set, large", "68.00"),
    ("GLOW-05", "Lip oil", "9.75"),
)
USER_AGENTS = {
    Device.PHONE: "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1",
    Device.TABLET: "Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X) Safari/604.1",
    Device.COMPUTER: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0 Safari/537.36",
}
# Where a link was clicked, and the sub-id that the member gave it there; then how often.
PLACES = (
    ("instagram.com", "story"), ("instagram.com", "bio"), ("youtube.com", "video"),
    ("tiktok.com", "bio"), ("", "newsletter"), ("pinterest.com", ""),
)  # fmt: skip
PLACES_WEIGH = (5, 3, 4, 3, 2, 1)
COUNTRIES, COUNTRIES_WEIGH = ("GB", "IE", "DE", "FR", "US", ""), (12, 3, 3, 2, 2, 1)
DEVICES_WEIGH = (7, 1, 4)  # as in USER_AGENTS
RETURNING = 0.2  # the part of clicks whose visitor has been there before
REFUNDS = 9  # of all orders of a shop, about
KNOWN_FOR = timedelta(days=30)  # clicks that are older are stored as of their own time


@dataclass(frozen=True)
class Shop:
    """An offer's shop: its sellers, the name of its orders' source, and its random numbers."""

    offer: Offer
    enrollments: Sequence[Enrollment]
    source: str
    chance: Random
    by: Actor
    now: datetime


def add_people(people: Sequence[Person], *, by: Actor, now: datetime) -> list[Member]:
    return [
        add_member(email=email, first_name=first, last_name=last, by=by, now=now)
        for first, last, email in people
    ]


def sell(shop: Shop, *, days: int, orders: int) -> None:
    """Orders spread over the last `days`, with clicks, a few refunds and one rejection."""
    links = {
        row.enrollment_id: row
        for row in TrackingLink.objects.filter(enrollment__in=list(shop.enrollments))
    }
    items = items_of(shop.enrollments)
    facts: list[OrderFacts] = []
    clicks: list[tuple[datetime, str]] = []
    for number in range(orders):
        enrollment = _seller(shop)
        at = shop.now - timedelta(minutes=shop.chance.randrange(30, days * 24 * 60))
        link = links.get(enrollment.pk)
        visits = _visits(shop, link, at) if link is not None else []
        clicks += [(moment, _line(shop, click_id, moment)) for moment, click_id in visits]
        by_link = link is not None and (not shop.offer.gives_codes or shop.chance.random() < 0.4)
        code = items[enrollment.pk].promo_code
        facts.append(_order(shop, number, at, visits[0][1] if by_link else None, code))
    _store(clicks)
    outcomes = record_orders(source=shop.source, orders=facts, by=shop.by, now=shop.now)
    refunds = [_refund(order, shop) for order in facts[:: max(orders // REFUNDS, 1)]]
    record_refunds(source=shop.source, refunds=refunds, by=shop.by, now=shop.now)
    last = next(outcome.conversion_id for outcome in reversed(outcomes) if outcome.conversion_id)
    reject_conversions(
        conversion_ids=[last], reason="Order cancelled by the shop", by=shop.by, now=shop.now
    )


def pay_all_due(
    member: Member, *, currency: str, reference: str, by: Actor, now: datetime
) -> Payout:
    """Record a payment of all that was due to a member at that time."""
    entries = due_entries(member_id=member.pk, currency=currency, now=now)
    return record_payment(
        member=member,
        currency=currency,
        entry_ids=[entry.pk for entry in entries],
        reference=reference,
        by=by,
        now=now,
    )


def _seller(shop: Shop) -> Enrollment:
    """The first members sell the most."""
    place = int(shop.chance.paretovariate(0.9)) - 1
    return shop.enrollments[place % len(shop.enrollments)]


def _visits(shop: Shop, link: TrackingLink, at: datetime) -> list[tuple[datetime, str]]:
    """Return the times and ids of clicks before an order, the last click first."""
    moments = [at - timedelta(minutes=20 + 5 * n) for n in range(shop.chance.randrange(1, 5))]
    return [(moment, click_ids.make(link_id=link.pk, clicked_at=moment)) for moment in moments]


def _line(shop: Shop, click_id: str, moment: datetime) -> str:
    click = click_ids.read(click_id)
    assert click is not None  # noqa: S101 - it was just made
    visitor = shop.chance.getrandbits(63)
    chance = Random(visitor)  # noqa: S311 - so that orders do not depend on what clicks are like
    [(host, sub_id)] = chance.choices(PLACES, PLACES_WEIGH)
    [device] = chance.choices(list(USER_AGENTS), DEVICES_WEIGH)
    return line_of(
        link_id=click.link_id,
        click_id=click_id,
        clicked_at=moment,
        kind=ClickKind.VISIT,
        visitor=visitor,
        user_agent=USER_AGENTS[device],
        referrer_host=host,
        sub_ids=(sub_id,) if sub_id else (),
        country=chance.choices(COUNTRIES, COUNTRIES_WEIGH)[0],
        device=device,
        returning=chance.random() < RETURNING,
    )


def _store(clicks: Sequence[tuple[datetime, str]]) -> None:
    """Store the clicks in batches of a month, each as of the time of its last click."""
    left = sorted(clicks)
    while left:
        last = left[-1][0]
        batch = [line for moment, line in left if moment > last - KNOWN_FOR]
        left = left[: -len(batch)]
        store_batches([ClickLines(uuid4(), "".join(batch).encode())], now=last)


def _order(
    shop: Shop, number: int, at: datetime, click_id: str | None, code: str | None
) -> OrderFacts:
    currency = shop.offer.currency
    lines = [
        {"sku": sku, "product": product, "quantity": shop.chance.choice((1, 1, 1, 2)),
         "unit_price": _price(price, currency)}
        for sku, product, price in shop.chance.sample(PRODUCTS, shop.chance.choice((1, 1, 2, 3)))
    ]  # fmt: skip
    evidence = {"click_id": click_id} if click_id else {"promo_code": code}
    return read_order(
        {
            "order_id": f"{shop.offer.pk}-{10_000 + number}",
            "ordered_at": at.isoformat(),
            "currency": currency,
            "customer_id": f"customer-{shop.chance.randrange(10_000)}",
            "lines": lines,
            **evidence,
        }
    )


def _price(price: str, currency: str) -> str:
    """A price in a currency; 24.50 is 2450 where there are no smaller units."""
    return price if exponent(currency) >= 2 else f"{Decimal(price) * 100:.0f}"


def _refund(order: OrderFacts, shop: Shop) -> RefundFacts:
    line = order.lines[0]
    return read_refund(
        {
            "refund_id": f"R-{order.external_id}",
            "order_id": order.external_id,
            "refunded_at": shop.now.isoformat(),
            "currency": order.currency,
            "sku": line.sku,
            "quantity": line.quantity,
            "amount": Money(line.net_minor, order.currency).plain(),
        }
    )
