"""Preview and import a CSV file of members in the background.

Each batch commits together with its count. The import reads the rows of the preview, and resumes
after the last counted row.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

from accounts.actors import Actor
from accounts.background import (
    Problem,
    Request,
    Turn,
    WorkError,
    bytes_of,
    lines_of,
    note,
    start,
)
from accounts.models import Work, WorkFile
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
from tracking.importing.members import MEMBER_TABLES, MemberImport

PREVIEW, IMPORT = "member_preview", "member_import"
ABOUT = "members"
Step = Callable[[MemberImport, Sequence[Row], datetime], ImportReport]


def ask_for_preview(
    *,
    content: bytes,
    filename: str,
    rows: int,
    offer: Offer | None,
    confirmation: uuid.UUID,
    by: Actor,
    now: datetime,
) -> Work:
    """Enqueue a preview of the file. `rows` is its number of rows without the header."""
    request = Request(
        kind=PREVIEW,
        title=f"Preview of {filename}" + (f" for {offer.name}" if offer else ""),
        about=ABOUT,
        total=rows,
        confirmation=confirmation,
        parameters={"offer": offer.pk if offer else None, "filename": filename},
        given=[content],
    )
    return start(request, handler=preview_file, by=by, now=now)


def ask_for_import(*, preview: Work, by: Actor, now: datetime) -> Work:
    """Enqueue the import of a previewed file, at most once. Raises WorkError."""
    if preview.kind != PREVIEW or preview.state != "done" or preview.files_gone_at:
        raise WorkError("this preview has expired: choose the file again")
    offer = _offer_of(preview)
    request = Request(
        kind=IMPORT,
        title=f"Import of {preview.parameters['filename']}"
        + (f" into {offer.name}" if offer else ""),
        about=ABOUT,
        total=preview.total,
        confirmation=uuid.uuid5(preview.confirmation, IMPORT),
        parameters=preview.parameters,
        given=bytes_of(preview, WorkFile.GIVEN),
    )
    return start(request, handler=import_file, by=by, now=now)


def preview_file(turn: Turn) -> bool:
    """Continue the preview."""
    return _process_rows(turn, lambda file, rows, now: file.preview(rows, now=now))


def import_file(turn: Turn) -> bool:
    """Continue the import."""
    return _process_rows(turn, lambda file, rows, now: file.import_rows(rows, now=now))


def _process_rows(turn: Turn, step: Step) -> bool:
    """Process the rows that are not counted yet, in batches, until the time slice is over."""
    file = MemberImport(offer=_offer_of(turn.work), by=turn.by)
    rows = read_rows(lines_of(turn.work, WorkFile.GIVEN), columns=MEMBER_COLUMNS)
    try:
        file.skip_rows(islice(rows, turn.work.done))
        for batch in batches(rows, BATCH, tables=MEMBER_TABLES):
            with turn.batch() as work:
                report = step(file, batch, turn.clock())
                problems = [Problem(each.line, each.field, each.message) for each in report.errors]
                note(work, done=len(batch), counts=report.counts, problems=problems)
            if turn.is_over:
                return turn.work.done >= turn.work.total
    except ImportFileError as error:
        raise WorkError(str(error)) from error
    return True


def _offer_of(work: Work) -> Offer | None:
    pk = work.parameters["offer"]
    return Offer.objects.get(pk=pk) if pk is not None else None
