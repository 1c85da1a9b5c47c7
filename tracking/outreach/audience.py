"""Select who gets a mail about Sales Tracking, who does not, and why.

`notifications` knows no offers, so recipients and their values are completed here.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import QuerySet

from affiliates.models import Member
from core.references import Reference
from core.templatetags.display import day
from notifications.email_addresses import can_be_mailed
from notifications.models import MessageState, Purpose, SuppressionReason
from notifications.selectors import MessageStatus, latest_by_about, suppressed_among
from notifications.services import Recipient
from offers import dashboard_links
from offers.models import Enrollment, EnrollmentStatus, Offer
from offers.status import why_closed
from tracking.links.items import codes_and_links
from tracking.outreach.template_values import common_values, item_values


class Reason(StrEnum):
    """Why a member does not get a mail."""

    OVER = "The offer is over, so a code or link counts no more"
    INACTIVE = "Inactive in this offer"
    REMOVED = "Removed from this offer"
    NO_ADDRESS = "No email address"
    BAD_ADDRESS = "No mail server understands their address"
    UNSUBSCRIBED = "Unsubscribed"
    BOUNCED = "Their address bounced"
    COMPLAINED = "Marked a mail as spam"
    BY_STAFF = "Suppressed by staff"
    DELETED = "Asked to be deleted before"
    NO_CODE = "No code yet"
    NO_LINK = "No link yet"
    NO_ITEMS = "No code and no link yet"
    ALREADY_SENT = "Already sent"


SUPPRESSED: dict[str, Reason] = {
    SuppressionReason.UNSUBSCRIBED: Reason.UNSUBSCRIBED,
    SuppressionReason.BOUNCED: Reason.BOUNCED,
    SuppressionReason.COMPLAINED: Reason.COMPLAINED,
    SuppressionReason.BY_STAFF: Reason.BY_STAFF,
    SuppressionReason.DELETED: Reason.DELETED,
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A member who gets no mail, with the reason and its details."""

    member: Member
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who gets a mail and who does not, both sorted by name."""

    recipients: tuple[Recipient, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def already_sent(self) -> int:
        """The number of members left out only for this reason, which staff may override."""
        return sum(one.reason == Reason.ALREADY_SENT for one in self.left_out)


@dataclass(frozen=True, slots=True)
class _Row:
    """The fields of an enrollment and its member that a mail needs; no model, to save memory."""

    pk: int
    public_id: uuid.UUID
    link_version: int
    status: str
    offer_id: int
    member_id: int
    email: str
    first_name: str
    last_name: str

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def member(self) -> Member:
        """Return the member, for recipients that are listed one by one."""
        return Member(
            pk=self.member_id,
            email=self.email,
            first_name=self.first_name,
            last_name=self.last_name,
        )


_FIELDS = (
    "pk", "public_id", "link_version", "status", "offer_id", "member_id",
    "member__email", "member__first_name", "member__last_name",
)  # fmt: skip


def audience(
    *,
    purpose: str,
    enrollments: QuerySet[Enrollment],
    include_already_sent: bool,
    now: datetime,
) -> Audience:
    """Divide the enrollments into recipients and members left out, with reasons."""
    ordered = enrollments.order_by("member__first_name", "member__last_name", "pk")
    rows = [_Row(*fields) for fields in ordered.values_list(*_FIELDS)]
    offers = Offer.objects.in_bulk({row.offer_id for row in rows})
    codes, links = codes_and_links([row.pk for row in rows])
    suppressed = suppressed_among(row.email for row in rows)
    sent = _already_sent(purpose, rows, include_already_sent)
    reachable, left_out = [], []
    for row in rows:
        lacking = None
        if purpose == Purpose.SALES_TRACKING_ITEMS:
            lacking = _lacking(offers[row.offer_id], row.pk in codes, row.pk in links)
        found = _reason(row, lacking, suppressed, sent)
        if found is None:
            reachable.append(row)
        else:
            left_out.append(found)
    common = common_values(offers.values(), now)
    recipients = (
        Recipient(
            recipient=Reference.by_id(Member, row.member_id),
            about=Reference.by_id(Enrollment, row.pk),
            to_address=row.email,
            to_name=row.full_name,
            values={
                "first_name": row.first_name,
                "full_name": row.full_name,
                "dashboard_link": dashboard_links.url_of(row.public_id, row.link_version),
                **item_values(offers[row.offer_id], codes.get(row.pk), links.get(row.pk)),
                **common[row.offer_id],
            },
        )
        for row in reachable
    )
    return Audience(tuple(recipients), tuple(left_out))


def _already_sent(
    purpose: str, enrollments: Sequence[_Row], include: bool
) -> dict[str, MessageStatus]:
    """Return who got this mail before. Only items are sent once; other mails may repeat."""
    if include or purpose != Purpose.SALES_TRACKING_ITEMS:
        return {}
    return latest_by_about(
        purpose=purpose,
        abouts=[Reference.by_id(Enrollment, row.pk) for row in enrollments],
        perhaps_reached=True,
    )


def _reason(
    row: _Row,
    lacking: Reason | None,
    suppressed: dict[str, str],
    sent: dict[str, MessageStatus],
) -> LeftOut | None:
    """Return why the row is left out. Reasons that staff can't override come first."""
    if row.status != EnrollmentStatus.ACTIVE:
        removed = row.status == EnrollmentStatus.REMOVED
        return LeftOut(row.member, Reason.REMOVED if removed else Reason.INACTIVE)
    if not row.email:
        return LeftOut(row.member, Reason.NO_ADDRESS)
    if not can_be_mailed(row.email):
        return LeftOut(row.member, Reason.BAD_ADDRESS)
    why = suppressed.get(row.email.lower())
    if why is not None:
        return LeftOut(row.member, SUPPRESSED[why])
    if lacking is not None:
        return LeftOut(row.member, lacking)
    status = sent.get(Reference.by_id(Enrollment, row.pk)) if sent else None
    return LeftOut(row.member, Reason.ALREADY_SENT, _when(status)) if status else None


def _lacking(offer: Offer, has_code: bool, has_link: bool) -> Reason | None:
    if why_closed(offer):
        return Reason.OVER
    no_code = offer.gives_codes and not has_code
    no_link = offer.gives_links and not has_link
    if no_code and no_link:
        return Reason.NO_ITEMS
    if no_code:
        return Reason.NO_CODE
    return Reason.NO_LINK if no_link else None


def _when(status: MessageStatus) -> str:
    if status.is_under_way:
        return "on its way"
    if status.state == MessageState.UNKNOWN:
        return "may have arrived"
    return day(status.at, "short") if status.at else ""
