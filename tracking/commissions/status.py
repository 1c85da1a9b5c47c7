"""Whether a conversion counts: its decision, its flags, its share, and the state of its order."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext_noop

from tracking.models import Conversion, ConversionStatus, PaymentStatus

# The member reads these, in their language.
CANCELLED = gettext_noop("The shop cancelled the order.")
VOIDED = gettext_noop("The payment of the order was voided.")
IS_TEST = gettext_noop("It is a test order.")
NOT_PAID = gettext_noop("The order is not paid yet.")
HELD = gettext_noop("The brand is checking this sale.")


class Stated(Protocol):
    """What a shop states of an order that decides whether it may earn."""

    @property
    def is_test(self) -> bool: ...
    @property
    def cancelled_at(self) -> datetime | None: ...
    @property
    def payment_status(self) -> str: ...


def shop_rejects(order: Stated) -> str:
    """Why an order earns nothing, also if its conversion was accepted; "" if it may earn."""
    if order.is_test:
        return IS_TEST
    if order.cancelled_at is not None:
        return CANCELLED
    return VOIDED if order.payment_status == PaymentStatus.VOIDED else ""


def set_status(conversion: Conversion) -> None:
    """Set `status` and `reason` from the decision and the order. It is not saved."""
    order = conversion.order
    if not conversion.share_bp:
        conversion.status = ConversionStatus.REJECTED
        conversion.reason = conversion.share_reason
    elif reason := shop_rejects(order):
        conversion.status, conversion.reason = ConversionStatus.REJECTED, reason
    elif (
        order.payment_status == PaymentStatus.PENDING
        and conversion.decision != ConversionStatus.REJECTED
    ):
        conversion.status, conversion.reason = ConversionStatus.PENDING, NOT_PAID
    elif conversion.is_held and conversion.decision == ConversionStatus.ACCEPTED:
        conversion.status, conversion.reason = ConversionStatus.PENDING, HELD
    else:
        conversion.status = ConversionStatus(conversion.decision)
        conversion.reason = conversion.decision_reason
