"""manage.py create_offer --brand B --name N --kind K --percent P --hold DAYS --destination URL

With --percent 0, --pays-nothing says that this is meant.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from accounts.actors import Actor
from accounts.management.options import add_brand_option, brand_named
from core import commands
from core.tenancy import acting_for
from offers.management.options import basis_points
from offers.models import OfferKind
from offers.services import create_offer
from offers.terms import OfferError, TermsValues
from offers.values import OfferValues


class Command(commands.Command):
    help = "Create an active offer in the brand's currency."
    kept = "The offer was created as a whole or not at all."
    again = "Run it again. If the offer exists, the command says that the name is taken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_brand_option(parser)
        parser.add_argument("--name", required=True)
        parser.add_argument("--kind", required=True, choices=OfferKind.values)
        parser.add_argument("--percent", required=True, help="of each sale, such as 10 or 12.5")
        parser.add_argument(
            "--pays-nothing", action="store_true", help="needed for an offer of 0 percent"
        )
        parser.add_argument("--hold", type=int, default=0, metavar="DAYS")
        parser.add_argument("--destination", required=True, metavar="URL")

    def handle(self, *args: Any, **options: Any) -> None:
        brand = brand_named(options["brand"])
        with acting_for(brand):
            try:
                offer = create_offer(
                    values=OfferValues(
                        name=options["name"],
                        kind=options["kind"],
                        destination_url=options["destination"],
                        currency=brand.currency,
                    ),
                    terms=TermsValues(
                        percent_bp=basis_points(options["percent"]),
                        hold_days=options["hold"],
                        may_pay_nothing=options["pays_nothing"],
                    ),
                    by=Actor.system("manage.py create_offer"),
                    now=timezone.now(),
                )
            except OfferError as error:
                raise CommandError(f"{error.field}: {error}") from error
        self.stdout.write(f"The offer {offer.name} was created (number {offer.pk}).")
