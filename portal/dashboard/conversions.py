"""The card of conversions: sale, commission, payment and reason. Shows no shopper data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from core.money import Money
from core.templatetags.display import day, masked_reference, moment, money, signed
from offers.wording import explain
from payouts.member_view import Posting, postings_of
from payouts.models import Payout, PayoutState
from portal.dashboard.attribution_reason import why_in_words
from portal.dashboard.conversion_state import TONES, ConversionState, label_of
from tracking.models import Conversion, ConversionStatus, Evidence
from tracking.orders.exchange import plain_rate

EVIDENCE = {
    Evidence.CODE.value: gettext_noop("your code"),
    Evidence.CLICK.value: gettext_noop("your link"),
    Evidence.CUSTOMER.value: gettext_noop("a customer you brought before"),
    Evidence.BY_HAND.value: gettext_noop("added by the brand"),
}
BATCH = 500


@dataclass(frozen=True, slots=True)
class ConversionRow:
    """One conversion for the member. `how` explains the commission, `money` its payment.

    `earned` of a pending one is what it would earn. `shared` is why staff gave it to them, or to
    them and others.
    """

    sale: str
    reference: str
    earned: str
    is_pending: bool
    note: str
    label: str
    tone: str
    ordered_at: datetime
    why: str
    reason: str
    shared: str
    refunded: str
    how: tuple[str, ...]
    money: tuple[str, ...]


def conversion_rows(conversions: Sequence[Conversion], *, now: datetime) -> list[ConversionRow]:
    """Return the rows of conversions, which must have their order fetched. Two queries."""
    postings = postings_of(row.pk for row in conversions)
    return [_row(row, postings.get(row.pk, []), now=now) for row in conversions]


def _row(row: Conversion, postings: Sequence[Posting], *, now: datetime) -> ConversionRow:
    state, on = state_of(row, postings, now=now)
    is_pending = row.status == ConversionStatus.PENDING
    earned = Money(row.earnable_minor if is_pending else row.commission_minor, row.currency)
    short = _moment(row.occurred_at, now=now)
    return ConversionRow(
        sale=money(Money(row.sale_minor, row.currency)),
        reference=masked_reference(row.order.external_id),
        earned=signed(earned.minor, money(earned)),
        is_pending=is_pending,
        note=f"{short} · {_reason(row) or _(EVIDENCE[row.evidence])}",
        label=label_of(state, _day(on, now=now) if on else ""),
        tone=TONES[state],
        ordered_at=row.occurred_at,
        why=why_in_words(row),
        reason=_reason(row),
        shared=row.share_reason if row.share_bp else "",
        refunded=money(Money(row.refunded_minor, row.currency)) if row.refunded_minor else "",
        how=(*_converted(row), *explain(row.explanation, row.currency)),
        money=tuple(_payment_sentences(row, postings, now=now)),
    )


def _converted(row: Conversion) -> Iterator[str]:
    """How an order in another currency became the sale."""
    if row.rate is not None and row.rate_on is not None:
        yield _("The order is in %(currency)s; 1 %(currency)s = %(rate)s %(to)s on %(day)s") % {
            "currency": row.order.currency,
            "rate": plain_rate(row.rate),
            "to": row.currency,
            "day": day(row.rate_on),
        }


def _reason(row: Conversion) -> str:
    """Why it earns nothing: the shop's reasons in the reader's language, staff's as they wrote."""
    return _(row.reason) if row.reason else ""


def state_of(
    row: Conversion, postings: Sequence[Posting], *, now: datetime
) -> tuple[ConversionState, datetime | None]:
    """Return what a conversion's badge says, and the day in it if it has one."""
    if row.status == ConversionStatus.PENDING:
        return ConversionState.PENDING, None
    if row.status == ConversionStatus.REJECTED:
        return ConversionState.REJECTED, None
    if not row.commission_minor:
        return ConversionState.REFUNDED if row.refunded_minor else ConversionState.NOTHING, None
    open_postings = [posting for posting in postings if posting.payout is None]
    held = [posting for posting in open_postings if posting.available_at > now]
    if sum(posting.amount_minor for posting in held) > 0:
        return ConversionState.HELD, max(posting.available_at for posting in held)
    if sum(posting.amount_minor for posting in open_postings) > 0:
        return ConversionState.DUE, None
    payouts = [posting.payout for posting in postings if posting.payout is not None]
    if any(payout.state == PayoutState.PENDING_INFO for payout in payouts):
        return ConversionState.NEEDS_DETAILS, None
    paid = [payout.settled_at or payout.created_at for payout in payouts if _is_paid(payout)]
    if len(paid) == len(payouts) and paid:
        return ConversionState.PAID, max(paid)
    return ConversionState.ON_THE_WAY, None


def _is_paid(payout: Payout) -> bool:
    return payout.state == PayoutState.PAID


