"""The card of payments: what the brand paid, the share of this offer, and its entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from core.keyset_pagination import Keyset, KeysetPage
from core.money import Money
from core.templatetags.display import day, masked_reference, moment, money, signed
from offers.models import Enrollment
from payouts.ledger import Balance, balances
from payouts.member_view import counts_as_due, entries_of_payout, payments_of
from payouts.models import EntryKind, LedgerEntry, Payout, PayoutState
from tracking.figures.statements import StatementLine, entry_name, with_conversions

PER_PAGE = 100
BATCH = 500
TONES = {
    PayoutState.DRAFT.value: "wait",
    PayoutState.PENDING_INFO.value: "wait",
    PayoutState.PROCESSING.value: "wait",
    PayoutState.PAID.value: "good",
    PayoutState.FAILED.value: "bad",
    PayoutState.CANCELLED.value: "neutral",
}
LABELS = {
    PayoutState.DRAFT.value: pgettext_lazy("payment", "Being prepared"),
    PayoutState.PENDING_INFO.value: pgettext_lazy("payment", "Waiting for your details"),
    PayoutState.PROCESSING.value: pgettext_lazy("payment", "On the way"),
    PayoutState.PAID.value: pgettext_lazy("payment", "Paid"),
    PayoutState.FAILED.value: pgettext_lazy("payment", "Failed"),
    PayoutState.CANCELLED.value: pgettext_lazy("payment", "Cancelled"),
}
STATES = {
    PayoutState.DRAFT.value: pgettext_lazy("csv", "draft"),
    PayoutState.PENDING_INFO.value: pgettext_lazy("csv", "pending_info"),
    PayoutState.PROCESSING.value: pgettext_lazy("csv", "processing"),
    PayoutState.PAID.value: pgettext_lazy("csv", "paid"),
    PayoutState.FAILED.value: pgettext_lazy("csv", "failed"),
    PayoutState.CANCELLED.value: pgettext_lazy("csv", "cancelled"),
}


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment, and how much of it is for this offer."""

    payout: Payout
    share: Money

    @property
    def whole(self) -> Money:
        return Money(self.payout.amount_minor, self.payout.currency)

    @property
    def covers_more(self) -> bool:
        """Whether it pays other offers of the brand too."""
        return self.share != self.whole

    @property
    def is_taken_off(self) -> bool:
        """Whether this offer owed less than nothing, so that the payment is smaller by its share.

        Such a payment always pays other offers.
        """
        return self.share.minor < 0

    @property
    def others(self) -> Money:
        return self.whole - self.share

    @property
    def happened_at(self) -> datetime:
        return happened_at(self.payout)

    @property
    def label(self) -> str:
        return str(LABELS[self.payout.state])

    @property
    def tone(self) -> str:
        return TONES[self.payout.state]

    @property
    def wants_details(self) -> bool:
        """Whether it waits for the member's payout details."""
        return self.payout.state == PayoutState.PENDING_INFO

    @property
    def note(self) -> str:
        """The date, and the reference if there is one."""
        return date_and_reference(self.payout)

    @property
    def came_back(self) -> bool:
        return self.payout.state in {PayoutState.FAILED, PayoutState.CANCELLED}


def back_text(payment: PaymentRow, enrollment: Enrollment, *, now: datetime) -> str:
    """Return why the payment failed or was cancelled, and where its money is now. Two queries."""
    due = balances([enrollment.pk], now=now).get(enrollment.pk, Balance()).due_minor
    if not counts_as_due(payout_id=payment.payout.pk, enrollment_id=enrollment.pk):
        ending = _("This money is part of another payment.")
    elif due > 0:
        ending = _(
            "The money is still yours: it counts as not paid and is part of the next payment."
        )
    else:
        ending = _("Refunds or corrections since then took this money back, so it is not due.")
    reason = payment.payout.reason
    return f"{reason.rstrip('.')}. {ending}" if reason else ending


@dataclass(frozen=True, slots=True)
class PaidLine:
    """One entry in a payment: an order, a day's clicks, or a bonus or correction with its reason.

    `happened` is the time of an order; of a day's clicks their day.
    """

    title: str
    more: str
    amount: str
    happened: str


def happened_at(payout: Payout) -> datetime:
    """Return when a payment was settled; of an open one, when it was made."""
    return payout.settled_at or payout.created_at


