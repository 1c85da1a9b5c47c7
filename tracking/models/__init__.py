"""Everything that tracking stores."""

from tracking.models.conversions import Conversion, ConversionStatus, DailyTotal, Evidence
from tracking.models.items import Click, ItemStatus, PromoCode, TrackingLink
from tracking.models.orders import Order, OrderLine, Refund, RefundState

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
    "Refund",
    "RefundState",
    "TrackingLink",
]
