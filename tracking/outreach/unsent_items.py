"""Members without Sales Tracking Items, and members whose items were not sent. Reads only."""

from __future__ import annotations

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from notifications.models import Message, Purpose
from offers.models import Enrollment, EnrollmentStatus, OfferKind, OfferStatus
from tracking.models import ItemStatus, PromoCode, TrackingLink


def without_items() -> QuerySet[Enrollment]:
    """Return active members of active offers who lack the offer's code or link."""
    return _active().filter(_lacking())


def not_sent() -> QuerySet[Enrollment]:
    """Return active members of active offers who have all items but got no mail with them."""
    about = Concat(Value("enrollment:"), Cast(OuterRef("pk"), CharField()))
    told = Message.objects.filter(about=about, purpose=Purpose.SALES_TRACKING_ITEMS)
    return _active().filter(~_lacking(), ~Exists(told)).exclude(member__email="")


def _active() -> QuerySet[Enrollment]:
    return Enrollment.objects.filter(
        status=EnrollmentStatus.ACTIVE, offer__status=OfferStatus.ACTIVE
    )


def _lacking() -> Q:
    code = PromoCode.objects.filter(enrollment=OuterRef("pk"), status=ItemStatus.ACTIVE)
    link = TrackingLink.objects.filter(
        enrollment=OuterRef("pk"), status=ItemStatus.ACTIVE, destination_url=""
    )
    gives_codes = Q(offer__kind__in=[OfferKind.CODE, OfferKind.BOTH])
    gives_links = Q(offer__kind__in=[OfferKind.LINK, OfferKind.BOTH])
    return (gives_codes & ~Exists(code)) | (gives_links & ~Exists(link))
