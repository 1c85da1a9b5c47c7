"""manage.py create_api_key --brand B [--label L] [--scopes read,orders]"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from accounts.actors import Actor
from accounts.api_keys import ApiKeyError, create_api_key
from accounts.management.options import add_brand_option, brand_named
from accounts.models import EVERY_SCOPE
from core import commands
from core.tenancy import acting_for


class Command(commands.Command):
    help = "Make an API key for a shop and print it. It is shown only once."
    kept = "A key that was made and not printed is useless, because nobody has it."
    again = "Run it again for a key. If the page For developers lists two, revoke the older one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_brand_option(parser)
        parser.add_argument("--label", default="shop", help="what staff see it as")
        parser.add_argument(
            "--scopes",
            default=",".join(EVERY_SCOPE),
            help="what it may do, such as read,orders; everything if left out",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with acting_for(brand_named(options["brand"])):
            try:
                new = create_api_key(
                    label=options["label"],
                    scopes=options["scopes"].split(","),
                    by=Actor.system("manage.py create_api_key"),
                    now=timezone.now(),
                )
            except ApiKeyError as error:
                raise CommandError(f"scopes: use {', '.join(EVERY_SCOPE)}") from error
        self.stdout.write(new.secret)
