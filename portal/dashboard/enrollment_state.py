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

    `counts`: clicks and orders count now.
    """

    label: str
    tone: str
    counts: bool
    title: str = ""
    text: str = ""


def state_of_enrollment(enrollment: Enrollment, *, now: datetime) -> EnrollmentState:
    """Return the first reason why clicks and orders don't count now, else "Active"."""
    offer = enrollment.offer
    brand = enrollment.brand.name
    ended_at = _ended_at(offer, now=now)
    if enrollment.status == EnrollmentStatus.REMOVED:
        title = _("%(brand)s has removed you from this offer") % {"brand": brand}
        return _not_counting(_("Not in this offer"), title, _afterwards())
    if ended_at is not None:
        title = _("This offer ended on %(day)s") % {"day": day(ended_at)}
        return _not_counting(pgettext("offer", "Ended"), title, _afterwards())
    if offer.starts_at is not None and now < offer.starts_at:
        title = _("This offer begins on %(day)s") % {"day": day(offer.starts_at)}
        return _not_counting(pgettext("offer", "Not begun"), title, _beforehand())
    if enrollment.status == EnrollmentStatus.INACTIVE:
        ask = _("Ask %(brand)s if you would like to take part again.") % {"brand": brand}
        text = f"{_afterwards()} {ask}"
        return _not_counting(_("Inactive"), _("You are not active in this offer"), text)
    if offer.status == OfferStatus.PAUSED:
        text = _(
            "Since %(time)s clicks and orders don't count, so don't share for now."
            " What you earned before is still yours and will be paid as usual."
        ) % {"time": f"{moment(offer.counting_changed_at)} ({time_zone_name()})"}
        title = _("This offer is paused")
        return EnrollmentState(
            pgettext("offer", "Paused"), "wait", counts=False, title=title, text=text
        )
    return EnrollmentState(pgettext("offer", "Active"), "good", counts=True)


def _beforehand() -> str:
    return _("Clicks and orders don't count until then, so don't share yet.")


def _afterwards() -> str:
    return _(
        "New clicks and orders don't count. What you earned is still yours and will be paid as"
        " usual."
    )


def _not_counting(label: str, title: str, text: str) -> EnrollmentState:
    return EnrollmentState(label, "neutral", counts=False, title=title, text=text)


def _ended_at(offer: Offer, *, now: datetime) -> datetime | None:
    if offer.status in {OfferStatus.ENDED, OfferStatus.ARCHIVED}:
        over = offer.counting_changed_at
        return min(over, offer.ends_at) if offer.ends_at else over
    return offer.ends_at if offer.ends_at is not None and offer.ends_at <= now else None
