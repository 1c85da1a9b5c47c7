"""Which status of an offer can follow which. Pure."""

from __future__ import annotations

from offers.models import OfferStatus

ALLOWED_STATUSES: dict[OfferStatus, tuple[OfferStatus, ...]] = {
    OfferStatus.ACTIVE: (OfferStatus.PAUSED, OfferStatus.ENDED, OfferStatus.ARCHIVED),
    OfferStatus.PAUSED: (OfferStatus.ACTIVE, OfferStatus.ENDED, OfferStatus.ARCHIVED),
    OfferStatus.ENDED: (OfferStatus.ACTIVE, OfferStatus.ARCHIVED),
    OfferStatus.ARCHIVED: (OfferStatus.ACTIVE,),
}
