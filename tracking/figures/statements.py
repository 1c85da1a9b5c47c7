"""The ledger entries that a payment pays, for the payment's page and its statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from core.money import Money
from core.templatetags.display import day, money
from payouts.models import EntryKind, LedgerEntry, Payout
from payouts.selectors import items_of
from tracking.models import ClickEarning, Conversion


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One ledger entry of a payment, with its conversion or its day's clicks.

    An adjustment or a write-off has neither.
    """

    entry: LedgerEntry
    conversion: Conversion | None
    clicks: ClickEarning | None = None

    @property
    def amount(self) -> Money:
        return Money(self.entry.amount_minor, self.entry.currency)

    @property
    def what(self) -> str:
        return entry_name(self.entry)

    @property
    def kind(self) -> str:
        """The kind of entry for files that programs read: clicks have one of their own."""
        return "clicks" if self.clicks else str(self.entry.kind)

    @property
    def title(self) -> str:
        """The order's number; the kind of entry when there is no order."""
        return self.conversion.order.external_id if self.conversion else self.what

    @property
    def remark(self) -> str:
        """The day and details ("18 Aug 2026 · sale £162.69")."""
        parts = [day(self.on)]
        if self.conversion:
            parts.append(_("sale %(amount)s") % {"amount": money(self.conversion.sale)})
            if self.entry.amount_minor < 0:
                parts.append(self.what.lower())
        return " · ".join([*parts, *filter(None, [self.entry.note])])

    @property
    def on(self) -> date:
        """The day of the clicks, or of `happened_at` in the active time zone."""
        return self.clicks.day if self.clicks else timezone.localdate(self.happened_at)

    @property
    def happened_at(self) -> datetime:
        """The time of the order, or of the posting for others. Clicks have a day: see `on`."""
        return self.conversion.occurred_at if self.conversion else self.entry.posted_at


def entry_name(entry: LedgerEntry) -> str:
    """Return the kind of a payable entry as text, for staff and members alike.

    A negative entry takes back what was earned or written off.
    """
    is_more = entry.amount_minor > 0
    if entry.click_earning_id:
        return _("Clicks") if is_more else _("Clicks taken back")
    if entry.kind == EntryKind.COMMISSION:
        return _("Commission") if is_more else _("Commission taken back")
    if entry.kind == EntryKind.WRITE_OFF:
        return _("Debt written off") if is_more else _("Write-off taken back")
    return _("Bonus") if is_more else _("Correction")


def statement_of(payout: Payout) -> list[StatementLine]:
    """Return every entry of a payment, in three queries."""
    return with_conversions([item.entry for item in items_of([payout.pk])])


def with_conversions(entries: list[LedgerEntry]) -> list[StatementLine]:
    """Return the entries with their conversions (with order) or clicks."""
    ids = {entry.conversion_id for entry in entries if entry.conversion_id}
    click_ids = {entry.click_earning_id for entry in entries if entry.click_earning_id}
    conversions = Conversion.objects.select_related("order").in_bulk(ids)
    clicks = ClickEarning.objects.in_bulk(click_ids) if click_ids else {}
    return [
        StatementLine(
            entry,
            conversions.get(entry.conversion_id or 0),
            clicks.get(entry.click_earning_id or 0),
        )
        for entry in entries
    ]


def statement_rows(payout: Payout) -> Iterator[list[str]]:
    """Yield a statement's CSV rows: header first, total last.

    Amounts are decimals, days those of the active time zone.
    """
    yield ["date", "offer", "order", "sale", "what", "note", "amount", "currency"]
    for line in statement_of(payout):
        conversion = line.conversion
        yield [
            line.on.isoformat(),
            line.entry.enrollment.offer.name,
            conversion.order.external_id if conversion else "",
            Money(conversion.sale_minor, conversion.currency).plain() if conversion else "",
            line.kind,
            line.entry.note,
            line.amount.plain(),
            payout.currency,
        ]
    total = Money(payout.amount_minor, payout.currency).plain()
    yield ["", "", "", "", "total", payout.reference, total, payout.currency]
