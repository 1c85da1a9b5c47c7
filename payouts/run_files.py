"""Files for a bank or PayPal with the payments of a run that are in processing.

A payment is in the file of the method that its member chose. Only these files show account numbers
to a brand, and only those of members with a live release. Files are streamed and never stored. Each
payment in a file is marked in the same transaction, so that it never waits for details again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.actors import Actor
from accounts.audit_log import audit
from core.money import Money, exponent, round_half_up
from payouts.destinations import Destination
from payouts.details import destinations_of, visible_details
from payouts.models import Payout, PayoutMethod, PayoutRun, PayoutState
from payouts.selectors import payouts_of_run

PAYPAL_ROWS = 5_000  # PayPal's limit per file
PAYPAL_WHOLE_UNITS = frozenset({"HUF", "JPY", "TWD"})
BANK_COLUMNS = (
    "member",
    "email",
    "amount",
    "currency",
    "reference",
    "account_holder",
    "country",
    "iban",
    "bic",
    "bank_code",
    "account_number",
    "tax_id",
)
_BATCH_SIZE = 2_000  # payments per transaction


def still_to_pay(run: PayoutRun, *, method: PayoutMethod) -> QuerySet[Payout]:
    """Return the run's payments in processing whose details the brand may see, by id."""
    theirs = visible_details().filter(creator=OuterRef("member__creator"), method=method)
    found = payouts_of_run(run).filter(Exists(theirs), state=PayoutState.PROCESSING)
    return found.order_by("pk")


def payable_by_paypal(run: PayoutRun) -> QuerySet[Payout]:
    """Return the payments that PayPal's file contains: those that are not rounded to 0."""
    found = still_to_pay(run, method=PayoutMethod.PAYPAL)
    return found.filter(amount_minor__gte=_least_for_paypal(run.currency))


def too_small_for_paypal(run: PayoutRun) -> QuerySet[Payout]:
    """Return the payments that are in no file, because PayPal's would have the amount 0."""
    found = still_to_pay(run, method=PayoutMethod.PAYPAL)
    return found.filter(amount_minor__lt=_least_for_paypal(run.currency))


def _least_for_paypal(currency: str) -> int:
    """The smallest amount, in minor units, that `amount_for_paypal` does not write as 0."""
    if currency not in PAYPAL_WHOLE_UNITS:
        return 1
    return round_half_up(10 ** exponent(currency), 2)


def payment_reference(payout: Payout) -> str:
    """Return the reference of a payment on a bank statement: letters, digits and a hyphen."""
    return f"RUN{payout.run_id}-{payout.pk}"


def bank_rows(run: PayoutRun, *, by: Actor, now: datetime) -> Iterator[list[str]]:
    """Yield the rows of the bank file, header first, and mark its payments. Amounts are decimals.

    An account has either an IBAN, or an account number with a bank code (a sort code, a routing
    number) or a BIC. The tax id is optional.
    """
    yield [*BANK_COLUMNS]
    wanted = still_to_pay(run, method=PayoutMethod.BANK)
    ids = list(wanted.values_list("pk", flat=True))
    for payout, to in _named(run, ids, "the bank", by=by, now=now):
        yield [
            str(payout.member),
            payout.member.email,
            payout.amount.plain(),
            payout.currency,
            payment_reference(payout),
            to.holder,
            to.country,
            to.iban,
            to.bic,
            to.bank_code,
            to.account_number,
            to.tax_id,
        ]


def paypal_rows(
    run: PayoutRun, *, part: int = 1, note: str, by: Actor, now: datetime
) -> Iterator[list[str]]:
    """Yield one file for PayPal's Payouts Web, without header, and mark its payments.

    At most PAYPAL_ROWS rows of recipient, amount, currency, customer id (30 characters, no spaces),
    note (400 characters) and wallet. Source: developer.paypal.com, "Payouts Web". The payments of
    `too_small_for_paypal` are left out, and not marked.
    """
    wanted = payable_by_paypal(run)
    ids = list(wanted.filter(pk__in=_in_part(run, part)).values_list("pk", flat=True))
    for payout, to in _named(run, ids, "PayPal", by=by, now=now):
        yield [
            to.paypal,
            amount_for_paypal(payout.amount),
            payout.currency,
            payment_reference(payout),
            note[:400],
            "PAYPAL",
        ]


def amount_for_paypal(amount: Money) -> str:
    """Return an amount as PayPal takes it: in some currencies it has whole units alone, rounded.

    Source: developer.paypal.com, "Currency codes".
    """
    if amount.currency not in PAYPAL_WHOLE_UNITS:
        return amount.plain()
    return str(round_half_up(amount.minor, 10 ** exponent(amount.currency)))


def paypal_parts(run: PayoutRun) -> list[int]:
    """Return the numbers of the PayPal files that have at least one payment."""
    wanted = payable_by_paypal(run)
    if run.payments <= PAYPAL_ROWS:
        return [1] if wanted.exists() else []
    last = -(-run.payments // PAYPAL_ROWS)
    return [
        part for part in range(1, last + 1) if wanted.filter(pk__in=_in_part(run, part)).exists()
    ]


def _in_part(run: PayoutRun, part: int) -> QuerySet[Payout, Any]:
    """The ids of the run's payments that belong to one file, by id.

    A payment's file depends on its position among all payments of the run. So a member who shares
    their details between two downloads moves no payment to another file, where it would be paid
    twice or never.
    """
    first = (part - 1) * PAYPAL_ROWS
    ids: QuerySet[Payout, Any] = Payout.objects.filter(run=run).order_by("pk").values("pk")
    return ids[first : first + PAYPAL_ROWS]


def _named(
    run: PayoutRun, ids: Sequence[int], whom: str, *, by: Actor, now: datetime
) -> Iterator[tuple[Payout, Destination]]:
    """Yield payments with their accounts. Each is marked before its row is written."""
    if ids:
        audit.record(
            action="payout_run.file_made", target=run, by=by, now=now, whom=whom, payments=len(ids)
        )
    for start in range(0, len(ids), _BATCH_SIZE):
        yield from _mark(run, ids[start : start + _BATCH_SIZE], now=now)


@transaction.atomic
def _mark(run: PayoutRun, ids: Sequence[int], *, now: datetime) -> list[tuple[Payout, Destination]]:
    """Mark the payments that are still in processing and visible, and decrypt their accounts.

    Locks the run first, as all code that settles its payments does, so no payment is marked paid or
    returned at the same time. Taking back a release waits for this lock, or happens before and the
    payment is left out.
    """
    PayoutRun.objects.select_for_update().get(pk=run.pk)
    rows = Payout.objects.filter(pk__in=ids, state=PayoutState.PROCESSING)
    payouts = list(rows.select_for_update(of=("self",)).select_related("member").order_by("pk"))
    found = destinations_of(row.member.creator_id for row in payouts if row.member.creator_id)
    named = [
        (row, found[row.member.creator_id]) for row in payouts if row.member.creator_id in found
    ]
    new = [row.pk for row, _ in named if row.in_file_at is None]
    Payout.objects.filter(pk__in=new).update(in_file_at=now)
    return named
