"""manage.py create_api_key --brand B [--label L]"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from accounts.actors import Actor
from accounts.api_keys import create_api_key
from accounts.management.options import add_brand_option, brand_named
from core import commands
from core.tenancy import acting_for


class Command(commands.Command):
    help = "Make an API key for a shop and print it. It is shown only once."
    kept = "A key that was made and not printed is useless, because nobody has it."
    again = "Run it again for a key. If Settings, API keys lists two, revoke the older one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_brand_option(parser)
        parser.add_argument("--label", default="shop", help="what staff see it as")

    def handle(self, *args: Any, **options: Any) -> None:
        with acting_for(brand_named(options["brand"])):
            new = create_api_key(
                label=options["label"],
                by=Actor.system("manage.py create_api_key"),
                now=timezone.now(),
            )
        self.stdout.write(new.secret)
