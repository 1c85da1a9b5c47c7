"""manage.py reconcile [--brand B]"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.management.options import brand_named
from accounts.models import Brand
from core import commands
from core.tenancy import acting_for
from tracking.reconciliation.differences import differences


class Command(commands.Command):
    help = "Recompute every total from the facts; print every difference; exit 1 if there is any."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--brand", metavar="SLUG", help="only this brand")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["brand"]
        brands = [brand_named(slug)] if slug else list(Brand.objects.order_by("pk"))
        found = 0
        for brand in brands:
            with acting_for(brand):
                for difference in differences(brand):
                    found += 1
                    self.stdout.write(f"{brand.slug}: {difference}")
        if found:
            raise CommandError(f"{found:,} differences")
        self.stdout.write(f"No difference in {len(brands):,} brand{'s'[: len(brands) != 1]}.")
