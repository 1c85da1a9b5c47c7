"""Background work: make the file of a list."""

from __future__ import annotations

from itertools import islice

from django.http import Http404
from django.utils import timezone

from background.files import add_chunk, delete_file
from background.models import WorkFile
from background.running import WorkError, WorkSlice, count_batch
from brand_admin.lists import list_of_reference
from core.csv_export import csv_file

ROWS = 1_000  # per chunk of the file


def make_export(work_slice: WorkSlice) -> bool:
    """Make the whole file in committed chunks.

    The list may change while it is read, so another worker starts from the first line again.
    """
    parameters, brand = work_slice.work.parameters, work_slice.work.brand
    with timezone.override(brand.zone):
        try:
            listing = list_of_reference(parameters.get("list", ""), brand=brand)
            rows = listing.count
        except Http404 as error:
            raise WorkError("the list to export does not exist any more") from error
        _begin_anew(work_slice, filename=listing.whole_file_name(), rows=rows)
        lines = csv_file(listing.file_lines())
        header = next(lines, "")
        number = 0
        while (piece := list(islice(lines, ROWS))) or header:
            with work_slice.batch() as work:
                content = (header + "".join(piece)).encode()
                add_chunk(work, WorkFile.MADE, number=number, content=content)
                count_batch(work, done=len(piece), counts={})
                work.total = max(work.total, work.done)
            header, number = "", number + 1
    with work_slice.batch() as work:
        work.total = work.done
    return True


def _begin_anew(work_slice: WorkSlice, *, filename: str, rows: int) -> None:
    with work_slice.batch() as work:
        delete_file(work, WorkFile.MADE)
        work.filename, work.done, work.total = filename, 0, rows
