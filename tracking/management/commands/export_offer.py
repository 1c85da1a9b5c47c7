"""manage.py export_offer --brand B --offer O"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.management.options import add_brand_option, brand_named
from core.tenancy import acting_for
from offers.management.options import add_offer_option, offer_of
from tracking.csv_export import csv_lines
from tracking.selectors import export_rows


class Command(BaseCommand):
    help = "Write an offer's member table as CSV, amounts as decimals in the offer's currency."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_brand_option(parser)
        add_offer_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        brand = brand_named(options["brand"])
        with acting_for(brand):
            offer = offer_of(brand, options["offer"])
            for line in csv_lines(export_rows(offer, now=timezone.now())):
                self.stdout.write(line, ending="")
