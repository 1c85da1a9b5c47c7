"""The people of the tests: two brands, their staff and members, and an outsider.

Juniper & Co (pounds, London) runs an offer with codes and links at 10%, no hold. Saltmarsh
(dollars, New York) runs one too. June is a member of both. All three have payout details, and
share them with each of their brands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.actors import Actor
from accounts.brands import create_brand
from accounts.models import Brand, Role, User
from accounts.proven_addresses import make_proven_user
from accounts.services import give_role
from affiliates.models import Member
from affiliates.services import add_member
from core.tenancy import acting_for
from offers.models import Enrollment, Offer
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from offers.values import OfferValues
from payouts.destinations import Destination, bank_account
from payouts.ledger import due_entries
from payouts.models import DetailsRelease, Payout, PayoutDetails
from payouts.sealing import seal
from payouts.services import record_payment
from tests.factories import NOW as NOW
from tests.factories import OfferValuesFactory, RawOrder, RawRefund
from tracking.links.promo_codes import give_codes
from tracking.links.tracking_links import give_links
from tracking.orders.facts import OrderFacts, RefundFacts
from tracking.orders.reading import read_order, read_refund

POSTAL_ADDRESS = "1 Test Street\nLondon EC1A 1AA"
SYSTEM = Actor.system("test")
IBAN = "DE89370400440532013000"  # the example of the registry of IBANs
RANDOM_PART = slice(-43, None)  # of a key of the API: 32 random bytes in base64, also with "_"


@dataclass
class Cast:
    """Everybody. `ines` owns Juniper, `theo` manages it, `vera` only reads; `otto` is an outsider,
    the owner of Saltmarsh. Mara (code MARA15) and Diego sell for Juniper, June for both."""

    juniper: Brand
    saltmarsh: Brand
    ines: User
    theo: User
    vera: User
    otto: User
    mara: Member
    diego: Member
    june: Member
    june_at_saltmarsh: Member
    glow: Offer
    tide: Offer
    mara_in_glow: Enrollment
    diego_in_glow: Enrollment
    june_in_glow: Enrollment
    june_in_tide: Enrollment
    by: Actor = SYSTEM
    now: datetime = NOW


def offer_values(**changes: Any) -> OfferValues:
    """An offer in pounds for codes and links, with `changes`."""
    return OfferValuesFactory.build(**changes)


def order(order_id: str = "1001", **changes: Any) -> OrderFacts:
    """An order of £84.20 with Mara's code an hour ago, with `changes`."""
    return read_order(raw_order(order_id, **changes))


def raw_order(order_id: Any = "1001", **changes: Any) -> dict[str, Any]:
    """The same as the API receives it; see RawOrder."""
    return RawOrder.build(order_id=order_id, **changes)


def refund(refund_id: str = "R1", order_id: str = "1001", **changes: Any) -> RefundFacts:
    """A refund of £10.00 on the order's only line, with `changes`."""
    return read_refund(raw_refund(refund_id, order_id, **changes))


def raw_refund(refund_id: Any = "R1", order_id: Any = "1001", **changes: Any) -> dict[str, Any]:
    """The same as the API receives it."""
    return RawRefund.build(refund_id=refund_id, order_id=order_id, **changes)


def give_details(
    member: Member, destination: Destination | None = None, *, now: datetime = NOW
) -> None:
    """Give a member payout details, a German account by default, and share them with the brand.

    The details are new, or take the place of others, and are released to the member's brand.
    """
    to = destination or bank_account(country="DE", holder=str(member), iban=IBAN)
    PayoutDetails.objects.update_or_create(
        creator=member.creator,
        defaults={
            "method": to.method,
            "country": to.country,
            "ending": to.ending,
            "sealed": seal(f"creator:{member.creator_id}", to.values()),
            "changed_at": now,
        },
    )
    release_to_brand(member, now=now)


def release_to_brand(member: Member, *, now: datetime = NOW) -> DetailsRelease:
    """Share the member's payout details with their brand, without a code and a mail."""
    with acting_for(member.brand_id):
        release, _ = DetailsRelease.objects.get_or_create(
            creator=member.creator, taken_back_at=None, defaults={"released_at": now}
        )
    return release


