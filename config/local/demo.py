"""The demo brands: a history made by the product's own services, enough to fill every screen.

Loaded once. Two demos made on the same day are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import uuid4

from accounts.actors import Actor
from accounts.brands import create_brand
from accounts.models import Brand, Role
from accounts.proven_addresses import make_proven_user
from accounts.services import give_role
from affiliates.models import Member
from affiliates.services import add_member
from core.money import Money
from core.tenancy import acting_for
from offers.models import Enrollment, Offer
from offers.services import (
    OfferValues,
    add_to_project,
    create_offer,
    create_project,
    enroll,
    set_up_stage,
)
from offers.structure import CapPeriod, Customer, Rule, RuleKind, Tier
from offers.terms import TermsValues
from payouts.ledger import due_entries
from payouts.services import adjust, record_payment
from tracking.commissions.click_earnings import credit_clicks
from tracking.links import click_ids
from tracking.links.click_lines import ClickLines, line_of
from tracking.links.items import items_of
from tracking.links.promo_codes import give_codes, suggest_codes
from tracking.links.storing import store_batches
from tracking.links.tracking_links import give_links
from tracking.models import ClickKind, Device, TrackingLink
from tracking.orders.approval import reject_conversions
from tracking.orders.facts import OrderFacts, RefundFacts
from tracking.orders.reading import read_order, read_refund
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refunds

BY = Actor.system("demo")
BRAND, OWNER = "juniper", "ines@juniper.example"
MANAGER = "theo@juniper.example"
SECOND_BRAND = "saltmarsh"
CREATOR = "mara@lindqvist.example"
OFFER = "Winter Glow creators"
PEOPLE = (
    ("Mara", "Lindqvist", CREATOR),
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
NEWCOMERS = (
    ("Ada", "Sørensen", "ada@sorensen.example"),
    ("Bruno", "Keller", "bruno@keller.example"),
    ("Chiara", "Conti", "chiara@conti.example"),
    ("No Address", "Yet", ""),
)
PRODUCTS = (
    ("GLOW-01", "Winter glow serum", "24.50"),
    ("GLOW-02", "Night balm", "31.00"),
    ("GLOW-03", "Juniper hand cream", "12.90"),
    ("GLOW-04", "Gift set, large", "68.00"),
    ("GLOW-05", "Lip oil", "9.75"),
)
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"


@dataclass(frozen=True)
class Shop:
    """A brand's demo shop: the sellers, and the random numbers that make it look real."""

    brand: Brand
    offer: Offer
    enrollments: Sequence[Enrollment]
    chance: Random
    now: datetime


def is_loaded() -> bool:
    return Brand.objects.filter(slug=BRAND).exists()


def load(*, now: datetime) -> None:
    """Make both demo brands with two months of clicks, orders, refunds and a payment."""
    make_proven_user(email=OWNER, name="Ines Castell", password=None, now=now)
    first = create_brand(
        slug=BRAND,
        name="Juniper & Co",
        currency="GBP",
        time_zone="Europe/London",
        owner_email=OWNER,
        by=BY,
        now=now,
    )
    second = create_brand(
        slug=SECOND_BRAND,
        name="Saltmarsh",
        currency="USD",
        time_zone="America/New_York",
        owner_email=OWNER,
        by=BY,
        now=now,
    )
    with acting_for(first):
        _load_juniper(first, now=now)
    second.postal_address = "40 Wharf Street\nPortland, ME 04101\nUSA"
    second.save(update_fields=["postal_address"])
    with acting_for(second):
        _load_saltmarsh(second, now=now)


def _load_juniper(brand: Brand, *, now: datetime) -> None:
    brand.sender_name, brand.reply_to = "Ines at Juniper & Co", "creators@juniper.example"
    brand.postal_address = "12 Orchard Lane\nBristol BS1 4QT\nUnited Kingdom"
    brand.save(update_fields=["sender_name", "reply_to", "postal_address"])
    theo = make_proven_user(email=MANAGER, name="Theo Marsh", password=None, now=now)
    give_role(user=theo, role=Role.MANAGER, by=BY, now=now)
    members = _members(PEOPLE, now=now)
    offer = create_offer(
        values=OfferValues(
            name=OFFER,
            kind="both",
            destination_url="https://www.juniper.example/winter-glow",
            currency="GBP",
            description="Winter launch, open to all creators",
            code_pattern="{FIRST_NAME}15",
        ),
        terms=TermsValues(
            percent_bp=1_200,
            hold_days=14,
            tiers=(
                Tier("Silver", 150_000, percent_bp=1_300),
                Tier("Gold", 500_000, percent_bp=1_500),
            ),
            rules=(Rule(RuleKind.PRODUCT, "GIFT-CARD", 0),),
        ),
        by=BY,
        now=now - timedelta(days=90),
    )
    letters = create_offer(
        values=OfferValues(
            name="Spring letters",
            kind="code",
            destination_url="https://www.juniper.example/letters",
            currency="GBP",
            code_pattern="{FIRST_NAME}SPRING",
        ),
        terms=TermsValues(fixed_minor=500, hold_days=30, approval="by_hand"),
        by=BY,
        now=now - timedelta(days=40),
    )
    shop = Shop(brand, offer, _enroll(offer, members, now=now), Random(7), now)  # noqa: S311
    _sell(shop, days=60, orders=340)
    _pay(members[0], now=now)
    shop = Shop(brand, letters, _enroll(letters, members[:5], now=now), Random(8), now)  # noqa: S311
    _sell(shop, days=20, orders=12)
    project = create_project(name="Autumn newcomers", by=BY, now=now)
    set_up_stage(project=project, offer=offer, by=BY, now=now)
    add_to_project(project=project, members=_members(NEWCOMERS, now=now), by=BY, now=now)
    add_to_project(project=project, members=members[:3], by=BY, now=now)


