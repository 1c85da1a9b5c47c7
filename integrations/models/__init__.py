"""Connections to shops, what came from them, and their codes; a file per subject."""

from integrations.models.codes import (
    DIFFERENCES,
    MAX_PERCENT_BP,
    CodeState,
    ComparedCode,
    OfferDiscount,
)
from integrations.models.connections import (
    LIVE_CONNECTIONS,
    RECEIVING,
    Connection,
    ConnectionQuerySet,
    ConnectionState,
    DataRequest,
    Event,
    EventOrigin,
    EventState,
    RefusalReason,
    RefusedDelivery,
)

__all__ = [
    "DIFFERENCES",
    "LIVE_CONNECTIONS",
    "MAX_PERCENT_BP",
    "RECEIVING",
    "CodeState",
    "ComparedCode",
    "Connection",
    "ConnectionQuerySet",
    "ConnectionState",
    "DataRequest",
    "Event",
    "EventOrigin",
    "EventState",
    "OfferDiscount",
    "RefusalReason",
    "RefusedDelivery",
]
