"""Bring members in from the rows of a CSV file, with the codes they have.

A batch of rows takes a fixed number of statements. A bad row is reported by file line and reason,
and the rest goes in; running it twice changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from affiliates.details import Details, TagError, add_details, read_handles, read_tags
from affiliates.handles import HandleError
from affiliates.models import Creator, Member
from affiliates.selectors import members_by_address
from affiliates.services import MemberError, Person, add_members, read_person
from core.batches import batches
from core.db import lock_identities
from core.tenancy import current_brand_id
from offers.models import Enrollment, Offer
from offers.services import enroll
from tracking.importing.csv_rows import BATCH, Counted, ImportReport, Row, RowError
from tracking.links.items import ItemError
from tracking.links.promo_codes import give_codes, normal_code
from tracking.links.tracking_links import give_links
from tracking.models import PromoCode, TrackingLink

MEMBER_TABLES = (Creator, Member, Enrollment, PromoCode, TrackingLink)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One good row: who comes in, with which code."""

    line: int
    person: Person
    code: str
    details: Details


class _CodesRefusedError(Exception):
    """Some rows' codes can't be given: why, by file line."""

    def __init__(self, problems: dict[int, str]) -> None:
        super().__init__(problems)
        self.problems = problems


class MemberImport:
    """The rows of one file in their order, a batch at a time; remembers who stood where.

    Without an offer, a row that names a code is an error: a code belongs to an offer.
    """

    def __init__(self, *, offer: Offer | None, by: Actor) -> None:
        self.offer, self.by = offer, by
        self.first_line: dict[str, int] = {}

    @transaction.atomic
    def put_in(self, rows: Sequence[Row], *, now: datetime) -> ImportReport:
        """Add each row's person to the brand and the offer, with the code it names, and a link."""
        report = ImportReport()
        wanted = [read for row in rows if (read := self._read(row, report))]
        _put_in(wanted, self.offer, report, by=self.by, now=now)
        report.errors.sort(key=lambda error: error.line)
        return report

    @transaction.atomic
    def preview(self, rows: Sequence[Row], *, now: datetime) -> ImportReport:
        """What `put_in` would report, found by doing it and taking it back."""
        report = self.put_in(rows, now=now)
        transaction.set_rollback(True)
        return report

    def pass_over(self, rows: Iterable[Row]) -> None:
        """Rows that were dealt with before: only remember where they stood."""
        forgotten = ImportReport()
        for row in rows:
            self._read(row, forgotten)

    def _read(self, row: Row, report: ImportReport) -> _Wanted | None:
        """The row, checked; None and an error in the report for one that can't come in."""
        line, cells = row
        try:
            if not cells["email"].strip():
                raise MemberError("email", "is missing: a member needs an address")
            person = read_person(
                email=cells["email"], first_name=cells["first_name"], last_name=cells["last_name"]
            )
            self._stands_once(line, "email", person.email)
            code = normal_code(cells["promo_code"])
            if code and self.offer is None:
                raise MemberError("promo_code", "a code belongs to an offer: choose one")
            if not (self.offer and self.offer.gives_codes):
                code = ""
            if code:
                self._stands_once(line, "promo_code", code)
            details = _read_details(cells)
        except MemberError as error:
            report.errors.append(RowError(line, error.field, str(error)))
            return None
        return _Wanted(line, person, code, details)

    def _stands_once(self, line: int, column: str, value: str) -> None:
        earlier = self.first_line.setdefault(f"{column}:{value}", line)
        if earlier != line:
            raise MemberError(column, f"{value} stands on line {earlier} already")


def import_members(
    rows: Iterable[Row], *, offer: Offer | None, by: Actor, now: datetime, counted: Counted
) -> ImportReport:
    """Bring in all of the rows, a batch at a time."""
    report, file = ImportReport(), MemberImport(offer=offer, by=by)
    for batch in batches(iter(rows), BATCH, tables=MEMBER_TABLES):
        report.add(file.put_in(batch, now=now))
        counted(len(batch))
    return report


def _read_details(cells: dict[str, str]) -> Details:
    """What the columns that a file may have say: tags, and a handle per platform."""
    try:
        return Details(tags=read_tags(cells.get("tags", "")), handles=read_handles(cells))
    except TagError as error:
        raise MemberError("tags", str(error)) from error
    except HandleError as error:
        raise MemberError(error.platform.value, str(error)) from error


def _put_in(
    wanted: Sequence[_Wanted],
    offer: Offer | None,
    report: ImportReport,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Put a batch in; whose code is refused stays out whole, and the others are tried again."""
    while wanted:
        try:
            with transaction.atomic():
                report.counts.update(_outcomes(wanted, offer, by=by, now=now))
        except _CodesRefusedError as refused:
            report.errors += [
                RowError(line, "promo_code", why) for line, why in refused.problems.items()
            ]
            wanted = [row for row in wanted if row.line not in refused.problems]
        else:
            return


def _outcomes(
    wanted: Sequence[_Wanted], offer: Offer | None, *, by: Actor, now: datetime
) -> list[str]:
    """Do it, and say what came of each row: added, changed or unchanged."""
    lock_identities([f"member-import:{current_brand_id()}"])  # two imports at once take turns
    known = members_by_address(row.person.email for row in wanted)
    new = [row.person for row in wanted if row.person.email not in known]
    added = {member.email: member for member in add_members(people=new, by=by, now=now)}
    members = {**known, **added}
    noted = {members[row.person.email].pk: row.details for row in wanted if row.details.is_any}
    changed = add_details(details=noted, by=by, now=now) if noted else set()
    if offer is not None:
        changed |= _share(wanted, members, offer, by=by, now=now)
    return [
        "added"
        if row.person.email in added
        else "changed"
        if known[row.person.email].pk in changed
        else "unchanged"
        for row in wanted
    ]


def _share(
    wanted: Sequence[_Wanted],
    members: dict[str, Member],
    offer: Offer,
    *,
    by: Actor,
    now: datetime,
) -> set[int]:
    """Enroll everybody and give what the offer gives; the ids of the members it changed."""
    inside = set(
        Enrollment.objects.not_removed()
        .filter(offer=offer, member__in=list(members.values()))
        .values_list("member_id", flat=True)
    )
    enrollments = enroll(offer=offer, members=members.values(), by=by, now=now)
    of_member = {row.member_id: row for row in enrollments}
    lines = {of_member[members[row.person.email].pk].pk: row for row in wanted}
    codes = {pk: row.code for pk, row in lines.items() if row.code}
    try:
        given = give_codes(codes=codes, enrollments=enrollments, by=by, now=now)
    except ItemError as error:
        problems = {lines[pk].line: why for pk, why in error.problems.items()}
        raise _CodesRefusedError(problems) from error
    links = give_links(enrollments=enrollments, by=by, now=now) if offer.gives_links else []
    touched = {code.enrollment_id for code in given} | {link.enrollment_id for link in links}
    return {
        row.member_id for row in enrollments if row.pk in touched or row.member_id not in inside
    }
