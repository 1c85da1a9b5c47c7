"""Who lacks their Sales Tracking Items, and who has them and was not sent them. Reads only.

Each condition takes the field that holds the enrollment's id, so that one definition serves
queries over enrollments and over a project's members.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from core.references import reference_in_sql
from notifications.models import Message, MessageQuerySet, Purpose, Suppression
from offers.models import KINDS_WITH_CODES, KINDS_WITH_LINKS, Enrollment, OfferStatus
from tracking.models import PromoCode, TrackingLink


def without_items() -> QuerySet[Enrollment]:
    """Return active members of active offers who lack the offer's code or link."""
    return _in_running_offers().filter(lacks_items())


def not_sent() -> QuerySet[Enrollment]:
    """Active members of active offers who have everything to share and were not sent it.

    Not sent: no mail reached them, is under way, or may have reached them; what failed or was
    cancelled does not count. Only those whose address can be written to.
    """
    suppressed = Suppression.objects.annotate(plain=Lower("address")).filter(
        plain=Lower(OuterRef("member__email"))
    )
    return (
        _in_running_offers()
        .filter(~lacks_items(), ~Exists(items_mails().perhaps_reached()), ~Exists(suppressed))
        .exclude(member__email="")
    )


def never_tried() -> QuerySet[Enrollment]:
    """Those `not_sent` whom no mail was even made for: a machine does not try a second time."""
    return not_sent().filter(~Exists(items_mails()))


def lacks_items(enrollment: str = "pk", *, offer: str = "offer") -> Q:
    """Whether the code or the link that the offer gives is not there, or not in use."""
    code = PromoCode.objects.in_use().filter(enrollment=OuterRef(enrollment))
    link = TrackingLink.objects.main().in_use().filter(enrollment=OuterRef(enrollment))
    gives_codes = Q(**{f"{offer}__kind__in": sorted(KINDS_WITH_CODES)})
    gives_links = Q(**{f"{offer}__kind__in": sorted(KINDS_WITH_LINKS)})
    return (gives_codes & ~Exists(code)) | (gives_links & ~Exists(link))


def items_mails(enrollment: str = "pk") -> MessageQuerySet:
    """The mails that carried the items of the enrollment, whatever became of them."""
    about = reference_in_sql(Enrollment, OuterRef(enrollment))
    return Message.objects.filter(about=about, purpose=Purpose.SALES_TRACKING_ITEMS)


def _in_running_offers() -> QuerySet[Enrollment]:
    return Enrollment.objects.active().filter(offer__status=OfferStatus.ACTIVE)
