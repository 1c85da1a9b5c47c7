"""What each badge of a dashboard means, in a sentence or two, for the page that explains them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from core.templatetags.display import count
from offers.models import Terms
from payouts.models import PayoutState
from portal.dashboard import conversion_state, payments, questions
from portal.dashboard.conversion_state import ConversionState
from tracking.models import QuestionState

SOME_DAY = "…"  # stands for the day in a badge


@dataclass(frozen=True, slots=True)
class Meaning:
    """A badge and what it means."""

    label: str
    tone: str
    text: str


def of_conversions(*, brand: str, terms: Terms) -> list[Meaning]:
    """Return the badges of conversions."""
    named = {"brand": brand}
    texts = {
        ConversionState.PENDING: _(
            "%(brand)s has yet to decide. The amount is what you earn if it is accepted; until"
            " then nothing is earned."
        )
        % named,
        ConversionState.HELD: _held(terms.hold_days),
        ConversionState.DUE: _("The wait is over. It is part of the brand's next payment to you."),
        ConversionState.NEEDS_DETAILS: _(
            "It is in a payment that %(brand)s can't send before it sees your payout details."
        )
        % named,
        ConversionState.ON_THE_WAY: _("%(brand)s is paying it. It has yet to arrive.") % named,
        ConversionState.PAID: _("Paid on that day. The payment lists it."),
        ConversionState.NOTHING: _(
            "The order counts, but your terms pay nothing for it. Open it to see how that was"
            " worked out."
        ),
        ConversionState.REFUNDED: _(
            "The whole order was refunded, so nothing is earned. A partial refund reduces the"
            " commission. If it was paid already, the difference is taken off your next payment."
        ),
        ConversionState.REJECTED: _("%(brand)s didn't accept it. The reason is shown with it.")
        % named,
    }
    return [
        Meaning(
            conversion_state.label_of(state, SOME_DAY), conversion_state.TONES[state], texts[state]
        )
        for state in ConversionState
    ]


def _held(days: int) -> str:
    if not days:
        return _("Accepted and earned. It can be paid from that day on.")
    return ngettext(
        "Accepted and earned. It can be paid %(days)s day after the order, once returns are no"
        " longer likely.",
        "Accepted and earned. It can be paid %(days)s days after the order, once returns are no"
        " longer likely.",
        days,
    ) % {"days": count(days)}


def of_payments(*, brand: str) -> list[Meaning]:
    """Return the badges of payments."""
    named = {"brand": brand}
    texts: Mapping[PayoutState, str] = {
        PayoutState.DRAFT: _("%(brand)s is putting it together. Its amount can still change.")
        % named,
        PayoutState.PENDING_INFO: _("%(brand)s can't send it before it sees your payout details.")
        % named,
        PayoutState.PROCESSING: _("%(brand)s is paying it. It has yet to arrive.") % named,
        PayoutState.PAID: _("%(brand)s has sent it. A bank can take a few days.") % named,
        PayoutState.FAILED: _(
            "It didn't reach you. Check your payout details: the money is still yours and is part"
            " of the next payment."
        ),
        PayoutState.CANCELLED: _(
            "%(brand)s took it back before it was sent. The money is still yours and is part of"
            " the next payment."
        )
        % named,
    }
    return [
        Meaning(str(payments.LABELS[state]), payments.TONES[state], texts[state])
        for state in PayoutState
    ]


def of_the_offer(*, brand: str) -> list[Meaning]:
    """Return the badges of an offer, as its members have them."""
    named = {"brand": brand}
    return [
        Meaning(pgettext("offer", "Active"), "good", _("Clicks and orders count.")),
        Meaning(
            pgettext("offer", "Not begun"),
            "neutral",
            _("Clicks and orders count from the day on which the offer begins."),
        ),
        Meaning(
            pgettext("offer", "Paused"),
            "wait",
            _("Clicks and orders don't count until %(brand)s lets the offer go on.") % named,
        ),
        Meaning(
            pgettext("offer", "Ended"),
            "neutral",
            _("The offer is over. What you earned in it is paid as usual."),
        ),
        Meaning(
            _("Inactive"),
            "neutral",
            _("%(brand)s has deactivated you in this offer. What you earned is paid as usual.")
            % named,
        ),
        Meaning(
            _("Not in this offer"),
            "neutral",
            _("%(brand)s has removed you from this offer. What you earned is paid as usual.")
            % named,
        ),
    ]


def of_questions(*, brand: str) -> list[Meaning]:
    """Return the badges of questions about missing sales."""
    named = {"brand": brand}
    texts: Mapping[QuestionState, str] = {
        QuestionState.OPEN: _("%(brand)s has your question and is looking into it.") % named,
        QuestionState.ATTRIBUTED: _("The order was found, and is among your conversions now."),
        QuestionState.EXPLAINED: _("%(brand)s has written an answer.") % named,
        QuestionState.REFUSED: _("The order doesn't count for you. The answer says why."),
    }
    return [
        Meaning(_(label), tone, texts[QuestionState(state)])
        for state, (label, tone) in questions.BADGES.items()
    ]
