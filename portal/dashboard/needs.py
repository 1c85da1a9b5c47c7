"""What the member should know or do first, at the top of the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.money import Money
from core.templatetags.display import count, day, masked_reference, money
from offers.models import Enrollment
from payouts.models import PayoutState
from portal.dashboard.commission import CommissionCard
from portal.dashboard.enrollment_state import state_of_enrollment
from portal.dashboard.payments import PaymentRow, back_text
from tracking.figures.conversion_list import latest_rejected

REJECTED_SHOWN_FOR = timedelta(days=30)  # after the order


@dataclass(frozen=True, slots=True)
class Need:
    """One thing, and the link to where it is dealt with or explained."""

    tone: str
    title: str
    text: str
    action: str
    href: str


def needs_of(
    enrollment: Enrollment,
    payments: Sequence[PaymentRow],
    commission: CommissionCard,
    *,
    rejected_href: str,
    now: datetime,
) -> list[Need]:
    """Return the needs of a member, the most urgent first. One query; three after a failed payment.

    Payments that wait for payout details are not among them: a card above them says so.
    `rejected_href` leads to the rejected conversions.
    """
    found = [_failed(enrollment, payments, now=now), _rejected(enrollment, rejected_href, now=now)]
    if not state_of_enrollment(enrollment, now=now).is_over:
        found.append(_terms(commission))
    return [need for need in found if need is not None]


def _failed(
    enrollment: Enrollment, payments: Sequence[PaymentRow], *, now: datetime
) -> Need | None:
    """The latest payment, if it failed: a later one that arrived would settle it."""
    latest = next((row for row in payments if row.payout.state != PayoutState.CANCELLED), None)
    if latest is None or latest.payout.state != PayoutState.FAILED:
        return None
    title = _("Your payment of %(amount)s failed") % {"amount": money(latest.share)}
    text = back_text(latest, enrollment, now=now)
    return Need("bad", title, text, _("Check your payout details"), reverse("portal:payout"))


def _rejected(enrollment: Enrollment, href: str, *, now: datetime) -> Need | None:
    since = now - REJECTED_SHOWN_FOR
    rows = latest_rejected(enrollment_id=enrollment.pk, since=since)
    if not rows:
        return None
    title = ngettext(
        "%(count)s sale of the last 30 days was rejected",
        "%(count)s sales of the last 30 days were rejected",
        len(rows),
    ) % {"count": count(len(rows))}
    latest = rows[0]
    text = _("%(sale)s, order %(reference)s: %(reason)s") % {
        "sale": money(Money(latest.sale_minor, latest.currency)),
        "reference": masked_reference(latest.order.external_id),
        "reason": _(latest.reason) if latest.reason else _("no reason given"),
    }
    return Need("neutral", title, text, _("Show them"), href)


def _terms(commission: CommissionCard) -> Need | None:
    """New terms of the last weeks, or those that are planned."""
    if commission.upcoming:
        named = {"day": day(commission.upcoming.starts_at)}
        title = _("Your commission changes on %(day)s") % named
        return Need("neutral", title, commission.upcoming.sentence, _("See both"), "#commission")
    if commission.is_new:
        title = _("New terms since %(day)s") % {"day": day(commission.words.starts_at)}
        return Need("neutral", title, commission.words.sentence, _("See them"), "#commission")
    return None