def _payment_sentences(
    row: Conversion, postings: Sequence[Posting], *, now: datetime
) -> Iterator[str]:
    """A sentence for each part of the commission: paid, on the way or payable."""
    if row.status == ConversionStatus.PENDING:
        yield _("Once accepted, it can be paid from %(day)s") % {"day": day(row.payable_at)}
    for posting in _merge_open(postings, now=now):
        amount = Money(posting.amount_minor, row.currency)
        shown = signed(amount.minor, money(Money(abs(amount.minor), row.currency)))
        yield _payment_sentence(posting, shown, now=now)


def _merge_open(postings: Sequence[Posting], *, now: datetime) -> list[Posting]:
    """Paid postings unchanged, and open ones as one sum for now and one per later time.

    So a refund before the payment lowers the amount, and is not shown as a separate posting.
    """
    settled = [posting for posting in postings if posting.payout is not None]
    open_sums: dict[datetime, int] = {}
    for posting in postings:
        if posting.payout is None:
            at = max(posting.available_at, now)
            open_sums[at] = open_sums.get(at, 0) + posting.amount_minor
    return settled + [
        Posting(amount, at, None) for at, amount in sorted(open_sums.items()) if amount
    ]


def _payment_sentence(posting: Posting, amount: str, *, now: datetime) -> str:
    payout = posting.payout
    if payout is not None and _is_paid(payout):
        paid = day(payout.settled_at or payout.created_at)
        named = {"amount": amount, "day": paid, "reference": payout.reference}
        if payout.reference:
            return _("%(amount)s paid on %(day)s (%(reference)s)") % named
        return _("%(amount)s paid on %(day)s") % named
    if payout is not None and payout.state == PayoutState.PENDING_INFO:
        return _("%(amount)s waits for your payout details") % {"amount": amount}
    if payout is not None:
        return _("%(amount)s on the way") % {"amount": amount}
    if posting.amount_minor < 0:
        return _("%(amount)s taken off your next payment") % {"amount": amount}
    if posting.available_at > now:
        payable = {"amount": amount, "day": day(posting.available_at)}
        return _("%(amount)s can be paid from %(day)s") % payable
    return _("%(amount)s can be paid now") % {"amount": amount}


def _day(value: datetime, *, now: datetime) -> str:
    same_year = timezone.localtime(value).year == timezone.localtime(now).year
    return day(value, "short" if same_year else "full")


def _moment(value: datetime, *, now: datetime) -> str:
    same_year = timezone.localtime(value).year == timezone.localtime(now).year
    return moment(value, "short" if same_year else "full")


def conversion_lines(conversions: Iterable[Conversion]) -> Iterator[list[str]]:
    """Yield the rows of the CSV, header first.

    Words are in the reader's language. Dates are ISO 8601 in the brand's time zone and amounts are
    plain decimals, so that every program can read them.
    """
    yield _columns()
    batch: list[Conversion] = []
    for row in conversions:
        batch.append(row)
        if len(batch) == BATCH:
            yield from _lines(batch)
            batch = []
    yield from _lines(batch)


def _columns() -> list[str]:
    return [
        pgettext("csv", "ordered_at"),
        pgettext("csv", "order"),
        pgettext("csv", "sale"),
        pgettext("csv", "refunded"),
        pgettext("csv", "commission"),
        pgettext("csv", "currency"),
        pgettext("csv", "status"),
        pgettext("csv", "reason"),
        pgettext("csv", "credited_by"),
        pgettext("csv", "payable_on"),
        pgettext("csv", "paid_on"),
    ]


def _words() -> dict[str, str]:
    """Statuses and kinds of evidence, as the CSV has them."""
    return {
        ConversionStatus.PENDING.value: pgettext("csv", "pending"),
        ConversionStatus.ACCEPTED.value: pgettext("csv", "accepted"),
        ConversionStatus.REJECTED.value: pgettext("csv", "rejected"),
        Evidence.CODE.value: pgettext("csv", "code"),
        Evidence.CLICK.value: pgettext("csv", "click"),
        Evidence.CUSTOMER.value: pgettext("csv", "customer"),
        Evidence.BY_HAND.value: pgettext("csv", "by_hand"),
    }


def _lines(batch: Sequence[Conversion]) -> Iterator[list[str]]:
    postings = postings_of(row.pk for row in batch)
    words = _words()
    for row in batch:
        yield [
            timezone.localtime(row.occurred_at).isoformat(timespec="seconds"),
            masked_reference(row.order.external_id),
            *(
                Money(minor, row.currency).plain()
                for minor in (row.sale_minor, row.refunded_minor, row.commission_minor)
            ),
            row.currency,
            words[row.status],
            _reason(row),
            words[row.evidence],
            timezone.localtime(row.payable_at).date().isoformat(),
            _paid_on(postings.get(row.pk, [])),
        ]


def _paid_on(postings: Sequence[Posting]) -> str:
    days = [
        timezone.localtime(posting.payout.settled_at or posting.payout.created_at).date()
        for posting in postings
        if posting.payout is not None and _is_paid(posting.payout)
    ]
    return max(days).isoformat() if days else ""
