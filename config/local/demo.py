"""The demo brands: a history made by the product's own services, enough to fill every screen.

Loaded once. Two demos made on the same day are the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from accounts.actors import Actor
from accounts.brands import create_brand
from accounts.models import Brand, Role
from accounts.proven_addresses import make_proven_user
from accounts.services import give_role
from affiliates.models import Member
from core.tenancy import acting_for
from offers.projects import add_to_project, create_project, set_up_stage
from offers.services import create_offer
from offers.structure import CapPeriod, Customer, Rule, RuleKind, Tier
from offers.terms import TermsValues
from offers.values import OfferValues
from payouts.selectors import items_of
from payouts.services import adjust
from tracking.commissions.click_earnings import credit_clicks
from tracking.links.membership import add_to_offer
from tracking.samples.making import PEOPLE, Shop, add_people, pay_all_due, sell

BY = Actor.system("demo")
BRAND, OWNER = "juniper", "ines@juniper.example"
MANAGER = "theo@juniper.example"
SECOND_BRAND = "saltmarsh"
CREATOR = PEOPLE[0][2]
OFFER = "Winter Glow creators"
SOURCE = "demo shop"
NEWCOMERS = (
    ("Ada", "Sørensen", "ada@sorensen.example"),
    ("Bruno", "Keller", "bruno@keller.example"),
    ("Chiara", "Conti", "chiara@conti.example"),
    ("No Address", "Yet", ""),
)


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
    members = add_people(PEOPLE, by=BY, now=now)
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
    sellers = add_to_offer(offer=offer, members=members, with_items=True, by=BY, now=now)
    shop = Shop(offer, sellers, SOURCE, Random(7), BY, now)  # noqa: S311
    sell(shop, days=60, orders=340)
    _pay(members[0], now=now)
    sellers = add_to_offer(offer=letters, members=members[:5], with_items=True, by=BY, now=now)
    shop = Shop(letters, sellers, SOURCE, Random(8), BY, now)  # noqa: S311
    sell(shop, days=20, orders=12)
    project = create_project(name="Autumn newcomers", by=BY, now=now)
    set_up_stage(project=project, offer=offer, by=BY, now=now)
    add_to_project(project=project, members=add_people(NEWCOMERS, by=BY, now=now), by=BY, now=now)
    add_to_project(project=project, members=members[:3], by=BY, now=now)


def _load_saltmarsh(brand: Brand, *, now: datetime) -> None:
    members = add_people(PEOPLE[:3], by=BY, now=now)
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
    sellers = add_to_offer(offer=offer, members=members, with_items=True, by=BY, now=now)
    shop = Shop(offer, sellers, SOURCE, Random(9), BY, now)  # noqa: S311
    sell(shop, days=30, orders=40)
    credit_clicks(now=now, since=now - timedelta(days=30))


def _pay(member: Member, *, now: datetime) -> None:
    """Record a payment of three weeks ago. Today the rest and a bonus are due."""
    then = now - timedelta(days=21)
    paid = pay_all_due(member, currency="GBP", reference="BACS 2291", by=BY, now=then)
    adjust(
        enrollment=items_of([paid.pk])[0].entry.enrollment,
        currency="GBP",
        amount_minor=2_500,
        note="Thank you for the launch video",
        by=BY,
        now=now,
    )
