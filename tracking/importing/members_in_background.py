"""Preview a CSV file of members, and import it, as long work: batches that commit with the count.

The import goes through the same rows as the preview did, and resumes after the last row counted.
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
    """Find out what a file would do. `rows` is how many it has under its header."""
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
    """Put in what was previewed, once however often it is asked. Raises WorkError."""
    if preview.kind != PREVIEW or preview.state != "done" or preview.files_gone_at:
        raise WorkError("this preview is not there any more: choose the file again")
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
    """Go on finding out what the file would do."""
    return _go_through(turn, lambda file, rows, now: file.preview(rows, now=now))


def import_file(turn: Turn) -> bool:
    """Go on putting the file in."""
    return _go_through(turn, lambda file, rows, now: file.put_in(rows, now=now))


def _go_through(turn: Turn, step: Step) -> bool:
    """Take the rows that are not counted yet, batch by batch, until the turn is over."""
    file = MemberImport(offer=_offer_of(turn.work), by=turn.by)
    rows = read_rows(lines_of(turn.work, WorkFile.GIVEN), columns=MEMBER_COLUMNS)
    try:
        file.pass_over(islice(rows, turn.work.done))
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
