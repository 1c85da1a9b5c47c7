"""The entries of a payment: one name and one day for each, on the page and in its file."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.tenancy import acting_for
from payouts.models import EntryKind, LedgerEntry
from tests.cast import NOW, Cast, pay_all_due
from tests.paid_clicks import earn_by_clicks
from tracking.figures.statements import entry_name, statement_of, statement_rows


def test_clicks_have_the_day_on_which_they_came(cast: Cast) -> None:
    credited_at = NOW + timedelta(days=2)
    earn_by_clicks(cast.diego, credited_at=credited_at)
    with acting_for(cast.juniper):
        payout = pay_all_due(cast.diego, now=credited_at + timedelta(hours=1))

        [line] = statement_of(payout)
        _head, row, _total = statement_rows(payout)

    assert (line.on, line.remark, line.what) == (date(2026, 11, 20), "20 Nov 2026", "Clicks")
    assert row == ["2026-11-20", "Clicks", "", "", "clicks", "", "2.00", "GBP"]


@pytest.mark.parametrize(
    ("entry", "given", "taken_back"),
    [
        (LedgerEntry(kind=EntryKind.COMMISSION, conversion_id=1),
         "Commission", "Commission taken back"),
        (LedgerEntry(kind=EntryKind.COMMISSION, click_earning_id=1),
         "Clicks", "Clicks taken back"),
        (LedgerEntry(kind=EntryKind.ADJUSTMENT), "Bonus", "Correction"),
        (LedgerEntry(kind=EntryKind.WRITE_OFF), "Debt written off", "Write-off taken back"),
    ],
)  # fmt: skip
def test_every_payable_entry_has_a_name(entry: LedgerEntry, given: str, taken_back: str) -> None:
    names = []
    for entry.amount_minor in (1, -1):
        names.append(entry_name(entry))

    assert names == [given, taken_back]
