"""Preview and import a file of orders or refunds in the background.

Each batch commits together with its count and its lines of the report. The import reads the file of
the preview again, and resumes after the last counted order.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from accounts.actors import Actor
from background.files import append_chunk, read_file_bytes, read_file_lines
from background.models import Work, WorkFile
from background.running import (
    Handler,
    RowProblem,
    WorkError,
    WorkSlice,
    count_batch,
    start_work,
)
from background.work_requests import WorkRequest
from core.batches import batches
from core.csv_export import csv_file, csv_lines
from tracking.importing.column_choice import FIELDS, missing_fields, remember_columns
from tracking.importing.csv_rows import BATCH, ImportFileError
from tracking.importing.entries import KINDS, ORDERS, REFUNDS, Entry, EntryKind
from tracking.importing.orders import EntryImport, Outcome
from tracking.importing.tables import Table
from tracking.orders.facts import OrderFacts, RefundFacts

PREVIEWS = {ORDERS.name: "order_preview", REFUNDS.name: "refund_preview"}
IMPORTS = {ORDERS.name: "order_import", REFUNDS.name: "refund_import"}
ABOUT = "orders"
SHOWN_ENTRIES = 20  # of a preview
REPORT_HEADER = ("line", "number", "result", "column", "why")
RunBatch = Callable[[Sequence[Entry], Work, datetime], list[Outcome]]


@dataclass(frozen=True, slots=True)
class ImportChoice:
    """What staff chose for a file. `columns` has the file's column for each of ours, or "".

    With `anew`, a known order or refund becomes what the file says. `notes` say what the file was
    read as.
    """

    kind: EntryKind
    source: str
    anew: bool
    filename: str
    columns: Mapping[str, str]
    header: Sequence[str]
    notes: Sequence[str] = ()

    @classmethod
    def of(cls, work: Work) -> ImportChoice:
        """Return what was chosen for this work."""
        stored = dict(work.parameters)
        return cls(**{**stored, "kind": KINDS[stored["kind"]]})

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.name,
            "source": self.source,
            "anew": self.anew,
            "filename": self.filename,
            "columns": dict(self.columns),
            "header": list(self.header),
            "notes": list(self.notes),
        }


def ask_for_preview(
    *,
    choice: ImportChoice,
    content: Sequence[bytes],
    rows: int,
    confirmation: uuid.UUID,
    by: Actor,
    now: datetime,
) -> Work:
    """Enqueue a preview of a file, which is CSV in UTF-8. `rows` does not count the header.

    The same form with the same file and choices has one preview.
    """
    request = WorkRequest(
        kind=PREVIEWS[choice.kind.name],
        title=f"Preview of {choice.filename} from {choice.source}",
        about=ABOUT,
        total=rows,
        confirmation=confirmation,
        parameters=choice.as_json(),
        given=content,
    )
    return start_work(request.with_key_of_contents(), handler=preview_file, by=by, now=now)


def preview_again(
    *, preview: Work, columns: Mapping[str, str], confirmation: uuid.UUID, by: Actor, now: datetime
) -> Work:
    """Remember the columns, and enqueue a preview of the file with them. Raises WorkError."""
    choice = _choice_of(preview)
    remember_columns(kind=choice.kind, columns=columns, header=choice.header, by=by, now=now)
    stored = choice.as_json() | {"columns": dict(columns)}
    return ask_for_preview(
        choice=ImportChoice(**{**stored, "kind": choice.kind}),
        content=list(read_file_bytes(preview, WorkFile.GIVEN)),
        rows=preview.total,
        confirmation=confirmation,
        by=by,
        now=now,
    )


def ask_for_import(*, preview: Work, by: Actor, now: datetime) -> Work:
    """Enqueue the import of a previewed file, at most once. Raises WorkError."""
    choice = _choice_of(preview)
    if missing_fields(choice.kind, choice.columns):
        raise WorkError("choose the columns of the file first")
    request = WorkRequest(
        kind=IMPORTS[choice.kind.name],
        title=f"Import of {choice.filename} from {choice.source}",
        about=ABOUT,
        total=preview.total,
        confirmation=uuid.uuid5(preview.confirmation, IMPORTS[choice.kind.name]),
        parameters=choice.as_json(),
        given=read_file_bytes(preview, WorkFile.GIVEN),
    )
    return start_work(request, handler=import_file, by=by, now=now)


def _choice_of(preview: Work) -> ImportChoice:
    is_preview = preview.kind in PREVIEWS.values()
    if not is_preview or preview.state != "done" or preview.files_gone_at:
        raise WorkError("this preview has expired: choose the file again")
    return ImportChoice.of(preview)


def preview_file(work_slice: WorkSlice) -> bool:
    """Continue the preview, which records nothing."""
    choice = ImportChoice.of(work_slice.work)
    if missing_fields(choice.kind, choice.columns):
        return True
    file = EntryImport(choice.kind, choice.source, choice.anew)

    def run(entries: Sequence[Entry], work: Work, now: datetime) -> list[Outcome]:
        outcomes = file.foresee(entries, now=now)
        if not work.cursor:
            shown = [asdict(ShownEntry.of(outcome)) for outcome in outcomes[:SHOWN_ENTRIES]]
            append_chunk(work, WorkFile.MADE, json.dumps(shown).encode())
        return outcomes

    return _process(work_slice, choice, run)


def import_file(work_slice: WorkSlice) -> bool:
    """Continue the import."""
    choice = ImportChoice.of(work_slice.work)
    file = EntryImport(choice.kind, choice.source, choice.anew)
    by, slug = work_slice.by, work_slice.work.brand.slug

    def run(entries: Sequence[Entry], work: Work, now: datetime) -> list[Outcome]:
        outcomes = file.record(entries, by=by, now=now)
        work.filename = f"{slug}-import-report-{work.pk}.csv"
        lines = [line for outcome in outcomes for line in _report_lines(outcome)]
        whole = csv_lines(lines) if work.cursor else csv_file([REPORT_HEADER, *lines])
        append_chunk(work, WorkFile.MADE, "".join(whole).encode())
        return outcomes

    return _process(work_slice, choice, run)


def _process(work_slice: WorkSlice, choice: ImportChoice, run: RunBatch) -> bool:
    """Process what is not counted yet, in batches, until the time slice is over."""
    try:
        work = work_slice.work
        entries = choice.kind.entries(_table(work, choice), after=work.cursor)
        for batch in batches(entries, BATCH):
            with work_slice.batch() as work:
                outcomes = run(batch, work, work_slice.clock())
                work.cursor += len(batch)
                _count(work, outcomes)
            if work_slice.is_over:
                return work_slice.work.done >= work_slice.work.total
    except ImportFileError as error:
        raise WorkError(str(error)) from error
    return True


def _count(work: Work, outcomes: Sequence[Outcome]) -> None:
    counts: dict[str, int] = {}
    for outcome in outcomes:
        if not outcome.errors:
            counts[outcome.status] = counts.get(outcome.status, 0) + 1
    count_batch(
        work,
        done=sum(outcome.entry.count for outcome in outcomes),
        counts=counts,
        problems=[
            RowProblem(error.line, error.field, error.message)
            for outcome in outcomes
            for error in outcome.errors
        ],
    )


def _table(work: Work, choice: ImportChoice) -> Table:
    return Table(
        lambda: nullcontext(read_file_lines(work, WorkFile.GIVEN)),
        choice.kind.columns,
        mapping={
            field.name: choice.columns.get(field.name, "") for field in FIELDS[choice.kind.name]
        },
    )


def _report_lines(outcome: Outcome) -> Iterator[list[str]]:
    """Yield a line of the report for each row of the file."""
    entry = outcome.entry
    wrong = {error.line: error for error in reversed(outcome.errors)}
    for index, line in enumerate(entry.lines):
        error = wrong.get(line)
        column, why = (error.field, error.message) if error else ("", "")
        if not error and outcome.errors:
            why = "another row of it was left out"
        elif not index and not error:
            why = outcome.why
        result = "left out" if outcome.errors else outcome.status
        yield [str(line), entry.number, result, column, why]


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """What the page of a preview shows of an order, or of a refund and its `order`.

    `rows` is how many rows of the file it has, `line` the first. `amount` is what it is worth; of a
    refund None for all that is left. `problem` says why it is left out.
    """

    line: int
    number: str
    rows: int
    status: str
    problem: str = ""
    at: str = ""
    amount_minor: int | None = None
    currency: str = ""
    codes: Sequence[str] = ()
    order: str = ""

    @classmethod
    def of(cls, outcome: Outcome) -> ShownEntry:
        entry, facts = outcome.entry, outcome.entry.facts
        shown = cls(
            line=entry.lines[0],
            number=entry.number,
            rows=entry.count,
            status=outcome.status,
            problem="; ".join(f"{each.field}: {each.message}" for each in outcome.errors),
        )
        if isinstance(facts, OrderFacts):
            return replace(
                shown,
                at=facts.ordered_at.isoformat(),
                amount_minor=facts.total_minor,
                currency=facts.currency,
                codes=list(facts.promo_codes),
            )
        if isinstance(facts, RefundFacts):
            return replace(
                shown,
                at=facts.refunded_at.isoformat(),
                amount_minor=facts.asked_minor,
                currency=facts.currency,
                order=facts.order_external_id,
            )
        return shown


def shown_entries(preview: Work) -> list[ShownEntry]:
    """Return the first orders or refunds of a preview as they were read; none after some days."""
    content = b"".join(read_file_bytes(preview, WorkFile.MADE))
    return [ShownEntry(**shown) for shown in json.loads(content or "[]")]


HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(PREVIEWS.values(), preview_file),
    **dict.fromkeys(IMPORTS.values(), import_file),
}
