"""What a bank or PayPal is told to pay: the payments of a run that are still on the way."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from payouts.models import Payout, PayoutRun, PayoutState
from payouts.selectors import payouts_of_run

PAYPAL_ROWS = 5_000  # in one file, says PayPal
_AT_ONCE = 2_000


def still_to_pay(run: PayoutRun) -> QuerySet[Payout]:
    """The payments on the way, in the order of their ids: the same in every file."""
    return payouts_of_run(run).filter(state=PayoutState.PROCESSING).order_by("pk")


def payment_reference(payout: Payout) -> str:
    """What finds a payment again in a bank's statement: letters, digits and a hyphen."""
    return f"RUN{payout.run_id}-{payout.pk}"


def bank_rows(run: PayoutRun) -> Iterator[list[str]]:
    """Member, email, amount as a plain decimal, currency, reference; header first."""
    yield ["member", "email", "amount", "currency", "reference"]
    for payout in still_to_pay(run).iterator(chunk_size=_AT_ONCE):
        yield [
            str(payout.member),
            payout.member.email,
            payout.amount.plain(),
            payout.currency,
            payment_reference(payout),
        ]


def paypal_rows(run: PayoutRun, *, part: int = 1, note: str) -> Iterator[list[str]]:
    """One file of PayPal's Payouts Web, without a header, at most PAYPAL_ROWS long.

    Recipient, amount, currency, customer id (30 characters, no spaces), note (400 characters) and
    wallet, as developer.paypal.com says under "Payouts Web". Members without an address are left
    out: PayPal finds people by it.
    """
    first = (part - 1) * PAYPAL_ROWS
    rows = still_to_pay(run).exclude(member__email="")[first : first + PAYPAL_ROWS]
    for payout in rows.iterator(chunk_size=_AT_ONCE):
        yield [
            payout.member.email,
            payout.amount.plain(),
            payout.currency,
            payment_reference(payout),
            note[:400],
            "PAYPAL",
        ]


def paypal_parts(run: PayoutRun) -> int:
    """How many files PayPal takes for the run."""
    return -(-still_to_pay(run).exclude(member__email="").count() // PAYPAL_ROWS)
