"""Lines of a project: what each member has to share, and the mail that told them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brand_admin.suppressed import suppressed_in_words
from core.references import Reference
from notifications.models import Purpose
from notifications.selectors import MessageStatus, latest_by_about
from offers.models import Enrollment, Offer
from tracking.links.items import Items, items_of
from tracking.links.promo_codes import suggest_codes


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
    abouts = {Reference.to(row): row.pk for row in enrollments}
    found = latest_by_about(purpose=Purpose.SALES_TRACKING_ITEMS, abouts=abouts)
    return {abouts[Reference(about)]: status for about, status in found.items()}


@dataclass(frozen=True, slots=True)
class GenerateRow:
    """A member who lacks a code or a link. `code` is the suggestion, or what was typed; `page` is
    where a deep link is to lead.
    """

    enrollment: Enrollment
    items: Items
    code: str
    problem: str
    page: str
    page_problem: str


def generate_rows(
    offer: Offer,
    enrollments: Sequence[Enrollment],
    *,
    typed: Mapping[str, str],
    problems: Mapping[int, str],
    off_domain: Mapping[int, str],
) -> list[GenerateRow]:
    """The lines of these enrollments: suggested codes, or after a refusal what was `typed` and
    what is wrong with it.
    """
    having = items_of(enrollments)
    codes = suggest_codes(offer=offer, enrollments=enrollments) if offer.gives_codes else {}
    return [
        GenerateRow(
            enrollment=row,
            items=having[row.pk],
            code=typed.get(f"code-{row.pk}", codes.get(row.pk, "")),
            problem=problems.get(row.pk, ""),
            page=typed.get(f"page-{row.pk}", ""),
            page_problem=off_domain.get(row.pk, ""),
        )
        for row in enrollments
    ]
