"""What needs a person today, counted. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import CharField, Exists, Min, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from notifications.models import Message, MessageState, Purpose
from offers.models import Enrollment, EnrollmentStatus, OfferKind, OfferStatus
from tracking.models import Conversion, ConversionStatus, ItemStatus, PromoCode, TrackingLink
from tracking.questions import open_questions
from tracking.selectors import conversion_count

RECENT_SENDS = timedelta(days=30)
TROUBLED_STATES = (MessageState.FAILED, MessageState.BOUNCED, MessageState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Attention:
    """How many of each; `oldest_pending_at` is when the longest waiting order was placed."""

    pending: int
    oldest_pending_at: datetime | None
    without_items: int
    not_sent: int
    failed_sends: int
    unknown_sends: int
    questions: int


def what_needs_attention(*, now: datetime) -> Attention:
    """Count what waits for the staff of the brand acted for."""
    pending = Conversion.objects.filter(status=ConversionStatus.PENDING)
    sends = Message.objects.filter(settled_at__gte=now - RECENT_SENDS, state__in=TROUBLED_STATES)
    unknown = sends.filter(state=MessageState.UNKNOWN).count()
    return Attention(
        pending=conversion_count(status=ConversionStatus.PENDING),
        oldest_pending_at=pending.aggregate(oldest=Min("occurred_at"))["oldest"],
        without_items=without_items().count(),
        not_sent=not_sent().count(),
        failed_sends=sends.count() - unknown,
        unknown_sends=unknown,
        questions=open_questions().count(),
    )


def without_items() -> QuerySet[Enrollment]:
    """Active members of active offers who lack the code or the link that the offer gives."""
    return _working().filter(_lacking())


def not_sent() -> QuerySet[Enrollment]:
    """Active members of active offers who have everything to share, but no mail that told them."""
    about = Concat(Value("enrollment:"), Cast(OuterRef("pk"), CharField()))
    told = Message.objects.filter(about=about, purpose=Purpose.SALES_TRACKING_ITEMS)
    return _working().filter(~_lacking(), ~Exists(told)).exclude(member__email="")


def _working() -> QuerySet[Enrollment]:
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
