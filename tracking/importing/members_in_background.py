"""Preview and import a CSV file of members in the background.

Each batch commits together with its count. The import reads the rows of the preview, and resumes
after the last counted row.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from accounts.actors import Actor
from background.files import read_file_bytes, read_file_lines
from background.models import Work, WorkFile
from background.running import RowProblem, WorkError, WorkSlice, count_batch, start_work
from background.work_requests import WorkRequest
from core.batches import batches
from offers.models import Offer
from tracking.importing.csv_rows import (
    BATCH,
    MEMBER_COLUMNS,
    ImportFileError,
    ImportReport,
    Row,
    read_rows,
)
from tracking.importing.member_codes import codes_of_file, is_remark_on_date
from tracking.importing.members import MEMBER_TABLES, MemberImport

PREVIEW, IMPORT = "member_preview", "member_import"
ABOUT = "members"
REMARKS = "remarks"  # the count of what a preview says of rows that are not left out
REMARKS_ON_DATES = "remarks_on_dates"  # how many of them are on a code that looks like a date
ASKS = "asks"  # the count of rows that are left out unless somebody confirms them
ImportStep = Callable[[MemberImport, Sequence[Row], datetime], ImportReport]


def ask_for_preview(
    *,
    content: bytes,
    filename: str,
    rows: int,
    offer: Offer | None,
    confirmation: uuid.UUID,
    by: Actor,
    now: datetime,
    notes: Sequence[str] = (),
) -> Work:
    """Enqueue a preview of the file, which is CSV in UTF-8.

    `rows` is its number of rows without the header, and `notes` say what it was read as. The same
    form with the same file and offer has one preview.
    """
    request = WorkRequest(
        kind=PREVIEW,
        title=f"Preview of {filename}" + (f" for {offer.name}" if offer else ""),
        about=ABOUT,
        total=rows,
        confirmation=confirmation,
        parameters={
            "offer": offer.pk if offer else None,
            "filename": filename,
            "notes": list(notes),
        },
        given=[content],
    )
    return start_work(request.with_key_of_contents(), handler=preview_file, by=by, now=now)


def ask_for_import(*, preview: Work, by: Actor, now: datetime, replace_codes: bool = False) -> Work:
    """Enqueue the import of a previewed file, at most once. Raises WorkError.

    With `replace_codes`, codes that the file would replace stop, if they were in use when the
    preview was asked for; without, their rows are left out.
    """
    if preview.kind != PREVIEW or preview.state != "done" or preview.files_gone_at:
        raise WorkError("this preview has expired: choose the file again")
    offer = _offer_of(preview)
    request = WorkRequest(
        kind=IMPORT,
        title=f"Import of {preview.parameters['filename']}"
        + (f" into {offer.name}" if offer else ""),
        about=ABOUT,
        total=preview.total,
        confirmation=uuid.uuid5(preview.confirmation, f"{IMPORT} {replace_codes}"),
        parameters={
            **preview.parameters,
            "replace_codes": replace_codes,
            "previewed_at": preview.asked_at.isoformat(),
        },
        given=read_file_bytes(preview, WorkFile.GIVEN),
    )
    return start_work(request, handler=import_file, by=by, now=now)


def preview_file(work_slice: WorkSlice) -> bool:
    """Continue the preview."""
    return _process_rows(work_slice, lambda file, rows, now: file.preview(rows, now=now))


def import_file(work_slice: WorkSlice) -> bool:
    """Continue the import."""
    return _process_rows(work_slice, lambda file, rows, now: file.import_rows(rows, now=now))


def _process_rows(work_slice: WorkSlice, step: ImportStep) -> bool:
    """Process the rows that are not counted yet, in batches, until the time slice is over."""
    rows = _rows_of(work_slice.work)
    try:
        file = MemberImport(
            offer=_offer_of(work_slice.work),
            by=work_slice.by,
            file_codes=codes_of_file(_rows_of(work_slice.work)),
            replace_codes=work_slice.work.parameters.get("replace_codes", False),
            previewed_at=_moment(work_slice.work.parameters.get("previewed_at")),
        )
        file.skip_rows(islice(rows, work_slice.work.done))
        for batch in batches(rows, BATCH, tables=MEMBER_TABLES):
            with work_slice.batch() as work:
                report = step(file, batch, work_slice.clock())
                said = [*report.errors, *report.asks, *report.remarks]
                dates = sum(is_remark_on_date(remark.message) for remark in report.remarks)
                told = {
                    ASKS: len(report.asks),
                    REMARKS: len(report.remarks),
                    REMARKS_ON_DATES: dates,
                }
                count_batch(
                    work,
                    done=len(batch),
                    counts=report.counts + Counter(told),
                    problems=[
                        RowProblem(each.line, each.field, each.message)
                        for each in sorted(said, key=lambda each: each.line)
                    ],
                )
            if work_slice.is_over:
                return work_slice.work.done >= work_slice.work.total
    except ImportFileError as error:
        raise WorkError(str(error)) from error
    return True


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _rows_of(work: Work) -> Iterator[Row]:
    return read_rows(read_file_lines(work, WorkFile.GIVEN), columns=MEMBER_COLUMNS)


def _offer_of(work: Work) -> Offer | None:
    pk = work.parameters["offer"]
    return Offer.objects.get(pk=pk) if pk is not None else None
