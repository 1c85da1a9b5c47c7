"""manage.py delete_test_data --brand B"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from accounts.actors import Actor
from accounts.management.options import add_brand_option, brand_named
from accounts.test_mode import delete_test_data
from core import commands


class Command(commands.Command):
    help = "Delete everything in a test brand but its keys, however much it is."
    kept = "Everything is deleted, or nothing."
    again = "Run it again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_brand_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        brand = brand_named(options["brand"])
        if not brand.is_test:
            raise CommandError(f"brand: {brand.slug} is a live brand, whose data stay")
        rows = delete_test_data(
            brand=brand, by=Actor.system("manage.py delete_test_data"), now=timezone.now()
        )
        self.stdout.write(f"{rows:,} rows deleted.")
