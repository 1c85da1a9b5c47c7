"""Import one file for a command: open it, show the progress, print the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from django.core.management.base import BaseCommand, CommandError

from tracking.importing.csv_rows import Counted, ImportFileError, ImportReport, Row, read_rows
from tracking.importing.input_files import opened
from tracking.importing.progress_line import ProgressLine
from tracking.importing.report_output import print_report


def import_file(
    command: BaseCommand,
    *,
    path: str,
    columns: Sequence[str],
    noun: str,
    progress: ProgressLine,
    importer: Callable[[Iterable[Row], Counted], ImportReport],
) -> ImportReport:
    """Pass the file's rows to `importer`. Raises CommandError for a file that can't be read."""
    with opened(path) as file:
        try:
            report = importer(read_rows(file, columns=columns), progress.add)
        except ImportFileError as error:
            raise CommandError(f"file: {error}") from error
    progress.end()
    print_report(command, noun, report)
    return report
