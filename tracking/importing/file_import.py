"""Import one file for a command: open it, show the progress, print the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo

from django.core.management.base import BaseCommand, CommandError

from tracking.importing.csv_rows import Counted, ImportFileError, ImportReport
from tracking.importing.input_files import input_table
from tracking.importing.progress_line import ProgressLine
from tracking.importing.report_output import print_report
from tracking.importing.tables import Table


def import_file(
    command: BaseCommand,
    *,
    path: str,
    columns: Sequence[str],
    zone: tzinfo,
    noun: str,
    progress: ProgressLine,
    importer: Callable[[Table, Counted], ImportReport],
) -> ImportReport:
    """Pass the file's table to `importer`. Raises CommandError for a file that can't be read."""
    try:
        table = input_table(path, columns=columns, zone=zone)
        for note in table.notes:
            command.stderr.write(f"{noun}: {note}")
        report = importer(table, progress.add)
    except ImportFileError as error:
        raise CommandError(f"file: {error}") from error
    progress.end()
    print_report(command, noun, report)
    return report
