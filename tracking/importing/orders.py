"""Import orders and refunds from a file, by the same services as the API.

A second import of the same file changes nothing. A bad row is reported with its line and reason;
all others are imported. An order with one bad line is left out completely, because its total would
be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from accounts.actors import Actor
from core.batches import batches
from tracking.importing.csv_rows import BATCH, Counted, ImportReport, RowError
from tracking.importing.entries import ORDERS, REFUNDS, Entry, EntryKind
from tracking.importing.tables import Table
from tracking.models import Refund
from tracking.orders.facts import FieldProblem, OrderFacts, RefundFacts, future_problem
from tracking.orders.lookup import known_digests
from tracking.orders.recording import record_orders
from tracking.orders.refunds import record_refunds
from tracking.orders.results import RecordingResult, RecordingStatus

LEFT_OUT = "left out"  # what became of an entry that can't be read
UNAPPLIED = "unapplied"  # what became of a refund that is recorded and took nothing, as `why` says


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an entry, in a word, and what is wrong with it.

    `why` says why an order that is recorded has no member, or why a refund took less than it asked.
    """

    entry: Entry
    status: str
    errors: Sequence[RowError] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class EntryImport:
    """Records entries of one source. With `anew`, a known one is what the file says now."""

    kind: EntryKind
    source: str
    anew: bool = False

    def record(self, entries: Sequence[Entry], *, by: Actor, now: datetime) -> list[Outcome]:
        """Record all entries that could be read; return what became of each."""
        read = [entry for entry in entries if entry.facts is not None]
        results = dict(zip(map(id, read), self._record(read, by=by, now=now), strict=True))
        return [
            _outcome(entry, results[id(entry)])
            if id(entry) in results
            else Outcome(entry, LEFT_OUT, entry.errors)
            for entry in entries
        ]

    def _record(
        self, entries: Sequence[Entry], *, by: Actor, now: datetime
    ) -> list[RecordingResult]:
        facts = [entry.facts for entry in entries]
        if self.kind is ORDERS:
            orders = cast("list[OrderFacts]", facts)
            return record_orders(
                source=self.source, orders=orders, revising=self.anew, by=by, now=now
            )
        refunds = cast("list[RefundFacts]", facts)
        return record_refunds(
            source=self.source, refunds=refunds, replacing=self.anew, by=by, now=now
        )

    def foresee(self, entries: Sequence[Entry], *, now: datetime) -> list[Outcome]:
        """Return what would become of each, without a change; of new ones only that they are."""
        known = self._known([entry.number for entry in entries])
        return [self._foreseen(entry, known.get(entry.number), now=now) for entry in entries]

    def _known(self, numbers: Sequence[str]) -> dict[str, set[str]]:
        """The digests of all that was stated of the recorded ones, by number."""
        if self.kind is ORDERS:
            return known_digests(self.source, numbers)
        rows = Refund.objects.filter(source=self.source, external_id__in=numbers)
        return {number: {digest} for number, digest in rows.values_list("external_id", "digest")}

    def _foreseen(self, entry: Entry, digests: set[str] | None, *, now: datetime) -> Outcome:
        facts = entry.facts
        if facts is None:
            return Outcome(entry, LEFT_OUT, entry.errors)
        problem = (
            facts.future_problem(now=now)
            if isinstance(facts, OrderFacts)
            else future_problem("refunded_at", facts.refunded_at, now=now)
        )
        if problem is not None:
            return Outcome(entry, RecordingStatus.REFUSED, [entry.error(problem)])
        if digests is None:
            return Outcome(entry, RecordingStatus.RECORDED)
        if facts.digest() in digests:
            return Outcome(entry, RecordingStatus.DUPLICATE)
        if self.anew:
            return Outcome(entry, RecordingStatus.REVISED)
        message = f"{entry.number} is recorded already with other contents"
        problem = FieldProblem(self.kind.key, "recorded_differently", message)
        return Outcome(entry, RecordingStatus.CONFLICT, [entry.error(problem)])


def _outcome(entry: Entry, result: RecordingResult) -> Outcome:
    if result.is_accepted:
        why = "; ".join(problem.message for problem in result.problems)
        return Outcome(entry, UNAPPLIED if _took_nothing(result) else result.status, why=why)
    return Outcome(entry, result.status, [entry.error(problem) for problem in result.problems])


def _took_nothing(result: RecordingResult) -> bool:
    """Whether a refund of a known order could take nothing of it, for a reason."""
    is_new = result.status in {RecordingStatus.RECORDED, RecordingStatus.REPLACED}
    is_without_effect = result.applied is not None and not result.applied.minor
    return is_new and is_without_effect and bool(result.problems)


def import_orders(
    table: Table,
    *,
    source: str,
    by: Actor,
    now: datetime,
    counted: Counted,
    anew: bool = False,
) -> ImportReport:
    """Record the orders of a file: one row per order line.

    With `anew`, a known order is what the file says now; without, other contents are an error.
    """
    return _import(table, EntryImport(ORDERS, source, anew), by=by, now=now, counted=counted)


def import_refunds(
    table: Table,
    *,
    source: str,
    by: Actor,
    now: datetime,
    counted: Counted,
    anew: bool = False,
) -> ImportReport:
    """Record the refunds of a file: one row per refunded line; `anew` as for orders."""
    return _import(table, EntryImport(REFUNDS, source, anew), by=by, now=now, counted=counted)


def _import(
    table: Table, file: EntryImport, *, by: Actor, now: datetime, counted: Counted
) -> ImportReport:
    report = ImportReport()
    for batch in batches(file.kind.entries(table), BATCH):
        for outcome in file.record(batch, by=by, now=now):
            if outcome.status != LEFT_OUT:
                report.counts[outcome.status] += 1
            is_known = outcome.status == RecordingStatus.CONFLICT
            advice = "; --update makes it what the file says" if is_known else ""
            report.errors += [
                RowError(error.line, error.field, f"{error.message}{advice}")
                for error in outcome.errors
            ]
        counted(len(batch))
    return report
