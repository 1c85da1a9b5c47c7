"""manage.py create_api_key --brand B [--label L]"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.actors import Actor
from accounts.management.options import add_brand_option, brand_named
from accounts.services import create_api_key
from core.tenancy import acting_for


class Command(BaseCommand):
    help = "Make an API key for a shop and print it, this once."

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
