"""The --offer option of commands, and rates as people type them."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import CommandError

from accounts.models import Brand
from core.money import MoneyError, parse_decimal
from offers.models import Offer
from offers.selectors import offer_named


def add_offer_option(parser: ArgumentParser) -> None:
    parser.add_argument("--offer", required=True, metavar="NAME", help="its name or number")


def offer_of(brand: Brand, name: str) -> Offer:
    """Return the offer of the current brand. Raises CommandError that names the option."""
    offer = offer_named(name)
    if offer is None:
        raise CommandError(f"offer: there is no offer {name!r} in brand {brand.slug!r}")
    return offer


def basis_points(percent: str) -> int:
    """Return 1_250 basis points for "12.5". Raises CommandError."""
    try:
        scaled = parse_decimal(percent) * 100
    except MoneyError as error:
        raise CommandError(f"percent: {error}") from error
    if scaled != int(scaled):
        raise CommandError(f"percent: {percent} has more than two decimals")
    return int(scaled)