def pay_all_due(
    member: Member, *, currency: str = "GBP", reference: str = "BACS 1", now: datetime = NOW
) -> Payout:
    """Record that the member was paid everything that is due to them in this currency."""
    due = due_entries(member_id=member.pk, currency=currency, now=now)
    return record_payment(
        member=member,
        currency=currency,
        entry_ids=[entry.pk for entry in due],
        reference=reference,
        by=SYSTEM,
        now=now,
    )


def proven_user(email: str, name: str = "", now: datetime = NOW) -> User:
    """Somebody who has shown that they read mail at their address; they have no password."""
    return make_proven_user(email=email, name=name, password=None, now=now)


def assemble(now: datetime = NOW) -> Cast:
    """Put everybody into the database, as of `now`."""
    ines = proven_user("ines@juniper.example", "Ines Castell", now)
    theo = proven_user("theo@juniper.example", "Theo Marsh", now)
    vera = proven_user("vera@juniper.example", "Vera Lund", now)
    otto = proven_user("otto@saltmarsh.example", "Otto Wren", now)
    juniper = _brand("juniper", "Juniper & Co", "GBP", "Europe/London", "ines@juniper.example", now)
    saltmarsh = _brand(
        "saltmarsh", "Saltmarsh", "USD", "America/New_York", "otto@saltmarsh.example", now
    )
    with acting_for(juniper):
        give_role(user=theo, role=Role.MANAGER, by=SYSTEM, now=now)
        give_role(user=vera, role=Role.VIEWER, by=SYSTEM, now=now)
        mara = _member("mara@lindqvist.example", "Mara", "Lindqvist", now)
        diego = _member("diego@arroyo.example", "Diego", "Arroyo", now)
        june = _member("june@okafor.example", "June", "Okafor", now)
        glow = create_offer(
            values=offer_values(), terms=TermsValues(percent_bp=1_000), by=SYSTEM, now=now
        )
        in_glow = enroll(offer=glow, members=[mara, diego, june], by=SYSTEM, now=now)
        codes = dict(zip((row.pk for row in in_glow), ("MARA15", "DIEGO10", "JUNE20"), strict=True))
        give_codes(codes=codes, enrollments=in_glow, by=SYSTEM, now=now)
        give_links(enrollments=in_glow, by=SYSTEM, now=now)
    for member in (mara, diego, june):
        give_details(member, now=now)
    with acting_for(saltmarsh):
        june_at_saltmarsh = _member("june@okafor.example", "June", "Okafor", now)
        tide = create_offer(
            values=offer_values(
                name="Tide", currency="USD", destination_url="https://saltmarsh.example/"
            ),
            terms=TermsValues(percent_bp=1_500, hold_days=14),
            by=SYSTEM,
            now=now,
        )
        in_tide = enroll(offer=tide, members=[june_at_saltmarsh], by=SYSTEM, now=now)
        give_codes(codes={in_tide[0].pk: "JUNETIDE"}, enrollments=in_tide, by=SYSTEM, now=now)
    release_to_brand(june_at_saltmarsh, now=now)
    return Cast(
        juniper=juniper,
        saltmarsh=saltmarsh,
        ines=ines,
        theo=theo,
        vera=vera,
        otto=otto,
        mara=mara,
        diego=diego,
        june=june,
        june_at_saltmarsh=june_at_saltmarsh,
        glow=glow,
        tide=tide,
        mara_in_glow=in_glow[0],
        diego_in_glow=in_glow[1],
        june_in_glow=in_glow[2],
        june_in_tide=in_tide[0],
        now=now,
    )


def _brand(slug: str, name: str, currency: str, time_zone: str, owner: str, now: datetime) -> Brand:
    brand = create_brand(
        slug=slug,
        name=name,
        currency=currency,
        time_zone=time_zone,
        owner_email=owner,
        by=SYSTEM,
        now=now,
    )
    brand.postal_address = POSTAL_ADDRESS
    brand.save(update_fields=["postal_address"])
    return brand


def _member(email: str, first_name: str, last_name: str, now: datetime) -> Member:
    return add_member(email=email, first_name=first_name, last_name=last_name, by=SYSTEM, now=now)
