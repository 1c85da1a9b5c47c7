"""Make the notices of a month that is over, for every member who sold something in it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, Sum

from accounts.models import Brand
from core.mornings import morning_of
from core.postgres.outages import defects_logged
from core.references import Reference
from core.tenancy import acting_for
from notices.models import Notice, NoticeKind, SummarisedMonth
from notices.reading import TOLD_WITHIN
from notices.selectors import kinds_sent
from tracking.models import MonthTotal

logger = logging.getLogger(__name__)


def summarise_months(*, now: datetime) -> int:
    """Make the notices of last month, of each brand where it is over; return how many.

    They are made in the morning of the month's first day in the brand's time zone, or up to
    TOLD_WITHIN later: once the brand has a postal address, or switches this kind on.
    """
    made = 0
    for brand in Brand.objects.filter(test_of=None).exclude(postal_address="").order_by("pk"):
        first = now.astimezone(brand.zone).date().replace(day=1)
        begins = morning_of(first, brand.zone)
        if begins <= now < begins + TOLD_WITHIN:
            with acting_for(brand), defects_logged(logger, "a month could not be summed up"):
                made += _summarise(begins)
    return made


@transaction.atomic
def _summarise(begins: datetime) -> int:
    month = (begins.date() - timedelta(days=1)).replace(day=1)
    if NoticeKind.MONTH not in kinds_sent():
        return 0
    _row, is_new = SummarisedMonth.objects.get_or_create(month=month)
    if not is_new:
        return 0
    sold = MonthTotal.objects.filter(month=month).values("enrollment__member")
    sold = sold.annotate(sales=Sum("conversions"), waiting=Sum("pending"))
    sellers = sold.filter(Q(sales__gt=0) | Q(waiting__gt=0)).order_by("enrollment__member")
    made = [
        Notice(
            kind=NoticeKind.MONTH,
            member_id=member_id,
            about=Reference.of("month", f"{month:%Y-%m}"),
            happened_at=begins,
            due_at=begins,
        )
        for member_id in sellers.values_list("enrollment__member", flat=True)
    ]
    Notice.objects.bulk_create(made, batch_size=1_000)
    return len(made)
