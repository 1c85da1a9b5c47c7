"""The target of a conversion: the commission that it should have earned by now."""

from __future__ import annotations

from offers.commission import REJECTED, commission_of, waiting
from tracking.commissions.order_lines import Lines, sale_of
from tracking.models import Conversion, ConversionStatus


def set_target(conversion: Conversion, lines: Lines) -> None:
    """Set the commission that the conversion should have earned by now, and its explanation.

    What the cap left it is set before. The conversion is not saved.
    """
    earnable = REJECTED
    if conversion.status != ConversionStatus.REJECTED:
        earnable = commission_of(terms=conversion.terms, sale=sale_of(conversion, lines))
    is_pending = conversion.status == ConversionStatus.PENDING
    earned = waiting(earnable) if is_pending else earnable
    conversion.earnable_minor = earnable.minor
    conversion.commission_minor, conversion.explanation = earned.minor, list(earned.steps)
