"""manage.py export_offer --brand B --offer O [--output FILE]"""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from accounts.management.options import add_brand_option, brand_named
from core import commands
from core.csv_export import csv_file, csv_lines
from core.files import whole_file
from core.tenancy import acting_for
from offers.management.options import add_offer_option, offer_of
from tracking.figures.member_table import export_rows

IN_MEMORY = 8 * 1024 * 1024  # characters; a larger table waits in a temporary file


class Command(commands.Command):
    help = "Write an offer's member table as CSV, amounts as decimals in the offer's currency."
    kept = "Nothing was written."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_brand_option(parser)
        add_offer_option(parser)
        parser.add_argument("--output", metavar="FILE", help="replaced when the table is whole")

    def handle(self, *args: Any, **options: Any) -> None:
        brand = brand_named(options["brand"])
        with acting_for(brand):
            offer = offer_of(brand, options["offer"])
            rows = export_rows(offer, now=timezone.now())
            if options["output"]:
                path = Path(options["output"])
                try:
                    with whole_file(path) as file:
                        file.writelines(csv_file(rows))
                except OSError as error:
                    raise CommandError(f"output: {path}: {error.strerror}") from error
                return
            # Nothing is printed before all of it was read: half a table looks like a whole one.
            with tempfile.SpooledTemporaryFile(
                IN_MEMORY, "w+", encoding="utf-8", newline=""
            ) as table:
                table.writelines(csv_lines(rows))
                table.seek(0)
                for line in table:
                    self.stdout.write(line, ending="")
