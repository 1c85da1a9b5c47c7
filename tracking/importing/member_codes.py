"""What the promo codes of a file of members mean for other codes and other people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from offers.models import Offer
from tracking.importing.csv_rows import Row, RowError
from tracking.links.code_text import normal_code
from tracking.links.promo_codes import had_until, last_holders
from tracking.models import PromoCode

REPLACES, STOPS = "replaces", "which stops at once"
GIVEN_LATER = "was given after the preview, and would stop: import the file again to see it first"
BELONGED = "belonged to"
LOOKS_LIKE_A_DATE = "looks like a date: check that a spreadsheet did not make it of another code"
_MONTHS = (
    "JAN|JANV|ENE|GEN|FEB|FÉVR|MAR|MÄR|MÄRZ|MRZ|MRT|MARS|APR|AVR|ABR|MAY|MAI|MEI|MAG|JUN|JUIN|GIU"
    "|JUL|JUIL|LUG|AUG|AOÛT|AGO|SEP|SEPT|SET|OCT|OKT|OTT|NOV|DEC|DEZ|DÉC|DIC"
)
# How spreadsheets write a day, or a month of a year: 20-Jun, 20. Jun, Mar-15, 20/06/2026.
DATE = re.compile(
    rf"[0-9]{{1,2}}[-./](?:{_MONTHS})\.?|(?:{_MONTHS})\.?[-./](?:[0-9]{{2}}|[0-9]{{4}})"
    r"|[0-9]{1,2}[-./][0-9]{1,2}[-./](?:[0-9]{2}|[0-9]{4})|[0-9]{4}[-./][0-9]{1,2}[-./][0-9]{1,2}"
)
AddressAndCode = tuple[str, str]  # of a line of the file


class FileCode(NamedTuple):
    """The code that a file gives to a person, and the line that says so."""

    line: int
    code: str


def codes_of_file(rows: Iterable[Row]) -> dict[str, FileCode]:
    """Return the code that a file gives each address, as its first row with the address says."""
    found: dict[str, FileCode] = {}
    for line, cells in rows:
        address, code = cells["email"].strip().lower(), cells["promo_code"].strip()
        if address and code:
            found.setdefault(address, FileCode(line, normal_code(code)))
    return found


def codes_given_up(
    codes: Mapping[int, AddressAndCode], offer: Offer, of_file: Mapping[str, FileCode]
) -> dict[int, str]:
    """Say by line which of these codes the file takes from somebody else in the offer.

    Such a code is free only after the other person's row is imported, so the same file would give
    it to somebody else in its second import. It is refused in both.
    """
    holders: dict[str, PromoCode] = {}
    named = PromoCode.objects.named({code for _, code in codes.values()})
    rows = named.select_related("enrollment__member")
    for row in rows.order_by("pk"):
        known = holders.get(row.code.upper())
        if known is None or _held_until(row) >= _held_until(known):
            holders[row.code.upper()] = row
    problems = {}
    for line, (address, code) in codes.items():
        holder = holders.get(code)
        if holder is None or holder.enrollment.offer_id != offer.pk:
            continue
        member = holder.enrollment.member
        given = of_file.get(member.email)
        if given and member.email != address and given.code != code:
            problems[line] = (
                f"{member} has or had {code}, and gets another code on line {given.line}: give"
                f" {code} to somebody else with a later file"
            )
    return problems


def _held_until(row: PromoCode) -> tuple[bool, datetime]:
    """The end of the time in which somebody has a code; one in use is the latest."""
    return row.is_in_use, row.deactivated_at or row.in_use_since


def codes_that_stop(
    codes: Mapping[int, str], *, given_after: datetime | None = None
) -> dict[int, str]:
    """Return the codes in use that these codes by enrollment would take the place of.

    With `given_after`, those alone that were given after this moment.
    """
    in_use = PromoCode.objects.in_use().filter(enrollment__in=list(codes)).order_by("pk")
    return {
        row.enrollment_id: row.code
        for row in in_use
        if row.code != codes[row.enrollment_id]
        and (given_after is None or row.in_use_since > given_after)
    }


def is_asked(message: str) -> bool:
    """Whether a row that was left out only needs a confirmation."""
    return message.startswith(f"{REPLACES} ") and message.endswith(STOPS)


def is_remark(message: str) -> bool:
    """Whether it is said of a row that is not left out."""
    return is_remark_on_date(message) or (f" {BELONGED} " in message and not is_asked(message))


def is_remark_on_date(message: str) -> bool:
    """Whether it says that a code looks like a date."""
    return message.endswith(f" {LOOKS_LIKE_A_DATE}")


def remarks_on_codes(codes: Mapping[int, AddressAndCode]) -> list[RowError]:
    """Say who had the codes before that somebody else gets, and which codes look like dates."""
    holders = last_holders(code for _, code in codes.values())
    remarks = []
    for line, (address, code) in codes.items():
        last = holders.get(code)
        if last is not None and last.enrollment.member.email != address:
            remarks.append(RowError(line, "promo_code", f"{code} {BELONGED} {had_until(last)}"))
        if DATE.fullmatch(code):
            remarks.append(RowError(line, "promo_code", f"{code} {LOOKS_LIKE_A_DATE}"))
    return remarks
