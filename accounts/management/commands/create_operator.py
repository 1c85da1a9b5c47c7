"""manage.py create_operator EMAIL"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email
from django.urls import reverse
from django.utils import timezone

from accounts.actors import Actor
from accounts.operators import make_operator
from core import commands


class Command(commands.Command):
    help = "Make an operator, who proves the address by logging in with a mailed code."
    kept = "Nobody was made an operator."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the operator's address")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            validate_email(options["email"])
        except ValidationError as error:
            raise CommandError(f"email: {options['email']!r} is not an email address") from error
        user = make_operator(
            email=options["email"],
            by=Actor.system("manage.py create_operator"),
            now=timezone.now(),
        )
        login = settings.BASE_URL + reverse("login_code")
        self.stdout.write(
            f"{user.email} is an operator. They log in with a code by mail at {login},"
            f" set up a second factor, and go on to {settings.BASE_URL}{reverse('admin:index')}."
        )