def _load_saltmarsh(brand: Brand, *, now: datetime) -> None:
    members = _members(PEOPLE[:3], now=now)
    offer = create_offer(
        values=OfferValues(
            name="Tide club",
            kind="link",
            destination_url="https://saltmarsh.example/",
            currency="USD",
        ),
        terms=TermsValues(
            percent_bp=1_000,
            fixed_minor=200,
            per_click_minor=2,
            hold_days=7,
            rules=(Rule(RuleKind.CUSTOMER, Customer.NEW.value, 1_500, 200),),
            cap_minor=100_000,
            cap_period=CapPeriod.MONTH.value,
        ),
        by=BY,
        now=now - timedelta(days=50),
    )
    shop = Shop(brand, offer, _enroll(offer, members, now=now), Random(9), now)  # noqa: S311
    _sell(shop, days=30, orders=40)
    credit_clicks(now=now, since=now - timedelta(days=30))


def _members(people: Sequence[tuple[str, str, str]], *, now: datetime) -> list[Member]:
    return [
        add_member(email=email, first_name=first, last_name=last, by=BY, now=now)
        for first, last, email in people
    ]


def _enroll(offer: Offer, members: Sequence[Member], *, now: datetime) -> list[Enrollment]:
    joined = enroll(offer=offer, members=members, by=BY, now=now)
    if offer.gives_codes:
        codes = suggest_codes(offer=offer, enrollments=joined)
        give_codes(codes=codes, enrollments=joined, by=BY, now=now)
    if offer.gives_links:
        give_links(enrollments=joined, by=BY, now=now)
    return joined


def _sell(shop: Shop, *, days: int, orders: int) -> None:
    """Orders spread over the last `days`, with clicks, a few refunds and one rejection."""
    links = {
        row.enrollment_id: row
        for row in TrackingLink.objects.filter(enrollment__in=list(shop.enrollments))
    }
    items = items_of(shop.enrollments)
    facts = []
    for number in range(orders):
        enrollment = _seller(shop)
        at = shop.now - timedelta(minutes=shop.chance.randrange(30, days * 24 * 60))
        link = links.get(enrollment.pk)
        if link is not None:
            _click(shop, link, at)
        by_link = link is not None and (not shop.offer.gives_codes or shop.chance.random() < 0.4)
        code = items[enrollment.pk].promo_code
        facts.append(_order(shop, number, at, link if by_link else None, code))
    outcomes = record_orders(source="demo shop", orders=facts, by=BY, now=shop.now)
    refunds = [_refund(order, shop) for order in facts[:: max(orders // 9, 1)]]
    record_refunds(source="demo shop", refunds=refunds, by=BY, now=shop.now)
    last = next(outcome.conversion_id for outcome in reversed(outcomes) if outcome.conversion_id)
    reject_conversions(
        conversion_ids=[last], reason="Order cancelled by the shop", by=BY, now=shop.now
    )


def _seller(shop: Shop) -> Enrollment:
    """The first members sell the most."""
    place = int(shop.chance.paretovariate(0.9)) - 1
    return shop.enrollments[place % len(shop.enrollments)]


def _click(shop: Shop, link: TrackingLink, at: datetime) -> None:
    moments = [at - timedelta(minutes=5 * visit) for visit in range(shop.chance.randrange(1, 5))]
    lines = [
        line_of(
            link_id=link.pk,
            click_id=click_ids.make(link_id=link.pk, clicked_at=moment),
            clicked_at=moment,
            kind=ClickKind.VISIT,
            visitor=shop.chance.getrandbits(63),
            user_agent=PHONE,
            referrer_host="social.example",
            device=Device.PHONE,
        )
        for moment in moments
    ]
    store_batches([ClickLines(uuid4(), "".join(lines).encode())], now=at)


def _order(
    shop: Shop, number: int, at: datetime, link: TrackingLink | None, code: str | None
) -> OrderFacts:
    lines = [
        {"sku": sku, "product": product, "quantity": shop.chance.choice((1, 1, 1, 2)),
         "unit_price": price}
        for sku, product, price in shop.chance.sample(PRODUCTS, shop.chance.choice((1, 1, 2, 3)))
    ]  # fmt: skip
    evidence = (
        {"click_id": click_ids.make(link_id=link.pk, clicked_at=at - timedelta(minutes=20))}
        if link
        else {"promo_code": code}
    )
    return read_order(
        {
            "order_id": f"{shop.offer.pk}-{10_000 + number}",
            "ordered_at": at.isoformat(),
            "currency": shop.offer.currency,
            "customer_id": f"customer-{shop.chance.randrange(10_000)}",
            "lines": lines,
            **evidence,
        }
    )


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


def _pay(member: Member, *, now: datetime) -> None:
    """Record a payment of three weeks ago. Today the rest and a bonus are due."""
    then = now - timedelta(days=21)
    entries = list(due_entries(member_id=member.pk, currency="GBP", now=then))
    record_payment(
        member=member,
        currency="GBP",
        entry_ids=[entry.pk for entry in entries],
        reference="BACS 2291",
        by=BY,
        now=then,
    )
    adjust(
        enrollment=entries[0].enrollment,
        currency="GBP",
        amount_minor=2_500,
        note="Thank you for the launch video",
        by=BY,
        now=now,
    )
