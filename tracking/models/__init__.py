"""Everything that tracking stores."""

from tracking.models.conversions import (
    ClickEarning,
    Conversion,
    ConversionStatus,
    DailyTotal,
    Evidence,
)
from tracking.models.items import Click, ItemStatus, PromoCode, TrackingLink
from tracking.models.orders import Order, OrderLine, Refund, RefundState
from tracking.models.questions import Question, QuestionState

__all__ = [
    "Click",
    "ClickEarning",
    "Conversion",
    "ConversionStatus",
    "DailyTotal",
    "Evidence",
    "ItemStatus",
    "Order",
    "OrderLine",
    "PromoCode",
    "Question",
    "QuestionState",
    "Refund",
    "RefundState",
    "TrackingLink",
]
