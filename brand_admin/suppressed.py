"""The reasons why addresses get no mail, in words."""

from __future__ import annotations

from collections.abc import Iterable

from notifications.models import SuppressionReason
from notifications.selectors import suppressed_among


def suppressed_in_words(addresses: Iterable[str]) -> dict[str, str]:
    """Return the reason for each suppressed address among these."""
    found = suppressed_among(addresses)
    return {address: SuppressionReason(reason).label for address, reason in found.items()}
