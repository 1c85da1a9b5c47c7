"""What a bank or PayPal is told to pay: the payments of a run that are still on the way.

Every payment stands in one of the two files, by what its member chose. The files are the only place
where a brand sees an account number, and hold no more than paying takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db.models import Exists, OuterRef, QuerySet

from payouts.destinations import Destination
from payouts.details import destinations_of
from payouts.models import Payout, PayoutDetails, PayoutMethod, PayoutRun, PayoutState
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


def still_to_pay(run: PayoutRun, *, method: PayoutMethod | None = None) -> QuerySet[Payout]:
    """The payments on the way, in the order of their ids: the same in every file."""
    found = payouts_of_run(run).filter(state=PayoutState.PROCESSING).order_by("pk")
    if method is None:
        return found
    theirs = PayoutDetails.objects.filter(creator=OuterRef("member__creator"), method=method)
    return found.filter(Exists(theirs))


def payment_reference(payout: Payout) -> str:
    """What finds a payment again in a bank's statement: letters, digits and a hyphen."""
    return f"RUN{payout.run_id}-{payout.pk}"


def bank_rows(run: PayoutRun) -> Iterator[list[str]]:
    """Whom to pay how much and where, header first; amounts as plain decimals.

    An account has either an IBAN, or a number with its bank's code (a sort code, a routing number)
    or BIC. The tax id is there if the member gave one, for the brand's books.
    """
    yield [*BANK_COLUMNS]
    rows = still_to_pay(run, method=PayoutMethod.BANK)
    for payout, to in _with_destinations(rows.iterator(chunk_size=_AT_ONCE)):
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


def paypal_rows(run: PayoutRun, *, part: int = 1, note: str) -> Iterator[list[str]]:
    """One file of PayPal's Payouts Web, without a header, at most PAYPAL_ROWS long.

    Recipient, amount, currency, customer id (30 characters, no spaces), note (400 characters) and
    wallet, as developer.paypal.com says under "Payouts Web".
    """
    first = (part - 1) * PAYPAL_ROWS
    rows = still_to_pay(run, method=PayoutMethod.PAYPAL)[first : first + PAYPAL_ROWS]
    for payout, to in _with_destinations(rows.iterator(chunk_size=_AT_ONCE)):
        yield [
            to.paypal,
            payout.amount.plain(),
            payout.currency,
            payment_reference(payout),
            note[:400],
            "PAYPAL",
        ]


def paypal_parts(run: PayoutRun) -> int:
    """How many files PayPal takes for the run."""
    return -(-still_to_pay(run, method=PayoutMethod.PAYPAL).count() // PAYPAL_ROWS)


def _with_destinations(payouts: Iterable[Payout]) -> Iterator[tuple[Payout, Destination]]:
    rows = iter(payouts)
    while chunk := list(islice(rows, _AT_ONCE)):
        found = destinations_of(
            payout.member.creator_id for payout in chunk if payout.member.creator_id
        )
        for payout in chunk:
            to = found.get(payout.member.creator_id or 0)
            if to is not None:  # taken away while the file is being written
                yield payout, to
