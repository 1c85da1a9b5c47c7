"""manage.py create_brand SLUG --name N --currency C --timezone Z --owner EMAIL"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from accounts.actors import Actor
from accounts.brands import create_brand
from accounts.invitation_links import describe_invitation
from accounts.invitations import open_invitations
from accounts.models import Brand
from accounts.services import BrandError
from core import commands
from core.tenancy import acting_for


class Command(commands.Command):
    help = "Make a brand. Its owner is invited by mail, unless their address is proven already."
    kept = "No part of the brand was saved."
    again = "Run it again: if the brand was saved after all, it says that the slug is taken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="its name in addresses: a-z, 0-9, hyphens")
        parser.add_argument("--name", required=True)
        parser.add_argument("--currency", required=True, help="ISO 4217, such as GBP")
        parser.add_argument("--timezone", required=True, help="such as Europe/London")
        parser.add_argument("--owner", required=True, help="email address of its first owner")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            brand = create_brand(
                slug=options["slug"],
                name=options["name"],
                currency=options["currency"],
                time_zone=options["timezone"],
                owner_email=options["owner"],
                by=Actor.system("manage.py create_brand"),
                now=timezone.now(),
            )
        except BrandError as error:
            raise CommandError(f"{error.field}: {error}") from error
        self.stdout.write(f"Brand {brand.slug} made. {self._owner(brand, options['owner'])}")

    def _owner(self, brand: Brand, address: str) -> str:
        """Say who owns the brand or is invited. Contains the link only if the mail failed."""
        with acting_for(brand):
            invitation = open_invitations().first()
        if invitation is None:
            return f"{address} owns it."
        return describe_invitation(invitation)
