"""Whether a member's clicks and orders count now, in words for the member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core.templatetags.display import day, moment, time_zone_name
from offers.models import Enrollment, EnrollmentStatus, Offer, OfferStatus


@dataclass(frozen=True, slots=True)
class EnrollmentState:
    """A badge, with an explanation unless the enrollment is active.

    `counts`: clicks and orders count now. `returns`: they don't, but are meant to count later.
    `items`: what the badge of the code and the link says. `commission`: the title above the terms.
    """

    label: str
    tone: str
    counts: bool
    title: str = ""
    text: str = ""
    returns: bool = False
    items: str = ""
    commission: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing counts, and nothing is meant to."""
        return not (self.counts or self.returns)


def state_of_enrollment(enrollment: Enrollment, *, now: datetime) -> EnrollmentState:
    """Return the first reason why clicks and orders don't count now, else "Active"."""
    offer = enrollment.offer
    brand = enrollment.brand.name
    ended_at = _ended_at(offer, now=now)
    if enrollment.status == EnrollmentStatus.REMOVED:
        title = _("%(brand)s has removed you from this offer") % {"brand": brand}
        return _over(_("Not in this offer"), title)
    if ended_at is not None:
        title = _("This offer ended on %(day)s") % {"day": day(ended_at)}
        return _over(pgettext("offer", "Ended"), title)
    if offer.starts_at is not None and now < offer.starts_at:
        return _not_begun(offer.starts_at)
    if enrollment.status == EnrollmentStatus.INACTIVE:
        ask = _("Ask %(brand)s if you would like to take part again.") % {"brand": brand}
        text = f"{_afterwards()} {ask}"
        return EnrollmentState(
            _("Inactive"),
            "neutral",
            counts=False,
            title=_("You are not active in this offer"),
            text=text,
            items=_("Not active"),
            commission=_("The commission, if you become active again"),
        )
    if offer.status == OfferStatus.PAUSED:
        text = _(
            "Since %(time)s clicks and orders don't count, so don't share for now."
            " What you earned before is still yours and will be paid as usual."
        ) % {"time": f"{moment(offer.counting_changed_at)} ({time_zone_name()})"}
        title = _("This offer is paused")
        return EnrollmentState(
            pgettext("offer", "Paused"),
            "wait",
            counts=False,
            title=title,
            text=text,
            returns=True,
            items=pgettext("offer", "Paused"),
            commission=_("Your commission, once the offer goes on"),
        )
    return EnrollmentState(
        pgettext("offer", "Active"), "good", counts=True, commission=_("Your commission")
    )


def _afterwards() -> str:
    return _(
        "New clicks and orders don't count. What you earned is still yours and will be paid as"
        " usual."
    )


def _not_begun(starts_at: datetime) -> EnrollmentState:
    begins = {"day": day(starts_at)}
    return EnrollmentState(
        pgettext("offer", "Not begun"),
        "neutral",
        counts=False,
        title=_("This offer begins on %(day)s") % begins,
        text=_("Clicks and orders don't count until then, so don't share yet."),
        returns=True,
        items=_("From %(day)s") % begins,
        commission=_("Your commission from %(day)s") % begins,
    )


def _over(label: str, title: str) -> EnrollmentState:
    """Removed from the offer, or the offer has ended."""
    return EnrollmentState(
        label,
        "neutral",
        counts=False,
        title=title,
        text=_afterwards(),
        items=_("Not active"),
        commission=_("The commission you had"),
    )


def _ended_at(offer: Offer, *, now: datetime) -> datetime | None:
    if offer.status in {OfferStatus.ENDED, OfferStatus.ARCHIVED}:
        over = offer.counting_changed_at
        return min(over, offer.ends_at) if offer.ends_at else over
    return offer.ends_at if offer.ends_at is not None and offer.ends_at <= now else None
