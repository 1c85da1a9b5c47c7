"""An offer that pays for clicks, and a member who earned by them."""

from __future__ import annotations

from datetime import datetime

from affiliates.models import Member
from core.tenancy import acting_for
from offers.models import Enrollment
from offers.services import create_offer, enroll
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, offer_values
from tests.following import follow_links
from tracking.commissions.click_earnings import credit_clicks
from tracking.links.tracking_links import give_links
from tracking.models import TrackingLink

PER_CLICK = 50  # minor units
CLICKS = 4


def earn_by_clicks(
    member: Member,
    *,
    offer_name: str = "Clicks",
    per_click_minor: int = PER_CLICK,
    now: datetime = NOW,
    credited_at: datetime | None = None,
) -> Enrollment:
    """Have the link of a member followed four times, in a new offer that pays for clicks alone."""
    with acting_for(member.brand_id):
        offer = create_offer(
            values=offer_values(name=offer_name, kind="link"),
            terms=TermsValues(percent_bp=0, per_click_minor=per_click_minor),
            by=SYSTEM,
            now=now,
        )
        [enrollment] = enroll(offer=offer, members=[member], by=SYSTEM, now=now)
        give_links(enrollments=[enrollment], by=SYSTEM, now=now)
        link = TrackingLink.objects.get(enrollment=enrollment)
        follow_links([link.slug] * CLICKS, user_agent="Mozilla/5.0 (iPhone)", now=now)
        credit_clicks(now=credited_at or now)
    return enrollment
