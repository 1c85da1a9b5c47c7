"""Replace a leaked code with grace: a new code at once, by mail, while the old one still works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.actors import Actor
from core.references import Reference
from notifications.models import Purpose
from notifications.selectors import latest_campaign
from tracking.flags.leaks import decide_leak
from tracking.links.promo_codes import replace_with_grace
from tracking.models import LeakedCode, LeakState, PromoCode
from tracking.outreach.automatic_items import send_items


@dataclass(frozen=True, slots=True)
class ReplacedCode:
    """The new code, until when the old one works, and whether the member is mailed."""

    code: PromoCode
    works_until: datetime
    is_mailed: bool


@transaction.atomic
def replace_leaked_code(
    *,
    leaked: LeakedCode,
    new_code: str,
    grace_days: int,
    mails: bool,
    by: Actor,
    now: datetime,
) -> ReplacedCode:
    """Replace the code, note it with the leak, and mail the member their new items if `mails`.

    All of it or nothing. Raises tracking.links.promo_codes.GraceError,
    tracking.links.items.ItemError, and tracking.flags.leaks.LeakError if it was decided before.
    """
    grace = timedelta(days=grace_days)
    old = leaked.promo_code
    given = replace_with_grace(code=old, new_code=new_code, grace=grace, by=by, now=now)
    reason = f"Replaced by {given.code}."
    decide_leak(leaked=leaked, state=LeakState.REPLACED, reason=reason, by=by, now=now)
    campaign = None
    if mails:
        offer = old.enrollment.offer
        seen = latest_campaign(purpose=Purpose.SALES_TRACKING_ITEMS, about=Reference.to(offer))
        campaign = send_items(
            offer, [old.enrollment_id], latest_seen=seen, by=by, now=now, replaced=given.code
        )
    return ReplacedCode(given, now + grace, campaign is not None)
