"""Fill a brand's test mode with sample data, so that every page has something to show."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from django.db import transaction

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import Brand
from affiliates.selectors import members_by_address
from core.tenancy import acting_for
from offers.models import Offer
from offers.services import create_offer
from offers.structure import Tier
from offers.terms import TermsValues
from offers.values import OfferValues
from payouts.models import PayoutState
from payouts.services import return_payment
from tracking.links.membership import add_to_offer
from tracking.models import Order
from tracking.samples.making import PEOPLE, Shop, add_people, pay_all_due, sell

SOURCE = "sample-shop"
OFFER = "Sample offer"
MEMBERS, ORDERS, DAYS = 6, 60, 90
PAID_BEFORE = timedelta(days=21)
SEED = 7


@transaction.atomic
def fill_with_sample_data(*, brand: Brand, by: Actor, now: datetime) -> bool:
    """Make an offer, six members with codes and links, and three months of what they sold.

    Once: while its orders are there, nothing happens and the answer is False. What is in test mode
    already stays; "Delete all test data" removes both. Raises ValueError for a live brand.
    """
    row = Brand.objects.select_for_update().get(pk=brand.pk)
    if not row.is_test:
        raise ValueError(f"{row.slug} is a live brand")
    with acting_for(row):
        if Order.objects.filter(source=SOURCE).exists():
            return False
        _fill(_offer(row, by=by, now=now), by=by, now=now)
    with acting_for(row.test_of_id or 0):
        audit.record(action="test_mode.filled", target=row, by=by, now=now)
    return True


def _offer(brand: Brand, *, by: Actor, now: datetime) -> Offer:
    return create_offer(
        values=OfferValues(
            name=OFFER,
            kind="both",
            destination_url="https://shop.example/",
            currency=brand.currency,
            description="Made of sample data",
            code_pattern="{FIRST_NAME}15",
        ),
        terms=TermsValues(
            percent_bp=1_200,
            hold_days=14,
            tiers=(Tier("Silver", 100_000, percent_bp=1_300),),
        ),
        by=by,
        now=now - timedelta(days=DAYS + 1),
    )


def _fill(offer: Offer, *, by: Actor, now: datetime) -> None:
    """Members, sales, a payment that arrived and one that failed."""
    known = members_by_address(email for _, _, email in PEOPLE[:MEMBERS])
    new = [person for person in PEOPLE[:MEMBERS] if person[2] not in known]
    members = [*known.values(), *add_people(new, by=by, now=now)]
    joined = add_to_offer(offer=offer, members=members, with_items=True, by=by, now=now)
    shop = Shop(offer, joined, SOURCE, Random(SEED), by, now)  # noqa: S311 - no secret
    sell(shop, days=DAYS, orders=ORDERS)
    then, currency = now - PAID_BEFORE, offer.currency
    pay_all_due(members[0], currency=currency, reference="Sample payment", by=by, now=then)
    failed = pay_all_due(members[1], currency=currency, reference="", by=by, now=then)
    return_payment(
        payout=failed,
        state=PayoutState.FAILED,
        reason="The bank returned it: no such account",
        by=by,
        now=then + timedelta(days=2),
    )
