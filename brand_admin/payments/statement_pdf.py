"""A payment's statement as PDF."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from core.money import Money
from core.pdf_document import FONT, SOFT, TOTAL_SIZE, Document
from core.templatetags.display import day, money
from payouts.models import Payout, PayoutState
from tracking.figures.statements import StatementLine, statement_of

HEADS = (
    gettext_noop("Date"),
    gettext_noop("Offer"),
    gettext_noop("What"),
    gettext_noop("Sale"),
    gettext_noop("Amount"),
)
OFFERS_PART = 0.4  # at most, of what dates and amounts leave


def statement_pdf(payout: Payout) -> bytes:
    """Return the statement of a payment with its entries, in the active time zone."""
    title = _("Statement of payment %(number)s") % {"number": payout.pk}
    page = Document(title, made_at=payout.created_at)
    _write_head(page, payout)
    heads = [_(head) for head in HEADS]
    rows = [_texts_of(line) for line in statement_of(payout)]
    total = money(Money(payout.amount_minor, payout.currency))
    widths = _widths(page, heads, rows, total)
    page.write_table(heads, rows, widths, right=2)
    page.set_font(FONT, style="B", size=TOTAL_SIZE)
    page.ln(1)
    page.write_row([[_("Total")], [total]], [sum(widths[:-1]), widths[-1]], right=1)
    return bytes(page.output())


def _write_head(page: Document, payout: Payout) -> None:
    page.say(payout.brand.name, size=10, colour=SOFT)
    amount = _("Payment of %(amount)s") % {"amount": money(payout.amount)}
    page.say(amount, size=20, style="B", gap=4)
    facts = [
        (pgettext("payment", "To"), f"{payout.member} {payout.member.email}".strip()),
        (_("Date"), day(payout.created_at)),
        (_("Status"), _state(payout)),
        (_("Reference"), payout.reference or pgettext("reference", "none")),
        (_("Number"), str(payout.public_id)),
    ]
    if payout.reason:
        facts.append((_("Reason"), payout.reason))
    page.write_facts(facts)


def _texts_of(line: StatementLine) -> list[str]:
    """Date, offer, what, sale, amount."""
    conversion = line.conversion
    what = " · ".join(filter(None, [line.title, line.entry.note]))
    if conversion and line.entry.amount_minor < 0:
        what = f"{what} · {line.what.lower()}"
    return [
        day(line.on),
        line.entry.enrollment.offer.name,
        what,
        money(conversion.sale) if conversion else "",
        money(line.amount),
    ]


def _widths(
    page: Document, heads: Sequence[str], rows: Sequence[Sequence[str]], total: str
) -> list[float]:
    """The widths of the columns, in millimetres: dates and amounts are never broken."""
    date, offer, _what, sale, amount = page.natural_widths(heads, rows, [total])
    left = page.epw - date - sale - amount
    offer = min(offer, left * OFFERS_PART)
    return [date, offer, left - offer, sale, amount]


def _state(payout: Payout) -> str:
    return {
        PayoutState.DRAFT.value: pgettext("payment", "Draft"),
        PayoutState.PENDING_INFO.value: pgettext("payment", "Waiting for details"),
        PayoutState.PROCESSING.value: pgettext("payment", "Processing"),
        PayoutState.PAID.value: pgettext("payment", "Paid"),
        PayoutState.FAILED.value: pgettext("payment", "Failed"),
        PayoutState.CANCELLED.value: pgettext("payment", "Cancelled"),
    }[payout.state]
