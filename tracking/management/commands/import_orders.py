"""manage.py import_orders FILE [--refunds FILE] --brand B --source NAME"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any, Protocol

from django.core.management.base import CommandError
from django.utils import timezone

from accounts.actors import Actor
from accounts.management.options import add_brand_option, brand_named
from core import commands
from core.tenancy import acting_for
from tracking.importing.csv_rows import Counted, ImportReport
from tracking.importing.entries import ORDER_COLUMNS, REFUND_COLUMNS
from tracking.importing.file_import import import_file
from tracking.importing.orders import import_orders, import_refunds
from tracking.importing.progress_line import ProgressLine
from tracking.importing.report_output import fail_on_errors
from tracking.importing.tables import Table
from tracking.orders.sources import OWN_SOURCE, is_own_source


class Importer(Protocol):
    def __call__(
        self,
        table: Table,
        *,
        source: str,
        by: Actor,
        now: datetime,
        counted: Counted,
        anew: bool,
    ) -> ImportReport: ...


class Command(commands.Command):
    help = "Record orders, a row per line, and refunds from files (.csv, .csv.gz or .xlsx)."
    again = (
        "Run the same command again: orders and refunds are known by their numbers, and those that"
        " were kept are not recorded twice."
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.counted: list[ProgressLine] = []

    def what_was_kept(self) -> str:
        """At least so many: the batch that was cut off may have been saved too."""
        counts = " and ".join(f"{one.count:,} {one.noun}" for one in self.counted)
        return f"At least {counts} were kept." if counts else self.kept

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help=", ".join(ORDER_COLUMNS))
        parser.add_argument("--refunds", metavar="FILE", help=", ".join(REFUND_COLUMNS))
        parser.add_argument("--source", required=True, metavar="NAME", help="which shop it is")
        parser.add_argument(
            "--update",
            action="store_true",
            help="known orders and refunds are now what the files say",
        )
        add_brand_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        source = options["source"].strip()
        if not 0 < len(source) <= 60:
            raise CommandError("source: 1 to 60 characters")
        if is_own_source(source):
            raise CommandError(f"source: {source} {OWN_SOURCE}: take the shop's name")
        files: list[tuple[str, str, Importer, Sequence[str]]] = [
            (options["file"], "orders", import_orders, ORDER_COLUMNS)
        ]
        if options["refunds"]:
            files.append((options["refunds"], "refunds", import_refunds, REFUND_COLUMNS))
        brand = brand_named(options["brand"])
        with acting_for(brand):
            reports = [
                self._import(*file, source, zone=brand.zone, anew=options["update"])
                for file in files
            ]
        fail_on_errors(*reports)

    def _import(
        self,
        path: str,
        noun: str,
        importer: Importer,
        columns: Sequence[str],
        source: str,
        *,
        zone: tzinfo,
        anew: bool,
    ) -> ImportReport:
        progress = ProgressLine(self.stderr, noun)
        self.counted.append(progress)
        by = Actor.system(f"import of {noun} from {source}")
        return import_file(
            self,
            path=path,
            columns=columns,
            zone=zone,
            noun=noun,
            progress=progress,
            importer=lambda table, counted: importer(
                table, source=source, by=by, now=timezone.now(), counted=counted, anew=anew
            ),
        )
