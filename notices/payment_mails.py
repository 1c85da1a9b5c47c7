"""The texts of the mails about payments, in the active language. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import Brand
from core.money import Money
from core.templatetags.display import money
from notices.models import NoticeKind
from notices.texts import NoticeText, sums
from notifications.bodies import button, dashboard_button, paragraph, whole_body, written
from offers.models import Enrollment
from payouts.models import EntryKind, LedgerEntry, Payout, PayoutState

SHARE_DETAILS, CHECK_DETAILS = "/portal/payout/share/", "/portal/payout/"
# A payment is told of only while it is in this state.
STATE_TOLD = {
    NoticeKind.PAYMENT_SENT: PayoutState.PAID,
    NoticeKind.DETAILS_NEEDED: PayoutState.PENDING_INFO,
    NoticeKind.PAYMENT_FAILED: PayoutState.FAILED,
}


@dataclass(frozen=True, slots=True)
class _Share:
    """How much of a payment is for an enrollment."""

    enrollment: Enrollment
    amount: Money


def payment_text(kind: NoticeKind, payouts: Sequence[Payout], *, brand: Brand) -> NoticeText:
    """Return the mail about these payments to one member, which are all in the state it tells."""
    shares = _shares(payouts)
    subject, parts = TEXTS[kind](payouts, shares, brand)
    everything = [share for found in shares.values() for share in found]
    largest = max(everything, key=lambda share: share.amount.minor, default=None)
    return NoticeText(subject, whole_body(parts), largest.enrollment if largest else None)


def _sent(
    payouts: Sequence[Payout], shares: dict[int, list[_Share]], brand: Brand
) -> tuple[str, list[str]]:
    parts = []
    for payout in payouts:
        paid = _("{{ brand_name }} has sent you <strong>%(amount)s</strong>.")
        parts.append(paragraph(paid % {"amount": escape(money(payout.amount))}))
        parts += _by_offer(shares[payout.pk])
        if payout.reference:
            reference = _("Reference: %(reference)s")
            written_code = f"<code>{written(payout.reference)}</code>"
            parts.append(paragraph(reference % {"reference": written_code}))
    parts.append(paragraph(_("It can take a few days until the money is in your account.")))
    parts.append(dashboard_button())
    return _("{{ brand_name }} has sent you %(amount)s") % {"amount": _amounts(payouts)}, parts


def _details_needed(
    payouts: Sequence[Payout], shares: dict[int, list[_Share]], brand: Brand
) -> tuple[str, list[str]]:
    waits = _(
        "{{ brand_name }} wants to pay you <strong>%(amount)s</strong>, and needs to know where."
        " The money waits for you until you share your payout details."
    )
    login = _(
        "You log in with a code that we mail you, enter your details once, and decide which brands"
        " see them."
    )
    parts = [
        paragraph(waits % {"amount": escape(_amounts(payouts))}),
        paragraph(login),
        button(f"{settings.BASE_URL}{SHARE_DETAILS}?brand={brand.slug}", _("Share payout details")),
    ]
    return _("%(amount)s from {{ brand_name }} waits for your payout details") % {
        "amount": _amounts(payouts)
    }, parts


def _failed(
    payouts: Sequence[Payout], shares: dict[int, list[_Share]], brand: Brand
) -> tuple[str, list[str]]:
    parts = []
    for payout in payouts:
        failed = _("{{ brand_name }} could not send you <strong>%(amount)s</strong>:")
        parts.append(paragraph(failed % {"amount": escape(money(payout.amount))}))
        parts.append(f"<blockquote><p>{written(payout.reason)}</p></blockquote>")
    kept = _("The money is still yours: it counts as not paid and is part of the next payment.")
    check = _("Please check your payout details, so that it reaches you.")
    parts += [
        paragraph(f"{kept} {check}"),
        button(f"{settings.BASE_URL}{CHECK_DETAILS}", _("Check your payout details")),
    ]
    return _("Your payment of %(amount)s from {{ brand_name }} failed") % {
        "amount": _amounts(payouts)
    }, parts


TEXTS: dict[
    NoticeKind,
    Callable[[Sequence[Payout], dict[int, list[_Share]], Brand], tuple[str, list[str]]],
] = {
    NoticeKind.PAYMENT_SENT: _sent,
    NoticeKind.DETAILS_NEEDED: _details_needed,
    NoticeKind.PAYMENT_FAILED: _failed,
}


def _shares(payouts: Sequence[Payout]) -> dict[int, list[_Share]]:
    """Return the shares of each payment by its id, the largest first."""
    rows = LedgerEntry.objects.filter(
        kind=EntryKind.PAYOUT, payout__in=[payout.pk for payout in payouts]
    ).select_related("enrollment__offer")
    found: dict[int, list[_Share]] = defaultdict(list)
    for row in rows.order_by("amount_minor", "pk"):
        found[row.payout_id or 0].append(_Share(row.enrollment, -row.amount))
    return found


def _by_offer(shares: Sequence[_Share]) -> list[str]:
    """Return the list of a payment's shares, if it pays more than one offer."""
    if len(shares) < 2:
        return []
    lines = "".join(
        f"<li>{written(share.enrollment.offer.name)}: {escape(money(share.amount))}</li>"
        for share in shares
    )
    return [f"<ul>{lines}</ul>"]


def _amounts(payouts: Sequence[Payout]) -> str:
    return sums(payout.amount for payout in payouts)
