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
    MAX_LABEL,
    USE_FIELDS,
    Click,
    ItemQuerySet,
    ItemStatus,
    PromoCode,
    TrackingLink,
    out_of_use,
)
from tracking.models.link_addresses import (
    HOST_PATTERN,
    MAX_HOST,
    DomainProblem,
    LinkDomain,
    LinkSlug,
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
    "HOST_PATTERN",
    "IN_USE",
    "MAX_HOST",
    "MAX_LABEL",
    "USE_FIELDS",
    "Click",
    "ClickEarning",
    "ColumnMapping",
    "Conversion",
    "ConversionCount",
    "ConversionStatus",
    "DailyTotal",
    "DomainProblem",
    "Evidence",
    "ExchangeRate",
    "ItemQuerySet",
    "ItemStatus",
    "LinkDomain",
    "LinkSlug",
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
