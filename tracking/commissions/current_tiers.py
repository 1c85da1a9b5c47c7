"""The tier that each member of an offer has reached today. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from accounts.selectors import current_zone
from offers.models import Enrollment, Terms
from tracking.commissions.tier_progress import TierProgress


def tiers_today(enrollments: Sequence[Enrollment], terms: Terms, *, today: date) -> dict[int, str]:
    """Return the name of the tier of each member's next conversion, by enrollment id.

    Members below the first tier are left out.
    """
    tiers = terms.tier_list
    if not tiers:
        return {}
    reached = TierProgress.of([(row.pk, terms, today) for row in enrollments], current_zone())
    numbers = {row.pk: reached.for_tier(row.pk, terms, today).tier(terms) for row in enrollments}
    return {pk: tiers[number - 1].name for pk, number in numbers.items() if number}
