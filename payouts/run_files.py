"""What a bank or PayPal is told to pay: the payments of a run that are still on the way.

Every payment stands in one of the two files, by what its member chose. The files are the only place
where a brand sees an account number, and hold no more than paying takes: of members who released
their details to the brand and have not taken that back. They are written while they are sent, and
kept nowhere. What a file held is marked in the same step: from then on it does not wait any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts import audit
from accounts.actors import Actor
from payouts.destinations import Destination
from payouts.details import destinations_of, visible_details
from payouts.models import Payout, PayoutMethod, PayoutRun, PayoutState
from payouts.selectors import payouts_of_run

PAYPAL_ROWS = 5_000  # in one file, says PayPal
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
_AT_ONCE = 2_000


def still_to_pay(run: PayoutRun, *, method: PayoutMethod) -> QuerySet[Payout]:
    """The payments on the way that the brand may see where to pay, in the order of their ids: the
    same in every file.
    """
    theirs = visible_details().filter(creator=OuterRef("member__creator"), method=method)
    found = payouts_of_run(run).filter(Exists(theirs), state=PayoutState.PROCESSING)
    return found.order_by("pk")


def payment_reference(payout: Payout) -> str:
    """What finds a payment again in a bank's statement: letters, digits and a hyphen."""
    return f"RUN{payout.run_id}-{payout.pk}"


def bank_rows(run: PayoutRun, *, by: Actor, now: datetime) -> Iterator[list[str]]:
    """Whom to pay how much and where, header first; amounts as plain decimals. Marks what it names.

    An account has either an IBAN, or a number with its bank's code (a sort code, a routing number)
    or BIC. The tax id is there if the member gave one, for the brand's books.
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
    """One file of PayPal's Payouts Web, without a header, at most PAYPAL_ROWS long. Marks what it
    names.

    Recipient, amount, currency, customer id (30 characters, no spaces), note (400 characters) and
    wallet, as developer.paypal.com says under "Payouts Web".
    """
    wanted = still_to_pay(run, method=PayoutMethod.PAYPAL)
    ids = list(wanted.filter(pk__in=_in_part(run, part)).values_list("pk", flat=True))
    for payout, to in _named(run, ids, "PayPal", by=by, now=now):
        yield [
            to.paypal,
            payout.amount.plain(),
            payout.currency,
            payment_reference(payout),
            note[:400],
            "PAYPAL",
        ]


def paypal_parts(run: PayoutRun) -> list[int]:
    """The numbers of the files for PayPal that hold a payment."""
    wanted = still_to_pay(run, method=PayoutMethod.PAYPAL)
    if run.payments <= PAYPAL_ROWS:
        return [1] if wanted.exists() else []
    last = -(-run.payments // PAYPAL_ROWS)
    return [
        part for part in range(1, last + 1) if wanted.filter(pk__in=_in_part(run, part)).exists()
    ]


def _in_part(run: PayoutRun, part: int) -> QuerySet[Payout, Any]:
    """The ids of the payments that stand in one file, if they stand in any: the run's payments by
    their order. Members share their details and stop while the files are made one after another;
    nobody's payment moves into another file by that, and is paid twice or never.
    """
    first = (part - 1) * PAYPAL_ROWS
    ids: QuerySet[Payout, Any] = Payout.objects.filter(run=run).order_by("pk").values("pk")
    return ids[first : first + PAYPAL_ROWS]


def _named(
    run: PayoutRun, ids: Sequence[int], whom: str, *, by: Actor, now: datetime
) -> Iterator[tuple[Payout, Destination]]:
    """The payments with where to pay them, each marked before its line is written."""
    if ids:
        audit.record(
            action="payout_run.file_made", target=run, by=by, now=now, whom=whom, payments=len(ids)
        )
    for start in range(0, len(ids), _AT_ONCE):
        yield from _mark(run, ids[start : start + _AT_ONCE], now=now)


@transaction.atomic
def _mark(run: PayoutRun, ids: Sequence[int], *, now: datetime) -> list[tuple[Payout, Destination]]:
    """Mark what is still on the way and may still be seen, and open where to pay it.

    Whoever takes a release back in the same moment waits for this, or this leaves their payment
    out: a payment is in a file with its account or is neither. The run is locked first, as by all
    who settle its payments: what a file names is not marked paid or taken back meanwhile.
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
