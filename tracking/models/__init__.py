"""The models of tracking."""

from tracking.models.conversions import (
    ClickEarning,
    Conversion,
    ConversionCount,
    ConversionStatus,
    Evidence,
)
from tracking.models.days import DailyTotal, MonthTotal, OfferDay, SoldSpan
from tracking.models.importing import ColumnMapping
from tracking.models.items import (
    IN_USE,
    USE_FIELDS,
    Click,
    ItemQuerySet,
    ItemStatus,
    PromoCode,
    TrackingLink,
    out_of_use,
)
from tracking.models.orders import (
    Order,
    OrderLine,
    OrderRevision,
    PaymentStatus,
    Refund,
    RefundState,
)
from tracking.models.questions import Question, QuestionState
from tracking.models.rates import ExchangeRate

__all__ = [
    "IN_USE",
    "USE_FIELDS",
    "Click",
    "ClickEarning",
    "ColumnMapping",
    "Conversion",
    "ConversionCount",
    "ConversionStatus",
    "DailyTotal",
    "Evidence",
    "ExchangeRate",
    "ItemQuerySet",
    "ItemStatus",
    "MonthTotal",
    "OfferDay",
    "Order",
    "OrderLine",
    "OrderRevision",
    "PaymentStatus",
    "PromoCode",
    "Question",
    "QuestionState",
    "Refund",
    "RefundState",
    "SoldSpan",
    "TrackingLink",
    "out_of_use",
]
