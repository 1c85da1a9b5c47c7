"""Options that several commands take."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import CommandError

from accounts.models import Brand


def add_brand_option(parser: ArgumentParser) -> None:
    parser.add_argument("--brand", required=True, metavar="SLUG")


def brand_named(slug: str) -> Brand:
    """The brand of that slug. Raises CommandError that names the option."""
    brand = Brand.objects.filter(slug=slug).first()
    if brand is None:
        raise CommandError(f"brand: there is no brand {slug!r}")
    return brand
