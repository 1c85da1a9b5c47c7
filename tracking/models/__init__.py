"""The models of tracking."""

from tracking.models.conversions import (
    ClickEarning,
    Conversion,
    ConversionCount,
    ConversionStatus,
    Evidence,
)
from tracking.models.days import DailyTotal, MonthTotal, OfferDay, SoldSpan
from tracking.models.items import Click, ItemStatus, PromoCode, TrackingLink
from tracking.models.orders import Order, OrderLine, Refund, RefundState
from tracking.models.questions import Question, QuestionState

__all__ = [
    "Click",
    "ClickEarning",
    "Conversion",
    "ConversionCount",
    "ConversionStatus",
    "DailyTotal",
    "Evidence",
    "ItemStatus",
    "MonthTotal",
    "OfferDay",
    "Order",
    "OrderLine",
    "PromoCode",
    "Question",
    "QuestionState",
    "Refund",
    "RefundState",
    "SoldSpan",
    "TrackingLink",
]