def date_and_reference(payout: Payout) -> str:
    return " · ".join(filter(None, [day(happened_at(payout)), payout.reference]))


def payment_rows(enrollment: Enrollment) -> list[PaymentRow]:
    """Return the payments of this enrollment, newest first. One query."""
    return [_row(entry) for entry in payments_of(enrollment_id=enrollment.pk)]


def payment_row(enrollment: Enrollment, public_id: UUID) -> PaymentRow | None:
    """Return one payment of this enrollment; None for other and unknown payments."""
    return next(
        (row for row in payment_rows(enrollment) if row.payout.public_id == public_id), None
    )


def _row(entry: LedgerEntry) -> PaymentRow:
    return PaymentRow(entry.payout, Money(-entry.amount_minor, entry.currency))


def paid_entries(
    payment: PaymentRow, enrollment: Enrollment, *, cursor: str
) -> KeysetPage[LedgerEntry]:
    """Return one page of the entries that the payment pays of this enrollment, oldest first."""
    asked = {"payout_id": payment.payout.pk, "enrollment_id": enrollment.pk}
    entries = Keyset(entries_of_payout, asked, "available_at", newest_first=False)
    return entries.page(cursor, size=PER_PAGE)


def paid_lines(entries: Sequence[LedgerEntry]) -> list[PaidLine]:
    """Return the entries as lines. One query."""
    return [_line(line) for line in with_conversions(list(entries))]


def statement_lines(payments: Iterable[PaymentRow], enrollment: Enrollment) -> Iterator[list[str]]:
    """Yield the statement as CSV rows, header first, with every entry of every payment.

    Memory use does not grow with the number of entries. Dates are in the brand's time zone, amounts
    are plain decimals, and order numbers are masked as on the page.
    """
    yield _columns()
    for payment in payments:
        entries = entries_of_payout(payout_id=payment.payout.pk, enrollment_id=enrollment.pk)
        for batch in _batches(entries.iterator(chunk_size=BATCH)):
            for line in with_conversions(batch):
                yield [*_of_payment(payment), *_of_line(line)]


def _columns() -> list[str]:
    return [
        pgettext("csv", "payment_date"),
        pgettext("csv", "payment"),
        pgettext("csv", "state"),
        pgettext("csv", "reference"),
        pgettext("csv", "date"),
        pgettext("csv", "order"),
        pgettext("csv", "sale"),
        pgettext("csv", "what"),
        pgettext("csv", "note"),
        pgettext("csv", "amount"),
        pgettext("csv", "currency"),
    ]


def _batches(entries: Iterator[LedgerEntry]) -> Iterator[list[LedgerEntry]]:
    while batch := list(islice(entries, BATCH)):
        yield batch


def _of_payment(payment: PaymentRow) -> list[str]:
    payout = payment.payout
    paid_on = timezone.localtime(payment.happened_at).date().isoformat()
    return [paid_on, str(payout.public_id), str(STATES[payout.state]), payout.reference]


def _of_line(line: StatementLine) -> list[str]:
    conversion = line.conversion
    return [
        line.on.isoformat(),
        masked_reference(conversion.order.external_id) if conversion else "",
        Money(conversion.sale_minor, conversion.currency).plain() if conversion else "",
        line.what,
        line.entry.note,
        line.amount.plain(),
        line.entry.currency,
    ]


def _line(line: StatementLine) -> PaidLine:
    shown = money(Money(abs(line.amount.minor), line.amount.currency))
    amount = signed(line.amount.minor, shown)
    happened = day(line.on) if line.clicks else moment(line.happened_at)
    if line.conversion is None:
        return PaidLine(*title_and_more(line.entry), amount, happened)
    sale = money(Money(line.conversion.sale_minor, line.conversion.currency))
    reference = masked_reference(line.conversion.order.external_id)
    more = _("sale · %(reference)s") % {"reference": reference}
    return PaidLine(sale, more, amount, happened)


def title_and_more(entry: LedgerEntry) -> tuple[str, str]:
    """Return how an entry without an order is named: its reason, or else what it is.

    What it is comes second where neither the reason nor the sign of the amount says it.
    """
    name = entry_name(entry)
    if not entry.note:
        return name, ""
    return entry.note, name if entry.kind == EntryKind.WRITE_OFF else ""
