"""Two brands with one of everything, and payout details that no brand may see yet."""

from __future__ import annotations

from affiliates.models import Creator
from payouts.destinations import bank_account, paypal_account
from payouts.releases import take_back_release
from tests.architecture.world import World, furnish
from tests.cast import IBAN, NOW, SYSTEM, Cast, give_details

BANK = bank_account(country="DE", holder="Zita Quandt", iban=IBAN, tax_id="DE811569869")
PAYPAL = paypal_account(
    country="GB", holder="Yoric Pound", paypal="wallet@hidden.example", tax_id="GB999999973"
)


def furnish_unshared(cast: Cast) -> World:
    """One of everything, with a bank account of Mara's and a PayPal account of Diego's that were
    shared with Juniper, and are no longer.
    """
    for member, destination in ((cast.mara, BANK), (cast.diego, PAYPAL)):
        give_details(member, destination)
        take_back(cast, member.email)
    return furnish(cast)


def take_back(cast: Cast, address: str) -> None:
    """The creator of this address no longer shares with Juniper."""
    creator = Creator.objects.get(email=address)
    take_back_release(creator=creator, brand=cast.juniper, by=SYSTEM, now=NOW)
