"""Say what an import did."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from tracking.imports import ImportReport

SHOWN = 100


def tell(command: BaseCommand, noun: str, report: ImportReport) -> None:
    """Counts on stdout, each bad row on stderr."""
    counts = ", ".join(f"{number:,} {what}" for what, number in sorted(report.counts.items()))
    command.stdout.write(f"{noun}: {counts or 'none'}; {len(report.errors):,} errors")
    for error in report.errors[:SHOWN]:
        command.stderr.write(str(error))
    if len(report.errors) > SHOWN:
        command.stderr.write(f"… and {len(report.errors) - SHOWN:,} more")


def fail_on_errors(*reports: ImportReport) -> None:
    """Exit with 1 when any row went nowhere, so that scripts notice."""
    errors = sum(len(report.errors) for report in reports)
    if errors:
        raise CommandError(f"{errors:,} rows did not go in; all others did")
