"""manage.py invite_staff EMAIL --brand B [--role owner|manager|viewer]"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email
from django.utils import timezone

from accounts.actors import Actor
from accounts.invitation_links import describe_invitation
from accounts.invitations import invite_staff
from accounts.management.options import add_brand_option, brand_named
from accounts.models import Role
from accounts.services import StaffError
from core import commands
from core.tenancy import acting_for


class Command(commands.Command):
    help = "Invite somebody to the staff of a brand by mail, as an owner unless told otherwise."
    kept = "Nobody was invited."
    again = "Run it again: if the invitation was saved after all, it says so."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address that is invited")
        add_brand_option(parser)
        parser.add_argument("--role", choices=Role.values, default=Role.OWNER.value)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            validate_email(options["email"])
        except ValidationError as error:
            raise CommandError(f"email: {options['email']!r} is not an email address") from error
        with acting_for(brand_named(options["brand"])):
            try:
                invitation = invite_staff(
                    email=options["email"],
                    role=Role(options["role"]),
                    by=Actor.system("manage.py invite_staff"),
                    now=timezone.now(),
                )
            except StaffError as error:
                raise CommandError(f"{error.field}: {error}") from error
        self.stdout.write(describe_invitation(invitation))
