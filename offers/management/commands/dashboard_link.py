"""manage.py dashboard_link --brand B --offer O --member EMAIL"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.management.options import add_brand_option, brand_named
from core import commands
from core.tenancy import acting_for
from offers import dashboard_links
from offers.management.options import add_offer_option, offer_of
from offers.models import Enrollment


class Command(commands.Command):
    help = "Print a member's dashboard link for an offer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_brand_option(parser)
        add_offer_option(parser)
        parser.add_argument("--member", required=True, metavar="EMAIL")

    def handle(self, *args: Any, **options: Any) -> None:
        brand = brand_named(options["brand"])
        with acting_for(brand):
            offer = offer_of(brand, options["offer"])
            enrollment = Enrollment.objects.filter(
                offer=offer, member__email=options["member"].strip().lower()
            ).first()
        if enrollment is None:
            raise CommandError(f"member: {options['member']!r} is not in the offer {offer.name!r}")
        self.stdout.write(dashboard_links.url_for(enrollment))
