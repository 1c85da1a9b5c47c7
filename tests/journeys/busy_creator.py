"""June when she sells for everybody: thirty offers of six brands, some over, money everywhere."""

from __future__ import annotations

import uuid
from datetime import datetime

from accounts.actors import Actor
from accounts.brands import create_brand
from accounts.models import CodePurpose, MailedCode
from affiliates.models import Creator
from affiliates.services import add_member
from core.tenancy import acting_for
from offers.models import OfferStatus
from offers.services import create_offer, enroll, set_offer_status
from offers.terms import TermsValues
from payouts.models import PayoutDetails
from payouts.runs import confirm_run, draft_run
from payouts.services import adjust
from tests.cast import SYSTEM, Cast, offer_values, proven_user
from tests.factories import ProvenCodeFactory

BRANDS = (
    ("alder", "Alder & Ash Apothecary of the Northern Lakes", "EUR"),
    ("brine", "Brine", "GBP"),
    ("cobalt", "Cobalt Cycling", "EUR"),
    ("dune", "Dune", "JPY"),
)
OFFERS = 7


def make_busy(cast: Cast, *, now: datetime) -> Creator:
    """Give June 28 offers more, and a payment that waits to know where she is paid."""
    june = Creator.objects.get(email="june@okafor.example")
    for slug, name, currency in BRANDS:
        proven_user(f"owner@{slug}.example")
        brand = create_brand(
            slug=slug, name=name, currency=currency, time_zone="Europe/Berlin",
            owner_email=f"owner@{slug}.example", by=SYSTEM, now=now,
        )  # fmt: skip
        with acting_for(brand):
            member = add_member(
                email=june.email, first_name="June", last_name="Okafor", by=SYSTEM, now=now
            )
            for number in range(OFFERS):
                offer = create_offer(
                    values=offer_values(name=f"{name} {number + 1}", currency=currency),
                    terms=TermsValues(percent_bp=1_000), by=SYSTEM, now=now,
                )  # fmt: skip
                [row] = enroll(offer=offer, members=[member], by=SYSTEM, now=now)
                adjust(
                    enrollment=row, currency=currency, amount_minor=(number + 1) * 4_321,
                    note="Bonus", by=SYSTEM, now=now,
                )  # fmt: skip
                if number >= OFFERS - 2:
                    set_offer_status(
                        offer=offer, status=(OfferStatus.ENDED, OfferStatus.ARCHIVED)[number % 2],
                        by=SYSTEM, now=now,
                    )  # fmt: skip
    PayoutDetails.objects.filter(creator=june).delete()
    with acting_for(brand):
        run = draft_run(
            currency=currency, member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(),
            by=Actor.system("test"), now=now,
        )  # fmt: skip
        confirm_run(run=run, by=SYSTEM, now=now)
    return june


def prove(creator: Creator, purpose: CodePurpose, *, now: datetime) -> uuid.UUID:
    """A code that was mailed to the creator and entered, without the mail."""
    MailedCode.objects.filter(address=creator.email, purpose=purpose).delete()
    return ProvenCodeFactory.create(address=creator.email, purpose=purpose, now=now).public_id
