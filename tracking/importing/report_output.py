"""Print the report of an import."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from tracking.importing.csv_rows import ImportReport

MAX_ERRORS_SHOWN = 100


def print_report(command: BaseCommand, noun: str, report: ImportReport) -> None:
    """Print the counts on stdout, and each refused row on stderr."""
    counts = ", ".join(f"{number:,} {what}" for what, number in sorted(report.counts.items()))
    command.stdout.write(f"{noun}: {counts or 'none'}; {len(report.errors):,} errors")
    for error in report.errors[:MAX_ERRORS_SHOWN]:
        command.stderr.write(str(error))
    if len(report.errors) > MAX_ERRORS_SHOWN:
        command.stderr.write(f"… and {len(report.errors) - MAX_ERRORS_SHOWN:,} more")


def fail_on_errors(*reports: ImportReport) -> None:
    """Exit with 1 when any row was refused, so that scripts notice."""
    errors = sum(len(report.errors) for report in reports)
    if errors:
        raise CommandError(f"{errors:,} rows were refused; all others were imported")
