"""manage.py import_members FILE --brand B --offer O"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from accounts.actors import Actor
from accounts.management.options import add_brand_option, brand_named
from core import commands
from core.tenancy import acting_for
from offers.management.options import add_offer_option, offer_of
from tracking.importing.csv_rows import MEMBER_COLUMNS
from tracking.importing.file_import import import_file
from tracking.importing.members import import_members
from tracking.importing.progress_line import ProgressLine
from tracking.importing.report_output import fail_on_errors


class Command(commands.Command):
    help = "Add members with their codes to an offer, from CSV or .xlsx: " + ", ".join(
        MEMBER_COLUMNS
    )
    again = "Run the same command again: members who are in already are left as they are."

    progress: ProgressLine | None = None

    def what_was_kept(self) -> str:
        """At least so many: the batch that was cut off may have been saved too."""
        if self.progress is None:
            return self.kept
        return f"At least {self.progress.count:,} {self.progress.noun} were kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")
        add_brand_option(parser)
        add_offer_option(parser)
        parser.add_argument(
            "--replace-codes",
            action="store_true",
            help="codes in use stop where the file has another one; without, such rows are errors",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        brand = brand_named(options["brand"])
        with acting_for(brand):
            offer = offer_of(brand, options["offer"])
            self.progress = ProgressLine(self.stderr, "rows")
            report = import_file(
                self,
                path=options["file"],
                columns=MEMBER_COLUMNS,
                zone=brand.zone,
                noun="members",
                progress=self.progress,
                importer=lambda table, counted: import_members(
                    table.rows(),
                    offer=offer,
                    by=Actor.system("manage.py import_members"),
                    now=timezone.now(),
                    counted=counted,
                    replace_codes=options["replace_codes"],
                ),
            )
        fail_on_errors(report)
