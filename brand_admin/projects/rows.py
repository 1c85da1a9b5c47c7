"""Lines of the last two steps: what each member has to share, and the mail that told them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from brand_admin.suppressed import suppressed_in_words
from notifications.models import Purpose
from notifications.selectors import MessageStatus, latest_by_about
from offers.models import Enrollment, Offer
from tracking.selectors import Items, items_of, member_rows


@dataclass(frozen=True, slots=True)
class SendRow:
    """`message` is the latest that was sent with the items; None: none was."""

    enrollment: Enrollment
    items: Items
    message: MessageStatus | None
    suppressed: str  # why no mail goes to the address, in words


def send_rows(enrollments: Sequence[Enrollment]) -> list[SendRow]:
    """The lines of these enrollments (with their member) in a fixed number of queries."""
    items, mails = items_of(enrollments), mails_of(enrollments)
    suppressed = suppressed_in_words(row.member.email for row in enrollments)
    return [
        SendRow(
            enrollment=row,
            items=items[row.pk],
            message=mails.get(row.pk),
            suppressed=suppressed.get(row.member.email, ""),
        )
        for row in enrollments
    ]


def mails_of(enrollments: Sequence[Enrollment]) -> dict[int, MessageStatus]:
    """The latest mail with the items, of those who were sent one, by enrollment id."""
    abouts = {f"enrollment:{row.pk}": row.pk for row in enrollments}
    found = latest_by_about(purpose=Purpose.SALES_TRACKING_ITEMS, abouts=abouts)
    return {abouts[about]: status for about, status in found.items()}


def tracking_csv(
    offer: Offer, found: QuerySet[Enrollment], *, now: datetime, batch: int = 500
) -> Iterator[list[str]]:
    """The Tracking step as CSV, header first; amounts in the offer's currency."""
    yield [
        "email", "first_name", "last_name", "code", "link", "sent", "clicks", "conversions",
        "sales", "refunds", "commission", "paid", "due",
    ]  # fmt: skip
    rows = list(found)
    for start in range(0, len(rows), batch):
        page = rows[start : start + batch]
        mails = mails_of(page)
        for row in member_rows(offer, page, now=now):
            member, message = row.enrollment.member, mails.get(row.enrollment.pk)
            yield [
                member.email,
                member.first_name,
                member.last_name,
                row.items.promo_code or "",
                row.items.tracking_link or "",
                message.at.isoformat() if message and message.is_sent and message.at else "",
                str(row.totals.clicks) if offer.gives_links else "",
                str(row.totals.conversions),
                *(
                    amount.plain()
                    for amount in (row.sales, row.refunds, row.commission, row.paid, row.due)
                ),
            ]
