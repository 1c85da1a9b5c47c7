"""The badge of a conversion. `portal.dashboard.meanings` explains each one."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


class ConversionState(StrEnum):
    """What can be said of a conversion and its money, in the order of their days."""

    PENDING = "pending"
    HELD = "held"
    DUE = "due"
    NEEDS_DETAILS = "needs_details"
    ON_THE_WAY = "on_the_way"
    PAID = "paid"
    NOTHING = "nothing"
    REFUNDED = "refunded"
    REJECTED = "rejected"


TONES = {
    ConversionState.PENDING: "wait",
    ConversionState.HELD: "wait",
    ConversionState.DUE: "good",
    ConversionState.NEEDS_DETAILS: "wait",
    ConversionState.ON_THE_WAY: "wait",
    ConversionState.PAID: "good",
    ConversionState.NOTHING: "neutral",
    ConversionState.REFUNDED: "neutral",
    ConversionState.REJECTED: "bad",
}


def label_of(state: ConversionState, day: str) -> str:
    """Return the badge's text in the reader's language; a few of them hold a day."""
    return {
        ConversionState.PENDING: pgettext("conversion", "Pending"),
        ConversionState.HELD: _("Payable %(day)s") % {"day": day},
        ConversionState.DUE: _("Payable now"),
        ConversionState.NEEDS_DETAILS: pgettext("payment", "Waiting for your details"),
        ConversionState.ON_THE_WAY: _("On the way"),
        ConversionState.PAID: _("Paid %(day)s") % {"day": day},
        ConversionState.NOTHING: _("No commission"),
        ConversionState.REFUNDED: pgettext("conversion", "Refunded"),
        ConversionState.REJECTED: pgettext("conversion", "Rejected"),
    }[state]
