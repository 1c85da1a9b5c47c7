"""Import members, with their promo codes, from the rows of a CSV file.

A batch of rows takes a fixed number of statements. A bad row is reported with its line and reason;
all others are imported. A second import of the same file changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from affiliates.details import (
    MemberDetails,
    TagError,
    TooManyTagsError,
    add_details,
    lock_members,
    read_handles,
    read_tags,
)
from affiliates.handles import HandleError
from affiliates.models import Creator, Member, Platform
from affiliates.selectors import members_by_address
from affiliates.services import MemberError, Person, add_members, read_person
from core.batches import batches
from core.db import lock_identities
from core.tenancy import current_brand_id
from offers.models import Enrollment, Offer
from offers.services import ClosedError, enroll
from tracking.importing.cell_problems import CellRules
from tracking.importing.csv_rows import (
    BATCH,
    MEMBER_COLUMNS,
    Counted,
    ImportReport,
    Row,
    RowError,
)
from tracking.importing.member_codes import (
    GIVEN_LATER,
    REPLACES,
    STOPS,
    AddressAndCode,
    FileCode,
    codes_given_up,
    codes_of_file,
    codes_that_stop,
    remarks_on_codes,
)
from tracking.links.code_text import normal_code
from tracking.links.items import ItemError
from tracking.links.promo_codes import give_codes
from tracking.links.tracking_links import give_links
from tracking.models import PromoCode, TrackingLink

RULES = CellRules(
    read=(*MEMBER_COLUMNS, "tags", *Platform.values),
    ids=("promo_code",),
    as_typed=("promo_code",),
    in_one_line=MEMBER_COLUMNS,
)
MEMBER_TABLES = (Creator, Member, Enrollment, PromoCode, TrackingLink)


@dataclass(frozen=True, slots=True)
class _ValidRow:
    """One valid row: the person, their code and details."""

    line: int
    person: Person
    code: str
    details: MemberDetails


class _RowsRefusedError(Exception):
    """What some rows ask for in a column can't be done: the reasons by file line.

    With `asks`, codes can be given, but others would stop, and nobody has confirmed that.
    """

    def __init__(self, column: str, problems: dict[int, str], *, asks: bool = False) -> None:
        super().__init__(problems)
        self.column, self.problems, self.asks = column, problems, asks


class MemberImport:
    """Imports the rows of one file in their order, in batches, and finds repeated rows.

    Without an offer, a row that names a code is an error: a code belongs to an offer. A row whose
    code would take the place of one in use is left out, unless `replace_codes` confirms it: of the
    codes in use since `previewed_at`, if that is given, as nobody has seen later ones. `file_codes`
    are the codes of the whole file, see `codes_of_file`.
    """

    def __init__(
        self,
        *,
        offer: Offer | None,
        by: Actor,
        file_codes: Mapping[str, FileCode],
        replace_codes: bool = False,
        previewed_at: datetime | None = None,
    ) -> None:
        self.offer, self.by, self.replace_codes = offer, by, replace_codes
        self.file_codes, self.previewed_at = file_codes, previewed_at
        self.first_line: dict[str, int] = {}

    @transaction.atomic
    def import_rows(self, rows: Sequence[Row], *, now: datetime) -> ImportReport:
        """Add each row's person to the brand and the offer, with the row's code and a link."""
        report = ImportReport()
        self._import_batch(self._valid(rows, report), report, now=now)
        report.errors.sort(key=lambda error: error.line)
        return report

    @transaction.atomic
    def preview(self, rows: Sequence[Row], *, now: datetime) -> ImportReport:
        """Return the report of `import_rows`: run it and roll it back.

        It remarks whose code, until it was ended, somebody else gets, and on codes that look like
        dates.
        """
        report = ImportReport()
        valid_rows = self._valid(rows, report)
        remarks = remarks_on_codes(_codes_by_line(valid_rows))
        self._import_batch(valid_rows, report, now=now)
        report.errors.sort(key=lambda error: error.line)
        refused = {error.line for error in report.errors}
        report.remarks = [remark for remark in remarks if remark.line not in refused]
        transaction.set_rollback(True)
        return report

    def skip_rows(self, rows: Iterable[Row]) -> None:
        """Skip rows that were imported before, but remember them to find repeated rows."""
        forgotten = ImportReport()
        for row in rows:
            self._read(row, forgotten)

    def _valid(self, rows: Sequence[Row], report: ImportReport) -> list[_ValidRow]:
        return [read for row in rows if (read := self._read(row, report))]

    def _read(self, row: Row, report: ImportReport) -> _ValidRow | None:
        """Check the row; for an invalid row add an error to the report and return None."""
        line, cells = row
        if problem := RULES.problem_of(cells):
            report.errors.append(RowError(line, *problem))
            return None
        try:
            if not cells["email"].strip():
                raise MemberError("email", "is missing: a member needs an address")
            person = read_person(
                email=cells["email"], first_name=cells["first_name"], last_name=cells["last_name"]
            )
            self._check_not_repeated("email", person.email)
            code = normal_code(cells["promo_code"])
            if code and self.offer is None:
                raise MemberError("promo_code", "a code belongs to an offer: choose one")
            if not (self.offer and self.offer.gives_codes):
                code = ""
            if code:
                self._check_not_repeated("promo_code", code)
            details = _read_details(cells)
        except MemberError as error:
            report.errors.append(RowError(line, error.field, str(error)))
            return None
        self.first_line[f"email:{person.email}"] = line
        if code:
            self.first_line[f"promo_code:{code}"] = line
        return _ValidRow(line, person, code, details)

    def _check_not_repeated(self, column: str, value: str) -> None:
        """Raise MemberError for what an earlier row has, unless that row could not be read."""
        earlier = self.first_line.get(f"{column}:{value}")
        if earlier is not None:
            raise MemberError(column, f"{value} is already on line {earlier}")

    def _import_batch(
        self, valid_rows: Sequence[_ValidRow], report: ImportReport, *, now: datetime
    ) -> None:
        """Import a batch. If rows are refused, leave them out and try the others again."""
        while valid_rows:
            try:
                with transaction.atomic():
                    report.counts.update(self._import_valid_rows(valid_rows, now=now))
            except _RowsRefusedError as refused:
                (report.asks if refused.asks else report.errors).extend(
                    RowError(line, refused.column, why) for line, why in refused.problems.items()
                )
                valid_rows = [row for row in valid_rows if row.line not in refused.problems]
            else:
                return

    def _import_valid_rows(self, valid_rows: Sequence[_ValidRow], *, now: datetime) -> list[str]:
        """Import the rows; return the outcome of each: added, changed or unchanged."""
        lock_identities([f"member-import:{current_brand_id()}"])  # one import at a time
        known = members_by_address(row.person.email for row in valid_rows)
        lock_members(member.pk for member in known.values())  # before their tags, as others do
        new = [row.person for row in valid_rows if row.person.email not in known]
        added = {member.email: member for member in add_members(people=new, by=self.by, now=now)}
        members = {**known, **added}
        noted = {
            members[row.person.email].pk: row.details for row in valid_rows if row.details.is_any
        }
        try:
            changed = add_details(details=noted, by=self.by, now=now) if noted else set()
        except TooManyTagsError as error:
            full = [r.line for r in valid_rows if members[r.person.email].pk in error.member_ids]
            raise _RowsRefusedError("tags", dict.fromkeys(full, str(error))) from error
        if self.offer is not None:
            changed |= self._enroll_and_give_items(valid_rows, members, self.offer, now=now)
        return [
            "added"
            if row.person.email in added
            else "changed"
            if known[row.person.email].pk in changed
            else "unchanged"
            for row in valid_rows
        ]

    def _enroll_and_give_items(
        self,
        valid_rows: Sequence[_ValidRow],
        members: dict[str, Member],
        offer: Offer,
        *,
        now: datetime,
    ) -> set[int]:
        """Enroll all members and give codes and links; return the ids of changed members."""
        inside = set(
            Enrollment.objects.not_removed()
            .filter(offer=offer, member__in=list(members.values()))
            .values_list("member_id", flat=True)
        )
        try:
            enrollments = enroll(offer=offer, members=members.values(), by=self.by, now=now)
        except ClosedError as error:  # it ended after it was chosen
            why = dict.fromkeys((row.line for row in valid_rows), str(error))
            raise _RowsRefusedError("offer", why) from error
        of_member = {row.member_id: row for row in enrollments}
        # Not of those who were erased just now: they were not enrolled.
        lines = {
            of_member[pk].pk: row
            for row in valid_rows
            if (pk := members[row.person.email].pk) in of_member
        }
        codes = {pk: row.code for pk, row in lines.items() if row.code}
        given_up = codes_given_up(_codes_by_line(lines.values()), offer, self.file_codes)
        if given_up:
            raise _RowsRefusedError("promo_code", given_up)
        if self.previewed_at and (later := codes_that_stop(codes, given_after=self.previewed_at)):
            why = {lines[pk].line: f"{code} {GIVEN_LATER}" for pk, code in later.items()}
            raise _RowsRefusedError("promo_code", why)
        stopping = {} if self.replace_codes else codes_that_stop(codes)
        try:
            given = give_codes(
                codes=codes,
                enrollments=enrollments,
                by=self.by,
                now=now,
                may_reuse=codes.values(),
            )
        except ItemError as error:
            problems = {lines[pk].line: why for pk, why in error.problems.items()}
            raise _RowsRefusedError("promo_code", problems) from error
        if stopping:  # asked only of codes that can be given; what was given is rolled back
            asked = {lines[pk].line: f"{REPLACES} {code}, {STOPS}" for pk, code in stopping.items()}
            raise _RowsRefusedError("promo_code", asked, asks=True)
        links = (
            give_links(enrollments=enrollments, by=self.by, now=now) if offer.gives_links else []
        )
        touched = {code.enrollment_id for code in given} | {link.enrollment_id for link in links}
        return {
            row.member_id for row in enrollments if row.pk in touched or row.member_id not in inside
        }


def _codes_by_line(valid_rows: Iterable[_ValidRow]) -> dict[int, AddressAndCode]:
    return {row.line: (row.person.email, row.code) for row in valid_rows if row.code}


def import_members(
    rows: Iterable[Row],
    *,
    offer: Offer | None,
    by: Actor,
    now: datetime,
    counted: Counted,
    replace_codes: bool = False,
) -> ImportReport:
    """Import all rows in batches, after the last one is read.

    A code that would take another one's place is an error. With `replace_codes`, it takes the
    place, and the other code stops. Raises ImportFileError as `rows` does; nothing is changed then.
    """
    report, whole = ImportReport(), list(rows)
    file = MemberImport(
        offer=offer, by=by, file_codes=codes_of_file(whole), replace_codes=replace_codes
    )
    for batch in batches(iter(whole), BATCH, tables=MEMBER_TABLES):
        found = file.import_rows(batch, now=now)
        found.errors += [
            RowError(ask.line, ask.field, f"{ask.message}; --replace-codes does it")
            for ask in found.asks
        ]
        found.errors.sort(key=lambda error: error.line)
        report.add(found)
        counted(len(batch))
    return report


def _read_details(cells: dict[str, str]) -> MemberDetails:
    """Read the optional columns: tags, and a handle per platform."""
    try:
        return MemberDetails(tags=read_tags(cells.get("tags", "")), handles=read_handles(cells))
    except TagError as error:
        raise MemberError("tags", str(error)) from error
    except HandleError as error:
        raise MemberError(error.platform.value, str(error)) from error
