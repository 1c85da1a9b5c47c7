"""A summary of an offer's commission for staff. Members read `offers.wording` in their language."""

from __future__ import annotations

from core.templatetags.display import rate
from offers.models import CommissionStructure
from offers.wording import describe_rate


def in_brief(terms: CommissionStructure, currency: str) -> str:
    """Return "12% of every sale", or with tiers "12% to 15% of every sale, 2 tiers"."""
    begins = describe_rate(terms, currency)
    if not terms.tier_list:
        return begins
    last, number = terms.tier_list[-1], len(terms.tier_list)
    tiers = f"{number} tier{'' if number == 1 else 's'}"
    is_percent = terms.percent_bp and last.percent_bp and not terms.fixed_minor + last.fixed_minor
    if is_percent:
        return f"{rate(terms.percent_bp)} to {rate(last.percent_bp)} of every sale, {tiers}"
    return f"{begins} to {describe_rate(last, currency)}, {tiers}"
