"""Everything that tracking stores."""

from tracking.models.conversions import Conversion, ConversionStatus, DailyTotal, Evidence
from tracking.models.items import Click, ItemStatus, PromoCode, TrackingLink
from tracking.models.orders import Order, OrderLine, Refund, RefundState
from tracking.models.questions import Question, QuestionState

__all__ = [
    "Click",
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
